"""Judges a chart by the rules: each rule yields findings, and a gap becomes an unknown finding instead of silence."""

import logging
from collections.abc import Iterable

from msgspec.structs import replace

from cds_service.chart import Basis, Certainty, Chart, Unknown
from cds_service.findings import CONFIRM, Finding, Indicator, Kind, NotApplicable, Result, Rule, Status
from cds_service.knowledge import Knowledge

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


def evaluate(chart: Chart, rules: Iterable[Rule], know: Knowledge) -> tuple[Result, ...]:
    """Every rule's results, in the order of the rules. Pure: no clock, no input or output but a log line for a rule that raises."""
    results: list[Result] = []
    for item in rules:
        results += _judge(item, chart, know)
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
