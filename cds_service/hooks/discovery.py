"""The discovery documents: which hooks are answered, under which ids, with which prefetch templates, at which versions."""

from collections.abc import Mapping
from typing import Any

from cds_service.chart import Section
from cds_service.hooks.addresses import ONE_ID, Listing
from cds_service.settings import Hook

SPECIFICATION = "2.0.1"  # the edition of CDS Hooks that requests and responses follow
HOOK_VERSION = "1.0"  # the same for each hook that we answer (hook library, metadata tables)
KNOWLEDGE = "org.vertebroplasty-cds.knowledge"

_TITLE = "Vertebroplasty and kyphoplasty suitability"
_WHAT = {
    Hook.ORDER_SELECT: "When a vertebral augmentation is picked: whether it suits this patient now, and what is missing.",
    Hook.ORDER_SIGN: "Before a vertebral augmentation is signed: the full check on the completed order.",
    Hook.APPOINTMENT_BOOK: "When the procedure is booked: what must be stopped, repeated or renewed by that day.",
    Hook.ENCOUNTER_DISCHARGE: "At discharge after a vertebral augmentation: treatment of the cause and follow-up.",
    Hook.PATIENT_VIEW: "When the chart is opened: a painful vertebral fracture that may need assessment.",
}
USAGE = (
    "FHIR R4. Works on prefetch alone, on FHIR access alone, or on both. Conditions are required; "
    "each other key that is left out is reported as unknown, never taken for a no."
)


def discovery(
    asked: Mapping[Hook, Mapping[Section, str]], knowledge: str = "", listing: Listing = ONE_ID
) -> dict[str, Any]:
    """The document of a listing for hooks with their prefetch templates, in the order in which hooks are declared.

    `knowledge` is the version in use.
    """
    return {"services": [_entry(hook, listing.ids[hook], asked[hook], knowledge) for hook in Hook if hook in asked]}


def _entry(hook: Hook, own_id: str, templates: Mapping[Section, str], knowledge: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "hook": hook.value,
        "title": _TITLE,
        "description": _WHAT[hook],
        "id": own_id,
        "version": SPECIFICATION,
        "hookVersion": HOOK_VERSION,
        "usageRequirements": USAGE,
    }
    # An empty object or string is not allowed on the wire (R-JSON-03).
    if templates:
        entry["prefetch"] = dict(templates)
    if knowledge:
        entry["extension"] = {KNOWLEDGE: knowledge}
    return entry
