"""A finding as one line: what is true and where in the chart it was read; and what can be done about it."""

from collections.abc import Iterable

from cds_service.cards import markdown, suggestions, wording
from cds_service.cards.body import Point
from cds_service.cards.inputs import CardInputs
from cds_service.chart import Section
from cds_service.chart.sections import RESOURCE_TYPE
from cds_service.findings import CONFIRM, Finding, Kind, Result

_PLACES = {
    RESOURCE_TYPE[section]: wording.PARTS[section]
    for section in (
        Section.CONDITIONS,
        Section.ALLERGIES,
        Section.PROCEDURES,
        Section.DEVICES,
    )
}
"""Where a clinician would look for what a resource of a type says."""


_BY_STEP = (Kind.WORKUP, Kind.INFORMATION)
"""What a finding means that a card tells by what is to be done."""


def points(material: CardInputs, results: Iterable[Result]) -> list[Point]:
    """Met results as reasons on a card."""
    return [
        Point(material.say(_line(item.finding)), material.say(item.finding.short), (item.rule.id,))
        for item in results
        if item.finding
    ]


def shorts(results: Iterable[Result]) -> list[str]:
    """The few words of each met result."""
    return [item.finding.short for item in results if item.finding]


def _line(finding: Finding) -> str:
    """The sentence, and that it is to be confirmed, or else where its first evidence was read, unless it quotes that itself."""
    if finding.says.startswith(CONFIRM):
        return _with_place(finding.says.removeprefix(CONFIRM), wording.TO_CONFIRM)
    kind = finding.evidence[0].source.reference.partition("/")[0] if finding.evidence else ""
    place = _PLACES.get(kind, "")
    if not place or place in finding.says or '"' in finding.says:
        return finding.says
    return _with_place(finding.says, place)


def _with_place(says: str, place: str) -> str:
    """A sentence with the place in brackets, in its own where it ends with some."""
    return (
        wording.READ_IN_BRACKETS.format(says=says[:-1], place=place)
        if says.endswith(")")
        else wording.READ_IN.format(says=says, place=place)
    )


def steps(material: CardInputs, results: Iterable[Result]) -> list[str]:
    """What can be done about met results, each step once; what has been ordered or asked for already is said instead."""
    found = [text for item in results if item.finding for text in _steps(material, item, item.finding)]
    return list(dict.fromkeys(map(material.say, found)))


def points_to_do(material: CardInputs, results: Iterable[Result], reasons: Iterable[Result] = ()) -> list[Point]:
    """The same as points of a card: a finding that stands there only by its step is named where the step has no room.

    A measured value that is a reason of the card as well is named by that.
    """
    values = frozenset().union(*map(_values, reasons))
    return [
        Point(text, material.say(item.finding.short) if item.effect in _BY_STEP and not _values(item) & values else "")
        for item in results
        for text in steps(material, [item])
        if item.finding
    ]


def _values(result: Result) -> frozenset[str]:
    """The measured values that a finding rests on, by the references of their resources."""
    evidence = result.finding.evidence if result.finding else ()
    return frozenset([item.source.reference for item in evidence if item.path == "value"])


def _steps(material: CardInputs, result: Result, finding: Finding) -> Iterable[str]:
    under_way = "; ".join(suggestions.under_way(material, result))
    if under_way and suggestions.is_all_under_way(material, result):
        return (markdown.upper_first(under_way),)
    asked = tuple(wording.STEPS[item] for item in finding.proposes if item in wording.STEPS)
    first, *others = finding.steps or result.rule.steps or asked or ("",)
    beside = wording.READ_IN.format(says=first, place=under_way) if under_way else first
    return filter(None, (beside, *others))


def cited(finding: Finding) -> tuple[str, ...]:
    """The sources of a finding, those of the numbers that decided first."""
    return tuple(dict.fromkeys([*[item.source for item in finding.uses], *finding.cites]))
