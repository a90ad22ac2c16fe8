"""Suggestions are valid FHIR, are applied as they are, and vanish once taken while what they answer stands."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from msgspec.structs import replace

from cds_service import cases
from cds_service.cards.actions import drafts, plan
from cds_service.cards.opening_hours import OpeningHours
from cds_service.chart import Answer, Augmentation, Basis, Order, Section
from cds_service.fhir.check import faults
from cds_service.hook import Hook
from cds_service.hooks import read_request
from cds_service.knowledge import load
from cds_service.order import OurOrder
from cds_service.rules import catalogue
from cds_service.service import Site, respond

from .client import Client, findings, suggestions
from .suitable_chart import SUITABLE, added_to_a_suitable_chart

KNOW = load()
SITE = Site(KNOW, catalogue())
CASES = [
    case
    for rule in SITE.rules
    for case in cases.load(cases.FIXTURES / "rules" / f"{rule.id}.json")
    if case.answers[Section.CONDITIONS] in (Answer.WHOLE, Answer.CUT)
]


FRACTURE = tuple(item for item in SUITABLE if item["resourceType"] == "Condition")
_MOST = 6  # met cases of one rule: more of them propose the same again


def _proposing() -> list[cases.Case]:
    """The first cases of each rule in which it is met or unknown, for it is these that propose something."""
    chosen = []
    for rule in SITE.rules:
        mine = [case for case in CASES if case.rule == rule.id]
        chosen += [case for case in mine if any(row["status"] != "not-met" for row in case.expect)][:_MOST]
    return chosen


@pytest.mark.sweep
@pytest.mark.parametrize("case", _proposing(), ids=lambda case: f"{case.rule}: {case.name}")
def test_a_suggestion_taken_is_gone_and_what_it_answers_stands(case: cases.Case) -> None:
    """Each suggestion of each case, taken by a client: its resources are valid R4B, and the next call no longer offers it."""
    request = cases.request(added_to_a_suitable_chart(case), KNOW)
    body = Client(request, SITE).call()
    for suggestion in suggestions(body):
        for action in suggestion["actions"]:
            if action["type"] == "create":
                assert faults(action["resource"]) == ()
            if action["type"] == "update":
                assert set(faults(action["resource"])) <= set(faults(case.order))
        client = Client(request, SITE)
        client.take(suggestion)
        after = client.call()
        assert suggestion["label"] not in [item["label"] for item in suggestions(after)]
        if any(action["type"] == "delete" for action in suggestion["actions"]):
            assert after == {"cards": []}
        elif all(action["type"] == "create" for action in suggestion["actions"]):
            changed = {rule for rule, *_ in findings(after) ^ findings(body)}
            # This rule asks for the referral itself, so a referral answers it; every other gap is more than its order.
            assert changed <= {"bone_health_referral_due"}


def test_faults_name_elements_and_never_what_they_hold() -> None:
    """A fault may be logged: it holds nothing of the patient."""
    said = faults(
        {"resourceType": "Task", "status": "requested", "intent": "Mrs Smith", "description": 7, "x": "Smith"}
    )
    assert any(fault.startswith("Task.x") for fault in said)
    assert "Smith" not in "".join(said)
    assert faults({"resourceType": "Nonsense"}) == ("resourceType: none of R4B",)


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-26T07:00:00", "2026-11-26T08:00:00+01:00"),
        ("2026-11-26T06:59:00", "2026-11-26T08:00:00+01:00"),
        ("2026-11-26T07:00:01", "2026-11-27T08:00:00+01:00"),
        ("2026-11-27T12:00:00", "2026-11-30T08:00:00+01:00"),
        ("2026-10-24T12:00:00", "2026-10-26T08:00:00+01:00"),
        ("2026-03-27T12:00:00", "2026-03-30T08:00:00+02:00"),
    ],
)
def test_the_next_opening_is_on_a_working_day_by_the_clock_of_the_site(moment: str, opening: str) -> None:
    """Rounded up, over weekends and over the change of the clock."""
    given = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert OpeningHours().next(given, ZoneInfo("Europe/Berlin")).isoformat() == opening


def _infection_screen(**order: Any) -> dict[str, Any]:
    """A request with a fracture, in which an infection screen is due."""
    case = next(
        item
        for item in CASES
        if item.rule == "infection_screen_due" and any(row["status"] == "met" for row in item.expect)
    )
    request = cases.request(replace(case, resources=(*FRACTURE, *case.resources)), KNOW)
    request["context"]["draftOrders"]["entry"][0]["resource"].update(order)
    return request


def test_only_what_is_not_on_order_yet_is_suggested() -> None:
    """With CRP on order, the white cell count is left; with an order that was carried out long ago, both are."""
    request = _infection_screen()
    [both] = [item for item in suggestions(Client(request, SITE).call()) if "CRP" in item["label"]]
    assert [action["resource"]["code"]["coding"][0]["code"] for action in both["actions"]] == ["1988-5", "6690-2"]
    crp = both["actions"][0]["resource"]
    partly = Client(request, SITE)
    partly.take({"actions": both["actions"][:1]})
    body = partly.call()
    assert "Order white cell count" in [item["label"] for item in suggestions(body)]
    assert any("C-reactive protein drafted in this session" in card["detail"] for card in body["cards"])
    for old in ({"status": "completed"}, {"status": "active", "authoredOn": "2020-01-01"}, {"status": "revoked"}):
        again = Client(request, SITE)
        again.take({"actions": [{"type": "create", "resource": {**crp, **old}}]})
        assert both["label"] in [item["label"] for item in suggestions(again.call())]


def test_a_repeated_call_gives_the_same_suggestions() -> None:
    """The same hook instance gives the same card and suggestion ids, so that feedback on either answer counts once."""
    request = _infection_screen()
    assert json.dumps(Client(request, SITE).call()) == json.dumps(Client(request, SITE).call())


def _draft(raw: bytes, *, is_appointment: bool = False) -> OurOrder:
    return OurOrder(
        "ServiceRequest/vp",
        raw,
        "p",
        frozenset(),
        0,
        None,
        Augmentation.UNSTATED,
        "",
        Basis.CODE,
        False,
        is_appointment,
        (),
        (),
    )


@pytest.mark.parametrize(
    ("draft", "moved"),
    [
        ({"occurrenceDateTime": "2026-11-23"}, {"occurrenceDateTime": "2026-11-26T08:00:00+00:00"}),
        (
            {"occurrencePeriod": {"start": "2026-11-23T08:00:00+00:00", "end": "2026-11-23T09:00:00+00:00"}},
            {"occurrencePeriod": {"start": "2026-11-26T08:00:00+00:00", "end": "2026-11-26T09:00:00+00:00"}},
        ),
        (
            {"occurrencePeriod": {"start": "2026-11-23"}},
            {"occurrencePeriod": {"start": "2026-11-26T08:00:00+00:00"}},
        ),
        ({"occurrenceTiming": {"code": {"text": "daily"}}}, None),
        ({}, None),
    ],
    ids=["a time", "a period keeps its length", "a period without an end", "another way", "no time"],
)
def test_a_draft_is_moved_in_the_way_that_it_states_its_time(
    draft: dict[str, Any], moved: dict[str, Any] | None
) -> None:
    """What else the draft holds stays; a draft that gives its time in another way is not touched."""
    order = {"resourceType": "ServiceRequest", "id": "vp", "priority": "urgent"}
    action = drafts.moved(_draft(json.dumps(order | draft).encode()), datetime(2026, 11, 26, 8, tzinfo=UTC), "Move")
    assert (json.loads(msgspec.json.encode(action.resource)) if action else None) == (order | moved if moved else None)


def test_what_cannot_be_changed_gets_no_action() -> None:
    """An appointment is not stamped, and a draft that cannot be read is left as it is."""
    assert drafts.stamped(_draft(b'{"id": "a"}', is_appointment=True), "appropriate", "c") is None
    assert drafts.stamped(_draft(b"nothing"), "appropriate", "c") is None
    assert drafts.removed(_draft(b"nothing"), "Remove") is None
    assert drafts.removed(_draft(b'{"id": "vp", "status": "active"}'), "Remove") is None, "it is signed"
    assert drafts.removed(_draft(b'{"id": "vp", "status": "draft"}', is_appointment=True), "Remove") is None
    assert drafts.removed(_draft(b'{"id": "vp", "status": 1e999}'), "Remove") is None, "its status cannot be read"
    assert drafts.stamped(_draft(b'{"id": "vp", "extension": {"url": "x"}}'), "appropriate", "c") is None, (
        "it would be lost"
    )


@pytest.mark.parametrize(
    ("levels", "part"),
    [("L1", "lumbar"), ("T8", "thoracic"), ("T12", "whole"), ("", "whole")],
    ids=lambda text: text or "none",
)
def test_the_mri_is_of_the_part_that_the_order_names(levels: str, part: str) -> None:
    """Levels at the junction of two parts, or none, ask for the whole spine."""
    (case,) = (case for case in CASES if (case.rule, case.name) == ("radiograph_only", "an X-ray alone"))
    site = [{"text": levels}] if levels else []
    changed = replace(case, order={**case.order, "bodySite": site}, resources=(*FRACTURE, *case.resources))
    request = cases.request(changed, KNOW)
    wanted = {"lumbar": "mri-lumbar", "thoracic": "mri-thoracic", "whole": "mri-spine"}[part]
    ordered = [
        action["resource"]["code"]["text"]
        for suggestion in suggestions(Client(request, SITE).call())
        for action in suggestion["actions"]
        if "MRI" in suggestion["label"]
    ]
    assert ordered == [KNOW.orderables[wanted].text]


def test_a_plan_without_an_order_names_none_and_one_without_drugs_lists_none() -> None:
    """Its focus and its inputs are left out: nothing empty goes over the wire."""
    asked = read_request(json.dumps(_infection_screen()).encode(), tuple(Hook))
    inputs = respond(asked, datetime(2026, 11, 22, 9, tzinfo=UTC), SITE).material
    assert inputs
    without = dataclasses.replace(inputs, order=Order())
    action = plan.task(without, KNOW.orderables["antithrombotic-plan"], (), "Agree")
    assert not {"focus", "input"} & action.resource.keys()
    assert faults(action.resource) == ()
