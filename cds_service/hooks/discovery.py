"""The discovery documents: which hooks are answered, under which ids, with which prefetch templates, at which versions."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from cds_service.chart import Section
from cds_service.hook import Hook
from cds_service.hooks.addresses import ONE_ID, DiscoveryAddress

SPECIFICATION = "2.0.1"  # the edition of CDS Hooks that requests and responses follow
HOOK_VERSION = "1.0"  # the same for each hook that we answer (hook library, metadata tables)
KNOWLEDGE = "org.vertebroplasty-cds.knowledge"

_TITLE = "Vertebroplasty and kyphoplasty suitability"
USAGE = (
    "FHIR R4. Works on prefetch alone, on FHIR access alone, or on both. Conditions are required; "
    "each other key that is left out is reported as unknown, never taken for a no."
)


class Offer(Struct, frozen=True):
    """What is offered on one hook: its description, and the prefetch templates that are asked for."""

    hook: Hook
    describes: str
    templates: Mapping[Section, str]


def discovery(offers: Iterable[Offer], knowledge: str = "", listing: DiscoveryAddress = ONE_ID) -> dict[str, Any]:
    """The document of a listing for what is offered, in that order; `knowledge` is the version in use."""
    return {"services": [_entry(offer, listing.ids[offer.hook], knowledge) for offer in offers]}


def _entry(offer: Offer, own_id: str, knowledge: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "hook": offer.hook.value,
        "title": _TITLE,
        "description": offer.describes,
        "id": own_id,
        "version": SPECIFICATION,
        "hookVersion": HOOK_VERSION,
        "usageRequirements": USAGE,
    }
    # An empty object or string is not allowed on the wire (R-JSON-03).
    if offer.templates:
        entry["prefetch"] = dict(offer.templates)
    if knowledge:
        entry["extension"] = {KNOWLEDGE: knowledge}
    return entry
