"""Tells whether an order or appointment is for vertebral augmentation, at which levels, and for when."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from cds_service.chart import Augmentation, Basis, Concept, Level, Order, Precision, When
from cds_service.fhir import concepts, dates
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.bundle import Part
from cds_service.fhir.decoding.datatypes import Note, Reference, Term, terms_of
from cds_service.fhir.decoding.decode import DecodedResource, decode
from cds_service.fhir.decoding.references import identifier
from cds_service.fhir.intake.modifiers import marked
from cds_service.procedure import beyond, named, one_kind

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


class Orders(Struct, frozen=True):
    """What the drafts of a session hold: ours, the code systems of procedure orders not recognised, and all as one order."""

    ours: tuple[OurOrder, ...]
    unrecognised: tuple[str, ...]
    order: Order

    @classmethod
    def of(
        cls,
        parts: Iterable[Part],
        context: Context,
        *,
        as_of: datetime,
        selected: Collection[str] = (),
        based_on: Iterable[OurOrder] = (),
    ) -> "Orders":
        """Read drafts and appointments; several of ours make one assessment over their levels.

        With `selected` (references or bare ids) only those count: order-select asks about nothing else. `based_on` are signed
        orders of ours that an appointment may name as what it is for.
        """
        items = [item for item in decode(parts) if isinstance(item, DecodedResource) and _is_selected(item, selected)]
        ours = [found for item in items if (found := _service_request(item, context))]
        known = {found.reference: found for found in (*based_on, *ours)}
        ours += [found for item in items if (found := _appointment(item, known, context))]
        recognised = {found.reference for found in ours}
        systems = tuple(
            sorted({name for item in items for name in _systems(item, context) if item.reference not in recognised})
        )
        return cls(tuple(ours), systems, _merged(ours, as_of))


def _is_selected(item: DecodedResource, selected: Collection[str]) -> bool:
    return not selected or item.reference in selected or item.resource.id in selected


def _service_request(item: DecodedResource, context: Context) -> OurOrder | None:
    request = item.resource
    if not isinstance(request, resources.ServiceRequest) or request.status in _WITHDRAWN or request.doNotPerform:
        return None
    details = [*terms_of(request.bodySite), *terms_of(request.orderDetail), *_notes(request.note)]
    said = [*terms_of(request.code), *_beyond(item, ("code",), context)]
    levels = concepts.levels(None, context, also=details) or concepts.levels(None, context, also=said)
    found = named(said, context, details=details, levels=bool(levels))
    if found is None or _only_cervical(levels):
        return None
    reasons = [*terms_of(request.reasonCode), *terms_of(request.reason)]
    stated = (request.occurrenceDateTime, request.occurrencePeriod, request.occurrenceTiming)
    planned = dates.occurrence(*stated, context.zone)
    quantity = request.quantityQuantity.value if request.quantityQuantity else None
    return OurOrder(
        reference=item.reference,
        raw=bytes(item.part.raw),
        patient_id=identifier(request.subject or request.patient),
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


def _appointment(item: DecodedResource, orders: Mapping[str, OurOrder], context: Context) -> OurOrder | None:
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
    booked = [orders[name] for link in visit.basedOn if (name := link.reference or "") in orders]
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


def _patient(actor: Reference | None) -> str:
    said = actor.reference if actor and actor.reference else ""
    return identifier(actor) if "Patient/" in said else ""


def _systems(item: DecodedResource, context: Context) -> Iterable[str]:
    """The code systems of an order, for the count of those that were not recognised: an address that we do not know may hold a name."""
    if isinstance(item.resource, resources.ServiceRequest):
        for coding in item.resource.code.codings if item.resource.code else ():
            yield (context.know.index.system(coding.system) or "other") if coding.system else "none"


def _merged(ours: list[OurOrder], as_of: datetime) -> Order:
    """All orders as one: their levels together, and the earliest slot that lies ahead. An order's slot goes before an appointment's."""
    levels: frozenset[Level] = frozenset().union(*(item.levels for item in ours))
    ahead = [
        (item.is_appointment, item.planned, item) for item in ours if item.planned and _usable(item.planned, as_of)
    ]
    slots = sorted(ahead, key=lambda slot: (slot[0], slot[1].start))
    stated = [item.planned for item in ours if item.planned]
    note = ""
    if not stated and any(item.is_time_unread for item in ours):
        note = "the stated time could not be read and counts as not stated"
    if stated and not slots:
        past = [slot for slot in stated if slot.last < as_of]
        note = f"the stated time {stated[0]} {'is past' if past else 'is not a day'} and counts as not stated"
    first = slots[0][2] if slots else None
    return Order(
        references=tuple(item.reference for item in ours),
        levels=levels,
        level_count=max((item.level_count for item in ours), default=0)
        if len(ours) == 1
        else max(len(levels), len(ours)),
        planned=first.planned if first else None,
        planned_source=("appointment" if first.is_appointment else "order") if first else "",
        planned_note=note,
        procedure=one_kind(item.procedure for item in ours),
        words=ours[0].words if len(ours) == 1 else "",
        basis=Basis.TEXT if any(item.basis is Basis.TEXT for item in ours) else Basis.CODE,
        prophylactic=any(item.prophylactic for item in ours),
        reasons=tuple(reason for item in ours for reason in item.reasons),
        reason_references=tuple(link for item in ours for link in item.reason_references),
        modifier=next((item.modifier for item in ours if item.modifier), ""),
    )


def _usable(planned: When, as_of: datetime) -> bool:
    """A slot must be a day or a time, and must not be past."""
    return planned.precision in (Precision.DAY, Precision.TIME) and planned.last >= as_of
