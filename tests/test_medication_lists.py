"""The whole drug list: every list that the site keeps must have been answered, each in every way in which one may be."""

import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cds_service.cli._door import Local, here

REQUESTS = Path(__file__).parent.parent / "fixtures/requests"
SUITABLE = json.loads((REQUESTS / "suitable-acute-fracture.json").read_bytes())
DOOR = here(datetime(2026, 11, 22, 9, tzinfo=UTC))
BOTH = ("medication-statements", "medication-requests")
TYPES = {"medication-statements": "MedicationStatement", "medication-requests": "MedicationRequest"}
ANSWERED = ("given", "null", "empty")
GAPS = ("omitted", "failed", "cut", "another patient's", "no list", "unreadable")


def drug(key: str, patient: str = "vera") -> dict[str, Any]:
    return {
        "resourceType": TYPES[key],
        "id": "d",
        "status": "active",
        "subject": {"reference": f"Patient/{patient}"},
        "medicationCodeableConcept": {"text": "Paracetamol 500 mg tablet"},
    }


def bundle(*resources: object, **more: object) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": item} for item in resources], **more}


def refusal(code: str, text: str = "", severity: str = "error") -> dict[str, Any]:
    issue = {"severity": severity, "code": code} | ({"diagnostics": text} if text else {})
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def sent(key: str, way: str) -> dict[str, Any]:
    """A part of a prefetch: the key answered in one of the ways."""
    values = {
        "given": bundle(drug(key)),
        "null": None,
        "empty": bundle(),
        "failed": refusal("exception"),
        "not kept": refusal("not-supported"),
        "cut": bundle(drug(key), link=[{"relation": "next", "url": "https://ehr.example/next"}]),
        "another patient's": bundle(drug(key, "somebody-else")),
        "no list": {"resourceType": "Observation", "status": "final", "id": "o", "code": {"text": "x"}},
        "unreadable": 7,
    }
    return {} if way == "omitted" else {key: values[way]}


def answer(statements: str, requests: str, door: Local = DOOR) -> Mapping[str, Any]:
    """The assessment of a patient for whom all criteria are met if the drug list is whole."""
    others = {key: value for key, value in SUITABLE["prefetch"].items() if key not in BOTH}
    lists = sent("medication-statements", statements) | sent("medication-requests", requests)
    reply = door.call(json.dumps({**SUITABLE, "prefetch": others | lists}).encode())
    assert reply.status == 200
    found: Mapping[str, Any] = reply.body["extension"]["org.vertebroplasty-cds.assessment"]
    return found


def missing(found: Mapping[str, Any]) -> set[str]:
    rows = [row for row in found["findings"] if row["rule"] == "antithrombotic_hold"]
    return {gap["section"] for row in rows for gap in row.get("missing", ())}


@pytest.mark.parametrize(("statements", "requests"), list(itertools.product((*ANSWERED, *GAPS, "not kept"), repeat=2)))
def test_every_list_that_is_kept_must_be_answered(statements: str, requests: str) -> None:
    found = answer(statements, requests)
    lacking = {key for key, way in zip(BOTH, (statements, requests), strict=True) if way in GAPS}
    if statements == requests == "not kept":
        lacking = set(BOTH)
    assert missing(found) == lacking
    assert found["disposition"] == ("insufficient-data" if lacking else "criteria-met")


NO_SUCH_TYPE = [
    refusal("not-supported"),
    refusal("not-supported", "Resource type 'MedicationStatement' is not supported."),
    refusal(
        "processing",
        "HAPI-0302: Unknown resource type 'MedicationStatement' - Server knows how to handle: [Patient, SearchParameter]",
    ),
    refusal("not-supported", severity="fatal"),
]
SOMETHING_ELSE = [
    refusal("not-supported", "Search parameter 'patient' is not supported"),
    refusal("not-supported", "_include is not supported"),
    refusal("not-supported", "The interaction is not supported"),
    refusal("not-supported", severity="warning"),
    refusal("not-found", "Patient/vera is not known"),
    refusal("processing", "HAPI-0524: Unknown search parameter"),
    refusal("forbidden"),
    {"resourceType": "OperationOutcome"},
    {"resourceType": "OperationOutcome", "issue": 7},
    {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": 7}]},
    {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "not-supported", "expression": ["http.patient"]}],
    },
]


@pytest.mark.parametrize(
    ("outcome", "disposition"),
    [*((item, "criteria-met") for item in NO_SUCH_TYPE), *((item, "insufficient-data") for item in SOMETHING_ELSE)],
)
def test_only_an_outcome_that_says_so_means_that_no_list_is_kept(outcome: object, disposition: str) -> None:
    others = {key: value for key, value in SUITABLE["prefetch"].items() if key != "medication-statements"}
    reply = DOOR.call(json.dumps({**SUITABLE, "prefetch": {**others, "medication-statements": outcome}}).encode())
    assert reply.body["extension"]["org.vertebroplasty-cds.assessment"]["disposition"] == disposition


@pytest.mark.parametrize("key", BOTH)
def test_the_card_names_the_list_that_was_not_sent_and_the_setting(key: str) -> None:
    others = {name: value for name, value in SUITABLE["prefetch"].items() if name != key}
    card = DOOR.call(json.dumps({**SUITABLE, "prefetch": others}).encode()).body["cards"][0]
    names = {
        "medication-statements": "no medication list was sent",
        "medication-requests": "no prescriptions were sent",
    }
    assert names[key] in card["summary"]
    assert f"no {TYPES[key]} came" in card["detail"]
    assert "medication\\_lists" in card["detail"]
