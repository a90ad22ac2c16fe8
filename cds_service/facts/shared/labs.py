"""The latest result of a laboratory test or measurement, how old it is, and what makes it doubtful."""

from datetime import datetime
from itertools import islice

from msgspec import Struct

from cds_service.chart import (
    Chart,
    Measurement,
    Missing,
    Quantity,
    Reading,
    Reason,
    ResultStatus,
    Unknown,
    ValueSets,
    When,
)
from cds_service.chart.sections import SECTION_OF
from cds_service.facts.shared.memo import computed_once
from cds_service.findings import Evidence
from cds_service.knowledge import Parameter


class Lab(Struct, frozen=True):
    """A dated number. `rivals` are other results of the same time, `unread` the results that are not surely older and tell nothing."""

    what: str
    measurement: Measurement
    quantity: Quantity
    taken: When
    rivals: tuple[Quantity, ...] = ()
    unread: tuple[Measurement, ...] = ()
    gaps: tuple[Missing, ...] = ()

    def __str__(self) -> str:
        """Number, unit and date, such as `52 ×10⁹/L (2026-11-20, preliminary)`."""
        note = ", preliminary" if self.measurement.status is ResultStatus.PRELIMINARY else ""
        return f"{self.quantity} ({self.taken}{note})"

    @property
    def short(self) -> str:
        """What was measured and its number, such as `platelets 52 ×10⁹/L`."""
        return f"{self.what} {self.quantity}"

    def headline(self, limit: str) -> str:
        """What a summary says of it, such as `Platelets 42 ×10⁹/L, 2026-11-21; limit 50`."""
        return f"{self.what[:1].upper()}{self.what[1:]} {self.quantity}, {self.taken}; limit {limit}"

    @property
    def evidence(self) -> Evidence:
        """The element of the chart that says so."""
        return Evidence(self.measurement.source, "value", self.taken, str(self.quantity))

    def doubts(self) -> tuple[Unknown, ...]:
        """Why a normal result may not be the latest: newer ones that cannot be read or have no date, and gaps in the section.

        A rule yields them when this result is normal; an abnormal one counts in spite of them.
        """
        unread = tuple([_unread(self.what, item) for item in self.unread]) if self.unread else ()
        return (*unread, Unknown(self.what, *self.gaps)) if self.gaps else unread


@computed_once
def latest(chart: Chart, measure: ValueSets, what: str) -> Reading[Lab]:
    """The newest number of a measure (a value set id) not dated after `as_of`'s day; `what` names it for people, such as `INR`.

    A preliminary result counts. The gap if there is none: never measured, not readable, without a date, or in a section that is missing.
    """
    found = _results(chart, measure)
    return Reading((_lab(found, 0, what),)) if found.numbers else Reading((), (_nothing(found, measure, what),))


@computed_once
def history(chart: Chart, measure: ValueSets, what: str) -> Reading[Lab]:
    """All dated numbers of a measure, newest first; and the gap if the section has one, or if there was no number at all."""
    found = _results(chart, measure)
    gaps = (_nothing(found, measure, what),) if found.gaps or not found.numbers else ()
    return Reading(tuple(_lab(found, place, what) for place in range(len(found.numbers))), gaps)


def unread(chart: Chart, measure: ValueSets) -> tuple[Measurement, ...]:
    """The results of a measure that tell nothing: without a number that can be read, or without a date."""
    return _results(chart, measure).unread


class _Number(Struct, frozen=True):
    """One result that is a dated number."""

    measurement: Measurement
    quantity: Quantity
    taken: When


class _Results(Struct, frozen=True):
    """The results of one measure: the dated numbers, and those that are none, newest first."""

    numbers: tuple[_Number, ...]
    unread: tuple[Measurement, ...]
    gaps: tuple[Missing, ...]


def _results(chart: Chart, measure: ValueSets) -> _Results:
    found, gaps = chart.measurements(measure)
    numbers, unread = [], []
    for item in found:
        if item.when and chart.is_ahead(item.when):
            continue  # not yet known at `as_of`
        if item.quantity and item.when:
            numbers.append(_Number(item, item.quantity, item.when))
        else:
            unread.append(item)
    return _Results(tuple(numbers), tuple(unread), gaps[0].missing if gaps else ())


def _lab(found: _Results, place: int, what: str) -> Lab:
    number = found.numbers[place]
    unread = tuple([item for item in found.unread if _may_be_newer(item.when, number.taken)])
    return Lab(what, number.measurement, number.quantity, number.taken, _rivals(found, place), unread, found.gaps)


def _nothing(found: _Results, measure: ValueSets, what: str) -> Unknown:
    """Why there is no number, or may be more than those found."""
    if found.unread and all(gap.reason is Reason.UNREADABLE for gap in found.gaps):
        return _unread(what, found.unread[0])
    if found.gaps:
        return Unknown(what, *found.gaps)
    return Unknown(what, Missing(SECTION_OF[measure], Reason.NOT_MEASURED))


def _may_be_newer(other: When | None, taken: When) -> bool:
    """Whether a result could have been taken after another; of two days written without a time nobody can tell."""
    return other is None or other.end > taken.start


def _rivals(found: _Results, place: int) -> tuple[Quantity, ...]:
    """Differing results that are listed as older but need not be."""
    chosen, rivals = found.numbers[place], []
    for number in islice(found.numbers, place + 1, None):
        if number.taken != chosen.taken and not _may_be_newer(number.taken, chosen.taken):
            break
        if number.quantity != chosen.quantity:
            rivals.append(number.quantity)
    return tuple(rivals)


def _unread(what: str, item: Measurement) -> Unknown:
    said = item.absent or (item.answer.text if item.answer else str(item.quantity))
    dated = f"of {item.when}" if item.when else "without a date"
    section = next(SECTION_OF[name] for name in sorted(item.concept.sets) if name in SECTION_OF)
    return Unknown(f"{what} ({dated}: {said})", Missing(section, Reason.UNREADABLE))


def within(lab: Lab, at: datetime, window: Parameter) -> bool:
    """Whether a result is at most as old as the window at `at`, however its day or month is taken."""
    return at - lab.taken.start <= window.span


def above(lab: Lab, limit: float) -> bool | None:
    """Whether a result exceeds a limit; None if a comparator (`>1.5`) or two results of the same time leave that open."""
    return _agreed(lab, limit, reached=False)


def at_least(lab: Lab, limit: float) -> bool | None:
    """Whether a result reaches a limit; None if that is open."""
    return _agreed(lab, limit, reached=True)


def below(lab: Lab, limit: float) -> bool | None:
    """Whether a result lies under a limit (`<50` is below 50); None if that is open."""
    return _opposite(at_least(lab, limit))


def at_most(lab: Lab, limit: float) -> bool | None:
    """Whether a result does not exceed a limit; None if that is open."""
    return _opposite(above(lab, limit))


def _exceeds(found: Quantity, limit: float, *, reached: bool) -> bool | None:
    """Whether a number lies over a limit (or on it, with `reached`); None if its comparator leaves that open."""
    over = found.value >= limit if reached else found.value > limit
    match found.comparator:
        case ">":
            return True if found.value >= limit else None
        case ">=":
            return True if over else None
        case "<":
            return False if found.value <= limit else None
        case "<=":
            return None if over else False
    return over


def _agreed(lab: Lab, limit: float, *, reached: bool) -> bool | None:
    """The one answer that a result and its rivals give, else None."""
    answer = _exceeds(lab.quantity, limit, reached=reached)
    for rival in lab.rivals:
        if _exceeds(rival, limit, reached=reached) is not answer:
            return None
    return answer


def _opposite(answer: bool | None) -> bool | None:
    return None if answer is None else not answer
