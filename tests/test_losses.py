"""Elements that came without saying anything: masked, empty, of another type, no code of FHIR, or sent twice and then empty."""

import json
from typing import Any

import pytest

from cds_service.chart.intake import Cause
from cds_service.fhir.decoding import twice
from cds_service.findings import Status

from .every_case import CASES
from .never_better import SERVICE, request_of
from .suitable_chart import added_to_a_suitable_chart

Json = dict[str, Any]
MASKED = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}
CASE = {(case.rule, case.name): case for case in CASES}


def answered(rule: str, name: str, kind: str, **changes: Any) -> tuple[str, set[str], list[str]]:
    """The disposition, the statuses of the rule and what the intake names, when the case's own resources of a kind are changed."""
    case = CASE[rule, name]
    request = json.loads(json.dumps(request_of(added_to_a_suitable_chart(case))))
    own = {resource["id"] for resource in case.resources if resource["resourceType"] == kind}
    for value in request["prefetch"].values():
        for entry in value.get("entry", ()):
            if entry["resource"].get("id") in own and entry["resource"]["resourceType"] == kind:
                for element, change in changes.items():
                    entry["resource"].pop(element, None)
                    if change is not None:
                        entry["resource"][element] = change
    found = next(iter(SERVICE.call(json.dumps(request).encode()).body["extension"].values()))
    statuses = {row["status"] for row in found["findings"] if row["rule"] == rule}
    named = [row["says"] for row in found["intake"].get("notUnderstood", ()) if row["cause"] == Cause.ENTRY]
    return found["disposition"], statuses, named


@pytest.mark.parametrize(
    "lost",
    [
        {"valueQuantity": {}},
        {"valueQuantity": 7},
        {"valueQuantity": {"x": 1}},
        {"valueQuantity": {"value": 41, "comparator": "about", "code": "10*3/uL", "unit": "10*3/uL"}},
        {"valueQuantity": None, "dataAbsentReason": {"coding": [{"code": "masked"}]}},
        {"status": None, "_status": MASKED},
        {"status": "as-good-as-final"},
    ],
    ids=str,
)
def test_a_result_that_lost_something_is_unknown_and_named(lost: Json) -> None:
    """Whatever it was that it lost: its number is no number, and no older one stands in for it."""
    disposition, statuses, named = answered("low_platelets", LOW[0], "Observation", **lost)
    assert Status.NOT_MET not in statuses
    assert disposition != "criteria-met"
    assert named


LOW = [case.name for case in CASES if case.rule == "low_platelets" and case.expect[0].get("status") == "met"]


@pytest.mark.parametrize(
    ("raw", "hides"),
    [
        (b'{"code": {"text": "x"}, "code": null}', True),
        (b'{"code": [1], "code": []}', True),
        (b'{"code": {"text": "x"}, "code": {}}', True),
        (b'{"code": null, "code": {"text": "x"}}', True),
        (b'{"code": null}', False),
        (b'{"code": {"text": "x"}}', False),
        (b'{"a": {"code": 1}, "b": null, "c": {"code": 2}}', False),
    ],
)
def test_whether_an_empty_member_hides_another(raw: bytes, hides: bool) -> None:
    assert twice.may_hide(raw) is hides


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"code": {"text": "x"}, "code": null}', {"code": {"text": "x"}}),
        (b'{"code": null, "code": 1}', {"code": 1}),
        (b'{"code": 1, "code": 2}', {"code": 2}),
        (b'{"code": [1], "code": [], "code": {}}', {"code": [1]}),
        (b'{"code": null, "code": null}', {"code": None}),
        (b'[{"code": 1, "code": null}]', None),
        (b'{"code": 1, "code": null', None),
    ],
)
def test_what_came_first_stays_if_the_later_time_is_empty(raw: bytes, value: Json | None) -> None:
    assert twice.read(raw) == value


@pytest.mark.parametrize("later", ["null", "[]", "[{}]"])
@pytest.mark.parametrize("within", [False, True])
def test_a_bundle_whose_entries_are_sent_twice_is_not_whole(later: str, within: bool) -> None:
    """The decoder keeps the later ones alone: what came first would vanish without a word."""
    case = next(case for case in CASES if case.rule == "spinal_infection" and case.expect[0].get("status") == "met")
    request = request_of(added_to_a_suitable_chart(case))
    whole, entries = (
        json.dumps(request["prefetch"]["conditions"]),
        json.dumps(request["prefetch"]["conditions"]["entry"]),
    )
    twice_sent = whole.replace(f'"entry": {entries}', f'"entry": {entries}, "entry": {later}')
    outer = f'{{"resourceType": "Bundle", "type": "searchset", "entry": [{{"resource": {twice_sent}}}]}}'
    reply = SERVICE.call(json.dumps(request).replace(whole, outer if within else twice_sent).encode())
    found: Json = next(iter(reply.body.get("extension", {}).values()), {})
    assert reply.status == 412 or found["disposition"] == "insufficient-data"
