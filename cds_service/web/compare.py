"""What a change in the chart or the draft changes in the answer."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Any

from msgspec import Struct

from cds_service.disposition import Disposition
from cds_service.fhir import dates
from cds_service.findings import Result, Status
from cds_service.service import Response
from cds_service.web import changes, html, labels, verdict
from cds_service.web.timeline.scale import Clock


class ChangedLine(Struct, frozen=True):
    """One thing that differs: what it is, how it was and how it is now; either may be empty."""

    what: str
    before: str
    after: str


class Comparison(Struct, frozen=True):
    """The answer before and after, in lines; nothing in `lines` means that the change made no difference."""

    lines: tuple[ChangedLine, ...]
    drafts: tuple[ChangedLine, ...]


def comparison(
    before: Response, after: Response, asked: dict[str, Any], changed: dict[str, Any], zone: tzinfo
) -> Comparison:
    """How two answers and the drafts that they were given for differ; times by the clock in `zone`, dates as FHIR writes them."""
    lines = []
    was, now = _disposition(before), _disposition(after)
    if was is not now:
        lines.append(ChangedLine("Answer", _named(was), _named(now)))
    lines += _results(_spoken(before), _spoken(after))
    return Comparison(tuple(lines), tuple(_drafts(asked, changed, zone)))


def _disposition(response: Response) -> Disposition | None:
    return response.material.assessment.disposition if response.material else None


def _named(disposition: Disposition | None) -> str:
    return verdict.named(disposition) if disposition else "No cards: not about vertebral augmentation"


def _spoken(response: Response) -> dict[str, str]:
    """What each rule says that is not silent, by its title."""
    found: dict[str, list[str]] = {}
    for result in response.material.results if response.material else ():
        if result.status not in (Status.NOT_MET, Status.NOT_APPLICABLE):
            found.setdefault(result.rule.title, []).append(_sentence(result))
    return {title: "; ".join(sentences) for title, sentences in found.items()}


def _sentence(result: Result) -> str:
    if result.finding:
        return result.finding.says
    return f"{labels.STATUSES[result.status]}: {result.unknown}"


def _results(before: Mapping[str, str], after: Mapping[str, str]) -> Iterable[ChangedLine]:
    for title in dict.fromkeys((*before, *after)):
        if before.get(title) != after.get(title):
            yield ChangedLine(title, before.get(title, ""), after.get(title, ""))


def _drafts(asked: dict[str, Any], changed: dict[str, Any], zone: tzinfo) -> Iterable[ChangedLine]:
    """The drafts that were added, removed or edited, element by element."""
    old = {changes.reference(item): item for item in changes.draft_resources(asked)}
    new = {changes.reference(item): item for item in changes.draft_resources(changed)}
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            yield ChangedLine(name, "drafted", "removed")
        elif name not in old:
            yield ChangedLine(name, "", f"drafted: {_text(new[name])}")
        else:
            for member in dict.fromkeys((*old[name], *new[name])):
                was, now = old[name].get(member), new[name].get(member)
                if was != now:
                    yield ChangedLine(f"{name}.{member}", _written(was, zone), _written(now, zone))


def _text(resource: Mapping[str, Any]) -> str:
    """What a draft is for, in its own words."""
    code = resource.get("code")
    said = code.get("text") if isinstance(code, dict) else None
    return str(said or resource.get("description") or resource.get("resourceType"))


def _written(value: Any, zone: tzinfo) -> str:
    """The value of an element: a text as it is, a date by the clock of the site, all else as JSON."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return html.json_text(value)
    when = dates.read(value, zone)
    return Clock(zone).when(when) if when else value
