"""The words that pages use for what the engine names in one word."""

from cds_service.disposition import Disposition
from cds_service.findings import Essential, Kind, Status
from cds_service.knowledge import Confidence
from cds_service.web.connect import Need

KINDS = {
    Kind.INDICATION: "Speaks for the procedure",
    Kind.NOT_INDICATED: "Speaks against: not indicated",
    Kind.SURGEON_FIRST: "Speaks against: spine surgery opinion first",
    Kind.ABSOLUTE: "Speaks against: contraindication",
    Kind.CORRECTABLE: "Speaks against until corrected",
    Kind.RELATIVE: "Asks for caution",
    Kind.WORKUP: "To do first",
    Kind.INFORMATION: "For information",
    Kind.INSUFFICIENT_DATA: "To be confirmed first",
}
"""Headings of the groups of rules, in the order in which they are shown."""

KIND_LABELS = {
    Kind.INDICATION: "indication",
    Kind.NOT_INDICATED: "not indicated",
    Kind.SURGEON_FIRST: "surgeon first",
    Kind.ABSOLUTE: "contraindication",
    Kind.CORRECTABLE: "correctable",
    Kind.RELATIVE: "caution",
    Kind.WORKUP: "work-up",
    Kind.INFORMATION: "information",
    Kind.INSUFFICIENT_DATA: "to be confirmed",
}

STATUSES = {
    Status.MET: "met",
    Status.NOT_MET: "not met",
    Status.UNKNOWN: "unknown",
    Status.NOT_APPLICABLE: "does not apply",
    Status.ERROR: "failed",
}

NOT_ANSWERED = "Not answered"
NO_ORDER = "No order to judge"
NO_CARD = "No card"
NOTHING_TO_SAY = "Nothing in this chart asks for a card on this hook."
"""The answer where a request is refused; where there is no order to judge; and where there is nothing to say, and what that means."""

WHY = {
    Disposition.CRITERIA_MET: "Why",
    Disposition.CAUTION: "Why with caution",
    Disposition.AFTER_CORRECTION: "Why not yet",
    Disposition.INSUFFICIENT_DATA: "What is missing",
    Disposition.NOT_INDICATED: "Why not",
    Disposition.CONTRAINDICATED: "Why not now",
    Disposition.REFER_SPINE_SURGERY: "Why not now",
}
"""What the reasons for each disposition answer."""

ESSENTIAL = {
    Essential.NO: "",
    Essential.SUPPLIED: "No favourable answer is given unless the parts of the chart that it reads were supplied.",
    Essential.JUDGED: "No favourable answer is given unless this rule came to met or not met.",
}

CONFIDENCES = {
    Confidence.VERIFIED: "checked at its source",
    Confidence.SECOND_HAND: "seen second-hand",
    Confidence.RECALLED_WELL_KNOWN: "common knowledge",
    Confidence.RECALLED: "not checked at source",
    Confidence.POLICY: "local policy",
}

REASONS = {
    "omitted": "was not sent",
    "failed": "could not be fetched",
    "cut": "was sent in part only",
    "not-measured": "holds no usable value",
    "unreadable": "holds an entry that could not be read",
    "not-understood": "holds an entry that was not understood",
    "not-judged": "holds an entry that was not judged",
}
"""Why something is unknown, after the name of the part of the chart."""

SHAPES = {
    "hold": "interval to wait",
    "caution": "caution",
    "longer": "longer in other guidelines",
    "dose": "last dose",
    "point": "result or image",
    "window": "counts",
    "perhaps": "counts unless what is missing shortens it",
    "span": "date known only so exactly",
    "unsure": "age may be of either band",
}
"""What the marks of the picture over time mean, for its legend; the others hold their own words."""

SYSTEMS = {
    "icd-10": "ICD-10 (WHO)",
    "icd-10-cm": "ICD-10-CM",
    "icd-10-pcs": "ICD-10-PCS",
    "snomed": "SNOMED CT",
    "loinc": "LOINC",
    "rxnorm": "RxNorm",
    "atc": "ATC",
    "opcs-4": "OPCS-4",
    "hcpcs": "HCPCS",
    "dicom": "DICOM",
}
"""Code systems as they write themselves; others are written in capitals."""

NEEDS = {
    Need.REQUIRED: (
        "Required",
        "Without it an order of ours is refused with HTTP 412 and an OperationOutcome that names it.",
    ),
    Need.ESSENTIAL: (
        "Essential",
        "Essential judgements read these. Without them the answer may stay “Cannot be judged yet”, and the cards say what is missing.",
    ),
    Need.SHARPENING: (
        "Sharpening",
        "Without these some findings are unknown, which is said; the answer as a whole can still be given.",
    ),
}
"""What a client that leaves a prefetch key out has to expect."""


def count(number: int, noun: str) -> str:
    """How many there are of something: `1 day`, `2 days`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
