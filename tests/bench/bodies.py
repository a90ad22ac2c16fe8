"""Request bodies of growing charts: one real fixture, with ordinary resources added that no rule is interested in."""

import json
from collections.abc import Iterator
from typing import Any

from cds_service.cases import FIXTURES

SIZES = (20, 70, 500, 5000)
_LOINC = "http://loinc.org"
_RESULTS = (
    ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", 96.0),
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", 139.0),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", 4.1),
    ("17861-6", "Calcium [Mass/volume] in Serum or Plasma", "mg/dL", 9.4),
    ("8867-4", "Heart rate", "/min", 72.0),
)
_PROBLEMS = (
    ("I10", "Essential (primary) hypertension"),
    ("E78.5", "Hyperlipidemia, unspecified"),
    ("M54.50", "Low back pain"),
)
_DRUGS = (("314076", "lisinopril 10 MG Oral Tablet"), ("861007", "metformin hydrochloride 500 MG Oral Tablet"))
_PATIENT = "bench"  # not that of the example at /connect, which the service looks at twice


def body(resources: int) -> bytes:
    """A request whose prefetch holds so many resources, about 1.4 kB each, of the kinds that charts are full of."""
    text = (FIXTURES / "requests" / "apixaban-20h-before-slot.json").read_text(encoding="utf-8")
    request = json.loads(text.replace("vera", _PATIENT))
    prefetch = request["prefetch"]
    present = sum(len(value.get("entry", ())) or value["resourceType"] != "Bundle" for value in prefetch.values())
    for key, resource in _ordinary(max(0, resources - present)):
        bundle = prefetch[key]
        entry = {
            "fullUrl": f"https://ehr.example/fhir/{resource['resourceType']}/{resource['id']}",
            "resource": resource,
        }
        bundle.setdefault("entry", []).append(entry | {"search": {"mode": "match"}})
        bundle["total"] = len(bundle["entry"])
    return json.dumps(request).encode()


def _ordinary(count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for number in range(count):
        kind = number % 10
        if kind < 7:
            yield "imaging-findings", _observation(number)
        elif kind < 9:
            yield "medication-requests", _request(number)
        else:
            yield "conditions", _condition(number)


def _base(kind: str, number: int) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "id": f"{kind.lower()}-{number}",
        "meta": {
            "versionId": "3",
            "lastUpdated": "2026-11-20T08:12:31.000+00:00",
            "source": "https://ehr.example/interfaces/laboratory",
            "profile": [f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{kind.lower()}"],
        },
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{"An entry of the chart. " * 12}</div>',
        },
        "identifier": [{"system": "https://ehr.example/identifiers", "value": f"{number:09}"}],
        "subject": {"reference": f"Patient/{_PATIENT}", "display": "Vera Example"},
        "encounter": {"reference": f"Encounter/{number % 40}"},
    }


def _observation(number: int) -> dict[str, Any]:
    code, display, unit, value = _RESULTS[number % len(_RESULTS)]
    return _base("Observation", number) | {
        "status": "final",
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}
        ],
        "code": {"coding": [{"system": _LOINC, "code": code, "display": display}], "text": display},
        "effectiveDateTime": f"20{10 + number % 16}-{1 + number % 12:02}-{1 + number % 28:02}T07:30:00Z",
        "issued": f"20{10 + number % 16}-{1 + number % 12:02}-{1 + number % 28:02}T09:30:00Z",
        "performer": [{"reference": "Organization/laboratory", "display": "Central laboratory"}],
        "valueQuantity": {
            "value": value + number % 9,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
        "referenceRange": [{"low": {"value": value * 0.8, "unit": unit}, "high": {"value": value * 1.2, "unit": unit}}],
    }


def _request(number: int) -> dict[str, Any]:
    code, display = _DRUGS[number % len(_DRUGS)]
    return _base("MedicationRequest", number) | {
        "status": "completed" if number % 3 else "active",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": code, "display": display}],
            "text": display,
        },
        "authoredOn": f"20{10 + number % 16}-{1 + number % 12:02}-{1 + number % 28:02}",
        "dosageInstruction": [
            {"text": "1 tablet daily", "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}
        ],
    }


def _condition(number: int) -> dict[str, Any]:
    code, display = _PROBLEMS[number % len(_PROBLEMS)]
    clinical = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return _base("Condition", number) | {
        "clinicalStatus": {"coding": [{"system": clinical, "code": "active" if number % 2 else "resolved"}]},
        "code": {
            "coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code, "display": display}],
            "text": display,
        },
        "onsetDateTime": f"20{10 + number % 16}-{1 + number % 12:02}",
    }
