"""Composes the cards of one answer: one a topic, at most five, most urgent first."""

from collections.abc import Collection, Iterable
from uuid import UUID, uuid5

from msgspec.structs import replace

from cds_service.cards import hazards, links, markdown, overrides, suggestions, suitability, wording, workup
from cds_service.cards.identity import CARD_KEY, card_key
from cds_service.cards.inputs import CardInputs, by_urgency
from cds_service.cards.lines import legend
from cds_service.cards.model import Card, CardSource, TopicCoding
from cds_service.cards.workup import Workup
from cds_service.findings import Indicator, Kind, Result, Role, Topic

_NAMESPACE = UUID("5c0b6a54-62d1-5f0e-9d0b-7a0f3b7f8c11")
_SYSTEM = "https://vertebroplasty-cds.org/CodeSystem/card-topic"
_INFORMATION = frozenset((Kind.INFORMATION,))
_SPEAKS = frozenset(Kind) - _INFORMATION - {Kind.INDICATION}
NEEDED_ROLES = (Role.PERFORMED, *suggestions.NEEDED_ROLES)
"""The roles that some rule must fill for the cards to be true."""
_HAZARDS = (Topic.ANTITHROMBOTICS, Topic.INFECTION, Topic.SAFETY)


def for_order(material: CardInputs) -> tuple[Card, ...]:
    """The cards on an order; of equal urgency in the order of the topics."""
    return _on_order(material, {Role.EVIDENCE_NOTE, Role.PREPARATION})


def for_booking(material: CardInputs) -> tuple[Card, ...]:
    """The cards on an appointment: the same, and what prepares the day."""
    return _on_order(material, {Role.EVIDENCE_NOTE})


def _on_order(material: CardInputs, elsewhere: Collection[Role | None]) -> tuple[Card, ...]:
    """The cards on the topics; information of the roles `elsewhere` has another place, or none on this hook.

    Information makes no card of its own: it stands below what speaks on its topic, else on the work-up card, else on the first.
    """
    speaking = {topic: material.met(topic, _SPEAKS) for topic in _HAZARDS}
    homeless = tuple(
        item
        for topic in Topic
        if not speaking.get(topic)
        for item in material.met(topic, _INFORMATION)
        if item.rule.role not in elsewhere
    )
    left = workup.of(material)
    has_workup = workup.speaks(material, left)
    made = [_suitability(material, () if has_workup else homeless, "" if has_workup else workup.gap_lines(left))]
    made += [_hazard(material, topic, found) for topic, found in speaking.items() if found]
    if has_workup:
        made.append(_workup(material, left, homeless))
    return _each_once(sorted(made, key=lambda card: card.indicator.rank))


def _each_once(made: Iterable[Card]) -> tuple[Card, ...]:
    """The cards with each suggestion on the most urgent of them only."""
    offered: set[str] = set()
    kept = []
    for card in made:
        left = tuple([item for item in card.suggestions if item.key not in offered])
        offered.update([item.key for item in left])
        kept.append(card if len(left) == len(card.suggestions) else replace(card, suggestions=left))
    return tuple(kept)


def for_discharge(material: CardInputs) -> tuple[Card, ...]:
    """After the procedure: aftercare, restart of what was held and bone health, a card for each topic; else nothing."""
    if not material.results.met_in(Role.PERFORMED):
        return ()
    found = {topic: material.met(topic) for topic in (Topic.ANTITHROMBOTICS, Topic.WORKUP)}
    return tuple(_hazard(material, topic, items) for topic, items in found.items() if items)


def for_view(material: CardInputs) -> tuple[Card, ...]:
    """When the chart is opened: one card of information on the fracture that was found; the hook's policy sees that there is one."""
    found = by_urgency(material.results.met)
    aged = [item.finding.says for item in found if item.finding and item.rule.role is Role.AGE]
    summary = markdown.fitting(wording.FRACTURE_SEEN, aged)
    return (_card(material, Topic.SUITABILITY, summary, suitability.detail(material), Indicator.INFO, found),)


def _suitability(material: CardInputs, information: tuple[Result, ...], gaps_told: str) -> Card:
    because = material.assessment.because or [
        item for item in material.results.met if item.rule.kind is Kind.INDICATION
    ]
    own = material.met(Topic.SUITABILITY)
    return _card(
        material,
        Topic.SUITABILITY,
        suitability.summary(material),
        suitability.detail(material, information, gaps_told),
        suitability.indicator(material),
        tuple({id(item): item for item in (*because, *own)}.values()),
        proposing=(*own, *information),
    )


def _hazard(material: CardInputs, topic: Topic, found: tuple[Result, ...]) -> Card:
    """The card of one topic, as urgent as the most urgent finding.

    A hazard of interrupting a drug leads it even where it is known from text alone: a hold is never to be read without it.
    """
    found = tuple(sorted(found, key=lambda item: item.rule.role is not Role.INTERRUPTION_HAZARD))
    information = [item for item in material.met(topic, _INFORMATION) if all(item is not other for other in found)]
    summary = hazards.summary(found)
    return _card(
        material,
        topic,
        summary,
        hazards.detail(material, found, summary, information),
        by_urgency(found)[0].indicator or Indicator.WARNING,
        found,
    )


def _workup(material: CardInputs, left: Workup, information: tuple[Result, ...]) -> Card:
    summary = workup.summary(material, left)
    return _card(
        material,
        Topic.WORKUP,
        summary,
        workup.detail(material, left, summary, information),
        workup.indicator(material, left),
        (*left.steps, *left.open),
        proposing=(*left.steps, *information),
    )


def _card(
    material: CardInputs,
    topic: Topic,
    summary: str,
    detail: str,
    indicator: Indicator,
    results: tuple[Result, ...],
    *,
    proposing: tuple[Result, ...] | None = None,
) -> Card:
    """One card. `results` are those that it rests on, `proposing` those whose proposals it offers, by default all of them."""
    source = links.primary(material, results)
    label, url = (source.label, source.url) if source else (wording.SERVICE, material.manner.base_url)
    return Card(
        topic=topic,
        summary=summary,
        detail=markdown.sections(detail, f"*{' · '.join(filter(None, (legend(detail), material.origin)))}*"),
        indicator=indicator,
        source=CardSource(label=label, url=url, topic=TopicCoding(_SYSTEM, topic, wording.TOPICS[topic])),
        uuid=uuid5(_NAMESPACE, f"{material.call.instance}/{topic}"),
        suggestions=suggestions.of(material, topic, results if proposing is None else proposing),
        override_reasons=overrides.reasons(topic) if indicator is not Indicator.INFO else (),
        links=links.links(material, results, source),
        rules=tuple(dict.fromkeys([item.rule.id for item in results])),
        extension={CARD_KEY: card_key(material, topic, results)},
    )
