"""Tells whether one order or appointment is for vertebral augmentation, at which levels, and for when."""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from cds_service.chart import Augmentation, Basis, Concept, Level, When
from cds_service.fhir import concepts, dates
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import Note, Reference, Term, terms_of
from cds_service.fhir.decoding.decode import DecodedResource
from cds_service.fhir.decoding.references import URN, address
from cds_service.fhir.intake.modifiers import marked
from cds_service.procedure import beyond, detailed, named, one_kind

_WITHDRAWN = frozenset(("entered-in-error", "revoked", "cancelled", "noshow"))
_PROPHYLACTIC = re.compile(r"\bprophyla|\bprevent(?:ive|ion)\b", re.IGNORECASE)


class OurOrder(Struct, frozen=True):
    """One draft order or appointment for vertebral augmentation, with its JSON as received."""

    reference: str
    raw: bytes
    patient_id: str
    levels: frozenset[Level]
    level_count: int
    planned: When | None
    procedure: Augmentation
    words: str
    basis: Basis
    prophylactic: bool
    is_appointment: bool
    reasons: tuple[Concept, ...]
    reason_references: tuple[str, ...]
    is_time_unread: bool = False
    modifier: str = ""


def service_request(item: DecodedResource, context: Context) -> OurOrder | None:
    """The order that a service request is, if it is ours."""
    request = item.resource
    if not isinstance(request, resources.ServiceRequest) or request.status in _WITHDRAWN or request.doNotPerform:
        return None
    specified = terms_of(request.orderDetail)
    details = [*terms_of(request.bodySite), *specified, *_notes(request.note)]
    said = [*terms_of(request.code), *_beyond(item, ("code",), context)]
    levels = concepts.levels(None, context, also=details) or concepts.levels(None, context, also=said)
    found = named(said, context, details=details, levels=bool(levels)) or detailed(
        said, specified, context, details=details, levels=bool(levels)
    )
    if found is None or _only_cervical(levels):
        return None
    reasons = [*terms_of(request.reasonCode), *terms_of(request.reason)]
    stated = (request.occurrenceDateTime, request.occurrencePeriod, request.occurrenceTiming)
    planned = dates.occurrence(*stated, context.zone)
    quantity = request.quantityQuantity.value if request.quantityQuantity else None
    return OurOrder(
        reference=item.reference,
        raw=bytes(item.part.raw),
        patient_id=_person(request.subject or request.patient),
        levels=levels,
        level_count=max(len(levels), int(quantity) if quantity and 1 <= quantity <= len(Level) else 0),
        planned=planned,
        procedure=found.kind,
        words=_named_as(terms_of(request.code), context),
        basis=found.basis,
        prophylactic=any(_PROPHYLACTIC.search(text) for term in [*said, *details, *reasons] for text in term.texts),
        is_appointment=False,
        reasons=_concepts(reasons, context),
        reason_references=_references(request.reasonReference),
        is_time_unread=planned is None and dates.states_one(*stated),
        modifier=marked(item).modifier,
    )


def appointment(item: DecodedResource, booked: Sequence[OurOrder], context: Context) -> OurOrder | None:
    """The order that an appointment is, by what it says or by the orders of ours that it is for."""
    visit = item.resource
    if not isinstance(visit, resources.Appointment) or visit.status in _WITHDRAWN:
        return None
    written = [Term(text=text) for text in (visit.description, visit.comment) if text]
    said = [
        *terms_of(visit.serviceType),
        *terms_of(visit.reasonCode),
        *terms_of(visit.reason),
        *written,
        *_beyond(item, ("serviceType", "reason", "description", "comment"), context),
    ]
    own = concepts.levels(None, context, also=said)
    levels = own or frozenset().union(*(order.levels for order in booked))
    found = named(said, context, levels=bool(own))
    if not (found or booked) or _only_cervical(levels):
        return None
    planned = dates.read(visit.start, context.zone)
    stated = [found.kind] if found and found.kind is not Augmentation.UNSTATED else [item.procedure for item in booked]
    return OurOrder(
        reference=item.reference,
        raw=bytes(item.part.raw),
        patient_id=next((_patient(person.actor) for person in visit.participant if _patient(person.actor)), ""),
        levels=levels,
        level_count=len(levels),
        planned=planned,
        procedure=one_kind(stated),
        words=_named_as(terms_of(visit.serviceType), context) or "".join([item.words for item in booked][:1]),
        basis=found.basis if found else Basis.CODE,
        prophylactic=any(_PROPHYLACTIC.search(text) for term in said for text in term.texts),
        is_appointment=True,
        reasons=_concepts(said, context),
        reason_references=_references(visit.reasonReference),
        is_time_unread=planned is None and dates.states_one(visit.start),
        modifier=marked(item).modifier,
    )


def _named_as(terms: Iterable[Term], context: Context) -> str:
    """The first text by which terms name the procedure."""
    said = (text for term in terms for text in ([term.text] if term.text else []) + list(term.texts))
    return next((text.strip() for text in said if named([Term(text=text)], context)), "")


def _beyond(item: DecodedResource, elements: tuple[str, ...], context: Context) -> list[Term]:
    """What the long texts of these elements say of the procedure after what is read of them as terms."""
    return beyond((text for path, text in item.cut.items() if path.startswith(elements)), context)


def _only_cervical(levels: frozenset[Level]) -> bool:
    return bool(levels) and all(level.startswith("C") for level in levels)


def _concepts(terms: Iterable[Term], context: Context) -> tuple[Concept, ...]:
    return tuple(found for term in terms if (found := concepts.concept(term, context)))


def _references(value: list[Reference] | Reference | None) -> tuple[str, ...]:
    links = value if isinstance(value, list) else [value] if value else []
    return tuple(link.reference for link in links if link.reference)


def _notes(value: list[Note] | Note | str | None) -> list[Term]:
    notes = value if isinstance(value, list) else [value] if value else []
    return [Term(text=note if isinstance(note, str) else note.text) for note in notes]


def _person(subject: Reference | None) -> str:
    """The bare id of the patient whom an order is for, type and id of what is no patient; empty for what cannot be followed."""
    wanted = address(subject.reference if subject else "")
    if wanted.id.startswith(URN):
        return ""
    return wanted.id if wanted.type in ("", "Patient") else wanted.path


def _patient(actor: Reference | None) -> str:
    wanted = address(actor.reference if actor else "")
    return wanted.id if wanted.type == "Patient" else ""


_SAYS_WHAT = {
    resources.ServiceRequest: ("code", "orderDetail"),
    resources.ProcedureRequest: ("code",),
    resources.Appointment: ("serviceType", "reasonCode", "reason", "description", "comment", "basedOn"),
}
"""The elements that say what is ordered, by type."""


def unread_elements(item: DecodedResource) -> tuple[str, ...]:
    """Those of the elements which say what an order is for that could not be read; none of an order that is withdrawn."""
    kind, resource = type(item.resource), item.resource
    withdrawn = resource.status in _WITHDRAWN or getattr(resource, "doNotPerform", None)
    return () if withdrawn else tuple(path for path in item.dropped if path.startswith(_SAYS_WHAT.get(kind, ())))


def says_nothing(item: DecodedResource) -> bool:
    """Whether an appointment says nothing of what it is for but by the orders that it names."""
    visit = item.resource
    if not isinstance(visit, resources.Appointment) or visit.status in _WITHDRAWN:
        return False
    return not any((visit.serviceType, visit.reasonCode, visit.reason, visit.description, visit.comment))
