"""All the words that cards add to the findings, in one place, for a clinician to read in one sitting."""

from cds_service.chart import Basis, Missing, Reason
from cds_service.disposition import Disposition
from cds_service.engine import Topic

SERVICE = "Vertebroplasty suitability service"

BASIS = {Basis.TEXT: "read from text, not coded", Basis.NAME: "matched by name, not by code"}

TOPICS = {
    Topic.SUITABILITY: "Suitability",
    Topic.ANTITHROMBOTICS: "Bleeding and antithrombotics",
    Topic.INFECTION: "Infection",
    Topic.SAFETY: "Safety",
    Topic.WORKUP: "Work-up and aftercare",
}

# The suitability card, by disposition: {procedure} is the procedure with its levels, {first} what decided, {count} how many points.
SUITABILITY = {
    Disposition.CRITERIA_MET: "{procedure}: the documented criteria are met. The evidence is divided; the decision stays clinical",
    Disposition.CAUTION: "{procedure}: indicated, with caution. {first}",
    Disposition.AFTER_CORRECTION: "{procedure}: only after correction. {first}",
    Disposition.INSUFFICIENT_DATA: "{procedure}: cannot be judged yet. Unknown: {first}",
    Disposition.NOT_INDICATED: "{procedure}: not indicated by this chart. {first}",
    Disposition.CONTRAINDICATED: "{procedure}: contraindicated now. {first}",
    Disposition.REFER_SPINE_SURGERY: "{procedure}: spine surgery opinion first. {first}",
}
SPECIALIST = (
    "Interrupting the antithrombotic is itself hazardous: agreement of the specialist who prescribes it comes first."
)
CRITERIA = "Criteria"
AGAINST = "Speaks against or asks for caution"
ELSEWHERE = "More on the cards: {topics}"
EVIDENCE = "What the evidence says"
ALTERNATIVES = "What else may help"
ALTERNATIVE_STEPS = (
    "analgesia reviewed, and a brace or physiotherapy where tolerated",
    "treatment of osteoporosis, where that is the cause",
    "radiotherapy for a painful metastasis or myeloma lesion",
    "a review date, with new imaging if pain persists or changes",
)
MET, NOT_MET, UNKNOWN = "yes", "no", "unknown"

MISSING = "Not known"
TO_DO = "To do"
INFORMATION = "For information"
UNKNOWN_SUMMARY = "{count} judgement(s) open for want of data: {first}"
NOT_MORE = "and {count} more, listed in the response"

_REASONS = {
    Reason.OMITTED: "not sent by the EHR",
    Reason.FAILED: "could not be fetched",
    Reason.CUT: "sent in part only",
    Reason.NOT_MEASURED: "no usable value on record",
    Reason.UNREADABLE: "an entry could not be read",
}


def missing(item: Missing) -> str:
    """Which part of the chart is missing, and why."""
    return f"{item.section} {_REASONS[item.reason]}"


def site_value(reason: str) -> str:
    """That a site has replaced a number, and its reason."""
    return f"value set by this site: {reason}"


def rule_failed(title: str) -> str:
    """That a rule could not be evaluated."""
    return f"{title}: could not be evaluated because of a fault in this service"


def as_of(moment: str, version: str) -> str:
    """The last line of each card."""
    return f"As of {moment}; rule knowledge {version}. Advice for the ordering clinician, not an order."
