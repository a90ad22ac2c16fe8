"""Whether what was sent for a section is this patient's and of its kind: what is neither was sent for nothing (R-PFH-05)."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import Answer, Section
from cds_service.chart.sections import MEDICATION_LISTS, RESOURCE_TYPE
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.bundle import DEEPEST, Answered, Part, open_answer
from cds_service.fhir.decoding.datatypes import Reference, Text
from cds_service.fhir.decoding.decode import DecodedResource, NotDecoded, OtherType, one
from cds_service.fhir.decoding.references import person
from cds_service.fhir.intake.people import People

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
    """The answers; one that holds nothing but another patient's, or no resource of its kind, failed: it may be asked for again.

    What it holds counts all the same, as it may be another list, sent for the wrong key.
    """
    people = People(answers, patient)
    return {
        section: _judged(section, answered, people, patient) if answered.parts and not answered.is_useless else answered
        for section, answered in answers.items()
    }


def _judged(section: Section, answered: Answered, people: People, patient: str) -> Answered:
    if section not in _NAMED_OTHERWISE and _is_plainly_theirs(answered.parts[0], RESOURCE_TYPE[section], patient):
        return answered  # most often the first is, and no other is looked at
    problem = _of_another_kind(section, answered) or _of_another_patient(answered, people)
    if not problem:
        return answered
    return replace(answered, answer=Answer.FAILED, next_page="", says=problem, is_useless=True)


def _is_plainly_theirs(part: Part, kind: str, patient: str) -> bool:
    """Whether a resource is of a type and names the patient as nearly every type does; False says only that it has to be read."""
    try:
        seen = _DECODER.decode(part.raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return seen.resource_type == kind and person(seen.subject or seen.patient) == patient


def _of_another_kind(section: Section, answered: Answered) -> str:
    """What is wrong with a resource that was sent bare, or with a list of drugs that holds none; empty if nothing is."""
    if not answered.is_bare and (section not in MEDICATION_LISTS or not _is_another_list(section, answered)):
        return ""
    if answered.is_bare and _kind(one(answered.parts[0])) in (RESOURCE_TYPE[section], *_EARLIER_NAMES):
        return ""
    return f"what was sent {'is' if answered.is_bare else 'holds'} no {RESOURCE_TYPE[section]}"


def _is_another_list(section: Section, answered: Answered) -> bool:
    """Whether a Bundle holds resources, and none of the type asked for or that cannot be read; drugs that are only referred to aside."""
    others = False
    for item in _items(answered.parts):
        if isinstance(item, OtherType) or (
            isinstance(item, DecodedResource) and isinstance(item.resource, resources.Medication | resources.Substance)
        ):
            continue
        if _kind(item) in ("", RESOURCE_TYPE[section], *_EARLIER_NAMES):
            return False
        others = True
    return others


def _items(parts: Iterable[Part], depth: int = 0) -> Iterator[DecodedResource | NotDecoded | OtherType]:
    """The resources among the parts, and those in Bundles at an address of their own, which were not opened before."""
    for part in parts:
        item = one(part)
        if isinstance(item, OtherType) and item.kind == "Bundle" and depth < DEEPEST:
            yield from _items(open_answer(part.raw).parts, depth + 1)
        else:
            yield item


def _kind(item: DecodedResource | NotDecoded | OtherType) -> str:
    """The type of a resource; empty for what cannot be read or is of no interest."""
    return type(item.resource).__name__ if isinstance(item, DecodedResource) else ""


def _of_another_patient(answered: Answered, people: People) -> str:
    strangers = False
    for item in _items(answered.parts):
        if isinstance(item, NotDecoded):
            return ""  # what cannot be read is named later
        if isinstance(item, OtherType) or (isinstance(item.resource, resources.Medication) and not item.whose):
            continue
        if people.belongs(item) is not False:
            return ""
        strangers = True
    return ANOTHERS if strangers else ""
