"""What of a resource could not be read, so that nothing may be concluded from what it does not say."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from cds_service.chart import Measurement, Unreadable
from cds_service.fhir import concepts
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import Term, code_of
from cds_service.fhir.decoding.decode import DecodedResource
from cds_service.fhir.intake.losses import open_elements
from cds_service.fhir.intake.sorting import Mine
from cds_service.fhir.readers import drug_identity
from cds_service.knowledge.codes import LONGEST_TERM

_ABOUT = ("code", "medication", "substance", "conclusion", "presentedForm")
"""The beginnings of the elements that say what a resource is about."""
_ABOUT_IN_PARTS = (*_ABOUT, "type", "reaction", "component", "ingredient", "contained", "description", "item")
_VALUE = "value"
_OVER = frozenset(("resolved", "inactive", "remission", "refuted", "entered-in-error"))
_GOING_ON = frozenset(("active", "recurrence", "relapse"))
_NEVER = frozenset(("entered-in-error", "not-done"))
_TWO = "two versions of it say different things"


def unread(item: DecodedResource, entries: Sequence[object], context: Context) -> Iterator[Unreadable]:
    """The gap that a resource leaves which was read in part, beside the entries that it gave; none for most."""
    kind = type(item.resource).__name__
    if not entries and any(path.startswith(_ABOUT) for path in item.dropped):
        yield Unreadable(item.reference, kind, None)
    about = [path for path in item.cut if path.startswith(_ABOUT_IN_PARTS) and _VALUE not in path]
    if any(not _is_coded(item.resource, path, context) for path in about):
        yield Unreadable(item.reference, kind, None)
    elif any(_VALUE in path for path in item.cut):
        sets = measured(entries)
        if sets:
            yield Unreadable(item.reference, kind, sets)


def measured(entries: Sequence[object]) -> frozenset[str] | None:
    """The measures that the entries of a resource are of; None if it is no result, and so could concern any."""
    return frozenset().union(*(entry.concept.sets for entry in entries if isinstance(entry, Measurement))) or None


def is_settled(resource: resources.Resource) -> bool:
    """Whether a diagnosis or allergy says that it is over, or never was: what it is called then changes nothing."""
    if isinstance(resource, resources.Procedure | resources.Device):
        return (resource.status or "").strip().lower() in _NEVER
    if not isinstance(resource, resources.Condition | resources.AllergyIntolerance):
        return False
    statuses = {code_of(resource.clinicalStatus), code_of(resource.verificationStatus), code_of(resource.status)}
    return not statuses.isdisjoint(_OVER) or (statuses.isdisjoint(_GOING_ON) and _has_ended(resource))


def _has_ended(resource: resources.Condition | resources.AllergyIntolerance) -> bool:
    """Whether a diagnosis has an end, by its dates; ends that are still to come do not count and were left out before."""
    if not isinstance(resource, resources.Condition):
        return False
    ended = resource.abatementPeriod and resource.abatementPeriod.end
    return bool(resource.abatementDateTime or ended or resource.abatementBoolean)


def doubtful(entry: Any, own: Mine) -> Any:
    """The entry as far as it can be relied on.

    A result of which another version says something else, or which lost an element, has no value.
    """
    if not isinstance(entry, Measurement) or not (own.is_disputed or own.item.dropped):
        return entry
    if entry.quantity is None and entry.answer is None and not own.is_disputed:
        return entry  # it says already why it has no value
    names = open_elements(own.item, is_read=True)
    absent = _TWO if own.is_disputed else f"its {' and '.join(names)} could not be read" if names else ""
    return replace(entry, quantity=None, answer=None, absent=absent) if absent else entry


def notes(items: Iterable[DecodedResource]) -> tuple[str, ...]:
    """What is said of texts that were not read to their end, one sentence for each type of resource."""
    kinds = sorted({type(item.resource).__name__ for item in items if item.cut})
    return tuple(f"Text of {kind} longer than {LONGEST_TERM} characters: the rest was not read" for kind in kinds)


def _is_coded(resource: resources.Resource, path: str, context: Context) -> bool:
    """Whether codes beside the text at `path` say what it would."""
    value = getattr(resource, path.partition(".")[0].partition("[")[0], None)
    terms = [term for term in (value if isinstance(value, list) else [value]) if isinstance(term, Term)]
    if isinstance(resource, resources.MedicationUse | resources.Medication):
        return bool(terms) and all(drug_identity.is_coded(term, context) for term in terms)
    return bool(terms) and all(concepts.is_coded(term, context.know) for term in terms)
