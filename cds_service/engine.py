"""Judges a chart by the rules: each rule yields findings, and a gap becomes an unknown finding instead of silence."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import islice

from msgspec.structs import replace

from cds_service.chart import Basis, Certainty, Chart, Missing, Reason, Section, Unknown
from cds_service.chart.intake import NotUnderstood
from cds_service.findings import CONFIRM, Finding, Indicator, Kind, NotApplicable, Result, Role, Rule, Status
from cds_service.knowledge import Knowledge
from cds_service.presumption import presumed

_log = logging.getLogger(__name__)

_INDICATOR = {
    Kind.SURGEON_FIRST: Indicator.CRITICAL,
    Kind.ABSOLUTE: Indicator.CRITICAL,
    Kind.CORRECTABLE: Indicator.CRITICAL,
    Kind.NOT_INDICATED: Indicator.WARNING,
    Kind.RELATIVE: Indicator.WARNING,
    Kind.WORKUP: Indicator.WARNING,
    Kind.INSUFFICIENT_DATA: Indicator.WARNING,
    Kind.INDICATION: Indicator.INFO,
    Kind.INFORMATION: Indicator.INFO,
}
_NEEDS_PROOF = (Kind.SURGEON_FIRST, Kind.ABSOLUTE)
_GRAVE = frozenset((Section.CONDITIONS, Section.ALLERGIES))
"""The sections in which what is not understood could be a contraindication; a procedure or device moves nothing by itself."""
_NAMED = 3
"""As many of what was not understood are named in one row."""


def evaluate(chart: Chart, rules: Iterable[Rule], know: Knowledge) -> tuple[Result, ...]:
    """Every rule's results, in the order of the rules. Pure: no clock, no input or output but a log line for a rule that raises."""
    results: list[Result] = []
    doubts = chart.intake.doubts
    for item in rules:
        found = _presumed(item, _judge(item, chart, know), chart, know)
        results += _doubted(item, found, doubts) if doubts else found
    return tuple(results)


def _judge(item: Rule, chart: Chart, know: Knowledge) -> list[Result]:
    results: list[Result] = []
    try:
        for outcome in item.judge(chart, know):
            results.append(_unknown(item, outcome) if isinstance(outcome, Unknown) else _met(item, outcome))
    except Unknown as gap:
        results.append(_unknown(item, gap.anew()))
    except NotApplicable:
        return results or [Result(item, Status.NOT_APPLICABLE)]
    except Exception as error:  # a rule that raises costs itself only, and says so
        _log.error("rule failed", extra={"rule": item.id, "error": error})
        results.append(Result(item, Status.ERROR, unknown=item.title))
    return results or [Result(item, Status.NOT_MET)]


def _presumed(item: Rule, found: list[Result], chart: Chart, know: Knowledge) -> list[Result]:
    """The results of a rule beside what of its families of danger it has not judged: that is never a no."""
    statuses = {result.status for result in found}
    row = None if Status.NOT_APPLICABLE in statuses else presumed(item, found, chart, know)
    if row is None:
        return found
    return [row] if statuses == {Status.NOT_MET} else [*found, row]


def _met(item: Rule, finding: Finding) -> Result:
    effect = finding.effect or item.kind
    indicator = finding.indicator or _INDICATOR[effect]
    unproven = finding.basis is Basis.TEXT or finding.certainty is Certainty.POSSIBLE
    if unproven and effect in _NEEDS_PROOF:
        effect = Kind.INSUFFICIENT_DATA
        finding = replace(finding, says=f"{CONFIRM}{finding.says}")
    if unproven and indicator is Indicator.CRITICAL:
        indicator = Indicator.WARNING
    return Result(item, Status.MET, finding, effect, indicator)


def _unknown(item: Rule, gap: Unknown) -> Result:
    return Result(item, Status.UNKNOWN, unknown=gap.what, missing=gap.missing)


def _doubted(item: Rule, found: list[Result], doubts: Mapping[Section, tuple[NotUnderstood, ...]]) -> list[Result]:
    """The results of a rule beside what it could not understand in the sections that it reads: that is never a no.

    It concerns what would speak against the procedure first of all, and the fracture if none was found.
    """
    sections = [section for section in item.needs if section in doubts]
    is_grave = not _GRAVE.isdisjoint(sections)
    statuses = {result.status for result in found}
    is_unfound_fracture = item.role is Role.FRACTURE and is_grave and Status.MET not in statuses
    concerns = item.kind in _NEEDS_PROOF or is_unfound_fracture
    if not sections or not concerns or Status.NOT_APPLICABLE in statuses:
        return found
    missing = tuple([Missing(section, Reason.NOT_UNDERSTOOD, _named(doubts[section])) for section in sections])
    effect = _effect([doubt for section in sections if section in _GRAVE for doubt in doubts[section]])
    row = Result(item, Status.UNKNOWN, effect=effect, unknown=item.judges, missing=missing)
    return [row] if statuses == {Status.NOT_MET} else [*found, row]


def _effect(grave: Collection[NotUnderstood]) -> Kind | None:
    """What entries of the sections in which nothing may be overlooked move: less, where each was understood in part."""
    effect = Kind.RELATIVE if all(doubt.in_part for doubt in grave) else Kind.INSUFFICIENT_DATA
    return effect if grave else None


def _named(doubts: Iterable[NotUnderstood]) -> str:
    """What was not understood, each kind once, with how many there are of it."""
    counted = Counter(doubt.says for doubt in doubts)
    told = [says if number == 1 else f"{says} ({number} times)" for says, number in islice(counted.items(), _NAMED)]
    more = len(counted) - _NAMED
    return "; ".join([*told, f"{more} more"] if more > 0 else told)
