"""The answer in four lines: why not now, when at the earliest, who says so, and what to do next."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from msgspec import Struct

from cds_service.cards.inputs import CardInputs
from cds_service.cards.lines import cited
from cds_service.chart import Chart
from cds_service.findings import Result
from cds_service.knowledge import Citation
from cds_service.web.timeline import holds
from cds_service.web.timeline.scale import Clock

_MOST = 4


class Verdict(Struct, frozen=True):
    """What decided, from when it is put right, the sources with the rule that cites each, and the steps that the cards offer.

    Each may be empty: nothing then is said of it. `others` counts what decided as well and is not told.
    """

    why: tuple[str, ...]
    others: int
    earliest: tuple[str, ...]
    sources: tuple[tuple[Citation, str], ...]
    steps: tuple[str, ...]


def verdict(material: CardInputs, chart: Chart, cards: Iterable[Mapping[str, Any]]) -> Verdict:
    """What the page says first of an answer; `cards` are those of the response."""
    because = material.assessment.because
    told = tuple(map(_says, because[:_MOST]))
    return Verdict(
        why=told,
        others=len(because) - len(told),
        earliest=tuple(_earliest(material, chart)),
        sources=tuple(islice(_sources(because, material), _MOST)),
        steps=tuple(islice(_steps(cards), _MOST)),
    )


def _says(result: Result) -> str:
    return result.finding.says if result.finding else f"{result.rule.title}: unknown"


def _earliest(material: CardInputs, chart: Chart) -> Iterator[str]:
    """From when the holds are kept; of a drug that is still taken, when its last dose would have to be for this slot.

    Nothing where the chart speaks against the procedure, and no time where interrupting a drug is itself dangerous.
    """
    if material.assessment.disposition.discourages:
        return
    if material.assessment.requires:
        yield "Once the specialist who prescribes the antithrombotic has agreed"
        return
    zone = material.manner.zone
    clock = Clock(zone, material.as_of.astimezone(zone).year)
    for flag in holds.flags(material, chart, clock):
        yield f"{flag.told}: {flag.means}"
    for plan in holds.plans(material, chart):
        if plan.latest_dose:
            passed = ", which has passed" if plan.latest_dose < material.as_of else ""
            name = f"{plan.drug[:1].upper()}{plan.drug[1:]}"
            yield f"{name} is being taken: for this slot, last dose by {clock.moment(plan.latest_dose)}{passed}"


def _sources(because: Iterable[Result], material: CardInputs) -> Iterator[tuple[Citation, str]]:
    seen = set()
    for result in because:
        for name in cited(result.finding) if result.finding else ():
            if name not in seen:
                seen.add(name)
                yield material.know.citation(name), result.rule.id


def _steps(cards: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The labels of the suggestions, those of the first card first."""
    yield from dict.fromkeys(str(offered["label"]) for card in cards for offered in card.get("suggestions", ()))
