"""Changes to the draft orders themselves: moved to a later time, stamped with the result, or removed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw

from cds_service.cards.model import Action
from cds_service.order import OurOrder

_PAMA = "http://fhir.org/argonaut/Extension/pama-rating"
_PAMA_RATINGS = "http://fhir.org/argonaut/CodeSystem/pama-rating"
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

# Members are kept as the bytes that came: what is not ours to change goes back as it was, decimals and extensions included.
_MEMBERS = msgspec.json.Decoder(dict[str, Raw])


class _Period(msgspec.Struct, omit_defaults=True):
    start: str | None = None
    end: str | None = None


def moved(order: OurOrder, to: datetime, description: str) -> Action | None:
    """The update that sets another time; a period keeps its length. None where the draft gives its time in another way."""
    members = _members(order)
    if "occurrenceDateTime" in members:
        return Action("update", description, members | {"occurrenceDateTime": to.isoformat()})
    if "occurrencePeriod" not in members:
        return None
    try:
        period = msgspec.json.decode(members["occurrencePeriod"], type=_Period)
        length = datetime.fromisoformat(period.end or "") - datetime.fromisoformat(period.start or "")
        shifted = {"start": to.isoformat(), "end": (to + length).isoformat()}
    except (*_UNREADABLE, ValueError, TypeError, OverflowError):
        shifted = {"start": to.isoformat()}
    return Action("update", description, members | {"occurrencePeriod": shifted})


def removed(order: OurOrder, description: str) -> Action | None:
    """The removal of a draft; None for an order that is signed already, or has no id to name it by."""
    members = _members(order)
    if order.is_appointment or _text(members, "status") != "draft" or not _text(members, "id"):
        return None
    return Action("delete", description, resource_id=order.reference)


def stamped(order: OurOrder, rating: str, consultation: str) -> Action | None:
    """The update that adds an appropriateness rating in the manner of the Argonaut project's guide to CDS Hooks for PAMA."""
    members = _members(order)
    if order.is_appointment or not members:
        return None
    held = _value(members, "extension", [])
    if not isinstance(held, list):
        return None  # what cannot be read would be lost
    kept = [item for item in held if isinstance(item, dict) and not str(item.get("url", "")).startswith(_PAMA)]
    added = [
        {"url": _PAMA, "valueCodeableConcept": {"coding": [{"system": _PAMA_RATINGS, "code": rating}]}},
        {"url": f"{_PAMA}-consult-id", "valueUri": f"urn:uuid:{consultation}"},
    ]
    return Action("update", resource=members | {"extension": [*kept, *added]})


def _members(order: OurOrder) -> dict[str, Any]:
    """None for a draft that could not be sent back: its members would stand in our answer as they came, which must be UTF-8."""
    try:
        order.raw.decode()
        return dict(_MEMBERS.decode(order.raw))
    except _UNREADABLE:
        return {}


def _text(members: Mapping[str, Raw], name: str) -> str:
    value = _value(members, name, "")
    return value if isinstance(value, str) else ""


def _value(members: Mapping[str, Raw], name: str, absent: object) -> object:
    """A member decoded; `absent` if it is not there, None if it cannot be read."""
    try:
        return msgspec.json.decode(members[name]) if name in members else absent
    except _UNREADABLE:
        return None
