"""Each hook gets the cards that fit it: orders selected, whole orders, bookings, discharges, opened charts."""

import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from cds_service import cases
from cds_service.cards.assessment import EXTENSION
from cds_service.cards.identity import CARD_KEY
from cds_service.cards.inputs import Manner
from cds_service.fhir.check import faults
from cds_service.hook import Hook
from cds_service.hooks import read_request
from cds_service.knowledge import load
from cds_service.rules import catalogue
from cds_service.service import Site, respond

from .client import Client, findings, suggestions

SITE = Site(load(), catalogue(), Manner(key=b"secret of the site"))


def request(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((cases.FIXTURES / "requests" / f"{name}.json").read_text())
    return found


def call(asked: dict[str, Any], site: Site = SITE) -> dict[str, Any]:
    return Client(asked, site).call()


def order_of(asked: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = asked["context"]["draftOrders"]["entry"][0]["resource"]
    return found


def labelled(body: dict[str, Any], start: str) -> list[dict[str, Any]]:
    return [item for item in suggestions(body) if item["label"].startswith(start)]


def topics(body: dict[str, Any]) -> list[str]:
    return [card["source"]["topic"]["code"] for card in body["cards"]]


def said(body: dict[str, Any]) -> str:
    return " ".join(card["summary"] + card["detail"] for card in body["cards"])


def test_apixaban_twenty_hours_before_the_slot() -> None:
    """One card: the verdict with the last dose and the earliest time, what other guidelines ask, and the prescriber's button."""
    [card] = call(request("apixaban-20h-before-slot"))["cards"]
    assert card["indicator"] == "critical"
    assert card["source"]["label"] == "SIR 2019"
    for told in ("not yet", "20 h", "earliest Wed 25 Nov 12:00"):
        assert told in card["summary"]
    for row in ("SIR 2019, used here | 48 h | Wed 25 Nov 12:00", "ASRA 2018 | 72 h | Thu 26 Nov 12:00"):
        assert row in card["detail"]
    assert next(item["label"].partition(":")[0] for item in card["suggestions"]) == "Create a task"


def test_without_a_medication_section_antithrombotics_are_unknown() -> None:
    """The card says what was not sent, what that leaves open, and where to look."""
    [card] = call(request("no-medication-section"))["cards"]
    assert card["summary"].endswith("cannot be judged yet. Medication list and prescriptions not sent")
    assert "look up in the chart: medication list and prescriptions" in card["detail"]
    assert card["detail"].count("unknown: antithrombotics") == 1


def with_entry(asked: dict[str, Any], key: str, resource: dict[str, Any]) -> dict[str, Any]:
    asked["prefetch"][key].setdefault("entry", []).append({"resource": {"id": "more", **resource}})
    return asked


def icd10(code: str, **more: Any) -> dict[str, Any]:
    coded = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]}
    return {"resourceType": "Condition", "code": coded, "subject": {"reference": "Patient/vera"}, **more}


def test_a_drug_that_nothing_identifies_is_named() -> None:
    drug = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "subject": {"reference": "Patient/vera"},
        "medicationCodeableConcept": {"text": "study drug XYZ"},
    }
    body = call(with_entry(request("suitable-acute-fracture"), "medication-statements", drug))
    assert "study drug XYZ" in body["cards"][0]["detail"]


def test_an_age_between_the_limits_is_told_in_days() -> None:
    asked = request("suitable-acute-fracture")
    asked["prefetch"]["conditions"]["entry"][0]["resource"]["onsetDateTime"] = "2026-08"
    [card] = call(asked)["cards"]
    assert "Onset of the fracture unknown (83 to 113 days ago, limit 84 days)" in card["summary"]
    assert "4 of 5 criteria met" in card["detail"]


@pytest.mark.parametrize("name", ["suitable-acute-fracture", "apixaban-20h-before-slot", "active-discitis"])
def test_how_the_chart_was_read_is_never_left_out(name: str) -> None:
    """However little room a card has: one line of it, and how many more lines the assessment holds."""
    notes = tuple(f"Switched off by this site: rule number {number}" for number in range(7))
    body = call(request(name), replace(SITE, notes=notes))
    [line] = [line for line in body["cards"][0]["detail"].splitlines() if "Switched off" in line]
    assert line.endswith("rule number 1; 5 more in the assessment.")
    assert body["extension"][EXTENSION]["notes"] == list(notes)
    one = call(request(name), replace(SITE, notes=notes[:1]))["cards"][0]["detail"]
    assert "- Switched off by this site: rule number 0.\n" in one


def test_what_is_only_worth_considering_is_information() -> None:
    body = call(with_entry(request("suitable-acute-fracture"), "conditions", icd10("Z85.3")))
    [card] = body["cards"]
    assert "Do: consider a biopsy and a myeloma screen" in card["detail"]
    assert card["indicator"] == "info"


def test_a_plan_without_a_hold_is_for_the_antithrombotic_drug() -> None:
    """A drug that ended leaves no plan to quote, and agreement is still to be asked."""
    drug = {
        "resourceType": "MedicationStatement",
        "status": "stopped",
        "subject": {"reference": "Patient/vera"},
        "effectivePeriod": {"end": "2026-11-01"},
        "medicationCodeableConcept": {"text": "rivaroxaban"},
    }
    asked = with_entry(request("suitable-acute-fracture"), "medication-statements", drug)
    body = call(with_entry(asked, "conditions", icd10("I26.99", onsetDateTime="2026-10-18", id="pe")))
    assert labelled(body, "Create a task: agree the plan for the antithrombotic drug with the prescriber")


def test_the_order_moves_to_the_next_opening_after_all_intervals() -> None:
    """The draft comes back as it was, decimals and unknown extensions included, but for its time; then the hold is kept."""
    asked = request("apixaban-20h-before-slot")
    odd = '{"url": "https://ehr.example/odd", "valueDecimal": 1.10}'
    order_of(asked)["extension"] = [json.loads(odd)]
    raw = json.dumps(asked).replace(json.dumps(json.loads(odd)), odd).encode()
    given = read_request(raw, tuple(Hook))
    wire = msgspec.json.encode(respond(given, given.as_of or datetime.now(UTC), SITE).body)
    body = json.loads(wire)
    [move] = labelled(body, "Move the order to")
    assert move["label"] == "Move the order to Thu 26 Nov 08:00, the next list"
    assert "isRecommended" not in move
    [action] = move["actions"]
    assert action["resource"] == {**order_of(asked), "occurrenceDateTime": "2026-11-26T08:00:00+00:00"}
    assert b'"valueDecimal": 1.10' in wire
    assert faults(action["resource"]) == ()
    client = Client(asked, SITE)
    client.take(move)
    after = client.call()
    assert labelled(after, "Move") == []
    assert "critical" not in {card["indicator"] for card in after["cards"]}


def test_a_period_keeps_its_length_when_it_moves() -> None:
    """Three hours stay three hours."""
    asked = request("apixaban-20h-before-slot")
    del order_of(asked)["occurrenceDateTime"]
    order_of(asked)["occurrencePeriod"] = {"start": "2026-11-24T08:00:00Z", "end": "2026-11-24T11:00:00Z"}
    [move] = labelled(call(asked), "Move the order to")
    moved = {"start": "2026-11-26T08:00:00+00:00", "end": "2026-11-26T11:00:00+00:00"}
    assert move["actions"][0]["resource"]["occurrencePeriod"] == moved


def _still_taken(asked: dict[str, Any]) -> None:
    for entry in asked["prefetch"]["medication-statements"]["entry"]:
        entry["resource"]["status"] = "active"
        entry["resource"].get("effectivePeriod", {}).pop("end", None)


def _with_a_recent_embolism(asked: dict[str, Any]) -> None:
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I26.99"}]}
    embolism = {"resourceType": "Condition", "id": "pe", "code": code, "onsetDateTime": "2026-10-20"}
    asked["prefetch"]["conditions"]["entry"].append({"resource": embolism})
    asked["prefetch"]["conditions"].pop("total", None)


def _with_an_unidentified_drug(asked: dict[str, Any]) -> None:
    drug = {"resourceType": "MedicationStatement", "id": "odd", "status": "active", "medicationReference": {}}
    asked["prefetch"]["medication-statements"]["entry"].append({"resource": drug})
    asked["prefetch"]["medication-statements"].pop("total", None)


@pytest.mark.parametrize("change", [_still_taken, _with_a_recent_embolism, _with_an_unidentified_drug])
def test_no_time_is_suggested_unless_every_drug_has_ended_and_no_hazard_is_met(
    change: Callable[[dict[str, Any]], None],
) -> None:
    """Naming a slot would presume that the drug is interrupted, or that none was overlooked."""
    asked = request("apixaban-20h-before-slot")
    change(asked)
    assert labelled(call(asked), "Move") == []


def test_the_plan_names_drug_interval_last_dose_and_restart_and_the_hazard_stands() -> None:
    """Taken, the task is gone from the card, which says that the plan was requested; the critical finding stays."""
    asked = request("apixaban-20h-before-slot")
    body = call(asked)
    [plan] = labelled(body, "Create a task: agree the plan for apixaban")
    task = plan["actions"][0]["resource"]
    assert faults(task) == ()
    assert task["focus"] == {"reference": f"ServiceRequest/{order_of(asked)['id']}"}
    for told in (
        "apixaban",
        "advised interval 48 h before the procedure (SIR 2019)",
        "last recorded dose 2026-11-23 12:00",
        "restart: ",
    ):
        assert told in task["description"]
    client = Client(asked, SITE)
    client.take(plan)
    after = client.call()
    assert labelled(after, "Create a task") == []
    assert "plan requested Sun 22 Nov 09:00" in after["cards"][0]["detail"]
    assert after["cards"][0]["indicator"] == "critical"
    assert findings(after) == findings(body)


def test_order_select_speaks_only_of_what_was_selected() -> None:
    """Another draft of the session is background."""
    assert call(request("order-select-other-selection")) == {"cards": []}
    asked = request("apixaban-20h-before-slot")
    asked["hook"] = "order-select"
    asked["context"]["selections"] = [f"ServiceRequest/{order_of(asked)['id']}"]
    assert call(asked)["cards"]


@pytest.mark.parametrize("status", ["draft", "active", "on-hold"])
def test_order_sign_checks_an_order_whatever_its_status(status: str) -> None:
    """A signed order that is signed again is checked again; only a draft can be removed."""
    asked = request("active-discitis")
    order_of(asked)["status"] = status
    body = call(asked)
    assert body["cards"][0]["indicator"] == "critical"
    assert bool(labelled(body, "Remove the draft order")) is (status == "draft")


def test_a_card_has_the_same_key_at_the_next_hook_and_another_when_something_changed() -> None:
    """The key follows patient, orders, topic and evidence; it needs the site's secret."""
    asked = request("apixaban-20h-before-slot")
    keys = [card["extension"][CARD_KEY] for card in call(asked)["cards"]]
    selecting = {**asked, "hook": "order-select", "hookInstance": "6f2b1c0e-52d1-4f5b-9a3c-00000000ffff"}
    selecting["context"] = {**asked["context"], "selections": [f"ServiceRequest/{order_of(asked)['id']}"]}
    assert [card["extension"][CARD_KEY] for card in call(selecting)["cards"]] == keys
    elsewhere = call(asked, replace(SITE, manner=Manner(key=b"another secret")))
    assert not {card["extension"][CARD_KEY] for card in elsewhere["cards"]} & set(keys)
    changed = json.loads(json.dumps(asked).replace("2026-11-23T12:00", "2026-11-23T13:00"))
    assert call(changed)["cards"][0]["extension"][CARD_KEY] != keys[0]


def test_an_overridden_card_is_withheld_at_signing_and_the_answer_says_so() -> None:
    """Unless it is critical; other hooks show it."""
    asked = request("retropulsion-caution")
    shown = call(asked)
    asked_for: list[datetime] = []

    def overridden(keys: Collection[str], since: datetime) -> Collection[str]:
        asked_for.append(since)
        return keys

    site = replace(SITE, quiet=timedelta(days=2), overridden=overridden)
    body = call(asked, site)
    assert body["cards"] == []
    [withheld] = body["extension"][EXTENSION]["withheld"]
    assert withheld["says"]
    assert withheld["rules"] == ["retropulsion"]
    assert withheld[CARD_KEY] == shown["cards"][0]["extension"][CARD_KEY]
    assert asked_for == [datetime(2026, 11, 20, 9, tzinfo=UTC)]
    assert findings(body) == findings(shown)
    selecting = {**asked, "hook": "order-select"}
    selecting["context"] = {**asked["context"], "selections": [f"ServiceRequest/{order_of(asked)['id']}"]}
    assert topics(call(selecting, site)) == topics(shown)
    [critical] = call(request("apixaban-20h-before-slot"), site)["cards"]
    assert critical["indicator"] == "critical"


@pytest.mark.parametrize(
    ("name", "rating"),
    [
        ("suitable-acute-fracture", "appropriate"),
        ("active-discitis", "not-appropriate"),
        ("apixaban-20h-before-slot", None),
        ("no-medication-section", None),
    ],
)
def test_a_draft_is_stamped_only_where_that_is_agreed_and_the_answer_is_clear(name: str, rating: str | None) -> None:
    """Off by default; the draft changes by the rating alone, and what is not clear is not rated."""
    asked = request(name)
    assert "systemActions" not in call(asked)
    actions = call(asked, replace(SITE, stamp=True)).get("systemActions", [])
    assert len(actions) == (rating is not None)
    for action in actions:
        stamped = action["resource"]
        coded, identifier = stamped.pop("extension")
        assert coded["valueCodeableConcept"]["coding"][0]["code"] == rating
        assert identifier["valueUri"].startswith("urn:uuid:")
        assert stamped == order_of(asked)
        assert faults(action["resource"]) == ()


def test_a_booking_is_planned_from_its_start() -> None:
    """The signed order gives the level, the appointment the time: latest dose, laboratory tests, preparation."""
    body = call(request("appointment-book-apixaban-taken"))
    told = body["extension"][EXTENSION]
    assert (told["plannedAt"], told["plannedAtSource"]) == ("2026-12-03T09:00:00+00:00", "appointment")
    assert told["targetLevels"] == ["T12"]
    assert "last dose by Tue 1 Dec 09:00" in body["cards"][0]["summary"]
    assert topics(body) == ["suitability", "workup"]
    assert "Prepare: fasting" in body["cards"][1]["detail"]
    assert "Order a platelet count" in body["cards"][1]["detail"]
    assert "platelets 231" not in said(body), "what is to be ordered is not named a second time"
    assert "Thu 3 Dec 09:00" in said(body)
    assert labelled(body, "Move") == []


def test_a_booking_of_something_else_gets_no_card() -> None:
    """Without the order that it is based on, nothing says that it is ours."""
    asked = request("appointment-book-apixaban-taken")
    asked["prefetch"]["service-requests"]["entry"] = []
    assert call(asked) == {"cards": []}


def test_a_discharge_after_the_procedure() -> None:
    """Restart, aftercare and bone health; nothing about suitability, and no override to ask for."""
    body = call(request("discharge-after-vertebroplasty"))
    assert topics(body) == ["antithrombotics", "workup"]
    assert {card["indicator"] for card in body["cards"]} == {"info"}
    for told in ("restart after the procedure: 24 h (SIR 2019)", "chest pain", "no densitometry in 24 months"):
        assert told in said(body)
    assert labelled(body, "Refer for bone density")
    assert body["extension"][EXTENSION]["disposition"] == "not-applicable"


def test_a_discharge_without_the_procedure_gets_no_card() -> None:
    """Also where procedures were not sent: the answer still says what is unknown."""
    asked = request("discharge-without-procedure")
    assert call(asked)["cards"] == []
    del asked["prefetch"]["procedures"]
    body = call(asked)
    assert body["cards"] == []
    assert ("aftercare", "unknown", "", "") in findings(body)


def test_an_opened_chart_with_an_untreated_fracture_gets_one_card() -> None:
    """Information only, with the age of the fracture."""
    body = call(request("patient-view-untreated-fracture"))
    [card] = body["cards"]
    assert card["indicator"] == "info"
    assert "racture 19 days old" in card["detail"]
    assert card.keys().isdisjoint({"suggestions", "overrideReasons"})


def _procedures_not_sent(asked: dict[str, Any]) -> None:
    del asked["prefetch"]["procedures"]


def _no_problem_list(asked: dict[str, Any]) -> None:
    del asked["prefetch"]["conditions"]


def _on_order(asked: dict[str, Any]) -> None:
    order = {"resourceType": "ServiceRequest", "id": "o", "status": "active", "code": {"text": "Vertebroplasty T12"}}
    asked["prefetch"]["service-requests"] = {"resourceType": "Bundle", "entry": [{"resource": order}]}


def _a_year_old(asked: dict[str, Any]) -> None:
    asked["extension"]["org.vertebroplasty-cds.asOf"] = "2027-11-22T09:00:00Z"


@pytest.mark.parametrize("change", [_procedures_not_sent, _no_problem_list, _on_order, _a_year_old])
def test_an_opened_chart_otherwise_gets_none(change: Callable[[dict[str, Any]], None]) -> None:
    """Treated, on order, old, or not known to be untreated."""
    asked = request("patient-view-untreated-fracture")
    change(asked)
    assert call(asked)["cards"] == []
    assert call(request("patient-view-treated-fracture"))["cards"] == []


def test_links_lead_to_the_rule_the_guideline_and_the_app_of_the_site() -> None:
    """Only where pages are served and an app is configured; its context goes with a SMART link only."""
    asked = request("apixaban-20h-before-slot")
    manner = Manner(base_url="https://cds.example", app_url="https://app.example/launch")
    why, guideline, app = call(asked, replace(SITE, manner=manner))["cards"][0]["links"]
    assert why["url"] == "https://cds.example/rules/antithrombotic_hold"
    assert guideline["label"] == "Guideline: SIR 2019"
    assert (app["type"], json.loads(app["appContext"])) == (
        "smart",
        {"orders": [f"ServiceRequest/{order_of(asked)['id']}"]},
    )
    assert [link["type"] for link in call(asked)["cards"][0]["links"]] == ["absolute"]
