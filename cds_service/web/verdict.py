"""The answer in a few lines: the verdict in the words of the card, why, when at the earliest, who says so, and what to do next."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from msgspec import Struct

from cds_service.cards import gaps, headlines, lines, wording
from cds_service.cards.inputs import CardInputs
from cds_service.cards.markdown import upper_first
from cds_service.cards.verdict import deciding, indicator, speaking
from cds_service.chart import Chart
from cds_service.disposition import Disposition
from cds_service.findings import Indicator, Result, Status
from cds_service.knowledge import Citation
from cds_service.web import labels
from cds_service.web.timeline import holds
from cds_service.web.timeline.scale import Clock

_MOST = 4
_OPEN = (Status.UNKNOWN, Status.ERROR)


class Verdict(Struct, frozen=True):
    """The verdict and what it rests on, as the first card says them; then from when it is put right, the sources with the rule that
    cites each, and what a person can do (else what the cards offer to do).

    Each but the verdict may be empty: nothing then is said of it. `others` counts what decided as well and is not named. Dates are as
    FHIR writes them.
    """

    word: str
    headline: str
    urgency: Indicator
    question: str
    why: tuple[str, ...]
    others: int
    earliest: tuple[str, ...]
    sources: tuple[tuple[Citation, str], ...]
    steps: tuple[str, ...]


def verdict(material: CardInputs, chart: Chart, cards: Sequence[Mapping[str, Any]]) -> Verdict:
    """What the page says first of an answer; `cards` are those of the response."""
    if not material.order.references:
        return _without_order(cards)
    disposition = material.assessment.disposition
    decided = deciding(material, speaking(material))
    why = tuple(_reasons(decided))
    return Verdict(
        word=named(disposition),
        headline=_headline(material, decided, cards),
        urgency=Indicator(cards[0]["indicator"]) if cards else indicator(material, ()),
        question=labels.WHY[disposition],
        why=why[:_MOST],
        others=len(why[_MOST:]),
        earliest=tuple(_earliest(material, chart)),
        sources=tuple(islice(_sources(decided, material), _MOST)),
        steps=(what_to_do(material, decided) or _labels(cards))[:_MOST],
    )


def named(disposition: Disposition) -> str:
    """A disposition in the words of the card, as a heading."""
    return upper_first(wording.VERDICTS[disposition])


def _without_order(cards: Sequence[Mapping[str, Any]]) -> Verdict:
    """There is nothing to judge: what the first card says, if there is one."""
    word, headline, urgency = labels.NO_CARD, labels.NOTHING_TO_SAY, Indicator.INFO
    if cards:
        word, headline, urgency = labels.NO_ORDER, str(cards[0]["summary"]), Indicator(cards[0]["indicator"])
    return Verdict(word, headline, urgency, "", (), 0, (), (), _labels(cards)[:_MOST])


def _headline(material: CardInputs, decided: Sequence[Result], cards: Iterable[Mapping[str, Any]]) -> str:
    """What a card says after the verdict; if none does, what decided first, if anything did."""
    verdict = wording.VERDICTS[material.assessment.disposition]
    for card in cards:
        after = str(card["summary"]).partition(f"{verdict}. ")[2]
        if after:
            return after
    points = headlines.points(material, decided)
    return upper_first(points[0][0]) if points else ""


def _reasons(decided: Sequence[Result]) -> Iterator[str]:
    """What decided: what was found, then what is not known, then what is not shown."""
    yield from dict.fromkeys(item.finding.says for item in decided if item.finding)
    open_or_not_shown = (
        *gaps.lines(item for item in decided if item.status in _OPEN),
        *dict.fromkeys(item.rule.not_shown for item in decided if item.status is Status.NOT_MET),
    )
    yield from (upper_first(text) for text in open_or_not_shown if text)


def _earliest(material: CardInputs, chart: Chart) -> Iterator[str]:
    """From when the intervals have passed; of a drug that is still taken, when its last dose would have to be for the planned time.

    Nothing where the chart speaks against the procedure, and no time where interrupting a drug is itself dangerous.
    """
    if material.assessment.disposition.discourages:
        return
    if material.assessment.requires:
        yield "Once the specialist who prescribes the antithrombotic has agreed"
        return
    clock = Clock(material.manner.zone)
    for flag in holds.flags(material, chart, clock):
        yield f"{flag.when}: {flag.means}"
    for plan in holds.plans(material, chart):
        if plan.latest_dose:
            passed = ", which has passed" if plan.latest_dose < material.as_of else ""
            yield f"{upper_first(plan.drug)} is taken: for the planned time, last dose by {clock.time(plan.latest_dose)}{passed}"


def _sources(decided: Iterable[Result], material: CardInputs) -> Iterator[tuple[Citation, str]]:
    seen = set()
    for result in decided:
        for name in lines.cited(result.finding) if result.finding else ():
            if name not in seen:
                seen.add(name)
                yield material.know.citation(name), result.rule.id


def what_to_do(material: CardInputs, results: Sequence[Result]) -> tuple[str, ...]:
    """What a person can do about findings, and where rules cannot judge."""
    return (*lines.steps(material, results), *gaps.steps(item for item in results if item.status in _OPEN))


def _labels(cards: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The labels of the suggestions, those of the first card first."""
    return tuple(dict.fromkeys(str(offered["label"]) for card in cards for offered in card.get("suggestions", ())))
