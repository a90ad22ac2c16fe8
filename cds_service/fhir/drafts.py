"""Opens the drafts of a session: each by its address, orders inside a group too; tells orders from what is none, or cannot be read."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.bundle import Part
from cds_service.fhir.decoding.decode import DecodedResource, one
from cds_service.fhir.decoding.repair import as_object
from cds_service.fhir.decoding.type_names import NAMES

READ: Mapping[str, type[resources.Resource]] = {
    kind.__name__: kind for kind in (resources.ServiceRequest, resources.ProcedureRequest, resources.Appointment)
}
"""The types of which some are ours."""
GROUPS = frozenset(("RequestGroup", "RequestOrchestration"))
"""Orders that belong together, inside them or named by them (R4, R5)."""
_NAMES_OF_ORDERS = """
    Appointment AppointmentResponse CarePlan Claim CommunicationRequest Contract CoverageEligibilityRequest DeviceRequest
    DeviceUseRequest DiagnosticOrder EligibilityRequest EnrollmentRequest ImmunizationRecommendation MedicationOrder
    MedicationRequest NutritionOrder Order ProcedureRequest ProcessRequest ReferralRequest RequestGroup RequestOrchestration
    ServiceRequest SupplyRequest Task Transport VisionPrescription
"""
_ORDERS = frozenset(_NAMES_OF_ORDERS.split())
"""The types that ask for something to be done, by FHIR's workflow pattern of requests, over its versions."""
_WITHDRAWN = frozenset(("entered-in-error", "revoked", "cancelled"))
_DEEPEST = 20


class Draft(Struct, frozen=True):
    """One draft. `item` is the order where its type is one that is read; `fault` is what the sender did wrong, `unread` why it is not known
    what the draft orders; `within` is the group that contains it, `members` are what a group names.
    """

    place: str
    kind: str
    id: str
    part: Part
    item: DecodedResource | None = None
    fault: str = ""
    unread: str = ""
    within: str = ""
    members: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """What names it: type and id, with the group in front if it is inside one; else the address of its entry, else its place."""
        if self.within:
            return f"{self.within}#{self.id}"
        return f"{self.kind}/{self.id}" if self.kind and self.id else self.part.full_url or self.kind or self.place

    @property
    def is_order(self) -> bool:
        """Whether its type is one of orders."""
        return self.kind in _ORDERS


class _Head(Struct, gc=False):
    resourceType: object = None  # noqa: N815
    id: object = None


_HEAD = msgspec.json.Decoder(_Head)
_UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


def opened(parts: Iterable[Part]) -> tuple[Draft, ...]:
    """The drafts among `parts`, those inside a group after it."""
    return tuple(draft for number, part in enumerate(parts) for draft in _opened(part, f"entry[{number}]"))


def _opened(part: Part, place: str) -> Iterator[Draft]:
    try:
        head = _HEAD.decode(part.raw)
    except _UNREADABLE:
        yield Draft(place, "", "", part, fault="is no resource")
        return
    kind, name = head.resourceType, head.id if isinstance(head.id, str | int) else ""
    if not isinstance(kind, str) or kind not in NAMES:
        fault = "has no resourceType" if kind is None else f"is of no type that FHIR has{_meant(kind)}"
        yield Draft(place, "", str(name), part, fault=fault)
        return
    draft = Draft(place, kind, str(name), part)
    if kind in READ:
        yield _read(draft)
    elif kind in GROUPS:
        yield from _group(draft)
    else:
        yield draft


def _meant(kind: object) -> str:
    found = next((name for name in _ORDERS if name.lower() == str(kind).strip().lower()), "")
    return f"; {found} is meant" if found else ""


def _read(draft: Draft) -> Draft:
    twice = _twice(draft.part.raw)
    if twice:
        return _with(draft, fault="names a member twice")
    item = one(draft.part)
    if not isinstance(item, DecodedResource):
        return _with(draft, unread="it cannot be read")
    return _with(draft, item=item)


def _with(draft: Draft, **changes: Any) -> Draft:
    return msgspec.structs.replace(draft, **changes)


class _TwiceError(Exception):
    pass


def _unique(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise _TwiceError


def _twice(raw: Raw) -> bool:
    """Whether an object in it names a member twice: which of the two counts would be a guess."""
    try:
        json.loads(bytes(raw), object_pairs_hook=_unique)
    except _TwiceError:
        return True
    except (ValueError, RecursionError):
        return False  # what is wrong with it is said where it is read
    return False


def _group(draft: Draft) -> Iterator[Draft]:
    """A group and the orders that it contains."""
    group = as_object(draft.part.raw)
    if group is None or _twice(draft.part.raw):
        yield _with(draft, **({"unread": "it cannot be read"} if group is None else {"fault": "names a member twice"}))
        return
    if str(group.get("status")) in _WITHDRAWN:
        yield draft
        return
    contained = [item for item in _listed(group.get("contained")) if isinstance(item, dict)]
    names = tuple(_references(group.get("action"), _DEEPEST))
    inside = {f"#{item.get('id')}" for item in contained}
    lost = [name for name in names if name.startswith("#") and name not in inside]
    yield _with(
        draft,
        members=tuple(name for name in names if name not in inside),
        unread=f"it contains no {lost[0]}" if lost else "",
    )
    for item in contained:
        for found in _opened(Part(Raw(msgspec.json.encode(item)), draft.part.full_url), draft.place):
            if found.kind in READ or found.fault:
                yield _with(found, within=draft.reference)


def _references(actions: object, depth: int) -> Iterator[str]:
    """What the actions of a group name, and the actions within them."""
    for action in _listed(actions):
        if isinstance(action, dict) and depth:
            resource = action.get("resource")
            named = resource.get("reference") if isinstance(resource, dict) else resource
            if isinstance(named, str):
                yield named
            yield from _references(action.get("action"), depth - 1)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]
