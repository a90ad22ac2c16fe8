"""All the words that cards add to the findings, in one place, for a clinician to read in one sitting.

`{…}` is filled in from the findings. Nothing here decides anything.
"""

from collections.abc import Iterator, Mapping

from cds_service.chart import Augmentation, Reason, Section
from cds_service.disposition import Disposition
from cds_service.findings import Proposal, Topic

SERVICE = "Vertebroplasty suitability service"
PROCEDURES = {
    Augmentation.VERTEBROPLASTY: "Vertebroplasty",
    Augmentation.KYPHOPLASTY: "Kyphoplasty",
    Augmentation.UNSTATED: "Vertebral augmentation",
}
TOPICS = {
    Topic.SUITABILITY: "Suitability",
    Topic.ANTITHROMBOTICS: "Bleeding and antithrombotics",
    Topic.INFECTION: "Infection",
    Topic.SAFETY: "Safety",
    Topic.WORKUP: "Work-up and aftercare",
}

# The verdict: one a disposition. {procedure} is as ordered, with levels and day.
VERDICTS = {
    Disposition.CRITERIA_MET: "criteria met on record",
    Disposition.CAUTION: "possible, with caution",
    Disposition.AFTER_CORRECTION: "not yet",
    Disposition.INSUFFICIENT_DATA: "cannot be judged yet",
    Disposition.NOT_INDICATED: "not indicated on this record",
    Disposition.CONTRAINDICATED: "contraindicated now",
    Disposition.REFER_SPINE_SURGERY: "spine surgeon first",
}
MANY_LEVELS = "{name}, {count} levels"
EXAMINE_FIRST = "leg strength and sphincters not recorded: examine first"
CONFIRM, TO_CONFIRM = "confirm: {what}", "to confirm"
FRACTURE_SEEN = "Vertebral fracture, active and not treated, for assessment"

# The lines of a detail.
DO = "Do: "
BECAUSE = "Because: "
ALSO = "Also: "
PREPARE = "Prepare: "
READ_IN, READ_IN_BRACKETS = "{says} ({place})", "{says}; {place})"
CRITERIA = "{met} of {total} criteria met"
EXAMINE = "Examine leg strength and sphincters: not recorded"
ALTERNATIVES = "Review analgesia, brace or physiotherapy, osteoporosis treatment; set a date for review"
INTERVAL, FROM, LAST_DOSE_BY = "interval", "from", "last dose by"
USED_HERE = "{source}, used here"
AS_OF = "As of {moment} · knowledge {version} · advice, not an order"
MORE_NOTES = "{notes}; {count} more in the assessment"
WITHHELD = "A card on this was overridden lately and is not shown again"

# What is not known: {parts} are parts of the chart or values, {judgements} what is unknown without them.
RULE_FAILED = "{rule}: not evaluated because of a fault in this service"
NOT_KNOWN = "{what} unknown"
NOT_KNOWN_WHAT = "unknown: {what}"
NOT_RECORDED = "{what} not recorded"
MORE = "{count} more"
AND = " and "

LOOK_UP = "Look up in the chart: {parts}"
LEAVES_OPEN = "{missing}; unknown: {judgements}"
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
NAMES = "{missing}: {names}"
MISSING = {
    Reason.OMITTED: "{parts} not sent",
    Reason.FAILED: "{parts} could not be fetched",
    Reason.CUT: "{parts} incomplete",
    Reason.NOT_MEASURED: "{parts} not recorded",
    Reason.UNREADABLE: "{parts} partly unreadable",
    Reason.NOT_UNDERSTOOD: "{parts} partly not understood",
    Reason.NOT_JUDGED: "on record, not judged",
}

# Suggestions: what pressing the button will do.
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
STEPS = ORDER_LABELS | {Proposal.AGREE_PLAN: "Agree the plan for the drug with the prescriber"}
"""What a proposal asks a person to do, where its finding does not say it better: the words of its button."""
PLAN_LABEL = "Create a task: agree the plan for {drugs} with the prescriber"
MOVE_LABEL = "Move the order to {moment}, the next list"
CANCEL_LABEL = "Remove the draft order: {procedure}"
BEFORE = "Before {procedure}"
PLAN_DRUG = "{drug}: {interval}; {last_dose}; {restart}"
PLAN_INTERVAL = "advised interval {hours} h before the procedure ({source})"
PLAN_CONSULT = "{consult}; ask a specialist"
PLAN_LAST_DOSE = "last recorded dose {when}"
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
    "specialist-agreed": "Agreed with the prescriber or specialist",
    "chart-out-of-date": "The chart is out of date; this no longer applies",
    "urgent": "Urgent: waiting is the greater risk",
    "done-elsewhere": "Done or documented elsewhere",
}
HL7_REASONS = {
    "risk-benefit-ratio": "The benefit outweighs the risk",
    "expert-contradicts": "A specialist advises otherwise",
    "action-completed": "Already done",
    "need-more-info": "Waiting for more information",
    "patient-refuses": "The patient declines",
    "prefers-alternative": "The patient prefers this procedure",
    "service-not-available": "Not available here",
}

# Links.
WHY = "Why this card: {rule}"
WHY_AND_GAPS = "Why this card: {rule}; {count} things not recorded"
GUIDELINE = "Guideline: {source}"
APP = "Open the assessment"


def every() -> Iterator[tuple[str, str]]:
    """Every sentence of this module with the name under which it stands."""
    for name, value in globals().items():
        if name.isupper():
            if isinstance(value, Mapping):
                yield from ((f"{name} {key}", text) for key, text in value.items())
            else:
                yield from ((name, text) for text in ((value,) if isinstance(value, str) else value))
