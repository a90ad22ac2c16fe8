"""The resources that any rule reads, as typed structs; every other element is skipped while the bytes are read.

R4 is the norm. An element that another version writes differently stands beside it under its own name.
"""

from msgspec import Raw

from cds_service.fhir.decoding.any_resource import Resource as Resource  # noqa: PLC0414 - readers take it from here
from cds_service.fhir.decoding.datatypes import (
    Address,
    Adherence,
    Attachment,
    Component,
    Contained,
    Dosage,
    Identifier,
    Ingredient,
    Narrative,
    Note,
    Participant,
    PatientLink,
    Period,
    Quantity,
    Range,
    Reaction,
    Reference,
    Series,
    Term,
    Text,
    Timing,
    Words,
)


class Patient(Resource):
    birthDate: Text = None
    gender: Text = None
    address: list[Address] = []
    active: bool | None = None
    deceasedBoolean: bool | None = None
    deceasedDateTime: Text = None
    link: list[PatientLink] = []


class Encounter(Resource, rename={"class_": "class"}):
    class_: Term | list[Term] | str | None = None
    period: Period | None = None
    actualPeriod: Period | None = None


class Condition(Resource):
    clinicalStatus: Term | str | None = None
    verificationStatus: Term | str | None = None
    category: list[Term] | Term | None = None
    onsetDateTime: Text = None
    onsetPeriod: Period | None = None
    onsetAge: Quantity | None = None
    onsetRange: Range | None = None
    onsetString: Text = None
    abatementDateTime: Text = None
    abatementPeriod: Period | None = None
    abatementAge: Quantity | None = None
    abatementRange: Range | None = None
    abatementString: Text = None
    abatementBoolean: bool | None = None
    recordedDate: Text = None
    assertedDate: Text = None
    dateRecorded: Text = None
    encounter: Reference | None = None


class Medication(Resource):
    identifier: list[Identifier] = []
    ingredient: list[Ingredient] = []
    form: Term | None = None


class Substance(Resource):
    """What a Medication may consist of."""

    identifier: list[Identifier] = []


class MedicationUse(Resource):
    """What the four resources about a drug's use have in common, over their versions."""

    contained: list[Contained] = []
    medicationCodeableConcept: Term | None = None
    medicationReference: Reference | None = None
    medication: Term | None = None
    statusReason: list[Term] | Term | None = None
    reasonCode: list[Term] | Term | None = None
    reason: list[Term] | Term | None = None
    reasonForUseCodeableConcept: Term | None = None
    effectiveDateTime: Text = None
    effectivePeriod: Period | None = None
    effectiveTimeDateTime: Text = None
    effectiveTimePeriod: Period | None = None
    occurenceDateTime: Text = None
    occurencePeriod: Period | None = None
    dateAsserted: Text = None
    dateWritten: Text = None
    whenHandedOver: Text = None
    whenPrepared: Text = None
    dosage: list[Dosage] | Dosage | None = None
    dosageInstruction: list[Dosage] | Dosage | None = None
    intent: Text = None
    doNotPerform: bool | None = None
    taken: Text = None
    wasNotTaken: bool | None = None
    wasNotGiven: bool | None = None
    notGiven: bool | None = None
    adherence: Adherence | None = None


class MedicationStatement(MedicationUse): ...


class MedicationUsage(MedicationUse): ...


class MedicationRequest(MedicationUse): ...


class MedicationOrder(MedicationUse): ...


class MedicationAdministration(MedicationUse): ...


class MedicationDispense(MedicationUse): ...


class Observation(Resource):
    contained: list[Raw] = []
    category: list[Term] | Term | None = None
    effectiveDateTime: Text = None
    effectivePeriod: Period | None = None
    effectiveInstant: Text = None
    effectiveTiming: Timing | None = None
    issued: Text = None
    valueQuantity: Quantity | None = None
    valueCodeableConcept: Term | None = None
    valueString: Text = None
    valueBoolean: bool | None = None
    valueInteger: float | None = None
    dataAbsentReason: Term | None = None
    interpretation: list[Term] | Term | None = None
    component: list[Component] = []
    derivedFrom: list[Reference] = []
    method: Term | None = None


class ImagingStudy(Resource):
    started: Text = None
    modality: list[Term] | Term | None = None
    modalityList: list[Term] = []
    procedureCode: list[Term] | Term | None = None
    procedure: list[Term] | Term | None = None
    description: Words = None
    series: list[Series] = []


class DiagnosticReport(Resource):
    contained: list[Raw] = []
    category: list[Term] | Term | None = None
    effectiveDateTime: Text = None
    effectivePeriod: Period | None = None
    issued: Text = None
    conclusion: Text = None
    conclusionCode: list[Term] = []
    codedDiagnosis: list[Term] = []
    presentedForm: list[Attachment] = []
    text: Narrative | None = None
    imagingStudy: list[Reference] = []
    study: list[Reference] = []
    result: list[Reference] = []


class AllergyIntolerance(Resource):
    clinicalStatus: Term | str | None = None
    verificationStatus: Term | str | None = None
    criticality: Text = None
    substance: Term | None = None
    reaction: list[Reaction] = []
    recordedDate: Text = None
    assertedDate: Text = None


class Procedure(Resource):
    performedDateTime: Text = None
    performedPeriod: Period | None = None
    performedAge: Quantity | None = None
    performedRange: Range | None = None
    performedString: Text = None
    occurrenceDateTime: Text = None
    occurrencePeriod: Period | None = None
    occurrenceAge: Quantity | None = None
    occurrenceRange: Range | None = None
    occurrenceString: Text = None
    notPerformed: bool | None = None
    notDone: bool | None = None
    encounter: Reference | None = None


class Device(Resource):
    type: list[Term] | Term | None = None


class ServiceRequest(Resource):
    intent: Text = None
    doNotPerform: bool | None = None
    orderDetail: list[Term] | Term | None = None
    quantityQuantity: Quantity | None = None
    occurrenceDateTime: Text = None
    occurrencePeriod: Period | None = None
    occurrenceTiming: Timing | None = None
    reasonCode: list[Term] | Term | None = None
    reason: list[Term] | Term | None = None
    reasonReference: list[Reference] | Reference | None = None
    note: list[Note] | Note | str | None = None


class ProcedureRequest(ServiceRequest):
    """STU3 and DSTU2: what R4 calls a ServiceRequest."""


class Task(Resource, rename={"for_": "for"}):
    for_: Reference | None = None
    description: Words = None


class Appointment(Resource):
    serviceType: list[Term] | Term | None = None
    reasonCode: list[Term] | Term | None = None
    reason: list[Term] | Term | None = None
    description: Words = None
    comment: Words = None
    start: Text = None
    end: Text = None
    basedOn: list[Reference] = []
    reasonReference: list[Reference] = []
    participant: list[Participant] = []


class Coverage(Resource):
    type: Term | None = None
    payor: list[Reference] = []
    beneficiary: Reference | None = None


_Person = Patient | Encounter | Coverage
_Drug = Medication | Substance | MedicationStatement | MedicationUsage | MedicationRequest | MedicationOrder
_Dose = MedicationAdministration | MedicationDispense
_Finding = Condition | Observation | ImagingStudy | DiagnosticReport | AllergyIntolerance | Procedure | Device
_Planned = ServiceRequest | ProcedureRequest | Appointment | Task
ANY = _Person | _Drug | _Dose | _Finding | _Planned
TYPES: dict[str, type[Resource]] = {kind.__name__: kind for kind in ANY.__args__}  # no rule reads any other
