"""Answers one hook call: the only place that sequences reading the order, the chart, the judgement and the cards."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from time import perf_counter
from typing import Any
from uuid import UUID

from cds_service.cards import compose
from cds_service.cards.assessment import EXTENSION, assessment
from cds_service.cards.material import Material
from cds_service.cards.model import Card
from cds_service.chart import Answer, Section
from cds_service.disposition import assess
from cds_service.engine import Rule, evaluate
from cds_service.errors import PreconditionFailed, RequestError
from cds_service.fhir import read
from cds_service.fhir.bundle import OMITTED
from cds_service.fhir.concepts import Context
from cds_service.fhir.phrases import phrase_table
from cds_service.hooks import Hook, HookRequest
from cds_service.knowledge import Knowledge
from cds_service.order import Orders
from cds_service.store.records import ShownCard


@dataclass(frozen=True, slots=True)
class Site:
    """What does not change from call to call: knowledge, rules, the site's time zone, and where its pages are served."""

    know: Knowledge
    rules: tuple[Rule, ...]
    zone: tzinfo = UTC
    base_url: str = ""


def warm_up() -> None:
    """Compile at start what the first request would otherwise wait for; a broken phrase table stops the start."""
    phrase_table()


@dataclass(frozen=True, slots=True)
class Response:
    """The answer: its JSON body, what was shown in it, seconds by stage, and the material for the pages that explain it."""

    body: Mapping[str, Any]
    shown: tuple[ShownCard, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    material: Material | None = None


class _Watch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = perf_counter()

    def lap(self, stage: str) -> None:
        now = perf_counter()
        self.seconds[stage] = now - self._since
        self._since = now


def respond(request: HookRequest, now: datetime, site: Site) -> Response:
    """The cards for one hook call. Raises RequestError (400 for another patient's order, 412 without conditions).

    A call that is not about vertebral augmentation gets no cards, before anything of the chart is read.
    """
    watch = _Watch()
    as_of = request.as_of or now
    context = Context(site.know, site.zone)
    selected = request.selections if request.hook is Hook.ORDER_SELECT else ()
    orders = Orders.of((*request.drafts, *request.appointments), context, as_of=as_of, selected=selected)
    watch.lap("order")
    if not orders.ours:
        return Response({"cards": []}, timings=watch.seconds)
    _refuse_another_patients(orders, request.patient)
    _require_conditions(request)
    received = read.Received(request.prefetch, request.drafts, request.patient)
    chart = read.chart(received, orders.order, as_of, context)
    watch.lap("read")
    results = evaluate(chart, site.rules, site.know)
    watch.lap("judge")
    material = Material(
        results=results,
        assessment=assess(results),
        order=orders.order,
        as_of=as_of,
        know=site.know,
        hook_instance=request.instance,
        notes=tuple(filter(None, (*request.notes, orders.order.planned_note, *chart.notes))),
        base_url=site.base_url,
    )
    cards = compose.cards(material)
    body = {"cards": [card.json() for card in cards], "extension": {EXTENSION: assessment(material)}}
    watch.lap("cards")
    return Response(body, tuple(_shown(cards, material)), watch.seconds, material)


def _refuse_another_patients(orders: Orders, patient: str) -> None:
    for item in orders.ours:
        if item.patient_id and item.patient_id != patient:
            raise RequestError(
                "the draft order is for another patient than context.patientId", expression="context.draftOrders"
            )


def _require_conditions(request: HookRequest) -> None:
    """Without the problem list nothing can be said (design, faults); null or an empty Bundle is a list known to be empty."""
    answered = request.prefetch.get(Section.CONDITIONS, OMITTED)
    if answered.answer in (Answer.OMITTED, Answer.FAILED):
        why = "was not sent" if answered.answer is Answer.OMITTED else answered.says or "could not be read"
        raise PreconditionFailed(
            f"The problem list is needed: prefetch key '{Section.CONDITIONS}' {why}", prefetch_key=Section.CONDITIONS
        )


def _shown(cards: Iterable[Card], material: Material) -> Iterable[ShownCard]:
    for card in cards:
        yield ShownCard(
            uuid=UUID(card.uuid),
            topic=str(card.topic),
            indicator=str(card.indicator),
            disposition=str(material.assessment.disposition),
            rules=card.rules,
            knowledge=material.know.version,
        )
