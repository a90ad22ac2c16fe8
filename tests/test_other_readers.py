"""Allergies, procedures, devices, services, stays, payers and the person, in the shapes of every FHIR version."""

import copy
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from cds_service.chart import Answer, Basis, Certainty, Chart, Level, Order, Section, Severity
from cds_service.fhir import read
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.bundle import Answered, Part
from cds_service.knowledge import load

ZONE = ZoneInfo("America/New_York")
CONTEXT = Context(load(), ZONE)
AS_OF = datetime(2026, 11, 22, 9, tzinfo=ZONE)
CEMENT = {"text": "Bone cement (PMMA)"}
VERTEBROPLASTY = {"text": "Percutaneous vertebroplasty T12"}


def chart(*resources: dict[str, Any]) -> Chart:
    whole = [{"id": str(number), **resource} for number, resource in enumerate(resources)]
    parts = tuple(Part(Raw(json.dumps(resource).encode())) for resource in whole)
    return read.chart(
        read.Received({Section.CONDITIONS: Answered(Answer.WHOLE, parts)}, patient_id="p"), Order(), AS_OF, CONTEXT
    )


def allergies(**more: Any) -> Chart:
    return chart({"resourceType": "AllergyIntolerance", "code": CEMENT, **more})


def coded(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


@pytest.mark.parametrize(
    "more",
    [
        {"clinicalStatus": coded("active"), "verificationStatus": coded("confirmed")},
        {"clinicalStatus": "active", "verificationStatus": "confirmed"},
        {"status": "active"},
        {},
        {"code": None, "substance": CEMENT},
        {"code": {"text": "Implant"}, "reaction": [{"substance": CEMENT}]},
    ],
)
def test_an_allergy_that_stands(more: dict[str, Any]) -> None:
    (found,) = allergies(**more).allergies
    assert "allergy-cement" in found.concept.sets
    assert found.certainty is Certainty.CONFIRMED


@pytest.mark.parametrize(
    "more",
    [
        {"clinicalStatus": coded("resolved")},
        {"clinicalStatus": "inactive"},
        {"verificationStatus": coded("refuted")},
        {"verificationStatus": "entered-in-error"},
        {"status": "refuted"},
        {"code": {"text": "Cat hair"}},
    ],
)
def test_an_allergy_that_does_not_stand(more: dict[str, Any]) -> None:
    assert allergies(**more).allergies == ()


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ({"criticality": "high"}, Severity.SEVERE),
        ({"criticality": "CRITH"}, Severity.SEVERE),
        ({"criticality": "low"}, Severity.UNSTATED),
        ({"reaction": [{"severity": "mild"}, {"severity": "severe"}]}, Severity.SEVERE),
        ({"reaction": [{"severity": "moderate"}]}, Severity.MODERATE),
        ({"reaction": [{"manifestation": [{"text": "Anaphylactic shock"}]}]}, Severity.SEVERE),
        ({"reaction": [{"manifestation": {"concept": {"text": "Anaphylaxis"}}, "severity": "mild"}]}, Severity.SEVERE),
        ({}, Severity.UNSTATED),
    ],
)
def test_how_severe_an_allergy_is(more: dict[str, Any], severity: Severity) -> None:
    (found,) = allergies(**more).allergies
    assert found.severity is severity


def test_an_unconfirmed_allergy_is_possible() -> None:
    (found,) = allergies(verificationStatus=coded("unconfirmed")).allergies
    assert found.certainty is Certainty.POSSIBLE


def test_an_allergy_that_words_deny_is_none_and_one_that_they_doubt_is_possible() -> None:
    assert not allergies(code={"text": "Not allergic to bone cement"}).allergies
    (found,) = allergies(code={"text": "Possible allergy to bone cement"}).allergies
    assert found.certainty is Certainty.POSSIBLE
    (past,) = allergies(code={"text": "History of allergy to bone cement"}).allergies
    assert past.certainty is Certainty.CONFIRMED


def test_the_statement_that_no_allergy_is_known_is_kept() -> None:
    (found,) = allergies(code={"text": "No known allergies"}).allergies
    assert found.concept.sets == {"no-known-allergy"}


def test_text_beside_a_code_neither_hides_nor_poses_as_coded() -> None:
    barium = {"coding": [{"system": "http://snomed.info/sct", "code": "25419009"}]}
    (found,) = allergies(code=barium).allergies
    assert found.concept.basis is Basis.CODE
    (found,) = allergies(code=barium, reaction=[{"substance": {"text": "gentamicin"}}]).allergies
    assert found.concept.sets >= {"allergy-cement", "allergy-cement-antibiotic"}
    assert found.concept.basis is Basis.TEXT


@pytest.mark.parametrize(
    ("more", "done"),
    [
        ({"status": "completed"}, True),
        ({"status": "in-progress"}, False),
        ({"status": "stopped"}, False),
        ({"status": "preparation"}, False),
        ({"status": "unknown"}, False),
        ({}, False),
    ],
)
def test_a_procedure(more: dict[str, Any], done: bool) -> None:
    (found,) = chart({"resourceType": "Procedure", "code": VERTEBROPLASTY, **more}).procedures
    assert found.done is done
    assert found.levels == {Level.T12}
    assert "vertebral-augmentation" in found.concept.sets
    noted = any("completed" in note for note in found.source.notes)
    assert noted is (more.get("status", "unknown") == "unknown")


@pytest.mark.parametrize(
    "more",
    [{"status": "not-done"}, {"status": "entered-in-error"}, {"status": "completed", "notDone": True},
     {"status": "completed", "notPerformed": True}],
)  # fmt: skip
def test_a_procedure_that_never_was(more: dict[str, Any]) -> None:
    assert chart({"resourceType": "Procedure", "code": VERTEBROPLASTY, **more}).procedures == ()


@pytest.mark.parametrize(
    "dated",
    [{"performedDateTime": "2026-11-20"}, {"occurrenceDateTime": "2026-11-20"}, {"performedPeriod": {"start": "2026-11-20"}}],
)  # fmt: skip
def test_when_a_procedure_was_done(dated: dict[str, Any]) -> None:
    (found,) = chart({"resourceType": "Procedure", "status": "completed", "code": VERTEBROPLASTY, **dated}).procedures
    assert str(found.when) == "2026-11-20"


def test_a_device_counts_even_if_recorded_as_inactive() -> None:
    pacemaker = {"resourceType": "Device", "type": {"text": "Cardiac pacemaker"}}
    found = chart(
        pacemaker, {**pacemaker, "status": "inactive", "type": [{"text": "Cardiac pacemaker"}]},
        {**pacemaker, "status": "entered-in-error"}, {"resourceType": "Device", "type": {"text": "Walking stick"}},
    ).devices  # fmt: skip
    assert [device.source.notes for device in found] == [(), ("recorded as inactive",)]


@pytest.mark.parametrize(
    ("more", "drafted"),
    [({"status": "active"}, False), ({"status": "completed"}, False), ({"status": "draft"}, True), ({"status": "proposed"}, True)],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["ServiceRequest", "ProcedureRequest"])
def test_a_service_that_is_ordered(kind: str, more: dict[str, Any], drafted: bool) -> None:
    referral = {"text": "Fracture liaison service"}
    (found,) = chart({"resourceType": kind, "code": referral, "authoredOn": "2026-11-01", **more}).requested
    assert found.concept.sets == {"bone-health-referral"}
    assert found.drafted is drafted
    assert str(found.when) == "2026-11-01"


@pytest.mark.parametrize(
    "more", [{"status": "revoked"}, {"status": "cancelled"}, {"status": "entered-in-error"}, {"doNotPerform": True}]
)
def test_a_service_that_was_withdrawn(more: dict[str, Any]) -> None:
    assert (
        chart({"resourceType": "ServiceRequest", "code": {"text": "Fracture liaison service"}, **more}).requested == ()
    )


@pytest.mark.parametrize(
    ("stay", "inpatient"),
    [
        ({"code": "IMP"}, True),
        ({"code": "ACUTE"}, True),
        ({"code": "NONAC"}, True),
        ("inpatient", True),
        ([{"coding": [{"code": "IMP"}]}], True),
        ({"code": "AMB"}, False),
        ({"code": "EMER"}, False),
        ({"code": "OBSENC"}, False),
        ("outpatient", False),
        (None, False),
    ],
)
def test_the_class_of_an_encounter(stay: Any, inpatient: bool) -> None:
    (found,) = chart({"resourceType": "Encounter", "status": "in-progress", "class": stay}).encounters
    assert found.inpatient is inpatient


@pytest.mark.parametrize(
    ("more", "current"),
    [
        ({"status": "planned"}, True),
        ({"status": "arrived"}, True),
        ({"status": "triaged"}, True),
        ({"status": "in-progress"}, True),
        ({"status": "onleave"}, True),
        ({"status": "finished"}, False),
        ({"status": "completed"}, False),
        ({"status": "discharged"}, False),
        ({"status": "cancelled"}, False),
        ({}, True),
        ({"period": {"start": "2026-11-01"}}, True),
        ({"period": {"start": "2026-11-01", "end": "2026-11-03"}}, False),
        ({"status": "unknown", "actualPeriod": {"end": "2026-11-03"}}, False),
    ],
)
def test_whether_an_encounter_is_current(more: dict[str, Any], current: bool) -> None:
    (found,) = chart({"resourceType": "Encounter", "class": {"code": "IMP"}, **more}).encounters
    assert found.current is current
    assert found.class_code == "IMP"


def test_an_encounter_entered_in_error_is_not_there() -> None:
    assert chart({"resourceType": "Encounter", "status": "entered-in-error", "class": {"code": "IMP"}}).encounters == ()


@pytest.mark.parametrize(
    ("gender", "sex"),
    [("female", "female"), ("Male", "male"), ("F", "female"), ("other", "other"), ("x", "unknown"), (None, "")],
)
def test_the_person(gender: str | None, sex: str) -> None:
    found = chart({"resourceType": "Patient", "id": "p", "gender": gender, "birthDate": "1948-03"}).patient
    assert found is not None
    assert found.sex == sex
    assert str(found.born) == "1948-03"


def test_who_pays_and_in_which_state() -> None:
    found = chart(
        {"resourceType": "Patient", "id": "p", "address": [{"city": "Atlanta"}, {"state": "ga"}]},
        {"resourceType": "Coverage", "status": "active", "payor": [{"display": "Medicare"}], "type": {"text": "MCPOL"}},
        {"resourceType": "Coverage", "status": "active", "type": {"text": "MCPOL"}},
        {"resourceType": "Coverage", "status": "cancelled", "payor": [{"display": "Old plan"}]},
        {"resourceType": "Coverage", "status": "active"},
    ).coverage
    assert [(item.concept.text, item.state_code) for item in found] == [("Medicare", "GA"), ("MCPOL", "GA")]


FULL: tuple[dict[str, Any], ...] = (
    {"resourceType": "AllergyIntolerance", "code": CEMENT, "clinicalStatus": coded("active"), "criticality": "high",
     "verificationStatus": coded("confirmed"), "recordedDate": "2020", "reaction": [{"substance": CEMENT,
     "manifestation": [{"text": "rash"}], "severity": "mild"}]},
    {"resourceType": "Procedure", "status": "completed", "code": VERTEBROPLASTY, "bodySite": [{"text": "T12"}],
     "performedPeriod": {"start": "2026-11-20", "end": "2026-11-21"}, "notDone": False},
    {"resourceType": "Device", "status": "active", "type": {"text": "Cardiac pacemaker", "coding": [{"code": "x"}]}},
    {"resourceType": "ServiceRequest", "status": "active", "code": {"text": "Fracture liaison service"},
     "occurrenceDateTime": "2026-11-01", "authoredOn": "2026-11-01", "doNotPerform": False},
    {"resourceType": "Encounter", "status": "in-progress", "class": {"code": "IMP"}, "period": {"start": "2026-11-01"}},
    {"resourceType": "Coverage", "status": "active", "payor": [{"display": "Medicare"}], "type": {"text": "MCPOL"}},
    {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1948-03-02", "address": [{"state": "GA"}]},
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["coding", "code", "text", "x"]), inner),
    max_leaves=6,
)  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, inner in members for found in ((*at, key), *paths(inner, (*at, key)))]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(FULL), st.data())
def test_no_json_value_anywhere_raises(whole: dict[str, Any], data: st.DataObject) -> None:
    resource = copy.deepcopy(whole)
    *above, last = data.draw(st.sampled_from([path for path in paths(resource) if path != ("resourceType",)]))
    holder: Any = resource
    for key in above:
        holder = holder[key]
    holder[last] = data.draw(JSON)
    found = chart(resource)
    assert found.as_of == AS_OF
