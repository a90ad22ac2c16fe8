"""Whether what was sent for a section is this patient's and of its kind: a client that sends something else has not answered (R-PFH-05)."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import Answer, Section
from cds_service.chart.sections import MEDICATION_LISTS, RESOURCE_TYPE
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.bundle import Answered, Part
from cds_service.fhir.decoding.datatypes import Reference, Text
from cds_service.fhir.decoding.decode import DecodedResource, NotDecoded, identifier, one

ANOTHERS = "what was sent is another patient's"
_EARLIER_NAMES = {"MedicationUsage", "MedicationOrder", "ProcedureRequest"}
_NAMED_OTHERWISE = (Section.PATIENT, Section.COVERAGE, Section.TASKS)
"""The sections whose resources say in an element of their own whose they are."""


class _Subject(Struct, gc=False, rename="camel"):
    resource_type: Text = None
    subject: Reference | None = None
    patient: Reference | None = None


_DECODER = msgspec.json.Decoder(_Subject)


def of_patient(answers: Mapping[Section, Answered], patient: str) -> dict[Section, Answered]:
    """The answers; one that holds nothing but another patient's, or one resource of another kind, counts as not given."""
    return {
        section: _judged(section, answered, patient) if answered.parts else answered
        for section, answered in answers.items()
    }


def _judged(section: Section, answered: Answered, patient: str) -> Answered:
    if section not in _NAMED_OTHERWISE and _is_plainly_theirs(answered.parts[0], RESOURCE_TYPE[section], patient):
        return answered  # most often the first is, and no other is looked at
    if section in MEDICATION_LISTS and _is_another_list(section, answered):
        # What it holds counts all the same: it may be the other list, sent for the wrong key.
        return replace(
            answered, answer=Answer.OMITTED, next_page="", says=f"what was sent holds no {RESOURCE_TYPE[section]}"
        )
    problem = _of_another_kind(section, answered) or _of_another_patient(answered, patient)
    return replace(answered, answer=Answer.OMITTED, parts=(), next_page="", says=problem) if problem else answered


def _is_plainly_theirs(part: Part, kind: str, patient: str) -> bool:
    """Whether a resource is of a type and names the patient as nearly every type does; False says only that it has to be read."""
    try:
        seen = _DECODER.decode(part.raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return seen.resource_type == kind and identifier(seen.subject or seen.patient) == patient


def _of_another_kind(section: Section, answered: Answered) -> str:
    """What is wrong with a resource that was sent bare, without a Bundle around it; empty if nothing is."""
    if not answered.is_bare:
        return ""
    kind = _kind(one(answered.parts[0]))
    if kind == RESOURCE_TYPE[section] or kind in _EARLIER_NAMES:
        return ""
    return f"what was sent is no {RESOURCE_TYPE[section]}"


def _is_another_list(section: Section, answered: Answered) -> bool:
    """Whether a Bundle holds resources, and none of the type asked for or that cannot be read; drugs that are only referred to aside."""
    others = False
    for part in () if answered.is_bare else answered.parts:
        item = one(part)
        if item is None or (isinstance(item, DecodedResource) and isinstance(item.resource, resources.Medication)):
            continue
        if _kind(item) in ("", RESOURCE_TYPE[section], *_EARLIER_NAMES):
            return False
        others = True
    return others


def _kind(item: DecodedResource | NotDecoded | None) -> str:
    """The type of a resource; empty for what cannot be read or is of no interest."""
    return type(item.resource).__name__ if isinstance(item, DecodedResource) else ""


def _of_another_patient(answered: Answered, patient: str) -> str:
    strangers = False
    for part in answered.parts:
        belongs = _belongs(part, patient)
        if belongs:
            return ""
        strangers |= belongs is False
    return ANOTHERS if strangers else ""


def _belongs(part: Part, patient: str) -> bool | None:
    """Whether a resource is this patient's, or may be; None for what is nobody's, such as a drug that an order refers to."""
    item = one(part)
    if item is None:
        return None
    if not isinstance(item, DecodedResource):
        return True  # what cannot be read is named later
    if isinstance(item.resource, resources.Medication) and not item.whose:
        return None
    return item.whose in ("", patient) or item.whose.startswith("urn:uuid:")
