"""Tells how cards were received over time: the counts of a summary, cut into days, weeks, months or years."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from cds_service.feedback.summarise import RuleTally
from cds_service.store.records import FeedbackOutcome, Tally

_MOST_DAYS = 35
_MOST_WEEKS = 26
_MOST_MONTHS = 60
_WEEK = timedelta(days=7)

Cards = tuple[int, tuple[str, ...], FeedbackOutcome | None, str]
"""The place of a span, and what the cards counted in it have in common: rules, outcome and reason."""


class TimeUnit(StrEnum):
    """How long a span is; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Span(Struct, frozen=True):
    """The days from `first` to `last`, both included; those at the ends of a period may be cut short."""

    first: date
    last: date


class TrendLine(Struct, frozen=True):
    """Cards under one heading in all, and in each span; `reason` was given most often for overriding them, if any was."""

    total: RuleTally
    spans: tuple[RuleTally, ...]
    reason: str = ""


class Trend(Struct, frozen=True):
    """All cards, the same by rule (a card counts for each rule that speaks on it), and by reason those overridden for it.

    An override without a reason has the reason "".
    """

    unit: TimeUnit
    spans: tuple[Span, ...]
    all: TrendLine
    rules: tuple[TrendLine, ...] = ()
    reasons: tuple[TrendLine, ...] = ()


def trend(tallies: Iterable[Tally], first: date, last: date) -> Trend:
    """What became of the cards shown from `first` to `last`. Lines with most cards come first; tallies of other days are left out."""
    unit = unit_of(first, last)
    spans = tuple(_spans(first, last, unit))
    starts = [span.first for span in spans]
    counted: Counter[Cards] = Counter()
    for tally in tallies:
        if first <= tally.day <= last:
            place = bisect_right(starts, tally.day) - 1
            counted[place, tally.rules, tally.outcome, tally.reason] += tally.cards
    by_rule: dict[str, Counter[Cards]] = defaultdict(Counter)
    by_reason: dict[str, Counter[Cards]] = defaultdict(Counter)
    for cards, number in counted.items():
        _, rules, outcome, reason = cards
        for rule in rules:
            by_rule[rule][cards] = number
        if outcome is FeedbackOutcome.OVERRIDDEN:
            by_reason[reason][cards] = number
    return Trend(
        unit,
        spans,
        _line("all cards", counted, len(spans)),
        _lines(by_rule, len(spans)),
        _lines(by_reason, len(spans)),
    )


def unit_of(first: date, last: date) -> TimeUnit:
    """The shortest unit that cuts the period into a number of spans that can be taken in."""
    days = (last - first).days + 1
    if days <= _MOST_DAYS:
        return TimeUnit.DAY
    if days <= _MOST_WEEKS * 7:
        return TimeUnit.WEEK
    return TimeUnit.MONTH if (last.year - first.year) * 12 + last.month - first.month < _MOST_MONTHS else TimeUnit.YEAR


def _spans(first: date, last: date, unit: TimeUnit) -> Iterator[Span]:
    """The spans that cover the period without a gap; those without a card are among them."""
    while first <= last:
        end = min(_next(first, unit) - timedelta(days=1), last)
        yield Span(first, end)
        first = end + timedelta(days=1)


def _next(day: date, unit: TimeUnit) -> date:
    """The first day of the unit after the one that holds a day."""
    match unit:
        case TimeUnit.DAY:
            return day + timedelta(days=1)
        case TimeUnit.WEEK:
            return day - timedelta(days=day.weekday()) + _WEEK
        case TimeUnit.MONTH:
            return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
        case TimeUnit.YEAR:
            return date(day.year + 1, 1, 1)


def _lines(groups: dict[str, Counter[Cards]], spans: int) -> tuple[TrendLine, ...]:
    lines = (_line(name, cards, spans) for name, cards in groups.items())
    return tuple(sorted(lines, key=lambda line: (-line.total.shown, line.total.name)))


def _line(name: str, counted: Counter[Cards], spans: int) -> TrendLine:
    places: list[dict[FeedbackOutcome | None, int]] = [defaultdict(int) for _ in range(spans)]
    reasons: Counter[str] = Counter()
    for (place, _, outcome, reason), number in counted.items():
        places[place][outcome] += number
        if outcome is FeedbackOutcome.OVERRIDDEN and reason:
            reasons[reason] += number
    rows = tuple(
        RuleTally(name, sum(count.values()), count[FeedbackOutcome.ACCEPTED], count[FeedbackOutcome.OVERRIDDEN])
        for count in places
    )
    return TrendLine(_sum(name, rows), rows, min(reasons, key=lambda reason: (-reasons[reason], reason), default=""))


def _sum(name: str, rows: Sequence[RuleTally]) -> RuleTally:
    return RuleTally(
        name, sum(row.shown for row in rows), sum(row.accepted for row in rows), sum(row.overridden for row in rows)
    )
