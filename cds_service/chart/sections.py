"""A section is what one prefetch key asks for; it was answered whole, was cut, was left out, failed, or is not kept."""

from enum import StrEnum

from msgspec import Struct

from cds_service.chart.value_sets import ValueSets


class Section(StrEnum):
    """The parts of a chart. Each value is also the prefetch key that asks for it."""

    PATIENT = "patient"
    CONDITIONS = "conditions"
    ENCOUNTER = "encounter"
    MEDICATION_STATEMENTS = "medication-statements"
    MEDICATION_REQUESTS = "medication-requests"
    MEDICATION_ADMINISTRATIONS = "medication-administrations"
    MEDICATION_DISPENSES = "medication-dispenses"
    ALLERGIES = "allergies"
    COAGULATION = "coagulation"
    BLOOD_COUNT = "blood-count"
    INFLAMMATION = "inflammation"
    RENAL = "renal"
    VITALS = "vitals"
    PAIN = "pain"
    PREGNANCY = "pregnancy"
    BONE_DENSITY = "bone-density"
    IMAGING_STUDIES = "imaging-studies"
    IMAGING_REPORTS = "imaging-reports"
    IMAGING_FINDINGS = "imaging-findings"
    PROCEDURES = "procedures"
    DEVICES = "devices"
    SERVICE_REQUESTS = "service-requests"
    TASKS = "tasks"
    COVERAGE = "coverage"


MEASURES: dict[Section, tuple[ValueSets, ...]] = {
    Section.COAGULATION: (
        ValueSets.INR,
        ValueSets.PROTHROMBIN_TIME,
        ValueSets.APTT,
        ValueSets.FIBRINOGEN,
        ValueSets.HEPARIN_ANTI_XA,
    ),
    Section.BLOOD_COUNT: (
        ValueSets.PLATELETS,
        ValueSets.HAEMOGLOBIN,
        ValueSets.WHITE_CELLS,
        ValueSets.NEUTROPHILS,
        ValueSets.HAEMOGLOBIN_A1C,
    ),
    Section.INFLAMMATION: (
        ValueSets.CRP,
        ValueSets.ESR,
        ValueSets.PROCALCITONIN,
        ValueSets.BLOOD_CULTURE,
        ValueSets.URINE_CULTURE,
    ),
    Section.RENAL: (ValueSets.CREATININE, ValueSets.EGFR, ValueSets.CREATININE_CLEARANCE),
    Section.VITALS: (
        ValueSets.BODY_TEMPERATURE,
        ValueSets.BODY_WEIGHT,
        ValueSets.BODY_HEIGHT,
        ValueSets.OXYGEN_SATURATION,
    ),
    Section.PAIN: (ValueSets.PAIN_SCORE,),
    Section.PREGNANCY: (ValueSets.PREGNANCY_TEST, ValueSets.PREGNANCY_STATUS),
    Section.BONE_DENSITY: (ValueSets.DXA_T_SCORE, ValueSets.DXA_STUDY),
}
"""Which value sets of measurements each section asks for."""

EXAMINATIONS = (
    ValueSets.DISABILITY_SCORE,
    ValueSets.INSTABILITY_SCORE,
    ValueSets.INJURY_SEVERITY_SCORE,
    ValueSets.ANAESTHESIA_CLASS,
    ValueSets.EJECTION_FRACTION,
    ValueSets.STROKE_RISK_SCORE,
    ValueSets.NEUROLOGICAL_EXAMINATION,
    ValueSets.FOCAL_TENDERNESS,
    ValueSets.PAIN_CONCORDANCE,
)
"""Measures that no section asks for by code: they come among the observations that are asked for without one."""

SECTION_OF: dict[str, Section] = {
    measure.value: section for section, measures in MEASURES.items() for measure in measures
} | dict.fromkeys(EXAMINATIONS, Section.IMAGING_FINDINGS)
"""The section that would hold a measurement."""

RESOURCE_TYPE: dict[Section, str] = {
    Section.PATIENT: "Patient",
    Section.ENCOUNTER: "Encounter",
    Section.CONDITIONS: "Condition",
    Section.MEDICATION_STATEMENTS: "MedicationStatement",
    Section.MEDICATION_REQUESTS: "MedicationRequest",
    Section.MEDICATION_ADMINISTRATIONS: "MedicationAdministration",
    Section.MEDICATION_DISPENSES: "MedicationDispense",
    Section.ALLERGIES: "AllergyIntolerance",
    Section.IMAGING_STUDIES: "ImagingStudy",
    Section.IMAGING_REPORTS: "DiagnosticReport",
    Section.IMAGING_FINDINGS: "Observation",
    Section.PROCEDURES: "Procedure",
    Section.DEVICES: "Device",
    Section.SERVICE_REQUESTS: "ServiceRequest",
    Section.TASKS: "Task",
    Section.COVERAGE: "Coverage",
} | dict.fromkeys(MEASURES, "Observation")
"""The FHIR resource type that each section holds."""

MEDICATION_LISTS = (Section.MEDICATION_STATEMENTS, Section.MEDICATION_REQUESTS)
"""The lists that say together what a patient takes; a site may keep only one of them."""

DRUG_SECTIONS = (
    *MEDICATION_LISTS,
    Section.MEDICATION_ADMINISTRATIONS,
    Section.MEDICATION_DISPENSES,
)


class Answer(StrEnum):
    """How a section was answered."""

    WHOLE = "whole"
    CUT = "cut"
    OMITTED = "omitted"
    FAILED = "failed"
    NOT_KEPT = "not-kept"
    """There is no such list: the site or its server says that it keeps none."""

    @property
    def brings_data(self) -> bool:
        """Whether it was answered, in full or in part."""
        return self in (Answer.WHOLE, Answer.CUT)


class Reason(StrEnum):
    """Why something is unknown."""

    OMITTED = "omitted"
    FAILED = "failed"
    CUT = "cut"
    NOT_MEASURED = "not-measured"
    UNREADABLE = "unreadable"
    NOT_UNDERSTOOD = "not-understood"
    """An entry came that nobody here understands: see `chart.intake`."""
    NOT_JUDGED = "not-judged"
    """An entry of a family of danger that its rule does not judge by: see `presumption`."""


class Missing(Struct, frozen=True):
    """One thing that was not there to read: in which section, why, and where more is known than the reason, in words."""

    section: Section
    reason: Reason
    says: str = ""


class Unknown(Exception):
    """A gap: something that cannot be told. Rules yield it or let it pass, the engine turns it into an unknown finding.

    `what` completes the sentence "… is unknown", such as "INR".
    """

    def __init__(self, what: str, *missing: Missing) -> None:
        super().__init__(what)
        self.what = what
        self.missing = missing

    def anew(self) -> "Unknown":
        """The same gap without a traceback, which would keep whoever read the chart, and the whole chart, in a circle of references."""
        return Unknown(self.what, *self.missing)

    @property
    def reasons(self) -> frozenset[Reason]:
        """The reasons of all that is missing."""
        return frozenset([item.reason for item in self.missing])

    @property
    def never_measured(self) -> bool:
        """Whether everything was supplied and only lacks a value that can be read."""
        return self.reasons <= {Reason.NOT_MEASURED, Reason.UNREADABLE, Reason.NOT_UNDERSTOOD}


_REASON = {
    Answer.CUT: Reason.CUT,
    Answer.OMITTED: Reason.OMITTED,
    Answer.FAILED: Reason.FAILED,
    Answer.NOT_KEPT: Reason.OMITTED,
}


def reason_of(answer: Answer) -> Reason:
    """The reason that an answer other than whole gives for a gap."""
    return _REASON[answer]
