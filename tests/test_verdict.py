"""What the workbench says first of an answer: the verdict in the words of the card, why, when, and what next."""

import json
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from cds_service.cards import wording
from cds_service.disposition import Disposition
from cds_service.errors import RequestError
from cds_service.findings import Indicator, Status
from cds_service.web import examples, labels
from cds_service.web.verdict import Verdict, named, verdict, what_to_do
from tests.test_timeline import APIXABAN, answered, request_of


def judged(request: dict[str, Any], cards: tuple[dict[str, Any], ...] | None = None) -> Verdict:
    """The verdict on a request, beside its own cards or others."""
    response = answered(request)
    assert response.material
    assert response.chart
    body = json.loads(msgspec.json.encode(response.body))
    return verdict(response.material, response.chart, body["cards"] if cards is None else cards)


def test_the_answer_says_why_when_who_and_what_next():
    found = judged(request_of(APIXABAN))
    assert (found.word, found.question, found.urgency) == ("Not yet", "Why not yet", Indicator.CRITICAL)
    assert "pixaban" in found.headline
    assert found.earliest == (
        "2026-11-25 12:00: the interval of SIR 2019 (48 h) has passed",
        "2026-11-26 00:00: the intervals that ask for caution have passed, too",
    )
    source, rule = found.sources[0]
    assert (source.label, rule) == ("SIR 2019", "antithrombotic_hold")
    assert any("the prescriber" in step for step in found.steps)


@pytest.mark.parametrize("name", sorted(examples.requests()))
def test_the_page_says_what_the_first_card_says(name: str):
    try:
        response = answered(request_of(name))
    except RequestError:
        return  # a refusal is tested by itself
    if not response.material or not response.material.order.references:
        return
    found, first = judged(request_of(name)), json.loads(msgspec.json.encode(response.body))["cards"][0]
    assert first["summary"].endswith(": " + ". ".join(filter(None, (found.word.lower(), found.headline))))
    assert first["indicator"] == found.urgency


def test_without_a_card_the_page_says_what_decided():
    found = judged(request_of(APIXABAN), ())
    assert "pixaban" in found.headline
    assert found.urgency is Indicator.WARNING
    assert judged(request_of("suitable-acute-fracture"), ()).headline == ""


@pytest.mark.parametrize("disposition", Disposition)
def test_every_disposition_has_its_words(disposition: Disposition):
    assert named(disposition).lower() == wording.VERDICTS[disposition]
    assert disposition in labels.WHY


def test_a_chart_that_speaks_against_the_procedure_names_no_earliest_time():
    assert judged(request_of("active-discitis")).earliest == ()


def test_no_time_is_named_where_interrupting_a_drug_is_dangerous():
    found = judged(request_of("stent-dual-antiplatelet-included-medication"))
    assert found.earliest == ("Once the specialist who prescribes the antithrombotic has agreed",)


def test_a_drug_that_is_taken_is_named_with_its_last_dose_before_the_procedure():
    found = judged(request_of("warfarin-contained-inr-2.4"))
    assert found.earliest == (
        "Warfarin is taken: for the planned time, last dose by 2026-11-19 08:00, which has passed",
    )


def test_what_cannot_be_judged_says_what_is_missing_and_what_to_do():
    found = judged(request_of("platelets-failed-null-allergies"))
    assert (found.word, found.question) == ("Cannot be judged yet", "What is missing")
    assert "lood count" in found.headline
    assert any("blood count" in step for step in found.steps)


def test_a_criterion_that_is_not_shown_is_named_as_such():
    request = request_of("suitable-acute-fracture")
    for entry in request["prefetch"]["pain"]["entry"]:
        entry["resource"]["valueQuantity"]["value"] = 4
    found = judged(request)
    response = answered(request)
    assert response.material
    not_shown = [item for item in response.material.assessment.because if item.status is Status.NOT_MET]
    assert not_shown
    said = [text.lower() for text in (found.headline, *found.why)]
    assert all(item.rule.not_shown.lower() in said for item in not_shown)


def test_without_an_order_nothing_is_judged():
    aftercare = judged(request_of("discharge-after-vertebroplasty"))
    assert aftercare.urgency is Indicator.INFO
    assert aftercare.word == "No order to judge"
    assert "pixaban" in aftercare.headline
    assert (aftercare.why, aftercare.earliest, aftercare.sources) == ((), (), ())
    assert judged(request_of("discharge-without-procedure")).word == "No card"


def test_what_was_never_recorded_can_be_found_out():
    response = answered(request_of(APIXABAN))
    assert response.material
    (result,) = [item for item in response.material.results.met if item.rule.id == "antithrombotic_hold"]
    rule = replace(result.rule, settle="Ask for the last dose")
    unknown = replace(result, rule=rule, status=Status.UNKNOWN, finding=None)
    assert what_to_do(response.material, [unknown]) == ("Ask for the last dose",)
    assert what_to_do(response.material, [replace(unknown, rule=result.rule, status=Status.NOT_MET)]) == ()
