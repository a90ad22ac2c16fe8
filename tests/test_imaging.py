"""Imaging is read from studies, reports and observations of any FHIR version: what was seen, where, how and when."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import Raw

from cds_service.chart import Answer, Basis, Chart, Modality, Order, ResultStatus, Section, spoken
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.bundle import Answered, Part
from cds_service.fhir.read import Received, chart
from cds_service.knowledge import load

CONTEXT = Context(load(), UTC)
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
MRI = {
    "resourceType": "ImagingStudy",
    "id": "mri",
    "status": "available",
    "started": "2026-11-19T10:00:00Z",
    "modality": [{"system": DICOM, "code": "MR"}],
    "description": "MRI thoracolumbar spine",
}


def read(*resources: dict[str, Any]) -> Chart:
    """The chart of the resources."""
    parts = tuple(Part(Raw(json.dumps({"id": f"r{number}", **item}).encode())) for number, item in enumerate(resources))
    received = Received({Section.IMAGING_FINDINGS: Answered(Answer.WHOLE, parts)}, (), "p")
    return chart(received, Order(), datetime(2026, 11, 22, 9, tzinfo=UTC), CONTEXT)


def rows(*resources: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Sign, assertion and levels of each finding."""
    return [(item.sign.value, item.assertion.value, spoken(item.levels)) for item in read(*resources).imaging]


def observation(label: str, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": label},
        "effectiveDateTime": "2026-11-20",
    } | members


def report(conclusion: str, about: str = "MRI spine", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": about},
        "conclusion": conclusion,
        "effectiveDateTime": "2026-11-18",
    } | members


@pytest.mark.parametrize(
    ("study", "modality"),
    [
        (MRI, Modality.MRI),
        (MRI | {"modality": {"coding": [{"system": DICOM, "code": "MR"}]}}, Modality.MRI),
        (MRI | {"modality": None, "description": "MRI lumbar spine"}, Modality.MRI),
        (MRI | {"modality": [{"code": "NM"}, {"code": "CT"}], "description": "SPECT-CT spine"}, Modality.NUCLEAR),
        (
            {
                "resourceType": "ImagingStudy",
                "started": "2026-11-19",
                "modality": [{"coding": [{"system": DICOM, "code": "NM"}]}],
                "procedure": [{"concept": {"text": "Bone scan, whole body"}}],
            },
            Modality.NUCLEAR,
        ),
        (
            {
                "resourceType": "ImagingStudy",
                "started": "2026-11-19",
                "modalityList": [{"system": DICOM, "code": "CT"}],
                "series": [{"bodySite": {"system": SNOMED, "code": "122495006"}}],
            },
            Modality.CT,
        ),
        (
            {
                "resourceType": "ImagingStudy",
                "started": "2026-11-19",
                "modality": [{"concept": None, "coding": [{"system": DICOM, "code": "DX"}]}],
                "series": [{"bodySite": {"concept": {"coding": [{"system": SNOMED, "code": "122496007"}]}}}],
            },
            Modality.RADIOGRAPH,
        ),
        (
            MRI | {"procedureCode": [{"coding": [{"system": LOINC, "code": "24968-0"}]}], "description": None},
            Modality.MRI,
        ),
    ],
)
def test_a_study_of_the_spine(study: dict[str, Any], modality: Modality) -> None:
    """R4, R5 and STU3 shapes give the same entry."""
    (found,) = read(study).imaging_studies
    assert found.modality is modality
    assert found.when is not None


@pytest.mark.parametrize(
    "study",
    [
        MRI | {"description": "MRI brain"},
        MRI | {"description": "MRI knee", "series": [{"bodySite": {"system": SNOMED, "code": "72696002"}}]},
        MRI | {"description": None},
        MRI | {"status": "entered-in-error"},
        MRI | {"status": "cancelled"},
    ],
)
def test_no_study_of_the_spine(study: dict[str, Any]) -> None:
    """Another part of the body, none, or one that was withdrawn."""
    assert read(study).imaging_studies == ()


@pytest.mark.parametrize(
    ("series", "suppressed"), [("t2_tirm_sag", True), ("T2 STIR SAG", True), ("t2 fs sag", True), ("t1_tse_sag", False)]
)
def test_fat_suppression_is_seen_in_the_series(series: str, suppressed: bool) -> None:
    """Only fat-suppressed sequences show marrow oedema."""
    (found,) = read(MRI | {"series": [{"description": series}]}).imaging_studies
    assert found.fat_suppressed is suppressed


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            observation("Bone marrow oedema", valueBoolean=True, bodySite={"text": "T12"}),
            [("oedema", "present", "T12")],
        ),
        (
            observation("Bone marrow oedema", valueBoolean=False, bodySite={"text": "T12"}),
            [("oedema", "absent", "T12")],
        ),
        (observation("Bone marrow oedema", valueCodeableConcept={"text": "Present"}), [("oedema", "present", "")]),
        (observation("Bone marrow oedema", valueString="absent"), [("oedema", "absent", "")]),
        (observation("Bone marrow oedema", valueString="T12"), [("oedema", "present", "T12")]),
        (observation("Bone marrow oedema T12", valueString="possible"), [("oedema", "uncertain", "T12")]),
        (observation("Bone marrow oedema T12"), [("oedema", "uncertain", "T12")]),
        (observation("Bone marrow oedema T12", valueString="not assessed"), []),
        (observation("Bone marrow oedema T12", dataAbsentReason={"text": "unknown"}), []),
        (observation("Bone marrow oedema", status="cancelled", valueBoolean=True), []),
        (observation("Edema", valueString="2+ pitting"), []),
        (observation("Hemoglobin", valueQuantity={"value": 12, "unit": "g/dL"}), []),
        (
            observation("MRI finding", category=[{"coding": [{"code": "imaging"}]}], valueString="Marrow oedema T12"),
            [("oedema", "present", "T12")],
        ),
        (
            observation(
                "Marrow oedema",
                component=[
                    {"code": {"text": "T12"}, "valueString": "present"},
                    {"code": {"text": "L1"}, "valueString": "absent"},
                ],
            ),
            [("oedema", "present", "T12"), ("oedema", "absent", "L1")],
        ),
    ],
)
def test_a_finding_with_a_plain_label(item: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    """The label names the sign, the value what is said of it; a swollen leg is no marrow oedema."""
    assert rows(item) == expected
    assert all(found.basis is Basis.CODE for found in read(item).imaging)


@pytest.mark.parametrize(
    ("value", "percent"),
    [
        ({"valueQuantity": {"value": 67, "unit": "%"}}, (67.0, 67.0)),
        ({"valueQuantity": {"value": 66, "comparator": ">", "code": "%"}}, (66.0, 100.0)),
        ({"valueString": "70 %"}, (70.0, 70.0)),
    ],
)
def test_a_height_loss(value: dict[str, Any], percent: tuple[float, float]) -> None:
    """In per cent, with a comparator as a range."""
    (found,) = read(observation("Vertebral height loss T12", **value)).imaging
    assert found.percent == percent


@pytest.mark.parametrize("value", [{"value": 67}, {"value": 8, "unit": "mm"}, {"value": 670, "unit": "%"}])
def test_a_height_loss_in_another_unit_is_not_guessed(value: dict[str, Any]) -> None:
    """No unit, another one, or an impossible number: nobody can tell how much was lost."""
    assert rows(observation("Vertebral height loss T12", valueQuantity=value)) == [("height-loss", "uncertain", "T12")]


def test_a_finding_takes_date_and_modality_from_its_study() -> None:
    """By derivedFrom, or through the report that lists it."""
    by_study = observation("Bone marrow oedema T12", valueBoolean=True, derivedFrom=[{"reference": "ImagingStudy/mri"}])
    (found,) = read(MRI, by_study).imaging
    assert (found.modality, str(found.when)) == (Modality.MRI, "2026-11-19 10:00")
    listed = report(
        "", result=[{"reference": "Observation/r2"}], imagingStudy=[{"reference": "http://x/fhir/ImagingStudy/mri"}]
    )
    (found,) = read(MRI, listed, observation("Bone marrow oedema T12", valueBoolean=True)).imaging
    assert (found.modality, str(found.when)) == (Modality.MRI, "2026-11-19 10:00")


def test_a_report_by_code_and_by_sentence() -> None:
    """A code of a complete list speaks by itself, not by its display; a plain label is structured; sentences are text."""
    code = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "S22.080G", "display": "... with delayed healing"}
    found = read(
        report("T12 fracture with marrow oedema.", conclusionCode=[{"coding": [code]}, {"text": "Marrow oedema T12"}])
    ).imaging
    assert [(item.sign.value, item.basis.value, spoken(item.levels)) for item in found] == [
        ("fracture", "code", "T11, T12"),
        ("oedema", "code", "T12"),
        ("fracture", "text", "T12"),
    ]


@pytest.mark.parametrize(
    "members",
    [
        {"presentedForm": [{"contentType": "text/plain", "data": base64.b64encode(b"Marrow oedema at T12.").decode()}]},
        {
            "presentedForm": [
                {"contentType": "text/html", "data": base64.b64encode(b"<p>Marrow oedema at T12.</p>").decode()}
            ]
        },
        {"text": {"div": "<div><p>Marrow oedema at T12.</p></div>"}},
    ],
)
def test_a_report_in_other_forms(members: dict[str, Any]) -> None:
    """Plain text, HTML, and the narrative where there is nothing else."""
    assert rows(report("", **members)) == [("oedema", "present", "T12")]


@pytest.mark.parametrize("data", ["JVBERi0xLjQ=", "no base64!", None])
def test_a_report_of_the_spine_that_is_no_text_is_a_gap(data: str | None) -> None:
    """A PDF, a broken attachment or a link is never silence."""
    found = read(report("", presentedForm=[{"contentType": "application/pdf", "data": data}]))
    assert [item.reference for item in found.unreadable] == ["DiagnosticReport/r0"]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (report("Marrow oedema. T12 compression fracture.", about="CT chest"), [("fracture", "present", "T12")]),
        (report("Adjacent abscess collection.", about="Soft tissue ultrasound"), []),
        (report("Marrow oedema at T12.", category=[{"coding": [{"code": "LAB"}]}]), []),
        (report("Marrow oedema at T12.", status="entered-in-error"), []),
        (
            report("Acute fracture with marrow oedema.", about="MRI"),
            [("acute-fracture", "present", ""), ("fracture", "present", ""), ("oedema", "present", "")],
        ),
    ],
)
def test_a_report_of_something_else(item: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    """Elsewhere only what names a vertebra counts; a laboratory's report never does."""
    assert sorted(rows(item)) == sorted(expected)


def test_a_preliminary_report_is_noted() -> None:
    """It counts, and says so."""
    (found,) = read(report("Marrow oedema at T12.", status="preliminary")).imaging
    assert found.status is ResultStatus.PRELIMINARY
    assert "preliminary" in found.source.notes
