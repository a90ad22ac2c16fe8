"""What is not known, in few words: what was not recorded or did not come, and which judgements that leaves open."""

from collections.abc import Iterable, Mapping, Sequence

from cds_service.cards import wording
from cds_service.chart import Missing, Reason
from cds_service.findings import Result, Status

_REASONS = (*(reason for reason in Reason if reason is not Reason.NOT_MEASURED), Reason.NOT_MEASURED)
"""What did not come goes before what was never recorded."""
_FEW = 3


def points(results: Iterable[Result]) -> list[str]:
    """What is missing, by reason, for a summary: `allergy list, vital signs not sent`; then which rule failed."""
    found = list(results)
    said = [wording.MISSING[reason].format(parts=_few(list(parts))) for reason, parts in _by_reason(found).items()]
    return [*said, *_without_part(found)]


def lines(results: Iterable[Result]) -> list[str]:
    """The same with the judgements that it leaves open, for a list: `Allergy list not sent: cement allergy unknown`."""
    found = list(results)
    said = []
    open_: set[str] = set()  # what is unknown for want of a part is not called unrecorded as well
    for reason, names in _by_reason(found).items():
        parts = {name: nouns for name, nouns in names.items() if name not in open_}
        if not parts:
            continue
        missing = wording.MISSING[reason].format(parts=_few(list(parts)))
        others = [noun for nouns in parts.values() for noun in nouns if noun not in parts]
        open_.update(others)
        if others and reason is not Reason.NOT_MEASURED:
            missing = wording.LEAVES_OPEN.format(missing=missing, judgements=_few(list(dict.fromkeys(others))))
        said.append(missing)
    return [*said, *_without_part(found)]


def steps(results: Iterable[Result]) -> list[str]:
    """What a person can do about it: measure or examine what was not recorded, look up what did not come."""
    found = list(results)
    settle = [item.rule.settle for item in found if item.rule.settle and _is_unrecorded(item)]
    parts = [part for reason, parts in _by_reason(found).items() if reason is not Reason.NOT_MEASURED for part in parts]
    look_up = [wording.LOOK_UP.format(parts=_few(list(dict.fromkeys(parts))))] if parts else []
    return list(dict.fromkeys([*settle, *look_up]))


def _is_unrecorded(item: Result) -> bool:
    """Whether everything came, and what the rule needs was never recorded."""
    return item.status is Status.UNKNOWN and all(gap.reason is Reason.NOT_MEASURED for gap in item.missing)


def reason(missing: Reason, part: str) -> str:
    """Why something is not known: `allergy list not sent`."""
    return wording.MISSING[missing].format(parts=part)


def _few(names: list[str]) -> str:
    """Some names and how many more there are."""
    more = len(names) - _FEW
    if more > 0:
        return ", ".join([*names[:_FEW], wording.MORE.format(count=more)])
    return listed(names)


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them: `a, b and c`."""
    return wording.AND.join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _without_part(results: Iterable[Result]) -> list[str]:
    """Rules that failed, and those that say themselves what they could not read."""
    return list(dict.fromkeys(_one(item) for item in results if item.status not in _TOLD and not item.missing))


_TOLD = frozenset((Status.MET, Status.NOT_MET, Status.NOT_APPLICABLE))


def _one(item: Result) -> str:
    if item.status is Status.ERROR:
        return wording.RULE_FAILED.format(rule=item.rule.title)
    return wording.NOT_KNOWN.format(what=item.unknown or item.rule.judges)


def _by_reason(results: Iterable[Result]) -> Mapping[Reason, Mapping[str, Mapping[str, None]]]:
    """Why something was missing, what it was, and which judgements it leaves open."""
    found: dict[Reason, dict[str, dict[str, None]]] = {}
    for item in results:
        for missing in item.missing:
            found.setdefault(missing.reason, {}).setdefault(_part(item, missing), {})[item.rule.judges] = None
    return {reason: found[reason] for reason in _REASONS if reason in found}


def _part(item: Result, missing: Missing) -> str:
    """The part of the chart that is missing; where it came without the value, what could not be judged."""
    return item.rule.judges if missing.reason is Reason.NOT_MEASURED else wording.PARTS[missing.section]
