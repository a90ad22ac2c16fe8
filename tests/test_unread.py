"""What of a chart was not read is said at the top of the answer: how many resources, and which."""

from typing import Any

import pytest

from cds_service.web.unread import unread
from tests.test_timeline import APIXABAN, answered, request_of


def said(request: dict[str, Any]) -> tuple[str, ...]:
    response = answered(request)
    assert response.chart
    return unread(response.chart, request)


def beside(*resources: dict[str, Any]) -> tuple[str, ...]:
    """What is said of the apixaban example with these in its problem list."""
    request = request_of(APIXABAN)
    mine = {"subject": {"reference": "Patient/vera"}}
    request["prefetch"]["conditions"]["entry"] += [{"resource": mine | resource} for resource in resources]
    return said(request)


UNKNOWN = "What depends on that is unknown"


@pytest.mark.parametrize(
    ("resources", "sentences"),
    [
        ((), ()),
        (
            [{"resourceType": "Condition", "id": "torn", "code": 5}],
            ("1 resource could not be read: Condition whose code could not be read", UNKNOWN),
        ),
        (
            [{"resourceType": "Condition", "id": f"torn-{number}", "code": 5} for number in range(6)],
            (
                "6 resources could not be read: Condition whose code could not be read",
                UNKNOWN,
            ),
        ),
        (
            [{"id": "a"}, {"id": "b"}],
            ("2 resources could not be read: an entry that is no resource", UNKNOWN),
        ),
        (
            [{"resourceType": "CarePlan"}, {"resourceType": "Conditions"}, {"resourceType": "CarePlan"}],
            (
                '1 resource could not be read: "Conditions" is no type of resource',
                UNKNOWN,
                "2 resources of a type that no rule reads: CarePlan",
            ),
        ),
        ([{"resourceType": "OperationOutcome"}], ()),
    ],
)
def test_what_was_not_read_is_counted_and_named(resources: list[dict[str, Any]], sentences: tuple[str, ...]):
    assert beside(*resources) == sentences


def test_what_was_left_out_is_said_too():
    assert said(request_of("another-patients-resource")) == ("Left out: 1 record of another patient",)


def test_of_an_ordinary_chart_nothing_is_said():
    assert said(request_of("suitable-acute-fracture")) == ()
