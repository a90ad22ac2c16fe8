"""Answers one hook call: the only place that sequences reading the order, the chart, the judgement and the cards."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from cds_service import disposition, hook_policy, prefetch
from cds_service.cards import compose
from cds_service.cards.assessment import EXTENSION, assessment
from cds_service.cards.identity import CARD_KEY
from cds_service.cards.inputs import Call, CardInputs, Manner
from cds_service.cards.model import Card
from cds_service.cards.stamp import system_actions
from cds_service.chart import Chart, Order, Section
from cds_service.chart.sections import MEDICATION_LISTS
from cds_service.disposition import Assessment, Disposition
from cds_service.fhir.concepts import Context
from cds_service.fhir.intake.ownership import of_patient
from cds_service.fhir.read import Received
from cds_service.findings import Indicator, Results, Rule
from cds_service.hook_policy import POLICIES, occasion, require_conditions
from cds_service.hooks import HookRequest
from cds_service.judgement import judge
from cds_service.knowledge import Knowledge, load, overlay
from cds_service.knowledge.site import with_addresses, with_codes
from cds_service.orders import Orders
from cds_service.procedure import AUGMENTATION
from cds_service.report_text.legibility import legibility
from cds_service.report_text.modifier_table import modifier_table
from cds_service.report_text.phrases import phrase_table
from cds_service.rules import catalogue, in_force, require
from cds_service.settings import Client, Settings
from cds_service.store.records import DisplayedCard

Overridden = Callable[[Collection[str], datetime], Collection[str]]
"""Which of the cards with these keys were shown and overridden since a moment, and not acted on."""


class Site(Struct, frozen=True):
    """What does not change from call to call: knowledge, rules, how the site wants its cards, and what it has agreed with its client.

    A card that was overridden, and not acted on, is not shown again at signing for the time `quiet`; `stamp` adds the result to the draft
    unseen; `lists` are the medication lists that are kept there; `notes` are told with every assessment.
    """

    know: Knowledge
    rules: tuple[Rule, ...]
    manner: Manner = field(default_factory=Manner)
    quiet: timedelta = timedelta(0)
    overridden: Overridden | None = None
    stamp: bool = False
    lists: tuple[Section, ...] = MEDICATION_LISTS
    notes: tuple[str, ...] = ()


def require_roles() -> None:
    """Raises `RoleError` if no rule fills a role that the service cannot do without."""
    require("disposition", disposition.NEEDED_ROLES)
    require("hook patient-view", hook_policy.NEEDED_ROLES)
    require("composition of cards", compose.NEEDED_ROLES)


def site_of(settings: Settings, client: Client | None = None) -> Site:
    """What the settings make of the defaults, for one client or for all. Raises `KnowledgeError` or `RoleError` if it must not start."""
    require_roles()
    know = load()
    for directory in (settings.overlay, client.overlay if client else None):
        if directory:
            know = overlay.applied(know, directory)
    know = with_addresses(know, {**settings.code_systems, **(client.code_systems if client else {})})
    codes = (*settings.order_codes, *(client.order_codes if client else ()))
    if codes:
        know = with_codes(know, AUGMENTATION, ((item.system, item.code, item.display) for item in codes))
    off = (rule for rule in catalogue() if rule.id in know.off)
    notes = tuple(f"Switched off by this site: {rule.title} ({know.off[rule.id].reason})" for rule in off)
    return Site(
        know=know,
        rules=in_force(know),
        manner=Manner.of(settings),
        quiet=timedelta(days=client.quiet_days if client else 0),
        stamp=client.stamp_orders if client else False,
        lists=tuple(map(Section, settings.lists_of(client))),
        notes=notes,
    )


def warm_up() -> None:
    """Compile at start what the first request would otherwise wait for; a broken table of report words stops the start."""
    phrase_table()
    legibility()
    modifier_table()


class Response(Struct, frozen=True):
    """The answer: its JSON body, what was shown in it, seconds by stage, and for the pages that explain it material and chart.

    `unrecognised` names the code systems of draft orders that are not ours as far as we know, for the count of them.
    """

    body: Mapping[str, Any]
    shown: tuple[DisplayedCard, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    material: CardInputs | None = None
    chart: Chart | None = None
    unrecognised: tuple[str, ...] = ()


class _Watch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = perf_counter()

    def lap(self, stage: str) -> None:
        now = perf_counter()
        self.seconds[stage] = now - self._since
        self._since = now


Fill = Callable[[HookRequest, Collection[Section]], HookRequest]
"""Gives a call with those of the sections fetched that were not prefetched, as far as that is possible."""


def as_sent(request: HookRequest, sections: Collection[Section]) -> HookRequest:  # noqa: ARG001
    """Fetches nothing."""
    return request


def respond(request: HookRequest, now: datetime, site: Site, fill: Fill = as_sent) -> Response:
    """The cards for one hook call. Raises RequestError (400 for another patient's order, 412 without conditions).

    A call that is not about vertebral augmentation gets no cards, before anything of the chart is fetched or read.
    """
    watch = _Watch()
    as_of = request.as_of or now
    context = Context(site.know, site.manner.zone)
    policy = POLICIES[request.hook]
    if policy.beforehand:
        request = fill(request, policy.beforehand)
    asked = occasion(request, as_of, site.rules, context)
    watch.lap("order")
    if not asked.rules:
        silent = _without_cards(request, asked.orders, as_of, site)
        return Response(silent, timings=watch.seconds, unrecognised=asked.orders.unrecognised)
    request = _filled(request, fill, prefetch.sections(asked.rules, site.lists))
    require_conditions(request)
    watch.lap("fetch")
    received = Received(request.prefetch, request.drafts, request.patient, site.lists)
    judged = judge(received, asked.orders.order, as_of, asked.rules, context, watch.lap)
    chart = judged.chart
    material = CardInputs(
        results=judged.results,
        assessment=judged.assessment,
        order=asked.orders.order,
        as_of=as_of,
        know=site.know,
        call=Call(request.hook, request.instance, request.patient, request.encounter, request.user),
        manner=site.manner,
        ours=asked.orders.ours,
        requested=chart.requested,
        notes=tuple(
            filter(
                None,
                (*site.notes, *request.notes, asked.orders.order.planned_note, *asked.orders.notes, *chart.notes),
            )
        ),
        intake=chart.intake,
    )
    composed = policy.cards(material) if policy.shows(judged) else ()
    withheld = _withheld(composed, now, site) if policy.withholds else ()
    cards = tuple(card for card in composed if card not in withheld)
    body: dict[str, Any] = {"cards": [card.json() for card in cards]}
    if site.stamp and (actions := system_actions(material)):
        body["systemActions"] = actions
    body["extension"] = {EXTENSION: assessment(material, withheld)}
    watch.lap("cards")
    shown = tuple(_displayed(cards, material, site))
    return Response(body, shown, watch.seconds, material, chart, asked.orders.unrecognised)


def _without_cards(request: HookRequest, orders: Orders, as_of: datetime, site: Site) -> dict[str, Any]:
    """The answer to a call with no order that is ours as far as it was read. What of it was not read may be ours, which is said."""
    if not orders.unread:
        return {"cards": []}
    material = CardInputs(
        results=Results(),
        assessment=Assessment(Disposition.INSUFFICIENT_DATA, (), ()),
        order=Order(references=tuple(doubt.of for doubt in orders.unread)),
        as_of=as_of,
        know=site.know,
        call=Call(request.hook, request.instance, request.patient, request.encounter, request.user),
        notes=(*request.notes, *orders.notes),
    )
    return {"cards": [], "extension": {EXTENSION: assessment(material)}}


def _filled(request: HookRequest, fill: Fill, sections: Collection[Section]) -> HookRequest:
    """The call with what is missing fetched; what is another patient's, sent or fetched, is missing too."""
    request = replace(request, prefetch=of_patient(request.prefetch, request.patient))
    filled = fill(request, sections)
    return filled if filled is request else replace(filled, prefetch=of_patient(filled.prefetch, request.patient))


def _withheld(cards: Iterable[Card], now: datetime, site: Site) -> tuple[Card, ...]:
    """The cards that were overridden lately and not acted on; a critical one is always shown, and a changed one has another key."""
    if not site.quiet or not site.overridden:
        return ()
    keys = {card.extension[CARD_KEY]: card for card in cards if card.indicator is not Indicator.CRITICAL}
    overridden = site.overridden(keys.keys(), now - site.quiet)
    return tuple(card for key, card in keys.items() if key in overridden)


def _displayed(cards: Iterable[Card], material: CardInputs, site: Site) -> Iterable[DisplayedCard]:
    for card in cards:
        yield DisplayedCard(
            uuid=card.uuid,
            topic=str(card.topic),
            indicator=str(card.indicator),
            disposition=str(material.assessment.disposition),
            rules=card.rules,
            knowledge=material.know.version,
            key=card.extension[CARD_KEY] if site.manner.key else "",
        )
