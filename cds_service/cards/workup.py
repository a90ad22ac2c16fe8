"""The work-up and aftercare card: what is not known and why, what to do first, and what follows."""

from collections.abc import Iterable

from cds_service.cards import markdown, wording
from cds_service.cards.material import Material
from cds_service.engine import Essential, Kind, Result, Status, Topic

_MOST_GAPS = 8


def open_results(material: Material) -> list[Result]:
    """The results that are unknown or failed, those that the answer depends on first."""
    found = [item for item in material.results if item.status in (Status.UNKNOWN, Status.ERROR)]
    order = (Essential.JUDGED, Essential.SUPPLIED, Essential.NO)
    return sorted(found, key=lambda item: order.index(item.rule.essential))


def summary(material: Material) -> str:
    """The first thing to do, else the first that is unknown."""
    steps = material.met(Topic.WORKUP, Kind.WORKUP)
    if steps and steps[0].finding:
        return markdown.summary(steps[0].finding.says)
    gaps = open_results(material)
    if gaps:
        return markdown.summary(wording.UNKNOWN_SUMMARY.format(count=len(gaps), first=_titles(gaps)))
    return markdown.summary(" ".join(item.finding.says for item in material.met(Topic.WORKUP) if item.finding))


def detail(material: Material) -> str:
    """What is missing with the part of the chart that would hold it, then the steps, then information."""
    return markdown.sections(
        markdown.section(wording.MISSING, markdown.bullets(_gaps(open_results(material)))),
        markdown.section(wording.TO_DO, markdown.bullets(map(material.line, material.met(Topic.WORKUP, Kind.WORKUP)))),
        markdown.section(
            wording.INFORMATION, markdown.bullets(map(material.line, material.met(Topic.WORKUP, Kind.INFORMATION)))
        ),
        markdown.bullets(markdown.escaped(note) for note in material.notes),
    )


def _titles(gaps: Iterable[Result]) -> str:
    return ", ".join(dict.fromkeys(item.rule.title.lower() for item in gaps))


def _gaps(gaps: list[Result]) -> list[str]:
    lines: dict[str, None] = {}
    for item in gaps:
        if item.status is Status.ERROR:
            lines[markdown.escaped(wording.rule_failed(item.rule.title))] = None
            continue
        why = "; ".join(map(wording.missing, item.missing))
        lines[markdown.escaped(f"{item.rule.title}: {item.unknown}" + (f" ({why})" if why else ""))] = None
    shown = list(lines)[:_MOST_GAPS]
    more = len(lines) - len(shown)
    return [*shown, wording.NOT_MORE.format(count=more)] if more else shown
