"""Why the answer is what it is: each rule's result with its evidence, numbers, sources and gaps, grouped by what it means."""

from collections.abc import Mapping

from markupsafe import Markup
from msgspec import Struct

from cds_service.cards.inputs import CardInputs
from cds_service.cards.lines import cited
from cds_service.chart import Basis, Missing, Section
from cds_service.findings import Evidence, Kind, Result, Status
from cds_service.knowledge import Citation, Parameter
from cds_service.web import html, labels
from cds_service.web.verdict import what_to_do

_BASIS = {Basis.TEXT: "read from text, not coded", Basis.NAME: "matched by name, not by code"}
_ORDER = (Status.ERROR, Status.MET, Status.UNKNOWN, Status.NOT_MET, Status.NOT_APPLICABLE)


class FindingView(Struct, frozen=True):
    """One piece of evidence: what it says, and its resource as JSON with the element that was read marked."""

    evidence: Evidence
    json: Markup


class Gap(Struct, frozen=True):
    """Something missing, why, and the prefetch key with the query that would have brought it."""

    missing: Missing
    why: str
    template: str


class RuleRow(Struct, frozen=True):
    """One result; `steps` are what a person can do about it.

    `numbers` come with whether they decided; `sources` are those that the finding rests on, else all of the rule.
    """

    result: Result
    kind: Kind
    says: str
    explains: str
    steps: tuple[str, ...]
    caveat: str
    evidence: tuple[FindingView, ...]
    gaps: tuple[Gap, ...]
    numbers: tuple[tuple[Parameter, Citation, bool], ...]
    sources: tuple[Citation, ...]


class Group(Struct, frozen=True):
    """The results of one meaning under its heading."""

    kind: Kind
    heading: str
    rows: tuple[RuleRow, ...]


def groups(material: CardInputs, templates: Mapping[Section, str]) -> tuple[Group, ...]:
    """All results, in the order of the headings; within a group what was found first."""
    rows = [_row(result, material, templates) for result in material.results]
    found = []
    for kind, heading in labels.KINDS.items():
        inside = sorted((row for row in rows if row.kind is kind), key=lambda row: _ORDER.index(row.result.status))
        if inside:
            found.append(Group(kind, heading, tuple(inside)))
    return tuple(found)


def counts(material: CardInputs) -> Mapping[Status, int]:
    """How many results have each status."""
    found = dict.fromkeys(Status, 0)
    for result in material.results:
        found[result.status] += 1
    return found


def _row(result: Result, material: CardInputs, templates: Mapping[Section, str]) -> RuleRow:
    finding, know = result.finding, material.know
    own = know.rules.get(result.rule.id)
    used = tuple(dict.fromkeys(finding.uses)) if finding else ()
    others = tuple(item for item in own.parameters.values() if item not in used) if own else ()
    sources = cited(finding) if finding else (own.citations if own else ())
    return RuleRow(
        result=result,
        kind=result.effect or result.rule.kind,
        says=finding.says if finding else result.unknown,
        explains=finding.explains if finding else "",
        steps=what_to_do(material, [result]),
        caveat=_BASIS.get(finding.basis, "") if finding else "",
        evidence=tuple(_view(item) for item in finding.evidence) if finding else (),
        gaps=tuple(_gap(item, templates) for item in result.missing),
        numbers=tuple((item, know.citation(item.source), item in used) for item in (*used, *others)),
        sources=tuple(know.citation(name) for name in sources),
    )


def _view(item: Evidence) -> FindingView:
    return FindingView(item, html.marked_json(item.source.raw, item.path) if item.source.raw else Markup(""))


def _gap(item: Missing, templates: Mapping[Section, str]) -> Gap:
    return Gap(item, labels.REASONS[item.reason], templates.get(item.section, ""))
