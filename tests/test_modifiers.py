"""No element that FHIR R4 marks as a modifier is passed over: it is read for what it says, or the resource is not understood."""

import json
import re
import tomllib
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from cds_service.chart import Answer, Chart, Order, Reason, Section
from cds_service.chart.intake import Cause, End
from cds_service.fhir import read
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.bundle import Answered, Part
from cds_service.fhir.intake import modifiers
from cds_service.knowledge import load
from cds_service.orders import Orders
from tests import r4_modifiers

CONTEXT = Context(load(), UTC)
AS_OF = datetime(2026, 11, 22, 9, tzinfo=UTC)
TABLE: dict[str, list[str]] = tomllib.loads(r4_modifiers.DATA.read_text(encoding="utf-8"))
ELEMENTS = [(kind, path) for kind, paths in TABLE.items() if kind in resources.TYPES for path in paths]

ICD, LOINC = "http://hl7.org/fhir/sid/icd-10-cm", "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def coded(system: str, code: str, **more: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}], **more}


def status(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


APIXABAN = coded(RXNORM, "1364430", text="apixaban 5 MG Oral Tablet")
CEMENT = {"text": "Bone cement (PMMA)"}
ORDER = {"text": "Percutaneous vertebroplasty T12"}
SUBJECT = {"reference": "Patient/p"}
EXAMPLES: dict[str, dict[str, Any]] = {
    "AllergyIntolerance": {"code": CEMENT, "patient": SUBJECT, "reaction": [{"severity": "severe"}]},
    "Appointment": {"status": "booked", "description": "Vertebroplasty T12", "participant": [{"actor": SUBJECT}]},
    "Condition": {"code": coded(ICD, "M46.46"), "clinicalStatus": status("active")},
    "Coverage": {"status": "active", "beneficiary": SUBJECT, "payor": [{"display": "Medicare"}]},
    "Device": {"status": "active", "type": coded("http://snomed.info/sct", "14106009", text="Cardiac pacemaker")},
    "DiagnosticReport": {
        "status": "final",
        "code": coded(LOINC, "24531-6", text="MRI lumbar spine"),
        "conclusion": "Acute compression fracture of L1 with marrow oedema.",
        "media": [{}],
    },
    "Encounter": {"status": "in-progress", "class": {"code": "IMP"}},
    "ImagingStudy": {
        "status": "available",
        "started": "2026-11-20",
        "modality": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "MR"}],
        "series": [{"bodySite": {"display": "Lumbar spine"}}],
    },
    "Medication": {"status": "active", "code": APIXABAN, "ingredient": [{"itemCodeableConcept": APIXABAN}]},
    "MedicationAdministration": {
        "status": "completed",
        "medicationCodeableConcept": APIXABAN,
        "dosage": {"text": "5 mg"},
    },
    "MedicationDispense": {"status": "completed", "medicationCodeableConcept": APIXABAN},
    "MedicationRequest": {"status": "active", "intent": "order", "medicationCodeableConcept": APIXABAN},
    "MedicationStatement": {"status": "active", "medicationCodeableConcept": APIXABAN},
    "Observation": {
        "status": "final",
        "code": coded(LOINC, "6301-6"),
        "valueQuantity": {"value": 1.1},
        "component": [{}],
    },
    "Patient": {"birthDate": "1948-03-02", "gender": "female", "link": [{"type": "seealso"}]},
    "Procedure": {"status": "completed", "code": ORDER},
    "ServiceRequest": {"status": "active", "intent": "order", "code": ORDER},
    "Substance": {"status": "active", "code": APIXABAN},
    "Task": {"status": "requested", "for": SUBJECT, "code": {"text": "MRI lumbar spine"}},
}
"""For each type that R4 has and rules read, a resource that gives them something."""
_REFERS: dict[str, dict[str, Any]] = {
    "Medication": {"medicationReference": {"reference": "Medication/it"}},
    "Substance": {
        "medicationReference": {"reference": "#m"},
        "contained": [
            {"resourceType": "Medication", "id": "m", "ingredient": [{"itemReference": {"reference": "Substance/it"}}]}
        ],
    },
}
SAYS: dict[str, dict[str, list[Any]]] = {
    "AllergyIntolerance": {
        "clinicalStatus": [status("inactive"), status("resolved")],
        "verificationStatus": [status("refuted"), status("entered-in-error"), status("unconfirmed")],
    },
    "Appointment": {"status": ["cancelled", "noshow", "entered-in-error"]},
    "Condition": {
        "clinicalStatus": [status("inactive"), status("remission"), status("resolved")],
        "verificationStatus": [
            status(code) for code in ("refuted", "entered-in-error", "unconfirmed", "provisional", "differential")
        ],
    },
    "Coverage": {"status": ["cancelled", "draft", "entered-in-error"]},
    "Device": {"status": ["entered-in-error"]},
    "DiagnosticReport": {"status": ["cancelled", "entered-in-error", "preliminary"]},
    "Encounter": {"status": ["finished", "cancelled", "entered-in-error"]},
    "ImagingStudy": {"status": ["cancelled", "entered-in-error"]},
    "Medication": {"status": ["entered-in-error"]},
    "MedicationAdministration": {"status": ["not-done", "entered-in-error", "stopped", "in-progress"]},
    "MedicationDispense": {"status": ["cancelled", "declined", "entered-in-error", "preparation"]},
    "MedicationRequest": {
        "status": ["on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft"],
        "intent": ["proposal", "option"],
        "doNotPerform": [True, "true", "perhaps"],
    },
    "MedicationStatement": {
        "status": ["completed", "entered-in-error", "intended", "stopped", "on-hold", "not-taken", "unknown"]
    },
    "Observation": {"status": ["cancelled", "entered-in-error", "preliminary"]},
    "Patient": {
        "active": [False, "false", "perhaps"],
        "deceased[x]": [{"deceasedBoolean": True}, {"deceasedBoolean": "perhaps"}, {"deceasedDateTime": "2026-11-01"}],
        "link": [[{"type": "replaced-by"}], [{"type": "refer"}], [{"type": "merged"}], "Patient/9"],
    },
    "Procedure": {"status": ["not-done", "entered-in-error", "in-progress", "preparation", "stopped", "unknown"]},
    "ServiceRequest": {
        "status": ["revoked", "entered-in-error", "completed", "draft"],
        "intent": ["proposal", "plan", "option"],
        "doNotPerform": [True, "true", "perhaps"],
    },
    "Substance": {"status": ["entered-in-error"]},
    "Task": {"status": ["cancelled", "rejected", "failed", "completed", "entered-in-error"]},
}
"""For each modifier element, what it may say that changes what rules see; a choice of types by its elements."""


def resource(kind: str, **changes: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": "it", "subject": SUBJECT, **EXAMPLES[kind], **changes}


def part(value: dict[str, Any]) -> Part:
    return Part(Raw(json.dumps(value).encode()))


def chart(kind: str, **changes: Any) -> Chart:
    """The chart of one resource, and of an order for the drug that it is."""
    sent = [resource(kind, **changes)]
    if kind in _REFERS:
        sent.append({**resource("MedicationRequest"), "id": "rx", "medicationCodeableConcept": None, **_REFERS[kind]})
    if kind != "Patient":
        sent.append({"resourceType": "Patient", "id": "p"})
    else:
        sent[0]["id"] = "p"
    answers = {Section.CONDITIONS: Answered(Answer.WHOLE, tuple(map(part, sent)))}
    return read.chart(read.Received(answers, patient_id="p"), Order(), AS_OF, CONTEXT)


_RAW = re.compile(r'"raw": "[^"]*"')
_KEPT = ("patient", "encounters", "conditions", "drugs", "allergies", "observations", "imaging_studies", "imaging")
_ALSO = ("procedures", "devices", "requested", "coverage")


def seen(kind: str, **changes: Any) -> str:
    """All that rules see of a resource, but where it stands."""
    if kind == "Appointment":
        found = Orders.of([part(resource(kind, **changes))], CONTEXT, as_of=AS_OF)
        return str([item.words for item in found.ours])
    read_as = chart(kind, **changes)
    entries = [getattr(read_as, name) for name in (*_KEPT, *_ALSO)]
    return _RAW.sub("", json.dumps(msgspec.to_builtins(entries), sort_keys=True))


def test_every_example_is_read() -> None:
    """Else the sweep below would prove nothing."""
    assert EXAMPLES.keys() == {kind for kind, _ in ELEMENTS} == SAYS.keys()
    for kind in EXAMPLES:
        rejected = {"status": "entered-in-error", "verificationStatus": status("entered-in-error"), "active": False}
        assert seen(kind) != seen(kind, **rejected), kind


@pytest.mark.parametrize(
    ("kind", "path"), [item for item in ELEMENTS if not item[1].endswith((modifiers.EXTENSION, modifiers.RULES))]
)
def test_each_modifier_element_is_read(kind: str, path: str) -> None:
    """Whatever it may say that changes the meaning changes what rules see."""
    for value in SAYS[kind][path]:
        changes = value if path.endswith("[x]") else {path: value}
        assert seen(kind, **changes) != seen(kind), value


_OF_DRAFTS = ("Appointment",)


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (kind, path)
        for kind, path in ELEMENTS
        if path.endswith((modifiers.EXTENSION, modifiers.RULES)) and kind not in _OF_DRAFTS
    ],
)
def test_what_nobody_knows_makes_the_resource_not_understood(kind: str, path: str) -> None:
    """On the resource or on an element that rules read; on any other element it changes nothing here."""
    before, _, name = path.rpartition(".")
    value = "https://ehr.example/rules" if name == modifiers.RULES else [{"url": "https://ehr.example/not"}]
    parts = before.split(".") if before else []
    inner: Any = {name: value}
    for element in reversed(parts[1:]):
        inner = {element: [inner]}
    held = EXAMPLES[kind].get(parts[0]) if parts else None
    whole = ({**(held[0] if isinstance(held, list) else held or {}), **inner}) if parts else {}
    changes = {parts[0]: [whole] if isinstance(held, list) else whole} if parts else inner
    is_read = not parts or (len(parts) == 1 and parts[0] in EXAMPLES[kind] and _is_read(kind, parts[0]))
    said = [item.says for item in chart(kind, **changes).intake.not_understood if item.cause is Cause.MODIFIER]
    assert bool(said) is is_read
    assert (seen(kind, **changes) != seen(kind)) is is_read


def _is_read(kind: str, element: str) -> bool:
    return element in modifiers.parts(resources.TYPES[kind])


def test_a_diagnosis_that_is_not_understood_is_no_diagnosis() -> None:
    """It is counted and named, and a doubt of its section."""
    found = chart("Condition", modifierExtension=[{"url": "https://ehr.example/negated", "valueBoolean": True}])
    assert not found.conditions
    assert found.intake.counts[Section.CONDITIONS] == {End.NOT_UNDERSTOOD: 1, End.READ: 1}
    [named] = found.intake.doubts[Section.CONDITIONS]
    assert named.says == "Condition: it has the modifier extension https://ehr.example/negated"


def test_one_that_says_it_is_over_may_not_be() -> None:
    """Nobody knows whether what changes its meaning changes that it is over."""
    found = chart("Condition", clinicalStatus=status("resolved"), modifierExtension={"url": ""})
    assert [item.says for item in found.intake.not_understood] == [
        "Condition: it has the modifier extension without an address"
    ]
    assert [item.settled for item in found.intake.doubts[Section.CONDITIONS]] == [False]


def test_a_result_that_is_not_understood_is_a_gap_of_its_measure_alone() -> None:
    """An INR of which nobody knows what it means leaves the platelets known."""
    [gap] = chart("Observation", implicitRules="https://ehr.example/rules").unreadable
    assert gap.sets == frozenset(("inr",))


def test_a_result_within_one_that_is_not_understood_is_not_understood_either() -> None:
    """What changes the meaning of a panel may change that of all it holds."""
    inner = {"resourceType": "Observation", "id": "1", **EXAMPLES["Observation"]}
    panel: dict[str, Any] = {"code": coded(LOINC, "58410-2"), "contained": [inner], "valueQuantity": None}
    assert len(chart("Observation", **panel).observations) == 1
    found = chart("Observation", **panel, modifierExtension=[{"url": "https://ehr.example/x"}])
    assert not found.observations
    [gap] = found.unreadable
    assert gap.sets == frozenset(("inr",))
    [counts] = found.intake.counts.values()
    assert counts[End.NOT_UNDERSTOOD] == 1


def test_a_drug_that_is_not_understood_is_a_gap_of_the_list() -> None:
    """Nobody can say that it is not taken."""
    found = chart("MedicationStatement", modifierExtension=[{"url": "https://ehr.example/x"}])
    assert not found.drugs
    [missing] = found.gaps(Section.MEDICATION_STATEMENTS)[1:]
    assert missing.reason is Reason.UNREADABLE


@pytest.mark.parametrize("none", [[], None, {}, ""])
def test_an_empty_extension_is_none(none: object) -> None:
    """And the words `modifierExtension` in a text are none either."""
    assert seen("Condition", modifierExtension=none, note=[{"text": "modifierExtension"}]) == seen("Condition")


def test_what_concerns_no_rule_is_a_count() -> None:
    """Whatever is said of a bunion is of no concern."""
    found = chart("Condition", code={"text": "Hallux valgus"}, modifierExtension=[{"url": "https://ehr.example/x"}])
    assert found.intake.counts[Section.CONDITIONS] == {End.OF_NO_CONCERN: 1, End.READ: 1}
    assert not found.intake.not_understood


def test_a_deeply_nested_resource_is_looked_through_to_a_depth() -> None:
    """A client cannot make the service climb without end."""
    deep: dict[str, Any] = {"modifierExtension": [{"url": "https://ehr.example/x"}]}
    for _ in range(60):
        deep = {"concept": deep}
    assert seen("MedicationStatement", medication=deep) == seen("MedicationStatement")


@pytest.mark.parametrize(("kind", "is_gap"), [("MedicationRequest", True), ("ServiceRequest", False)])
def test_a_draft_that_is_not_understood_is_named(kind: str, is_gap: bool) -> None:
    """A drug that may be meant is a gap of the drug list; a service that may be meant is not under way."""
    draft = part(resource(kind, status="draft", implicitRules="https://ehr.example/rules"))
    lists = {section: Answered(Answer.WHOLE) for section in Section}
    found = read.chart(read.Received(lists, (draft,), "p"), Order(), AS_OF, CONTEXT)
    assert found.notes == (f"Drafts not understood, as their meaning is changed: 1 {kind}",)
    assert not found.drugs
    assert not found.requested
    assert bool(found.gap_unless_drugs_listed("drugs")) is is_gap
    of_the_order = read.chart(read.Received(lists, (draft,), "p"), Order((f"{kind}/it",)), AS_OF, CONTEXT)
    assert not of_the_order.notes


@pytest.mark.slow
def test_the_table_is_that_of_the_definitions() -> None:
    """`python -m tests.r4_modifiers` writes it."""
    assert r4_modifiers.DATA.read_text(encoding="utf-8") == r4_modifiers.as_text(r4_modifiers.of_definitions())
