"""Reads the drafts of a session together: which are ours, which cannot be told to be, and all of ours as one order."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import Basis, Level, Order, Precision, When
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.bundle import Part
from cds_service.fhir.draft_index import DraftIndex, may_be_ours
from cds_service.fhir.drafts import Draft, opened
from cds_service.order import OurOrder, appointment, says_nothing, service_request, unread_elements
from cds_service.procedure import one_kind


class Doubt(Struct, frozen=True):
    """Something of the drafts that was not read: its place or reference, and what is wrong with it."""

    of: str
    says: str


class Orders(Struct, frozen=True):
    """What the drafts of a session hold: ours, the code systems of procedure orders not recognised, and all as one order.

    `faults` are drafts that are no orders, by their place in what was sent; `unread` are those of which it cannot be told whether they
    are ours, by reference; `unmatched` are the selections that name no draft; `lost` are elements of ours that could not be read.
    """

    ours: tuple[OurOrder, ...]
    unrecognised: tuple[str, ...]
    order: Order
    faults: tuple[Doubt, ...] = ()
    unread: tuple[Doubt, ...] = ()
    unmatched: tuple[str, ...] = ()
    lost: tuple[Doubt, ...] = ()

    @classmethod
    def of(
        cls,
        parts: Iterable[Part],
        context: Context,
        *,
        as_of: datetime,
        selected: Collection[str] = (),
        held: Iterable[Part] = (),
        in_part: bool = False,
    ) -> "Orders":
        """Read drafts and appointments; several of ours make one assessment over their levels.

        With `selected` (references in any form, or bare ids) only those count: order-select asks about nothing else. `held` are orders
        on record, which an appointment or a group may name; `in_part` says that not all drafts came.
        """
        others = (Doubt("list", "it came in part"),) if in_part else ()
        reading = _Reading(opened(parts), held, context)
        listed, unmatched = reading.chosen(selected)
        ours: dict[object, OurOrder] = {}
        for draft in listed:
            if _key(draft) not in ours and (found := reading.order(draft)):
                ours[_key(draft)] = found
        in_turn = sorted(ours.values(), key=lambda item: item.is_appointment)
        systems = {name for draft in listed if _key(draft) not in ours for name in _systems(draft, context)}
        return cls(
            tuple(in_turn),
            tuple(sorted(systems)),
            _merged(in_turn, as_of),
            faults=tuple(_faults(listed)),
            unread=(*others, *reading.unread(draft for draft in listed if _key(draft) not in ours)),
            unmatched=tuple(unmatched),
            lost=tuple(
                Doubt(draft.reference, f"{path} could not be read")
                for draft in listed
                if _key(draft) in ours and draft.item
                for path in draft.item.dropped
            ),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What is said of drafts that were not read, or not whole."""
        unknown = "was not read, so whether it is a vertebral augmentation is not known"
        doubted = [f"The draft {doubt.of} {unknown}: {doubt.says}" for doubt in (*self.faults, *self.unread)]
        return (*doubted, *(f"The draft {doubt.of}: {doubt.says}" for doubt in self.lost))


class _Reading:
    """Drafts, with the orders on record that they may name, which are opened only then."""

    def __init__(self, drafts: tuple[Draft, ...], held: Iterable[Part], context: Context) -> None:
        self._drafts, self._held, self._context = drafts, held, context
        self._lost: list[Doubt] = []

    @cached_property
    def _index(self) -> DraftIndex:
        return DraftIndex(self._drafts)

    @cached_property
    def _on_record(self) -> DraftIndex:
        return DraftIndex(opened(self._held))

    def chosen(self, selected: Collection[str]) -> tuple[list[Draft], list[str]]:
        """The drafts that are asked about, with what the groups among them name on record; and the selections that name none."""
        listed, unmatched = self._index.chosen(selected) if selected else (list(self._drafts), [])
        for member in dict.fromkeys(name for draft in listed for name in draft.members):
            if self._index.named(member):
                continue
            found = [draft for drafts in self._on_record.named(member) for draft in drafts]
            listed += found
            if not found and may_be_ours(member):
                self._lost.append(Doubt(member, "a group of orders names it, and it was not sent"))
        return listed, unmatched

    def order(self, draft: Draft) -> OurOrder | None:
        """The order of ours that a draft is. One inside another resource is named with it, and nobody can change it alone."""
        if draft.item is None:
            return None
        found = service_request(draft.item, self._context) or appointment(
            draft.item, [item for linked in self._booked(draft) if (item := self._ordered(linked))], self._context
        )
        return replace(found, reference=draft.reference, raw=b"") if found and draft.within else found

    def _ordered(self, draft: Draft) -> OurOrder | None:
        return service_request(draft.item, self._context) if draft.item else None

    def _booked(self, draft: Draft) -> Iterator[Draft]:
        """The orders that an appointment is for, as far as they came."""
        visit = draft.item.resource if draft.item else None
        for link in visit.basedOn if isinstance(visit, resources.Appointment) else ():
            named = link.reference or ""
            for listed in self._index.named(named) or self._on_record.named(named):
                yield from listed

    def unread(self, others: Iterable[Draft]) -> Iterator[Doubt]:
        """Of the drafts that are not ours as far as they were read, and of what they name, those that may be all the same."""
        yield from self._lost
        for draft in others:
            if draft.unread:
                yield Doubt(draft.reference, draft.unread)
            elif draft.item and (elements := unread_elements(draft.item)):
                yield Doubt(draft.reference, f"{', '.join(elements)} could not be read")
            elif draft.item and says_nothing(draft.item) and self._names_what_did_not_come(draft):
                yield Doubt(draft.reference, "the order that it is for was not sent")

    def _names_what_did_not_come(self, draft: Draft) -> bool:
        visit = draft.item.resource if draft.item else None
        links = visit.basedOn if isinstance(visit, resources.Appointment) else ()
        return bool(links) and not any(True for _ in self._booked(draft))


def _key(draft: Draft) -> object:
    """Drafts of one type and id are one; those without an id are each their own."""
    return draft.reference if draft.id else id(draft)


def _faults(listed: Collection[Draft]) -> Iterator[Doubt]:
    """What is no order: each that is none by its bytes; and where no draft is an order at all, the first."""
    yield from (Doubt(draft.place, draft.fault) for draft in listed if draft.fault)
    if listed and not any(draft.is_order or draft.fault for draft in listed):
        first = next(iter(listed))
        yield Doubt(first.place, f"is of the type {first.kind}, which is no order")


def _systems(draft: Draft, context: Context) -> Iterable[str]:
    """The code systems of an order, for the count of those that were not recognised: an address that we do not know may hold a name."""
    request = draft.item.resource if draft.item else None
    if isinstance(request, resources.ServiceRequest):
        for coding in request.code.codings if request.code else ():
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
