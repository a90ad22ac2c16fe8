"""What a summary says of a result: its headline with number, unit and date, or its few words where there is no room."""

from collections.abc import Iterable, Sequence

from cds_service.cards import gaps, markdown, wording
from cds_service.cards.inputs import CardInputs
from cds_service.cards.model import LONGEST_SUMMARY
from cds_service.findings import Finding, Kind, Result, Status

_DAY = len("2026-11-22")
_MOST = 2  # a summary is one thought


def points(material: CardInputs, results: Iterable[Result]) -> list[tuple[str, ...]]:
    """What decided, each point as texts from the fullest to the shortest: findings first, then what is not known or not shown."""
    found = list(results)
    said = [_texts(material, item, item.finding) for item in found if item.finding]
    not_shown = dict.fromkeys(item.rule.not_shown for item in found if item.status is Status.NOT_MET)
    unknown = [tuple(map(material.say, texts)) for texts in gaps.points(found)]
    return [*said, *unknown, *((text,) for text in not_shown if text)]


def _texts(material: CardInputs, result: Result, finding: Finding) -> tuple[str, ...]:
    brief = finding.short
    if result.effect is Kind.INSUFFICIENT_DATA and result.rule.kind is not Kind.INSUFFICIENT_DATA:
        brief = wording.CONFIRM.format(what=brief)
        return (material.say(dated(finding, brief)), brief)
    return (material.say(finding.headline or dated(finding)), material.say(dated(finding)), brief)


def dated(finding: Finding, brief: str = "") -> str:
    """The few words of a finding, its own or those given, with the day of the first evidence that has one."""
    return ", ".join(filter(None, (brief or finding.short, day(finding))))


def day(finding: Finding) -> str:
    """The day of the first evidence of a finding that has one, as FHIR writes it; empty if there is none."""
    return next((str(item.when)[:_DAY] for item in finding.evidence if item.when), "")


def summary(openings: Sequence[str], found: Sequence[tuple[str, ...]]) -> str:
    """One thought of at most 139 characters: an opening as full as there is room for, then one or two points; never cut.

    `openings` go from the fullest to the shortest: the first is taken that fits beside the points. There are none on a card that
    begins with its point.
    """
    tried = (
        markdown.plain(". ".join(filter(None, (opening, ending))))
        for ending in _endings(found)
        for opening in openings or ("",)
    )
    return next((line for line in tried if len(line) <= LONGEST_SUMMARY), wording.SERVICE)


def _endings(found: Sequence[tuple[str, ...]]) -> Iterable[str]:
    """What follows the opening, from the most to the least."""
    if found:
        first, others = found[0], [texts[-1] for texts in found[1:_MOST]]
        for text in dict.fromkeys(map(markdown.upper_first, first)):
            yield "; ".join([text, *others])
            yield text
    yield ""
