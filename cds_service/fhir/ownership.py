"""Whether what was sent for a section is of this patient: a client that sends only another's has not answered (R-PFH-05)."""

from collections.abc import Mapping
from dataclasses import replace

from cds_service.chart import Answer, Section
from cds_service.fhir import wire
from cds_service.fhir.bundle import Answered, Part
from cds_service.fhir.skim import Skimmed, skim

ANOTHERS = "what was sent is another patient's"


def of_patient(answers: Mapping[Section, Answered], patient: str) -> dict[Section, Answered]:
    """The answers; one that holds nothing but another patient's counts as not given."""
    return {section: _judged(answered, patient) for section, answered in answers.items()}


def _judged(answered: Answered, patient: str) -> Answered:
    strangers = False
    for part in answered.parts:
        belongs = _belongs(part, patient)
        if belongs:
            return answered  # most often the first, and no other is looked at
        strangers |= belongs is False
    if not strangers:
        return answered
    return replace(answered, answer=Answer.OMITTED, parts=(), next_page="", says=ANOTHERS)


def _belongs(part: Part, patient: str) -> bool | None:
    """Whether a resource is this patient's, or may be; None for what is nobody's, such as a drug that an order refers to."""
    item = next(iter(skim((part,))), None)
    if not isinstance(item, Skimmed):
        return item is not None  # what cannot be read is named later
    if isinstance(item.resource, wire.Medication) and not item.whose:
        return None
    return item.whose in ("", patient) or item.whose.startswith("urn:uuid:")
