"""Where a moment lies on a drawn line of time, which dates are written along it, and what the clock on the wall says at a moment."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo

from msgspec import Struct

from cds_service.chart import Precision, When

_MOST_SHORT, _MOST_LONG = 6, 4  # dates along the line: days and years are shorter than months with their year
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)
_LEAST = timedelta(days=2)
_MARGIN = 0.03
_EDGE = 0.78  # a date written further right would be cut off


class Tick(Struct, frozen=True):
    """A date along the line: `x` in percent of its length."""

    x: float
    label: str


class Scale(Struct, frozen=True):
    """A line of time from `start` to `end`, read by the clock on the wall in `zone`."""

    start: datetime
    end: datetime
    zone: tzinfo

    @classmethod
    def over(cls, moments: Iterable[datetime], zone: tzinfo) -> "Scale":
        """The line that shows all moments, at least one, with a margin at both ends; never shorter than two days."""
        known = tuple(moments)
        start, end = min(known), max(known)
        lacking = max(timedelta(0), _LEAST - (end - start)) / 2
        margin = (end - start + 2 * lacking) * _MARGIN + lacking
        return cls(start - margin, end + margin, zone)

    def place(self, at: datetime) -> float:
        """How far along the line a moment lies, in percent; one beyond an end lies at that end."""
        start, end = self.start.timestamp(), self.end.timestamp()
        return round(min(max((at.timestamp() - start) / (end - start), 0.0), 1.0) * 100, 2)

    def holds(self, at: datetime) -> bool:
        """Whether the line reaches as far as a moment."""
        return self.start <= at <= self.end

    def ticks(self) -> tuple[Tick, ...]:
        """Beginnings of days, months or years, as many as stay apart."""
        for days in _DAYS:
            found = tuple(self._days(days))
            if len(found) <= _MOST_SHORT:
                return self._labelled(found, "%-d %b")
        for months in _MONTHS:
            found = tuple(self._months(months))
            if len(found) <= (_MOST_LONG if months % 12 else _MOST_SHORT):
                break
        return self._labelled(found, "%Y" if months % 12 == 0 else "%b %Y")

    def _labelled(self, midnights: Iterable[datetime], form: str) -> tuple[Tick, ...]:
        return tuple(Tick(x, at.strftime(form)) for at in midnights if (x := self.place(at)) <= _EDGE * 100)

    def _days(self, step: int) -> Iterator[datetime]:
        first, last = (at.astimezone(self.zone).date().toordinal() for at in (self.start, self.end))
        for day in range(first + 1, min(last, first + step * (_MOST_SHORT + 1)) + 1, step):
            yield datetime.combine(date.fromordinal(day), time(), self.zone)

    def _months(self, step: int) -> Iterator[datetime]:
        first, last = (
            at.year * 12 + at.month - 1 for at in (self.start.astimezone(self.zone), self.end.astimezone(self.zone))
        )
        aligned = -(-(first + 1) // step) * step
        for month in range(aligned, min(last, aligned + step * _MOST_SHORT) + 1, step):
            yield datetime(month // 12, month % 12 + 1, 1, tzinfo=self.zone)


class Clock(Struct, frozen=True):
    """Writes moments by the clock on the wall in `zone`, as FHIR does: whoever shows them chooses the style (`date_style`)."""

    zone: tzinfo

    def time(self, at: datetime) -> str:
        """Such as `2026-11-25 12:00`."""
        return str(When.at(at.astimezone(self.zone)))

    def day(self, at: datetime) -> str:
        """Such as `2026-11-25`."""
        return str(at.astimezone(self.zone).date())

    def when(self, when: When) -> str:
        """A date as exactly as the chart gives it; a day is the day that was written, whatever the zone."""
        return self.time(when.start) if when.precision is Precision.TIME else str(when)
