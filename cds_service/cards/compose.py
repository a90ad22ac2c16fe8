"""Composes the cards of one answer: the verdict's, and one more for each task of another person; most urgent first."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace as struct_replace

from cds_service.cards import budget, criteria, headlines, holds, links, overrides, suggestions, verdict, wording
from cds_service.cards.body import Body, Point, fitted, unrepeated
from cds_service.cards.identity import CARD_KEY, card_key
from cds_service.cards.inputs import CardInputs, by_urgency
from cds_service.cards.lines import points, points_to_do, steps
from cds_service.cards.model import Card, CardSource, TopicCoding
from cds_service.disposition import Disposition
from cds_service.findings import Indicator, Kind, Result, Role, Topic

_NAMESPACE = UUID("5c0b6a54-62d1-5f0e-9d0b-7a0f3b7f8c11")
_SYSTEM = "https://vertebroplasty-cds.org/CodeSystem/card-topic"
NEEDED_ROLES = (Role.PERFORMED, Role.NEUROLOGY, *suggestions.NEEDED_ROLES)
"""The roles that some rule must fill for the cards to be true."""
_TASKS = (Topic.ANTITHROMBOTICS, Topic.INFECTION, Topic.WORKUP)
"""The topics that may be another person's task: who prescribes the drug, who treats the infection, who takes the blood."""


def for_order(material: CardInputs) -> tuple[Card, ...]:
    """The card of the verdict, and those that are another person's task; most urgent first."""
    speaking = verdict.speaking(material)
    tasks = _tasks(material, speaking)
    elsewhere = {id(item) for found in tasks.values() for item in found}
    own = [item for item in speaking if id(item) not in elsewhere]
    made = [
        _verdict(material, own, prepares=Topic.WORKUP not in tasks),
        *(_task(material, topic, found) for topic, found in tasks.items()),
    ]
    return _offered_once(sorted(made, key=lambda card: card.indicator.rank))


def for_booking(material: CardInputs) -> tuple[Card, ...]:
    """The cards on an appointment: the same, and what prepares the day."""
    return for_order(replace(material, prepares=True))


def _tasks(material: CardInputs, speaking: Sequence[Result]) -> dict[Topic, list[Result]]:
    """What another person has to do before the procedure, by topic, unless the verdict's own card leads with it.

    Where nothing speaks against there is one card; where the chart speaks against the procedure as such there is nothing to prepare.
    Work-up stands on the verdict's card, unless the table of a hold leaves no room for it.
    """
    disposition = material.assessment.disposition
    if disposition.discourages or disposition is Disposition.CRITERIA_MET:
        return {}
    leading = [item.rule.card for item in verdict.deciding(material, speaking)[:1]]
    has_room = not holds.table(material, [item for item in speaking if item.rule.card in leading])
    found = {}
    for topic in _TASKS:
        results = [item for item in speaking if item.rule.card is topic]
        fits = topic in leading or (topic is Topic.WORKUP and has_room)
        if not fits and suggestions.of(material, results, about_order=False):
            found[topic] = results
    return found


def _verdict(material: CardInputs, own: Sequence[Result], *, prepares: bool) -> Card:
    information = verdict.informing(material)
    decided = verdict.deciding(material, own)
    shown = [item for item in material.results.met if item.effect is Kind.INDICATION]
    leading = decided if decided or material.assessment.disposition is not Disposition.CRITERIA_MET else shown
    body = verdict.body(material, own, decided, information, verdict.preparation(material) if prepares else ())
    content = _Content(
        topic=Topic.SUITABILITY,
        summary=verdict.summary(material, decided),
        body=body,
        indicator=verdict.indicator(material, own),
        results=_distinct((*leading, *own, *information)),
        rules=_ids(leading, body),
        proposing=tuple(verdict.asking(material, own, information)),
        not_recorded=len([item for item in material.results.open if all(item is not other for other in decided)]),
    )
    return _card(material, content)


def _task(material: CardInputs, topic: Topic, found: Sequence[Result]) -> Card:
    """The card of one person's task, as urgent as the most urgent finding."""
    whole = Body(
        steps=unrepeated(points_to_do(material, found)),
        because=() if topic is Topic.WORKUP else tuple(points(material, found)),
        table=holds.table(material, found),
        remarks=tuple(verdict.preparation(material)) if topic is Topic.WORKUP else (),
    )
    body = fitted(whole, material.small_print, budget.TASK_WORDS)
    content = _Content(
        topic=topic,
        summary=headlines.summary((), headlines.points(material, found)),
        body=body,
        indicator=found[0].indicator or Indicator.WARNING,
        results=tuple(found),
        rules=_ids(found[:1], body),
    )
    return _card(material, content)


def for_discharge(material: CardInputs) -> tuple[Card, ...]:
    """After the procedure: aftercare, restart of what was held and bone health, a card for each topic; else nothing."""
    if not material.results.met_in(Role.PERFORMED):
        return ()
    found = {topic: material.met(topic) for topic in (Topic.ANTITHROMBOTICS, Topic.WORKUP)}
    return tuple(_advice(material, topic, items) for topic, items in found.items() if items)


def _advice(material: CardInputs, topic: Topic, found: tuple[Result, ...]) -> Card:
    """A card of what is to be told and done after the procedure."""
    says = [material.say(item.finding.says) for item in found if item.finding]
    todo = [Point(text) for text in steps(material, found) if text not in says]
    body = fitted(Body(facts=tuple(says), steps=tuple(todo)), material.small_print, budget.VERDICT_WORDS)
    summary = headlines.summary((), headlines.points(material, found)[:1])
    return _card(material, _Content(topic, summary, body, Indicator.INFO, found, _ids(found, body)))


def for_view(material: CardInputs) -> tuple[Card, ...]:
    """When the chart is opened: one card of information on the fracture that was found; the hook's policy sees that there is one."""
    found = by_urgency(material.results.met)
    body = Body(facts=tuple(criteria.evidence(material)))
    seen = headlines.points(material, material.results.met_in(Role.FRACTURE))
    summary = headlines.summary((wording.FRACTURE_SEEN,), seen)
    content = _Content(Topic.SUITABILITY, summary, body, Indicator.INFO, found, _ids(found, body))
    return (_card(material, content),)


def _offered_once(made: Iterable[Card]) -> tuple[Card, ...]:
    """The cards with each suggestion on the most urgent of them only."""
    offered: set[str] = set()
    kept = []
    for card in made:
        left = tuple([item for item in card.suggestions if item.key not in offered])
        offered.update([item.key for item in left])
        kept.append(card if len(left) == len(card.suggestions) else struct_replace(card, suggestions=left))
    return tuple(kept)


class _Content(Struct, frozen=True):
    """What one card is about. `results` are those that it rests on, the leading one first; those `proposing` offer their proposals, by
    default all; `rules` are the rules that speak in summary or reasons; `not_recorded` counts what else is not known."""

    topic: Topic
    summary: str
    body: Body
    indicator: Indicator
    results: tuple[Result, ...]
    rules: tuple[str, ...]
    proposing: tuple[Result, ...] | None = None
    not_recorded: int = 0


def _card(material: CardInputs, content: _Content) -> Card:
    topic, results = content.topic, content.results
    source = links.primary(material, results)
    label, url = (source.label, source.url) if source else (wording.SERVICE, material.manner.base_url)
    proposing = results if content.proposing is None else content.proposing
    return Card(
        topic=topic,
        summary=content.summary,
        detail=content.body.detail(material.small_print),
        indicator=content.indicator,
        source=CardSource(label=label, url=url, topic=TopicCoding(_SYSTEM, topic, wording.TOPICS[topic])),
        uuid=uuid5(_NAMESPACE, f"{material.call.instance}/{topic}"),
        suggestions=suggestions.of(material, proposing, about_order=topic is Topic.SUITABILITY),
        override_reasons=overrides.reasons(topic) if content.indicator is not Indicator.INFO else (),
        links=links.links(material, results, source, content.not_recorded),
        rules=content.rules,
        extension={CARD_KEY: card_key(material, topic, results)},
    )


def _distinct(results: Iterable[Result]) -> tuple[Result, ...]:
    return tuple({id(item): item for item in results}.values())


def _ids(results: Iterable[Result], body: Body) -> tuple[str, ...]:
    """The rules of the results that a summary names, and of a body's reasons."""
    return tuple(dict.fromkeys([*(item.rule.id for item in results), *body.speaks]))
