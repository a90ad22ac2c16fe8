"""The page at /feedback: how the cards of a period were received, by rule and by reason, over time."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct
from msgspec.structs import replace

from cds_service.cards import overrides
from cds_service.errors import RequestError
from cds_service.feedback.record import FREE_TEXT
from cds_service.feedback.summarise import RuleTally
from cds_service.feedback.trend import Span, TimeUnit, Trend, TrendLine, trend
from cds_service.findings import Rule
from cds_service.store.database import Database
from cds_service.store.records import Tally
from cds_service.store.repository import cards_of_trials, feedback_on_unknown_cards, first_shown, tallies
from cds_service.web.charts import Columns, columns

_MONTHS_SHOWN = 12
_MOST_LABELS = 12
SORTS = {"shown": "Shown", "accepted": "Accepted", "overridden": "Overridden", "share": "Of answered"}
"""By what the rules can be sorted, with the heading of its column."""


class Period(Struct, frozen=True):
    """What a visitor wants to see: cards shown on these days (UTC), of one rule or all, and by what the rules are sorted.

    Without `first` from the beginning of the records.
    """

    first: date | None
    last: date
    rule: str = ""
    sort: str = "shown"

    def query(self, **changes: object) -> dict[str, str]:
        """The query of the address that leads to this, or to this with something changed."""
        values = {"from": self.first or "", "to": self.last, "rule": self.rule, "sort": self.sort} | changes
        return {name: str(value) for name, value in values.items() if value or name == "from"}


class Choice(Struct, frozen=True):
    """A period to choose with one click."""

    label: str
    query: Mapping[str, str]
    chosen: bool


class Heading(Struct, frozen=True):
    """The line of a rule or of a reason: what it is called, and its columns by span."""

    name: str
    line: TrendLine
    chart: Columns
    reason: str = ""


class FeedbackPage(Struct, frozen=True):
    """All that the page shows. `since` is the day of the oldest card that was shown, None without any.

    `trend` is None for no day at all; `of_trials` are cards sent to our own tools, which are counted nowhere else.
    """

    asked: Period
    choices: tuple[Choice, ...]
    since: date | None
    trend: Trend | None
    chart: Columns | None
    rules: tuple[Heading, ...]
    reasons: tuple[Heading, ...]
    on_unknown_cards: int
    of_trials: int

    @property
    def total(self) -> RuleTally:
        """All cards of the period."""
        return self.trend.all.total if self.trend else RuleTally("all cards", 0, 0, 0)

    @property
    def label_every(self) -> int:
        """How many columns share one label."""
        return -(-len(self.trend.spans) // _MOST_LABELS) if self.trend else 1


def most_overridden(headings: Iterable[Heading]) -> int:
    """The highest number of cards overridden in one span under one heading."""
    return max((row.overridden for heading in headings for row in heading.line.spans), default=0)


def asked(query: Mapping[str, str], today: date) -> Period:
    """What an address asks for, by default the last twelve months. Raises RequestError for a day or sorting that is none."""
    first = _day(query["from"], "from") if "from" in query else _months_back(today, _MONTHS_SHOWN - 1)
    last = _day(query.get("to", ""), "to") or today
    if first and first > last:
        raise RequestError("The period begins after its end", expression="from")
    sort = query.get("sort") or "shown"
    if sort not in SORTS:
        raise RequestError(f"The rules can be sorted by {', '.join(SORTS)}", expression="sort")
    return Period(first, last, query.get("rule", "").strip(), sort)


def counted(asked: Period, database: Database) -> list[Tally]:
    """The tallies of what is asked for. Raises StoreUnavailable."""
    found = tallies(database, _begin(asked.first) if asked.first else None, _begin(asked.last) + timedelta(days=1))
    return [tally for tally in found if asked.rule in tally.rules] if asked.rule else found


def page(asked: Period, rules: Mapping[str, Rule], database: Database, today: date) -> FeedbackPage:
    """The page. Raises StoreUnavailable."""
    oldest = first_shown(database)
    since = oldest.date() if oldest else None
    found = counted(asked, database)
    first, last = max(asked.first or since, since) if since else today, min(asked.last, today)
    shown = trend(found, first, last) if since and first <= last else None
    named = {rule.id: rule.title for rule in rules.values()}
    return FeedbackPage(
        asked=asked,
        choices=tuple(_choices(asked, today)),
        since=since,
        trend=shown,
        chart=columns(*_layers(shown.all)) if shown else None,
        rules=_sorted((_heading(line, named.get(line.total.name, "")) for line in shown.rules), asked.sort)
        if shown
        else (),
        reasons=tuple(_heading(line, reason_label(line.total.name)) for line in shown.reasons) if shown else (),
        on_unknown_cards=feedback_on_unknown_cards(database),
        of_trials=cards_of_trials(database),
    )


def reason_label(code: str) -> str:
    """A reason in words."""
    return {"": "No reason given", FREE_TEXT: "In the user's own words"}.get(code) or overrides.reason_texts(code)


def short(span: Span, unit: TimeUnit) -> str:
    """A span as the label of its column."""
    return f"{span.first:{_SHORT[unit]}}"


def full(span: Span, unit: TimeUnit) -> str:
    """A span as the heading of its row."""
    return f"{span.first:{_FULL[unit]}}"


_SHORT = {TimeUnit.DAY: "%-d %b", TimeUnit.WEEK: "%-d %b", TimeUnit.MONTH: "%b %Y", TimeUnit.YEAR: "%Y"}
_FULL = {TimeUnit.DAY: "%a %-d %b %Y", TimeUnit.WEEK: "Week of %-d %b %Y", TimeUnit.MONTH: "%B %Y", TimeUnit.YEAR: "%Y"}


def _layers(line: TrendLine) -> tuple[list[int], list[int], list[int]]:
    return (
        [row.accepted for row in line.spans],
        [row.overridden for row in line.spans],
        [row.unanswered for row in line.spans],
    )


def _heading(line: TrendLine, name: str) -> Heading:
    overridden = columns([row.overridden for row in line.spans])
    return Heading(name or line.total.name, line, overridden, reason_label(line.reason) if line.reason else "")


def _sorted(headings: Iterable[Heading], sort: str) -> tuple[Heading, ...]:
    def key(heading: Heading) -> float:
        row = heading.line.total
        if sort == "share":
            return -1.0 if row.overridden_share is None else row.overridden_share
        return float(getattr(row, sort))

    return tuple(sorted(headings, key=key, reverse=True))


def _choices(asked: Period, today: date) -> Iterable[Choice]:
    starts = {
        "30 days": today - timedelta(days=29),
        "12 weeks": today - timedelta(days=today.weekday(), weeks=11),
        "12 months": _months_back(today, _MONTHS_SHOWN - 1),
        "All": None,
    }
    for label, first in starts.items():
        chosen = replace(asked, first=first, last=today)
        yield Choice(label, chosen.query(), asked == chosen)


def _months_back(day: date, months: int) -> date:
    """The first day of the month so many months before."""
    past = day.year * 12 + day.month - 1 - months
    return date(past // 12, past % 12 + 1, 1)


def _day(text: str, name: str) -> date | None:
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year < 3000:
        raise RequestError(f"{name} is not a day, such as 2026-11-22", expression=name)
    return day


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
