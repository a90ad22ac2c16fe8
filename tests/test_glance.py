"""What is passed over at a glance holds nothing that a reader would have found."""

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest
from msgspec import Raw

from cds_service import cases
from cds_service.chart import Source
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.bundle import Part
from cds_service.fhir.decoding.decode import DecodedResource, decode
from cds_service.fhir.intake.relevance import passed
from cds_service.fhir.readers import conditions, imaging_observations, medications, observations
from cds_service.fhir.readers.drug_identity import addressed
from cds_service.knowledge import load
from tests.bench import bodies

CONTEXT = Context(load(), UTC)
LABORATORY = [{"coding": [{"code": "laboratory"}]}]
SODIUM = {"coding": [{"system": "http://loinc.org", "code": "2951-2"}], "text": "Sodium"}
INR = {"coding": [{"system": "http://loinc.org", "code": "6301-6"}], "text": "INR"}
LISINOPRIL = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "314076"}]}
SOMEBODY = {"reference": "Patient/p"}


def entries(resource: resources.Resource) -> tuple[object, ...]:
    """What the readers find in one resource of the kinds that may be passed over."""
    source = Source("x/1", b"", ())
    match resource:
        case resources.Observation():
            seen = imaging_observations.findings_of_observation(resource, source, None, CONTEXT)
            return (*observations.measurements(resource, source, CONTEXT), *seen)
        case resources.Condition():
            return conditions.conditions(resource, source, CONTEXT)
        case resources.MedicationUse():
            return medications.drug_uses(resource, source, addressed(()).beside(""), CONTEXT)
    raise AssertionError(f"a {type(resource).__name__} was passed over")


def each_resource(value: Any) -> Iterator[Raw]:
    """Every resource anywhere inside a JSON value; the cases of rules leave out id and subject."""
    if isinstance(value, dict):
        if "resourceType" in value:
            yield Raw(json.dumps({"id": "r", "subject": SOMEBODY} | value).encode())
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from each_resource(item)


def is_passed(resource: dict[str, Any]) -> bool:
    return passed(Raw(json.dumps(resource).encode()), CONTEXT.know) is not None


@pytest.mark.parametrize("folder", ["rules", "requests"])
def test_no_fixture_loses_an_entry(folder: str):
    over = 0
    for file in sorted((cases.FIXTURES / folder).glob("*.json")):
        for raw in each_resource(json.loads(file.read_bytes())):
            if passed(raw, CONTEXT.know):
                over += 1
                (item,) = decode([Part(raw)])
                assert isinstance(item, DecodedResource)
                assert entries(item.resource) == (), f"{file.name}: {item.reference}"
    assert over > 0


def test_most_of_a_big_chart_is_passed_over():
    found = list(each_resource(json.loads(bodies.body(500))["prefetch"]))
    assert sum(passed(raw, CONTEXT.know) is not None for raw in found) > 400


def test_what_it_says_is_what_the_reader_says():
    resource = {"resourceType": "Observation", "id": "a", "subject": SOMEBODY, "code": SODIUM, "category": LABORATORY}
    raw = Raw(json.dumps(resource).encode())
    (item,) = decode([Part(raw)])
    over = passed(raw, CONTEXT.know)
    assert isinstance(item, DecodedResource)
    assert over is not None
    assert (over.reference, over.whose) == (item.reference, item.whose) == ("Observation/a", "p")


@pytest.mark.parametrize(
    "change",
    [
        {"code": INR},
        {"code": None},
        {"code": 7},
        {"category": [{"coding": [{"code": "imaging"}]}]},
        {"category": None},
        {"category": 7},
        {"component": [{"code": INR}]},
        {"subject": None},
        {"subject": 7},
        {"id": None},
        {"resourceType": "Procedure"},
        {"resourceType": 7},
    ],
)
def test_what_is_not_plain_is_left_to_the_readers(change: dict[str, Any]):
    plain = {"resourceType": "Observation", "id": "a", "subject": SOMEBODY, "code": SODIUM, "category": LABORATORY}
    assert is_passed(plain)
    assert not is_passed({name: value for name, value in (plain | change).items() if value is not None})


@pytest.mark.parametrize(
    "change",
    [
        {"medicationCodeableConcept": {"text": "a drug that nobody knows"}},
        {"medicationCodeableConcept": {"text": "apixaban 5 mg"}},
        {"medicationReference": {"reference": "Medication/m"}},
        {"medication": {"reference": {"reference": "Medication/m"}}},
    ],
)
def test_a_drug_is_passed_over_only_if_it_is_known_to_be_another(change: dict[str, Any]):
    plain = {
        "resourceType": "MedicationRequest",
        "id": "a",
        "subject": SOMEBODY,
        "medicationCodeableConcept": LISINOPRIL,
    }
    assert is_passed(plain)
    assert not is_passed(plain | change)
