"""Charts of ordinary people: what they hold beside the fracture changes neither the answer nor its cards."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cds_service import cases
from cds_service.cards.assessment import EXTENSION
from cds_service.cards.inputs import Manner
from cds_service.knowledge import load
from cds_service.rules import catalogue
from cds_service.service import Site

from .client import Client
from .every_case import CASES_OF
from .suitable_chart import added_to_a_suitable_chart

CHARTS = tomllib.loads((Path(__file__).parent / "data" / "ordinary_charts.toml").read_text())["chart"]
KNOW = load()
SITE = Site(KNOW, catalogue(), Manner(base_url="https://cds.example", key=b"k"))
SYSTEMS = {
    "cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "gm": "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
    "sct": "http://snomed.info/sct",
    "local": "https://hospital.example/terms",
}
CASE = CASES_OF["systemic_infection"][0]
WHOSE = {"reference": f"Patient/{cases.PATIENT_ID}"}


def resource(entry: str, number: int) -> dict[str, Any]:
    """The resource of one line of the file."""
    kind, system, code, words, day, *reason = (part.strip() for part in entry.split("|"))
    coding = {"system": SYSTEMS[system], "code": code} | ({"display": words} if words else {})
    named = {"id": f"ordinary-{number}", "code": {"coding": [coding]}}
    status = {"coding": [{"code": "resolved" if kind == "resolved" else "active"}]}
    if kind == "allergy":
        return {"resourceType": "AllergyIntolerance", "patient": WHOSE, "clinicalStatus": status, **named}
    if kind == "drug":
        drug = {"medicationCodeableConcept": {"coding": [coding], "text": words}}
        why = {"reasonCode": [{"text": text} for text in reason]} if reason else {}
        order = {"status": "active", "intent": "order", "subject": WHOSE, "authoredOn": day}
        return {"resourceType": "MedicationRequest", "id": named["id"], **order, **drug, **why}
    if kind == "device":
        return {"resourceType": "Device", "patient": WHOSE, "id": named["id"], "type": named["code"]}
    if kind == "procedure":
        return {"resourceType": "Procedure", "status": "completed", "subject": WHOSE, "performedDateTime": day, **named}
    dates = {"onsetDateTime": day} if day else {}
    return {"resourceType": "Condition", "subject": WHOSE, "clinicalStatus": status, **named, **dates}


def answer(entries: list[str]) -> dict[str, Any]:
    """What is answered for the suitable chart with these entries."""
    added = tuple(resource(entry, number) for number, entry in enumerate(entries))
    case = added_to_a_suitable_chart(msgspec.structs.replace(CASE, resources=added))
    return Client(cases.request(case, KNOW), SITE).call()


def shown(body: dict[str, Any]) -> list[str]:
    """What a reader sees of the cards."""
    return [f"{card['summary']}\n{card['detail']}" for card in body["cards"]]


PLAIN = answer([])


def test_there_are_twenty_or_more() -> None:
    """Enough that each kind of ordinary fact is among them."""
    assert len(CHARTS) >= 20


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart["name"])
def test_an_ordinary_chart_stays_quiet(chart: dict[str, Any]) -> None:
    """The same disposition and the same words on the card, or one line more; or the one that the file gives a reason for."""
    body = answer(chart["entries"])
    if "disposition" in chart:
        assert chart["reason"]
        assert body["extension"][EXTENSION]["disposition"] == chart["disposition"]
        assert not [words for words in chart["quiet"] if words in "".join(shown(body))]
    else:
        assert body["extension"][EXTENSION]["disposition"] == "criteria-met", body["extension"][EXTENSION]["findings"]
        card, plain = ("\n".join(shown(each)).splitlines() for each in (body, PLAIN))
        more = [line for line in card if line not in plain]
        assert [line for line in plain if line not in card] == []
        assert (len(more) == 1 and chart["adds"] in more[0]) if "adds" in chart else not more
