"""All the words that cards add to the findings, in one place, for a clinician to read in one sitting.

`{…}` is filled in from the findings. Nothing here decides anything.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from cds_service.chart import Augmentation, Basis, Reason, Section
from cds_service.disposition import Disposition
from cds_service.findings import Indicator, Proposal, Topic

SERVICE = "Vertebroplasty suitability service"
PROCEDURES = {
    Augmentation.VERTEBROPLASTY: "Vertebroplasty",
    Augmentation.KYPHOPLASTY: "Kyphoplasty",
    Augmentation.UNSTATED: "Vertebral augmentation",
}
BASIS = {Basis.TEXT: "read from text, not coded", Basis.NAME: "matched by name, not by code"}
TOPICS = {
    Topic.SUITABILITY: "Suitability",
    Topic.ANTITHROMBOTICS: "Bleeding and antithrombotics",
    Topic.INFECTION: "Infection",
    Topic.SAFETY: "Safety",
    Topic.WORKUP: "Work-up and aftercare",
}

# Summaries. {procedure} names levels and day, {points} what decided, as many as fit.
SUITABILITY = {
    Disposition.CRITERIA_MET: "{procedure}: documented criteria met. Evidence is divided; the decision stays clinical",
    Disposition.CAUTION: "{procedure}: indicated, with caution: {points}",
    Disposition.AFTER_CORRECTION: "{procedure}: only after correction: {points}",
    Disposition.INSUFFICIENT_DATA: "{procedure}: cannot be judged yet: {points}",
    Disposition.NOT_INDICATED: "{procedure}: not indicated by this chart: {points}",
    Disposition.CONTRAINDICATED: "{procedure}: contraindicated now: {points}",
    Disposition.REFER_SPINE_SURGERY: "{procedure}: spine surgery opinion first: {points}",
}
WITH_AGREEMENT = "{procedure}: only with the specialist's agreement: {points}"
FRACTURE_SEEN = "Vertebral fracture, active and not treated, for assessment: {points}"
NOTHING_FURTHER = "no point named"
MORE_POINTS = "{count} more"
STEPS = "To do before the procedure: {points}"
POINTS = "{points}"

# Headings and fixed lines of the detail.
CRITERIA = "Criteria"
NEEDED = "Needed before this can be judged"
AGAINST = "Against, or asking for caution"
EVIDENCE = "What the evidence says"
ALTERNATIVES = "What else may help"
ALTERNATIVE_STEPS = (
    "analgesia reviewed; a brace or physiotherapy where tolerated",
    "osteoporosis treatment, where that is the cause",
    "radiotherapy for a painful metastasis or myeloma lesion",
    "a date for review, with new imaging if pain persists or changes",
)
MET, NOT_MET, UNKNOWN = "✓", "✗", "?"
NOT_KNOWN = "{criterion}: {why}"
URGENCY = {Indicator.CRITICAL: "Critical", Indicator.WARNING: "Caution", Indicator.INFO: "For information"}
TO_DO = "First"
GAPS = "Not known"
INFORMATION = "For information"
NOTES = "How the chart was read"
RULE_FAILED = "{rule}: could not be evaluated because of a fault in this service"
UNCHECKED, LOCAL_POLICY = "†", "‡"
LEGEND = {UNCHECKED: "† not checked at source", LOCAL_POLICY: "‡ local policy, no guideline gives a number"}
SITE_VALUE = "value set by this site: {reason}"
AS_OF = "As of {moment} · knowledge {version} · advice, not an order"
WITHHELD = "A card on this was overridden lately and is not shown again"

# What is not known: {what} is the noun of the rule concerned, {why} what was missing.
GAP = "{what} unknown"
MANY_GAPS = "unknown: {what}"
GAP_BECAUSE = "{what} unknown: {why}"
PARTS = {
    Section.PATIENT: "patient record",
    Section.ENCOUNTER: "encounter",
    Section.CONDITIONS: "problem list",
    Section.MEDICATION_STATEMENTS: "medication list",
    Section.MEDICATION_REQUESTS: "prescriptions",
    Section.MEDICATION_ADMINISTRATIONS: "doses given",
    Section.MEDICATION_DISPENSES: "drugs dispensed",
    Section.ALLERGIES: "allergy list",
    Section.COAGULATION: "coagulation tests",
    Section.BLOOD_COUNT: "blood count",
    Section.INFLAMMATION: "infection markers",
    Section.RENAL: "renal function",
    Section.VITALS: "vital signs",
    Section.PAIN: "pain score",
    Section.PREGNANCY: "pregnancy test",
    Section.BONE_DENSITY: "bone density",
    Section.IMAGING_STUDIES: "imaging",
    Section.IMAGING_REPORTS: "imaging",
    Section.IMAGING_FINDINGS: "imaging",
    Section.PROCEDURES: "procedures",
    Section.DEVICES: "devices",
    Section.SERVICE_REQUESTS: "orders",
    Section.TASKS: "tasks",
    Section.COVERAGE: "insurance",
}
REASONS = {
    Reason.OMITTED: "no {part} {was} sent",
    Reason.FAILED: "the {part} could not be fetched",
    Reason.CUT: "the {part} came in part",
    Reason.NOT_MEASURED: "no usable value on record",
    Reason.UNREADABLE: "an entry of the {part} could not be read",
    Reason.NOT_UNDERSTOOD: "an entry of the {part} was not understood",
}
MISSING = {
    Reason.OMITTED: "not sent: {parts}",
    Reason.FAILED: "could not be fetched: {parts}",
    Reason.CUT: "came in part: {parts}",
    Reason.NOT_MEASURED: "no usable value: {parts}",
    Reason.UNREADABLE: "not readable in part: {parts}",
    Reason.NOT_UNDERSTOOD: "not understood in part: {parts}",
}
PART_FOR = "{part} (for {judgements})"
BECAUSE = "{what}: {why}"
LIST_NOT_SENT = "no {type} came; a site that keeps none says so in the setting medication_lists"

# Suggestions: what pressing the button will do. {levels} is empty or " T12".
ORDER_LABEL = "Order {text}"
ORDER_LABELS = {
    Proposal.ORDER_INR: "Order INR",
    Proposal.ORDER_PLATELETS: "Order platelet count",
    Proposal.ORDER_CREATININE: "Order creatinine",
    Proposal.ORDER_INFECTION_MARKERS: "Order CRP and white cell count",
    Proposal.ORDER_PREGNANCY_TEST: "Order pregnancy test",
    Proposal.ORDER_MRI: "Order MRI of the spine with STIR",
    Proposal.ORDER_BONE_SCAN: "Order bone scan with SPECT-CT",
    Proposal.REFER_SPINE_SURGERY: "Refer to spine surgery",
    Proposal.REFER_BONE_HEALTH: "Refer for bone density and osteoporosis treatment",
    Proposal.REFER_HAEMATOLOGY: "Ask haematology for advice",
    Proposal.REFER_CARDIOLOGY: "Ask cardiology for advice",
}
PLAN_LABEL = "Create a task: agree the plan for {drugs} with the prescriber"
MOVE_LABEL = "Move the order to {moment}, when the intervals that decide are met"
CANCEL_LABEL = "Remove the draft order: {procedure}"
BEFORE = "Before {procedure}"
PLAN_DRUG = "{drug}: {interval}; {last_dose}; {restart}"
PLAN_INTERVAL = "{hours} h advised ({source}) before the procedure"
PLAN_CONSULT = "{consult}; specialist advice"
PLAN_LAST_DOSE = "last dose on record {when}"
PLAN_LATEST_DOSE = "last dose no later than {when}, if the prescriber agrees"
PLAN_NO_DOSE = "last dose not recorded"
PLAN_RESTART = "restart: {when}"
PLAN_NO_RESTART = "restart to be agreed"
PLAN_PERFORMER = "Prescriber of the antithrombotic"
PLAN_INPUT = "Antithrombotic drug"
PLAN_OF_ALL = "the antithrombotic drug"
ORDERED = "ordered {when}, result awaited"
DRAFTED = "drafted in this session, result awaited"
REFERRED = "referral made {when}"
REFERRAL_DRAFTED = "referral drafted in this session"
PLAN_REQUESTED = "plan requested {when}"
PLAN_DRAFTED = "plan requested in this session"
UNDATED = "on a date not recorded"

# Override reasons: ours, and HL7's codes for guidance that was not followed.
OWN_REASONS = {
    "specialist-agreed": "Agreed with the prescriber or specialist concerned",
    "chart-out-of-date": "The chart is out of date: this no longer holds",
    "urgent": "Urgent: delay is the greater hazard",
    "done-elsewhere": "Done or documented outside this record",
}
HL7_REASONS = {
    "risk-benefit-ratio": "Benefit judged to outweigh the risk",
    "expert-contradicts": "Expert opinion differs",
    "action-completed": "Already done",
    "need-more-info": "More information is awaited first",
    "patient-refuses": "The patient declines what is advised",
    "prefers-alternative": "The patient prefers this procedure",
    "service-not-available": "What is advised is not available here",
}

# Links.
WHY = "Why this card: {rule}"
GUIDELINE = "Guideline: {source}"
APP = "Open the assessment"


def reason(missing: Reason, part: str) -> str:
    """Why something is not known: `no allergy list was sent`."""
    return REASONS[missing].format(part=part, was="were" if part.endswith("s") else "was")


def day(moment: datetime) -> str:
    """A slot as people say it: `Thu 26 Nov 2026 08:00`."""
    return f"{moment:%a %d %b %Y %H:%M}"


def every() -> Iterator[tuple[str, str]]:
    """Every sentence of this module with the name under which it stands."""
    for name, value in globals().items():
        if name.isupper():
            if isinstance(value, Mapping):
                yield from ((f"{name} {key}", text) for key, text in value.items())
            else:
                yield from ((name, text) for text in ((value,) if isinstance(value, str) else value))
