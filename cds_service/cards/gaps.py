"""What is not known, in few words: what was not recorded or did not come, and which judgements that leaves open."""

import re
from collections.abc import Iterable, Mapping, Sequence

from cds_service.cards import budget, wording
from cds_service.chart import Missing, Reason
from cds_service.findings import Result, Status

_REASONS = (*(reason for reason in Reason if reason is not Reason.NOT_MEASURED), Reason.NOT_MEASURED)
"""What did not come goes before what was never recorded."""
_FEW = 3


def points(results: Iterable[Result]) -> list[tuple[str, str]]:
    """What is missing, in full and in few words, for a summary: `allergy list and vital signs not sent`; then what else is not known."""
    found = list(results)
    first = _naming(Reason.NOT_JUDGED, found, most=1)
    named = {wording.MISSING[Reason.NOT_JUDGED]: first}
    return [*((named.get(missing, missing), missing) for missing, _ in _missing(found)), *_in_words(found)]


def lines(results: Iterable[Result]) -> list[str]:
    """The same, one for one, with the judgements that it leaves open, for a list: `Allergy list not sent; unknown: cement allergy`."""
    found = list(results)
    return [*(line for _, line in _missing(found)), *(text for text, _ in _in_words(found))]


def _missing(results: Iterable[Result]) -> list[tuple[str, str]]:
    """What is missing, by reason, without and with what it leaves open."""
    said = []
    results = list(results)
    open_: set[str] = set()  # what is unknown for want of a part is not called unrecorded as well
    for reason, names in _by_reason(results).items():
        parts = {name: nouns for name, nouns in names.items() if name not in open_}
        if not parts:
            continue
        missing = line = wording.MISSING[reason].format(parts=_few(list(parts)))
        others = [noun for nouns in parts.values() for noun in nouns if noun not in parts]
        open_.update(others)
        if reason in _NAMING:
            line = _naming(reason, results, missing)
        elif others and reason is not Reason.NOT_MEASURED:
            line = wording.LEAVES_OPEN.format(missing=missing, judgements=_few(list(dict.fromkeys(others))))
        said.append((missing, line))
    return said


_NAMING = (Reason.NOT_UNDERSTOOD, Reason.NOT_JUDGED)
"""Reasons of which the entries are named: what they leave open is seen from them."""


def _naming(reason: Reason, results: Iterable[Result], missing: str = "", most: int = _FEW) -> str:
    """What is missing for such a reason, by default in the words of the reason alone, with as many entries by name as a line holds."""
    missing = missing or wording.MISSING[reason]
    gaps = [gap for item in results for gap in item.missing]
    says = list(dict.fromkeys([gap.says for gap in gaps if gap.reason is reason and gap.says]))
    if reason is Reason.NOT_UNDERSTOOD or not says:  # those of a rule are one text already
        return wording.NAMES.format(missing=missing, names="; ".join(says)) if says else missing
    lines = [wording.NAMES.format(missing=missing, names=_first(says, count)) for count in range(most, 0, -1)]
    return next((line for line in lines if _length(line) < budget.LONGEST_LINE), lines[-1])


def _first(names: Sequence[str], count: int) -> str:
    """The first names, and how many more there are."""
    more = len(names) - count
    return "; ".join([*names[:count], *([wording.MORE.format(count=more)] if more > 0 else [])])


def _length(line: str) -> int:
    """The words of a line as a card shows it, where a date is three."""
    return budget.word_count(line) + 2 * len(_DATE.findall(line))


_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")


def steps(results: Iterable[Result]) -> list[str]:
    """What a person can do about it: measure or examine what was not recorded, look up what did not come."""
    found = list(results)
    settle = [item.rule.settle for item in found if item.rule.settle and _is_unrecorded(item)]
    settle += [(item.rule.settle or next(iter(item.rule.steps), "")) for item in found if item.evidence]
    parts = [part for reason, parts in _by_reason(found).items() if reason not in _SETTLED_BY_RULE for part in parts]
    look_up = [wording.LOOK_UP.format(parts=_few(list(dict.fromkeys(parts))))] if parts else []
    return list(dict.fromkeys(filter(None, [*settle, *look_up])))


_SETTLED_BY_RULE = (Reason.NOT_MEASURED, Reason.NOT_JUDGED)
"""Reasons of which the rule says what to do."""


def _is_unrecorded(item: Result) -> bool:
    """Whether everything came, and what the rule needs was never recorded, or is of no use."""
    return item.status is Status.UNKNOWN and all(gap.reason is Reason.NOT_MEASURED for gap in item.missing)


def brief(item: Result) -> str:
    """One judgement that could not be made, in few words: `pain score not recorded`, or `unknown` where something is on record."""
    recorded = not _is_unrecorded(item) or _says_why(item)
    return (wording.NOT_KNOWN if recorded else wording.NOT_RECORDED).format(what=item.rule.judges)


def _few(names: list[str]) -> str:
    """Some names and how many more there are."""
    more = len(names) - _FEW
    if more > 0:
        return ", ".join([*names[:_FEW], wording.MORE.format(count=more)])
    return listed(names)


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them: `a, b and c`."""
    return wording.AND.join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _in_words(results: Iterable[Result]) -> list[tuple[str, str]]:
    """Rules that failed, and those that say themselves why they could not judge, such as by a value that is too old; also in few words."""
    return list(dict.fromkeys(_one(item) for item in results if item.status in _OPEN and _says_why(item)))


_OPEN = frozenset((Status.UNKNOWN, Status.ERROR))


_SPECIFIC = re.compile(r"[(':]|\d")
_SETTLED_BY_NOBODY = frozenset((Reason.NOT_MEASURED, Reason.UNREADABLE))


def _says_why(item: Result) -> bool:
    """Whether the text of a gap gives its reason: there is something on record, but it does not settle the question."""
    reasons = {missing.reason for missing in item.missing}
    is_one = ";" not in item.unknown
    return not reasons or (reasons <= _SETTLED_BY_NOBODY and is_one and bool(_SPECIFIC.search(item.unknown)))


def _one(item: Result) -> tuple[str, str]:
    brief = wording.NOT_KNOWN.format(what=item.rule.judges)
    if item.status is Status.ERROR:
        return wording.RULE_FAILED.format(rule=item.rule.title), brief
    return (_worded(item) if _SPECIFIC.search(item.unknown) else brief), brief


def _worded(item: Result) -> str:
    """The text of a gap as a statement: `onset of the fracture unknown (83 to 113 days ago, limit 84 days)`."""
    if not item.missing:
        return item.unknown
    what, bracket, why = item.unknown.partition(" (")
    if bracket and not re.search(r"\d", what):
        return f"{wording.NOT_KNOWN.format(what=what)} ({why}"
    return wording.NOT_KNOWN_WHAT.format(what=item.unknown)


def _by_reason(results: Iterable[Result]) -> Mapping[Reason, Mapping[str, Mapping[str, None]]]:
    """Why something was missing, what it was, and which judgements it leaves open."""
    found: dict[Reason, dict[str, dict[str, None]]] = {}
    for item in results:
        for missing in () if _says_why(item) else item.missing:
            found.setdefault(missing.reason, {}).setdefault(_part(item, missing), {})[item.rule.judges] = None
    return {reason: found[reason] for reason in _REASONS if reason in found}


def _part(item: Result, missing: Missing) -> str:
    """The part of the chart that is missing; where it came, what was never recorded, or could not be judged for more than one reason."""
    if missing.reason is not Reason.NOT_MEASURED:
        return wording.PARTS[missing.section]
    return item.unknown if _is_unrecorded(item) and ";" not in item.unknown else item.rule.judges
