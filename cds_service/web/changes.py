"""Applies to a hook request what a visitor changes: times, values, last doses, parts left out, and suggestions taken."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from typing import Any

from cds_service.hook import Hook
from cds_service.hooks.request import AS_OF
from cds_service.web.question import Question

Resource = dict[str, Any]


def request(question: Question) -> Resource:
    """The request that the question comes to. The chart it was made from is left as it is."""
    asked: Resource = deepcopy(dict(question.chart))
    _apply_actions(asked, question)
    if question.planned_at:
        for order in _drafts(asked):
            _plan(order, question.planned_at)
    _set_values(asked, question)
    prefetch = asked.get("prefetch")
    if isinstance(prefetch, dict):
        for section in question.without:
            prefetch.pop(str(section), None)
    if question.instance:
        asked["hookInstance"] = question.instance
    if question.as_of:
        extension = asked.get("extension")
        asked["extension"] = (extension if isinstance(extension, dict) else {}) | {AS_OF: question.as_of.isoformat()}
    if question.hook and question.hook != asked.get("hook"):
        _turn_into(question.hook, asked)
    return asked


def draft_resources(asked: Resource) -> tuple[Resource, ...]:
    """The drafts of a request, of any type."""
    return tuple(_drafts(asked))


def reference(resource: Resource) -> str:
    """Type and id, such as `ServiceRequest/vp`."""
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def resources(asked: Resource) -> Iterator[Resource]:
    """Every resource that was prefetched, contained ones apart."""
    prefetch = asked.get("prefetch")
    for value in prefetch.values() if isinstance(prefetch, dict) else ():
        yield from _entries(value)


def _entries(value: Any) -> Iterator[Resource]:
    """The resources of a Bundle or a list, or the one resource itself."""
    if isinstance(value, list):
        for item in value:
            yield from _entries(item)
    elif isinstance(value, dict) and isinstance(value.get("entry"), list):
        for entry in value["entry"]:
            if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
                yield entry["resource"]
    elif isinstance(value, dict) and value.get("resourceType") not in (None, "Bundle"):
        yield value


def _drafts(asked: Resource) -> Iterator[Resource]:
    context = asked.get("context")
    for name in ("draftOrders", "appointments"):
        yield from _entries(context.get(name) if isinstance(context, dict) else None)


def _plan(order: Resource, when: datetime) -> None:
    """Moves a draft: an appointment keeps no end, which would no longer fit."""
    if order.get("resourceType") == "Appointment":
        order.pop("end", None)
        order["start"] = when.isoformat()
        return
    for name in ("occurrencePeriod", "occurrenceTiming"):
        order.pop(name, None)
    order["occurrenceDateTime"] = when.isoformat()


def _set_values(asked: Resource, question: Question) -> None:
    for resource in resources(asked):
        name = reference(resource)
        quantity = resource.get("valueQuantity")
        if name in question.values and isinstance(quantity, dict):
            quantity.pop("comparator", None)
            quantity["value"] = question.values[name]
        if name in question.doses:
            _end(resource, question.doses[name].isoformat())


def _end(resource: Resource, when: str) -> None:
    """Records that a drug was last taken then."""
    period = resource.get("effectivePeriod")
    if resource.get("resourceType") == "MedicationAdministration" and not isinstance(period, dict):
        resource["effectiveDateTime"] = when
        return
    start = resource.pop("effectiveDateTime", None)
    kept = period if isinstance(period, dict) else {"start": start} if start else {}
    resource["effectivePeriod"] = {**kept, "end": when}


def _apply_actions(asked: Resource, question: Question) -> None:
    """The drafts after the suggestions that were taken: what is created is added, what is updated replaced, what is deleted gone."""
    context = asked.get("context")
    if not question.actions or not isinstance(context, dict):
        return
    drafts = {reference(item): item for item in _entries(context.get("draftOrders"))}
    for number, action in enumerate(question.actions, start=1):
        resource = action.get("resource")
        if action.get("type") == "delete":
            drafts.pop(str(action.get("resourceId")), None)
        elif isinstance(resource, dict):
            placed = deepcopy(resource)
            placed.setdefault("id", f"taken-{number}")
            drafts[reference(placed)] = placed
    entries = [{"resource": item} for item in drafts.values()]
    context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _turn_into(hook: Hook, asked: Resource) -> None:
    """Gives the context what another hook asks for, as far as the drafts can."""
    asked["hook"] = hook.value
    context = asked.get("context")
    if not isinstance(context, dict):
        return
    drafts = list(_entries(context.get("draftOrders")))
    if hook is Hook.ORDER_SELECT:
        context.setdefault("selections", [reference(item) for item in drafts])
    if hook is Hook.APPOINTMENT_BOOK and "appointments" not in context:
        booked = [{"resource": _appointment(item, context)} for item in drafts]
        context["appointments"] = {"resourceType": "Bundle", "type": "collection", "entry": booked}


def _appointment(order: Resource, context: Resource) -> Resource:
    code, planned = order.get("code"), order.get("occurrenceDateTime")
    text = code.get("text") if isinstance(code, dict) else None
    return {
        "resourceType": "Appointment",
        "id": f"for-{order.get('id')}",
        "status": "proposed",
        "basedOn": [{"reference": reference(order)}],
        "participant": [{"actor": {"reference": f"Patient/{context.get('patientId')}"}, "status": "needs-action"}],
        **({"description": text} if text else {}),
        **({"start": planned} if planned else {}),
    }
