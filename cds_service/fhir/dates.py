"""Reads FHIR dates, full or partial, as intervals by the site's clock; differences between them are time that has passed."""

import re
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from cds_service.chart import Precision, When
from cds_service.chart.time import YEARS
from cds_service.fhir.decoding.datatypes import Period, Text

_SHAPE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2})"
    r"(?:[T ](?P<clock>\d{2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*(?P<zone>Z|z|[+-]\d{2}:?\d{2})?)?)?)?"
)


@lru_cache(maxsize=4096)
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


def _interval(found: re.Match[str], zone: tzinfo) -> When:
    year, month, day = (int(found[name]) if found[name] else 0 for name in ("year", "month", "day"))
    if found["clock"]:
        stamp = datetime.fromisoformat(f"{year:04}-{month:02}-{day:02}T{found['clock']}{_offset(found['zone'])}")
        return When.at(_by_the_clock(stamp, zone))
    if day:
        first = date(year, month, day)
        return When(_midnight(first, zone), _midnight(first + timedelta(days=1), zone), Precision.DAY)
    if month:
        after = date(year + month // 12, month % 12 + 1, 1)
        return When(_midnight(date(year, month, 1), zone), _midnight(after, zone), Precision.MONTH)
    return When(_midnight(date(year, 1, 1), zone), _midnight(date(year + 1, 1, 1), zone), Precision.YEAR)


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
    return When(start.start, max(start.end, end.end) if end else start.end, start.precision)


def first(zone: tzinfo, *texts: Text) -> When | None:
    """The first of several dates that can be read."""
    for text in texts:
        found = read(text, zone)
        if found:
            return found
    return None
