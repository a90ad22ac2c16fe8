"""A date in a chart is an interval: the chart may know a year, a month, a day or an instant."""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

YEARS = range(1900, 9000)
"""The years of which a chart can speak; beyond them, adding an interval to a date may leave the calendar."""


class Precision(StrEnum):
    """How exactly the chart gives a date."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    TIME = "time"


_SHOWN = {
    Precision.YEAR: len("2026"),
    Precision.MONTH: len("2026-11"),
    Precision.DAY: len("2026-11-22"),
    Precision.TIME: len("2026-11-22 08:30"),
}
"""How much of a moment is known at each precision."""


class When(Struct, frozen=True):
    """The interval from `start` to `end`, both aware; `end` is the first instant after it (equal to `start` for an instant)."""

    start: datetime
    end: datetime
    precision: Precision

    @classmethod
    def at(cls, instant: datetime) -> "When":
        """The interval of one instant."""
        return cls(instant, instant, Precision.TIME)

    @property
    def last(self) -> datetime:
        """The latest instant that the interval holds, to the second."""
        return self.end if self.end == self.start else self.end - timedelta(seconds=1)

    def __str__(self) -> str:
        return self.start.isoformat(" ", "minutes")[: _SHOWN[self.precision]]

    @property
    def iso(self) -> str:
        """The date as FHIR writes it, at its own precision."""
        return self.start.isoformat() if self.precision is Precision.TIME else str(self)


def days_since(moment: datetime, as_of: datetime) -> int:
    """Whole days from a moment until `as_of`, by the calendar of `as_of`; below zero for a day to come."""
    return as_of.toordinal() - moment.astimezone(as_of.tzinfo).toordinal()


def in_days(count: int) -> str:
    """A number of days as people say it: `1 day`, `30 days`."""
    return f"{count} day{'' if count == 1 else 's'}"


class Age(Struct, frozen=True):
    """How long ago something was, as an interval of whole calendar days; `most` is None when the chart gives only a lower bound."""

    least: int
    most: int | None

    @classmethod
    def since(cls, when: When, as_of: datetime) -> "Age":
        """The age at `as_of` of what happened within `when`, by the calendar of `as_of`; never below zero."""
        return cls(max(0, days_since(when.last, as_of)), max(0, days_since(when.start, as_of)))

    def is_within(self, days: float) -> bool:
        """Whether it was surely at most so many days ago."""
        return self.most is not None and self.most <= days

    def is_beyond(self, days: float) -> bool:
        """Whether it was surely more than so many days ago."""
        return self.least > days

    def __str__(self) -> str:
        """In days: `30 days`, `20 to 60 days`, or `at least 20 days`."""
        if self.most is None:
            return f"at least {in_days(self.least)}"
        return in_days(self.least) if self.least == self.most else f"{self.least} to {in_days(self.most)}"
