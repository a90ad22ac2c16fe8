"""Findings as lines of markdown: what is true, the evidence in the chart, who says so, and what is under way."""

from collections.abc import Iterable
from functools import lru_cache

from cds_service.cards import markdown, suggestions, wording
from cds_service.cards.inputs import CardInputs
from cds_service.findings import Finding, Result
from cds_service.findings.hold_plan import HoldPlan
from cds_service.knowledge import Confidence, Knowledge, Parameter

_LONGEST_ID = 16
_DAY = len("2026-11-22")
_MOST_EVIDENCE = 2  # the response's extension has them all
_MOST_SOURCES = 2  # the rule's page has them all


def line(material: CardInputs, result: Result, *, summary: str = "") -> str:
    """A finding as one line, without what the card's summary says of it already."""
    finding = result.finding
    if finding is None:
        return markdown.escaped(result.unknown)
    says = _beyond(finding.says, summary) if summary else finding.says
    shown = markdown.escaped(f"{says} {_evidence(finding)}")
    under_way = "; ".join(suggestions.under_way(material, result)) if finding.proposes else ""
    emphasised = f"**{markdown.escaped(under_way)}**" if under_way else ""
    return " — ".join(filter(None, (shown, _sources(material, finding), emphasised)))


def _beyond(text: str, summary: str) -> str:
    """What a summary leaves out of a sentence: nothing, the clauses that it cut off, or all."""
    whole, begun = markdown.plain(text), summary.removesuffix("…")
    if whole in summary:
        return ""
    left = whole.removeprefix(begun)
    clauses = begun != summary and left != whole and left.startswith((" (", ";"))
    return f"… {left.strip(' ;')}" if clauses else whole


def lines(material: CardInputs, results: Iterable[Result]) -> str:
    """Findings as a list."""
    return markdown.bullets(line(material, item) for item in results)


def _evidence(finding: Finding) -> str:
    found: dict[str, None] = {}
    for item in finding.evidence:
        when = str(item.when or "")
        # A date that the sentence gives already is not repeated.
        dated = "" if when[:_DAY] in finding.says else f", {when}"
        found[f"{_short(item.source.reference)}{dated}"] = None
    shown = [*found][:_MOST_EVIDENCE]
    if len(found) > _MOST_EVIDENCE:
        shown.append(wording.MORE_POINTS.format(count=len(found) - _MOST_EVIDENCE))
    if basis := wording.BASIS.get(finding.basis):
        shown.append(basis)
    return f"({'; '.join(shown)})" if shown else ""


def _short(reference: str) -> str:
    """A reference that fits a narrow panel; the response's extension has it whole."""
    kind, _, identifier = reference.partition("/")
    return f"{kind}/…{identifier[-8:]}" if len(identifier) > _LONGEST_ID else reference


def cited(finding: Finding) -> tuple[str, ...]:
    """The sources of a finding, those of the numbers that decided first."""
    return _cited(finding.uses, finding.cites)


def _cited(uses: Iterable[Parameter], cites: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*[item.source for item in uses], *cites]))


def _sources(material: CardInputs, finding: Finding) -> str:
    restart = finding.values.restart if isinstance(finding.values, HoldPlan) else ()
    mark = wording.UNCHECKED if any(item.caveat for item in restart) else ""
    return _source_text(material.know, finding.uses, finding.cites, mark)


@lru_cache(maxsize=1024)
def _source_text(know: Knowledge, uses: tuple[Parameter, ...], cites: tuple[str, ...], mark: str) -> str:
    """Sources with marks, those of the numbers used and one more; made once, as many charts share them."""
    found = [know.citation(identifier) for identifier in _cited(uses, cites)]
    # A site's own policy has no page: the caveat says it.
    text = ", ".join([markdown.link(source.label, source.url) for source in found if source.url][:_MOST_SOURCES])
    marks = sorted({mark, *map(_mark, uses)} - {""})
    of_site = dict.fromkeys(item.site_reason for item in uses if item.site_reason)
    told = [markdown.escaped(wording.SITE_VALUE.format(reason=reason)) for reason in of_site]
    if not text:
        return "; ".join((*(wording.LEGEND[item].removeprefix(f"{item} ") for item in marks), *told))
    return "; ".join((text + "".join(marks), *told))


def _mark(parameter: Parameter) -> str:
    """The mark of a number that was not seen at its source, or that no source gives; the card's last line explains it."""
    if parameter.confidence is Confidence.POLICY:
        return wording.LOCAL_POLICY
    return wording.UNCHECKED if parameter.confidence.caveat else ""


def legend(detail: str) -> str:
    """What the marks in a detail mean."""
    return "; ".join(text for mark, text in wording.LEGEND.items() if mark in detail)
