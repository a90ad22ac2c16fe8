"""What the service does on each hook, one row a hook: whose orders it reads, which rules speak, and which cards it shows."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from cds_service.cards import compose
from cds_service.cards.inputs import CardInputs
from cds_service.cards.model import Card
from cds_service.chart import Answer, Section
from cds_service.errors import PreconditionFailed, RequestError
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.bundle import OMITTED, Part
from cds_service.findings import Role, Rule
from cds_service.hook import Hook
from cds_service.hooks import HookRequest
from cds_service.judgement import Judgement
from cds_service.order import OurOrder
from cds_service.orders import Orders
from cds_service.procedure import AUGMENTATION
from cds_service.rules import AFTERCARE

REQUIRED = Section.CONDITIONS
"""The section without which nothing can be said of an order of ours."""
_MOST_KEYS, _LONGEST_KEY = 8, 40  # of prefetch keys that an answer repeats


class HookPolicy(Struct, frozen=True):
    """One row.

    `describes` is the description in discovery. `orders` finds those that a call is about; a hook that `needs_order` has nothing to
    say without one of ours, and nothing can be said of an order without the problem list. `beforehand` are the sections that must be
    there to see whether a call is about vertebral augmentation at all. `speaks` picks the rules that can have something to say, None all of
    them; `shows` is whether what they came to is worth a card, and `cards` composes it. `withholds` cards that were overridden lately.
    """

    describes: str
    cards: Callable[[CardInputs], tuple[Card, ...]]
    orders: Callable[[HookRequest, datetime, Context], Orders]
    needs_order: bool = True
    beforehand: tuple[Section, ...] = ()
    speaks: Callable[[Rule], bool] | None = None
    shows: Callable[[Judgement], bool] = lambda _: True
    withholds: bool = False


def _drafts(request: HookRequest, as_of: datetime, context: Context) -> Orders:
    return _read(request, request.drafts, as_of, context)


def _selected_drafts(request: HookRequest, as_of: datetime, context: Context) -> Orders:
    return _read(request, request.drafts, as_of, context, request.selections)


def _appointments(request: HookRequest, as_of: datetime, context: Context) -> Orders:
    """The appointments, some of which may only name the signed order that they are for."""
    return _read(request, request.appointments, as_of, context)


def _read(
    request: HookRequest, parts: Iterable[Part], as_of: datetime, context: Context, selected: Collection[str] = ()
) -> Orders:
    held = request.prefetch.get(Section.SERVICE_REQUESTS, OMITTED).parts
    return Orders.of(parts, context, as_of=as_of, selected=selected, held=held, in_part=request.in_part)


def _no_orders(_request: HookRequest, as_of: datetime, context: Context) -> Orders:
    return Orders.of((), context, as_of=as_of)


_SHOW_THE_FRACTURE = (Role.FRACTURE, Role.ACTIVITY, Role.AGE)
NEEDED_ROLES = (*_SHOW_THE_FRACTURE, Role.SETTLED)
"""The roles that judge a fracture when the chart is opened; some rule must fill each."""


def _is_of_aftercare(rule: Rule) -> bool:
    return rule.theme == AFTERCARE


def _is_of_the_fracture(rule: Rule) -> bool:
    return rule.role in NEEDED_ROLES


def _fracture_is_untreated(judged: Judgement) -> bool:
    """Whether the chart shows a recent, active vertebral fracture, and that neither was it treated nor is treatment on order."""
    chart, results = judged.chart, judged.results
    shown = all(results.met_in(role) for role in _SHOW_THE_FRACTURE) and not results.met_in(Role.SETTLED)
    if not shown or chart.answer(Section.PROCEDURES) is not Answer.WHOLE:
        return False
    done = any(AUGMENTATION in item.concept.sets for item in chart.procedures)
    return not done and not any(item.open for item in chart.requested_in(AUGMENTATION))


POLICIES: Mapping[Hook, HookPolicy] = {
    Hook.ORDER_SELECT: HookPolicy(
        "When a vertebral augmentation is picked: whether it suits this patient now, and what is missing.",
        compose.for_order,
        orders=_selected_drafts,
    ),
    Hook.ORDER_SIGN: HookPolicy(
        "Before a vertebral augmentation is signed: the full check on the completed order.",
        compose.for_order,
        orders=_drafts,
        withholds=True,
    ),
    Hook.APPOINTMENT_BOOK: HookPolicy(
        "When the procedure is booked: what must be stopped, repeated or renewed by that day.",
        compose.for_booking,
        orders=_appointments,
        beforehand=(Section.SERVICE_REQUESTS,),
    ),
    Hook.ENCOUNTER_DISCHARGE: HookPolicy(
        "At discharge after a vertebral augmentation: treatment of the cause and follow-up.",
        compose.for_discharge,
        orders=_no_orders,
        needs_order=False,
        speaks=_is_of_aftercare,
    ),
    Hook.PATIENT_VIEW: HookPolicy(
        "When the chart is opened: a painful vertebral fracture that may need assessment.",
        compose.for_view,
        orders=_no_orders,
        needs_order=False,
        beforehand=(Section.CONDITIONS,),
        speaks=_is_of_the_fracture,
        shows=_fracture_is_untreated,
    ),
}


def check(policies: Mapping[Hook, HookPolicy]) -> None:
    """Raises TypeError, which stops the start, for a hook without a row: it would answer every chart with no cards."""
    for hook in Hook:
        if hook not in policies:
            raise TypeError(f"The hook {hook} has no row in hook_policy")


check(POLICIES)


class Occasion(Struct, frozen=True):
    """What one call asks about: the orders, and the rules that have something to say; no rules, nothing to say."""

    orders: Orders
    rules: tuple[Rule, ...]


def occasion(request: HookRequest, as_of: datetime, rules: Iterable[Rule], context: Context) -> Occasion:
    """What one call asks about.

    Raises RequestError for another patient's order, and where nothing of ours was found for a draft that is no order, or a selection
    that names no draft: it may be ours.
    """
    policy = POLICIES[request.hook]
    orders = policy.orders(request, as_of, context)
    if policy.needs_order and not orders.ours:
        _refuse_faults(orders, request.hook.orders_in)
    silent = (policy.needs_order and not orders.ours) or not _seen_beforehand(policy, request)
    _refuse_another_patients(orders.ours, request.patient)
    return Occasion(orders, () if silent else rules_of(request.hook, rules))


def rules_of(hook: Hook, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Those of the rules that can have something to say on a hook."""
    speaks = POLICIES[hook].speaks
    return tuple(filter(speaks, rules) if speaks else rules)


def _seen_beforehand(policy: HookPolicy, request: HookRequest) -> bool:
    """Whether what must be looked at first was answered; where an order of ours came, it need not be."""
    return policy.needs_order or all(_answered(request, section) for section in policy.beforehand)


def _answered(request: HookRequest, section: Section) -> bool:
    return request.prefetch.get(section, OMITTED).answer.brings_data


def _refuse_faults(orders: Orders, member: str) -> None:
    for fault in orders.faults:
        element = f"context.{member}.{fault.of}"
        raise RequestError(f"{element} {fault.says}", expression=element)
    if orders.unmatched:
        raise RequestError(
            f"context.selections names {len(orders.unmatched)} that are none of context.{member}",
            expression="context.selections",
        )


def _refuse_another_patients(ours: Iterable[OurOrder], patient: str) -> None:
    for item in ours:
        if item.patient_id and item.patient_id != patient:
            raise RequestError(
                "the draft order is for another patient than context.patientId", expression="context.draftOrders"
            )


def require_conditions(request: HookRequest) -> None:
    """Without the problem list nothing can be said of an order; null or an empty Bundle is a list known to be empty.

    Raises PreconditionFailed, which names the key, why it has no data, and what may have been meant by it.
    """
    if POLICIES[request.hook].needs_order and not _answered(request, REQUIRED):
        why = request.prefetch.get(REQUIRED, OMITTED).says or (
            "it was not sent, and no FHIR server to ask was named with a token"
        )
        strange = ", ".join(f"'{key[:_LONGEST_KEY]}'" for key in request.strange_keys[:_MOST_KEYS])
        sent = f"; sent were keys that this service does not know: {strange}" if strange else ""
        says = f"The problem list is needed, but prefetch key '{REQUIRED}' has no data: {why}{sent}"
        raise PreconditionFailed(says, prefetch_key=REQUIRED)
