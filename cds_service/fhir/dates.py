"""Reads FHIR dates, full or partial, as intervals by the site's clock; differences between them are time that has passed."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from cds_service.chart import Precision, When
from cds_service.chart.time import YEARS
from cds_service.digest_cache import digest_cached
from cds_service.fhir.decoding.datatypes import AgePeriod, Period, Text, Timing

_SHAPE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2})"
    r"(?:[T ](?P<clock>\d{2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*(?P<zone>Z|z|[+-]\d{2}:?\d{2})?)?)?)?"
)
_LEAP, _BEFORE_LEAP = ":60", ":59"
"""The second that FHIR allows for leap seconds, and the one that stands for it here: a second more or less does not matter."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_DAYS = frozenset((date(1900, 1, 1), date(1970, 1, 1)))
"""The days that systems write where they have none: the first of their calendars."""
_FOREVER = "9999"
"""With what an end begins that is meant never to come."""


@digest_cached(4096)
def read(text: Text, zone: tzinfo) -> When | None:
    """The interval that a FHIR date, dateTime or instant names, or None if there is none or it cannot be read.

    A date alone is the day in `zone`, a time without an offset (not FHIR, but seen) is taken there, and a time in UTC is told by
    its clock; any other offset is kept. Each instant has a fixed offset, so that subtracting two never leaves out the hour by which
    clocks were changed between them.
    """
    if not text:
        return None
    found = _SHAPE.fullmatch(text.strip())
    if not found or int(found["year"]) not in YEARS:
        return None
    try:
        return _interval(found, zone)
    except (ValueError, OverflowError):
        return None


def has_shape(text: str) -> bool:
    """Whether a text is written as FHIR writes a date, be it one that cannot be."""
    return _SHAPE.fullmatch(text.strip()) is not None


def _interval(found: re.Match[str], zone: tzinfo) -> When:
    year, month, day = (int(found[name]) if found[name] else 0 for name in ("year", "month", "day"))
    if found["clock"]:
        clock = _without_leap_second(found["clock"])
        stamp = datetime.fromisoformat(f"{year:04}-{month:02}-{day:02}T{clock}{_offset(found['zone'])}")
        return When.at(_by_the_clock(stamp, zone))
    if day:
        first = date(year, month, day)
        return When(_midnight(first, zone), _midnight(first + timedelta(days=1), zone), Precision.DAY)
    if month:
        after = date(year + month // 12, month % 12 + 1, 1)
        return When(_midnight(date(year, month, 1), zone), _midnight(after, zone), Precision.MONTH)
    return When(_midnight(date(year, 1, 1), zone), _midnight(date(year + 1, 1, 1), zone), Precision.YEAR)


def _without_leap_second(clock: str) -> str:
    has_seconds = clock.count(":") > 1
    return clock.removesuffix(_LEAP) + _BEFORE_LEAP if has_seconds and clock.endswith(_LEAP) else clock


def _offset(text: str | None) -> str:
    return (text or "").upper().replace("Z", "+00:00")


def _midnight(day: date, zone: tzinfo) -> datetime:
    return _fixed(datetime(day.year, day.month, day.day, tzinfo=zone))


def _by_the_clock(stamp: datetime, zone: tzinfo) -> datetime:
    if stamp.tzinfo is None:
        return _fixed(stamp.replace(tzinfo=zone))
    return _fixed(stamp if stamp.utcoffset() else stamp.astimezone(zone))


def _fixed(moment: datetime) -> datetime:
    moment.timestamp()  # refuses an instant outside the calendar
    return moment.replace(tzinfo=timezone(moment.utcoffset() or timedelta()))


def period(value: Period | None, zone: tzinfo) -> When | None:
    """The interval from a period's start to its end; None unless a start can be read. An open period is its start alone."""
    if value is None:
        return None
    start, end = read(value.start, zone), read(value.end, zone)
    if start is None:
        return None
    precision = Precision.YEAR if isinstance(value, AgePeriod) else start.precision
    return When(start.start, max(start.end, end.end) if end else start.end, precision)


def timing(value: Timing | None, zone: tzinfo) -> When | None:
    """When something takes place that is stated as a Timing: its first event, else its bounds; None if neither can be read.

    How often it is repeated says nothing of when.
    """
    if value is None:
        return None
    events = [event for text in value.event if (event := read(text, zone))]
    bounds = value.repeat.boundsPeriod if value.repeat else None
    return min(events, key=lambda event: (event.start, event.end), default=None) or period(bounds, zone)


def occurrence(moment: Text, span: Period | None, stated: Timing | None, zone: tzinfo) -> When | None:
    """When something that was ordered takes place, in whichever of FHIR's three forms it is stated."""
    return read(moment, zone) or period(span, zone) or timing(stated, zone)


def states_one(moment: Text, span: Period | None = None, stated: Timing | None = None) -> bool:
    """Whether a time is given in any of these forms, were it one that cannot be read."""
    bounds = stated.repeat.boundsPeriod if stated and stated.repeat else None
    return any((moment, span and span.start, bounds and bounds.start, *(stated.event if stated else ())))


def is_no_date(when: When) -> bool:
    """Whether a date stands for none: 1900-01-01, 1970-01-01, or the instant at which computers begin to count."""
    if when.precision is Precision.TIME:
        begins_a_day = when.start.time() == time()
        return when.start == _EPOCH or (begins_a_day and when.start.date() in _NO_DAYS)
    return when.precision is Precision.DAY and when.start.date() in _NO_DAYS


def never_ends(text: Text) -> bool:
    """Whether the end of a period is written so that it never comes."""
    return (text or "").strip().startswith(_FOREVER)


def first(zone: tzinfo, *texts: Text) -> When | None:
    """The first of several dates that can be read."""
    for text in texts:
        found = read(text, zone)
        if found:
            return found
    return None
