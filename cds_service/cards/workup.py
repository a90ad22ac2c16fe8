"""The work-up and aftercare card: what to do first, what is not known and why, and what follows."""

from msgspec import Struct

from cds_service.cards import gaps, markdown, suitability, wording
from cds_service.cards.inputs import CardInputs
from cds_service.cards.lines import line, lines
from cds_service.chart import Reason
from cds_service.findings import Indicator, Kind, Result, Status, Topic

_STEPS = frozenset(Kind) - {Kind.INDICATION, Kind.INFORMATION}


class Workup(Struct, frozen=True):
    """What is to be done first, and what is unknown or failed for another reason than the suitability card tells already."""

    steps: tuple[Result, ...]
    open: tuple[Result, ...]

    @property
    def lacks(self) -> bool:
        """Whether a part of the chart did not come whole, or a rule failed."""
        lacking = any(missing.reason is not Reason.NOT_MEASURED for item in self.open for missing in item.missing)
        return lacking or any(not item.missing for item in self.open)


def of(material: CardInputs) -> Workup:
    """The work-up that one answer leaves."""
    told = suitability.blocking(material)
    parts = {missing for item in told for missing in item.missing if missing.reason is not Reason.NOT_MEASURED}
    open_ = tuple(
        item
        for item in material.results.open
        if item.rule.kind is not Kind.INDICATION
        and not any(item is other for other in told)
        and not (item.missing and parts.issuperset(item.missing))
    )
    return Workup(material.met(Topic.WORKUP, _STEPS), open_)


def speaks(material: CardInputs, found: Workup) -> bool:
    """Whether there is enough for a card: a step, a part of the chart that did not come whole, a fault, or a note.

    A value that nobody needed to measure makes no card of its own.
    """
    return bool(found.steps or found.lacks or material.notes)


def gap_lines(found: Workup, summary: str = "") -> str:
    """What is not known, as a list, without what a summary says already."""
    said = markdown.escaped(summary)
    told = [text for text in gaps.lines(found.open) if text not in said]
    return markdown.section(wording.GAPS, markdown.bullets(told))


def indicator(material: CardInputs, found: Workup) -> Indicator:
    """Information, unless something must be done for a procedure that may go ahead, or a rule failed."""
    failed = any(item.status is Status.ERROR for item in material.results.open)
    urgent = any(item.indicator is not Indicator.INFO for item in found.steps)
    wanted = urgent and not material.assessment.disposition.discourages
    return Indicator.WARNING if wanted or failed else Indicator.INFO


def summary(material: CardInputs, found: Workup) -> str:
    """The steps, else what did not come, else how the chart was read."""
    first = found.steps
    if len(first) == 1 and first[0].finding:
        return markdown.summary(first[0].finding.says)
    if first:
        points = dict.fromkeys(markdown.lower_first(item.rule.title) for item in first)
        return markdown.fitting(wording.STEPS, list(points))
    told = gaps.parts(found.open) if found.lacks else list(material.notes)
    return markdown.upper_first(markdown.fitting(wording.POINTS, told))


def detail(material: CardInputs, found: Workup, summary: str, information: tuple[Result, ...]) -> str:
    """The steps, what is missing and why, what follows, and how the chart was read; without what the card's summary says."""
    first = found.steps
    to_do = (
        line(material, first[0], summary=summary)
        if len(first) == 1
        else markdown.section(wording.TO_DO, lines(material, first))
    )
    return markdown.sections(
        to_do,
        gap_lines(found, summary),
        markdown.section(wording.INFORMATION, lines(material, information)),
        markdown.section(wording.NOTES, markdown.bullets(map(markdown.escaped, material.notes))),
    )
