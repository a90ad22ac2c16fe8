"""A text longer than any name is read as far as a name is; what follows is unknown, and that is said."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from cds_service import knowledge
from cds_service.chart import Answer, Chart, Order, Section, ValueSets
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.bundle import open_answer
from cds_service.fhir.read import Received, chart

CONTEXT = Context(knowledge.load(), UTC)
LONG = "Seen today in clinic, and doing well overall. " * 11
DISCITIS, DRUG, CEMENT = "discitis of L2/L3", "apixaban", "bone cement (PMMA)"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"


def read(section: Section, **members: Any) -> Chart:
    resource = {"id": "1", "status": "active", "subject": {"reference": "Patient/p"}, **members}
    answered = open_answer(Raw(msgspec.json.encode({"resourceType": "Bundle", "entry": [{"resource": resource}]})))
    return chart(Received({section: answered}, patient_id="p"), Order(), datetime(2026, 11, 22, tzinfo=UTC), CONTEXT)


@pytest.mark.parametrize(
    ("section", "members"),
    [
        (Section.CONDITIONS, {"resourceType": "Condition", "code": {"text": LONG + DISCITIS}}),
        (
            Section.CONDITIONS,
            {"resourceType": "Condition", "code": {"coding": [{"code": "1", "display": LONG + DISCITIS}]}},
        ),
        (Section.ALLERGIES, {"resourceType": "AllergyIntolerance", "code": {"text": LONG + CEMENT}}),
        (
            Section.MEDICATION_STATEMENTS,
            {
                "resourceType": "MedicationStatement",
                "medicationCodeableConcept": {"text": "paracetamol " + LONG + DRUG},
            },
        ),
        (
            Section.MEDICATION_REQUESTS,
            {"resourceType": "MedicationRequest", "medicationReference": {"display": "paracetamol " + LONG + DRUG}},
        ),
    ],
)
def test_what_is_not_read_is_a_gap_and_is_said(section: Section, members: dict[str, Any]):
    found = read(section, **members)
    assert found.answer(section) is Answer.WHOLE
    gaps = [gap.section for gap in found.gaps(section, sets=(ValueSets.SPINAL_INFECTION,))]
    assert (gaps or list(found.intake.doubts)) == [section]
    assert f"Text of {members['resourceType']} longer than 500 characters: the rest was not read" in found.notes


def test_where_a_code_decides_the_text_leaves_no_gap():
    code = {"coding": [{"system": ICD, "code": "I10"}], "text": LONG + DISCITIS}
    found = read(Section.CONDITIONS, resourceType="Condition", code=code)
    assert (found.gaps(Section.CONDITIONS), len(found.notes)) == ((), 1)


def test_what_its_beginning_names_counts():
    found = read(Section.CONDITIONS, resourceType="Condition", code={"text": DISCITIS + " " + LONG})
    assert [item.source.reference for item in found.conditions] == ["Condition/1"]
    assert list(found.intake.doubts) == [Section.CONDITIONS]
