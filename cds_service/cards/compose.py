"""Composes the cards of one answer: one a topic, at most five, most urgent first."""

from uuid import UUID, uuid5

from cds_service.cards import markdown, suitability, wording, workup
from cds_service.cards.material import Material
from cds_service.cards.model import Card, Coding, Source
from cds_service.engine import Indicator, Kind, Result, Status, Topic

_NAMESPACE = UUID("5c0b6a54-62d1-5f0e-9d0b-7a0f3b7f8c11")
_SYSTEM = "https://vertebroplasty-cds.org/CodeSystem/card-topic"
_SPEAKS = frozenset(Kind) - {Kind.INDICATION, Kind.INFORMATION}


def cards(material: Material) -> tuple[Card, ...]:
    """The cards, most urgent first; of equal urgency in the order of the topics."""
    made = [_suitability(material)]
    for topic in (Topic.ANTITHROMBOTICS, Topic.INFECTION, Topic.SAFETY):
        found = tuple(item for item in material.met(topic) if item.effect in _SPEAKS)
        if found:
            made.append(_findings(material, topic, found))
    if workup.open_results(material) or material.met(Topic.WORKUP, Kind.WORKUP):
        made.append(_workup(material))
    return tuple(sorted(made, key=lambda card: card.indicator.rank))


def _suitability(material: Material) -> Card:
    because = material.assessment.because or tuple(
        item for item in material.results if item.status is Status.MET and item.rule.kind is Kind.INDICATION
    )
    return _card(
        material,
        Topic.SUITABILITY,
        summary=suitability.summary(material),
        detail=suitability.detail(material),
        indicator=suitability.indicator(material),
        results=because,
    )


def _findings(material: Material, topic: Topic, found: tuple[Result, ...]) -> Card:
    first = found[0]
    return _card(
        material,
        topic,
        summary=markdown.summary(first.finding.says if first.finding else first.rule.title),
        detail=markdown.bullets(map(material.line, material.met(topic))),
        indicator=first.indicator or Indicator.WARNING,
        results=found,
    )


def _workup(material: Material) -> Card:
    return _card(
        material,
        Topic.WORKUP,
        summary=workup.summary(material),
        detail=workup.detail(material),
        indicator=Indicator.WARNING,
        results=(*material.met(Topic.WORKUP), *workup.open_results(material)),
    )


def _card(
    material: Material, topic: Topic, *, summary: str, detail: str, indicator: Indicator, results: tuple[Result, ...]
) -> Card:
    label, url = material.primary(results)
    moment = material.as_of.isoformat(timespec="minutes")
    return Card(
        topic=topic,
        summary=summary,
        detail=markdown.sections(detail, f"*{wording.as_of(moment, material.know.version)}*"),
        indicator=indicator,
        source=Source(label, url, Coding(_SYSTEM, topic, wording.TOPICS[topic])),
        uuid=str(uuid5(_NAMESPACE, f"{material.hook_instance}/{topic}")),
        rules=tuple(dict.fromkeys(item.rule.id for item in results)),
    )
