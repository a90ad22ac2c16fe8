"""What a hook call asks about: an order or appointment of ours, a stay after the procedure, or a chart that was opened."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from cds_service.chart import Answer, Chart, Section
from cds_service.errors import PreconditionFailed, RequestError
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.bundle import OMITTED
from cds_service.findings import Results, Role, Rule
from cds_service.hook import Hook
from cds_service.hooks import HookRequest
from cds_service.order import AUGMENTATION, Orders, OurOrder
from cds_service.rules import AFTERCARE

_FOR_TREATMENT = (Role.FRACTURE, Role.ACTIVITY, Role.AGE)
NEEDED_ROLES = (*_FOR_TREATMENT, Role.SETTLED)
"""The roles that judge a fracture when the chart is opened; some rule must fill each."""


class Occasion(Struct, frozen=True):
    """The orders that are asked about, and the rules that have something to say on this hook; no rules, nothing to say.

    With an order of ours nothing can be said without the problem list: `needs_conditions`.
    """

    orders: Orders
    rules: tuple[Rule, ...]
    needs_conditions: bool = False


REQUIRED = Section.CONDITIONS
"""The section without which nothing can be said of an order of ours."""

BEFOREHAND = {Hook.APPOINTMENT_BOOK: Section.SERVICE_REQUESTS, Hook.PATIENT_VIEW: Section.CONDITIONS}
"""The section that must be there to see whether a call of the hook is about vertebral augmentation at all."""


def occasion(request: HookRequest, as_of: datetime, rules: Iterable[Rule], context: Context) -> Occasion:
    """What one call asks about. Raises RequestError for another patient's order."""
    orders = _orders(request, as_of, context)
    speak = rules_of(request.hook, rules)
    if request.hook is Hook.ENCOUNTER_DISCHARGE:
        return Occasion(orders, speak)
    if request.hook is Hook.PATIENT_VIEW:
        return Occasion(orders, speak if _answered(request, Section.CONDITIONS) else ())
    if not orders.ours:
        return Occasion(orders, ())
    _refuse_another_patients(orders.ours, request.patient)
    return Occasion(orders, speak, needs_conditions=True)


def rules_of(hook: Hook, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Those of the rules that can have something to say on a hook: at discharge on aftercare, at patient-view on the fracture."""
    if hook is Hook.ENCOUNTER_DISCHARGE:
        return tuple(item for item in rules if item.theme == AFTERCARE)
    if hook is Hook.PATIENT_VIEW:
        return tuple(item for item in rules if item.role in NEEDED_ROLES)
    return tuple(rules)


def _orders(request: HookRequest, as_of: datetime, context: Context) -> Orders:
    """The drafts that a call is about: at order-select those selected, at appointment-book the appointments."""
    if request.hook is Hook.APPOINTMENT_BOOK:
        ordered = Orders.of(request.prefetch.get(Section.SERVICE_REQUESTS, OMITTED).parts, context, as_of=as_of).ours
        return Orders.of(request.appointments, context, as_of=as_of, based_on=ordered)
    selected = request.selections if request.hook is Hook.ORDER_SELECT else ()
    drafts = request.drafts if request.hook in (Hook.ORDER_SELECT, Hook.ORDER_SIGN) else ()
    return Orders.of(drafts, context, as_of=as_of, selected=selected)


def untreated_fracture(chart: Chart, results: Results) -> bool:
    """Whether the chart shows a recent, active vertebral fracture, and that neither was it treated nor is treatment on order."""
    shown = all(results.met_in(role) for role in _FOR_TREATMENT) and not results.met_in(Role.SETTLED)
    if not shown or chart.answer(Section.PROCEDURES) is not Answer.WHOLE:
        return False
    done = any(AUGMENTATION in item.concept.sets for item in chart.procedures)
    return not done and not any(item.open for item in chart.requested_in(AUGMENTATION))


def _answered(request: HookRequest, section: Section) -> bool:
    return request.prefetch.get(section, OMITTED).answer not in (Answer.OMITTED, Answer.FAILED)


def _refuse_another_patients(ours: Iterable[OurOrder], patient: str) -> None:
    for item in ours:
        if item.patient_id and item.patient_id != patient:
            raise RequestError(
                "the draft order is for another patient than context.patientId", expression="context.draftOrders"
            )


def require_conditions(request: HookRequest) -> None:
    """Without the problem list nothing can be said (design, faults); null or an empty Bundle is a list known to be empty."""
    answered = request.prefetch.get(REQUIRED, OMITTED)
    if answered.answer in (Answer.OMITTED, Answer.FAILED):
        why = answered.says or "it was not sent, and no FHIR server to ask was named with a token"
        says = f"The problem list is needed, but prefetch key '{REQUIRED}' has no data: {why}"
        raise PreconditionFailed(says, prefetch_key=REQUIRED)
