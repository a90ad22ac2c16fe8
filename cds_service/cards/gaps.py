"""What is not known, in few words: the judgements that could not be made, together by what was missing."""

from collections.abc import Iterable

from cds_service.cards import markdown, wording
from cds_service.chart import Missing, Reason
from cds_service.chart.sections import MEDICATION_LISTS, RESOURCE_TYPE
from cds_service.findings import Essential, Result, Status

_FEW = 2
_REASONS = tuple(Reason)


def one(item: Result) -> str:
    """One judgement and why it could not be made."""
    if item.status is Status.ERROR:
        return wording.RULE_FAILED.format(rule=item.rule.title)
    what = item.rule.judges
    # A rule that names no missing part says itself what it could not read, such as which drug.
    why = _why(item) or ("" if item.unknown == what else item.unknown)
    return wording.GAP_BECAUSE.format(what=what, why=why) if why else wording.GAP.format(what=what)


def criterion(item: Result) -> str:
    """One criterion of a checklist and why it is not known."""
    return wording.NOT_KNOWN.format(criterion=item.rule.judges, why=_why(item)) if _why(item) else one(item)


def named(results: Iterable[Result]) -> list[str]:
    """The judgements that could not be made, with the reason why; only their names if there are many reasons."""
    together: dict[str, dict[str, None]] = {}
    failed = []
    for item in sorted(results, key=lambda item: item.rule.essential is not Essential.JUDGED):
        if item.status is Status.ERROR:
            failed.append(one(item))
        elif item.status is Status.UNKNOWN:
            together.setdefault(_why(item) or item.unknown, {})[item.rule.judges] = None
    if len(together) > _FEW:
        first, *others = dict.fromkeys(noun for nouns in together.values() for noun in nouns)
        return [*failed, wording.MANY_GAPS.format(what=first), *others]
    lines = [wording.GAP_BECAUSE.format(what=", ".join(nouns), why=why) for why, nouns in together.items()]
    return [*lines, *dict.fromkeys(failed)]


def parts(results: Iterable[Result]) -> list[str]:
    """What was missing, by reason: `not sent: allergy list, vital signs`; then what failed."""
    found = list(results)
    by_reason: dict[Reason, dict[str, None]] = {}
    for (reason, _), wanted in _by_reason(found).items():
        by_reason.setdefault(reason, {}).update(dict.fromkeys(wanted))
    said = [wording.MISSING[reason].format(parts=", ".join(wanted)) for reason, wanted in by_reason.items()]
    return [*said, *dict.fromkeys(one(item) for item in found if not item.missing)]


def lines(results: Iterable[Result], *, each: bool = False) -> list[str]:
    """The same as lines of markdown; what was not sent is told with what it would have been for, what was not fetched with why.

    One line a reason, or one for `each` part.
    """
    found = list(results)
    lines = []
    for (reason, why), wanted in _by_reason(found).items():
        named = [
            _for(part, judgements) if reason is not Reason.NOT_MEASURED else part for part, judgements in wanted.items()
        ]
        for parts in named if each else [", ".join(named)]:
            line = wording.MISSING[reason].format(parts=parts)
            lines.append(wording.BECAUSE.format(what=line, why=why) if why else line)
    lines += dict.fromkeys(one(item) for item in found if not item.missing)
    return [markdown.escaped(markdown.upper_first(line)) for line in lines]


def _for(part: str, judgements: Iterable[str]) -> str:
    others = [noun for noun in judgements if noun != part]
    return wording.PART_FOR.format(part=part, judgements=", ".join(others)) if others else part


def _by_reason(results: Iterable[Result]) -> dict[tuple[Reason, str], dict[str, dict[str, None]]]:
    """Why something was missing, also in words, what it was, and which judgements it leaves open."""
    found: dict[tuple[Reason, str], dict[str, dict[str, None]]] = {}
    for item in results:
        for missing in item.missing:
            why = (missing.reason, _because(missing))
            found.setdefault(why, {}).setdefault(_part(item, missing), {})[item.rule.judges] = None
    return {why: found[why] for why in sorted(found, key=lambda why: (_REASONS.index(why[0]), why[1]))}


def _because(missing: Missing) -> str:
    """In words why something was not there, or what may be done about it; empty if nothing is known."""
    if missing.reason is Reason.NOT_MEASURED:
        return ""
    if missing.says or missing.reason is not Reason.OMITTED or missing.section not in MEDICATION_LISTS:
        return missing.says
    return wording.LIST_NOT_SENT.format(type=RESOURCE_TYPE[missing.section])


def _why(item: Result) -> str:
    """What is missing, or what is on record instead of a usable value."""
    return "; ".join(
        dict.fromkeys(
            missing.says
            if missing.says and missing.reason is Reason.NOT_MEASURED
            else wording.reason(missing.reason, _part(item, missing))
            for missing in item.missing
        )
    )


def _part(item: Result, missing: Missing) -> str:
    """The part of the chart that is missing; where it was sent without the value, the value."""
    return item.unknown if missing.reason is Reason.NOT_MEASURED else wording.PARTS[missing.section]
