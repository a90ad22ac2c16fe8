"""The latest result of a laboratory test or measurement, how old it is, and what makes it doubtful."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from cds_service.chart import Chart, Measurement, Missing, Quantity, Reason, ResultStatus, Unknown, When
from cds_service.chart.sections import SECTION_OF
from cds_service.engine import Evidence
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
    def evidence(self) -> Evidence:
        """The element of the chart that says so."""
        return Evidence(self.measurement.source, "value", self.taken, str(self.quantity))

    def doubts(self) -> Iterator[Unknown]:
        """Why a normal result may not be the latest: newer ones that cannot be read or have no date, and gaps in the section.

        A rule yields them when this result is normal; an abnormal one counts in spite of them.
        """
        for item in self.unread:
            yield _unread(self.what, item)
        if self.gaps:
            yield Unknown(self.what, *self.gaps)


def latest(chart: Chart, measure: str, what: str) -> Lab:
    """The newest number of a measure (a value set id) not dated after `as_of`'s day; `what` names it for people, such as `INR`.

    A preliminary result counts. Raises `Unknown(what)` if there is none: never measured, not readable, without a date, or in a section
    that is missing.
    """
    return chart.once(("latest", measure, what), lambda: next(history(chart, measure, what)))


def if_measured(chart: Chart, measure: str, what: str) -> Iterator[Lab]:
    """The latest number, for rules that ask nobody to measure: nothing if there never was one; other gaps raise `Unknown`."""
    try:
        yield latest(chart, measure, what)
    except Unknown as gap:
        if gap.reasons != {Reason.NOT_MEASURED}:
            raise


def history(chart: Chart, measure: str, what: str) -> Iterator[Lab]:
    """All dated numbers of a measure, newest first; then `Unknown` if the section has gaps, or if there was no number at all."""
    found = chart.once(("labs", measure), lambda: _sorted(chart, measure))
    for place, lab in enumerate(found.labs):
        unread = tuple(item for item in found.unread if _may_be_newer(item.when, lab.taken))
        yield Lab(what, lab.measurement, lab.quantity, lab.taken, _rivals(found.labs, place), unread, found.gaps)
    if found.gaps:
        raise Unknown(what, *found.gaps)
    if not found.labs:
        if found.unread:
            raise _unread(what, found.unread[0])
        raise Unknown(what, Missing(SECTION_OF[measure], Reason.NOT_MEASURED))


class _Sorted(Struct, frozen=True):
    """The results of one measure: the dated numbers, and those that are none, newest first."""

    labs: tuple[Lab, ...]
    unread: tuple[Measurement, ...]
    gaps: tuple[Missing, ...]


def _sorted(chart: Chart, measure: str) -> _Sorted:
    tomorrow = (chart.as_of + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    labs, unread = [], []
    gaps: tuple[Missing, ...] = ()
    try:
        for item in chart.measurements(measure):
            if item.when and item.when.start >= tomorrow:
                continue  # not yet known at `as_of`
            if item.quantity and item.when:
                labs.append(Lab("", item, item.quantity, item.when))
            else:
                unread.append(item)
    except Unknown as gap:
        gaps = gap.missing
    return _Sorted(tuple(labs), tuple(unread), gaps)


def _may_be_newer(other: When | None, taken: When) -> bool:
    """Whether a result could have been taken after another; of two days written without a time nobody can tell."""
    return other is None or other.end > taken.start


def _rivals(labs: tuple[Lab, ...], place: int) -> tuple[Quantity, ...]:
    """Differing results that are listed as older but need not be."""
    chosen, found = labs[place], []
    for lab in labs[place + 1 :]:
        if lab.taken != chosen.taken and not _may_be_newer(lab.taken, chosen.taken):
            break
        if lab.quantity != chosen.quantity:
            found.append(lab.quantity)
    return tuple(found)


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
    return _agreed(_exceeds(found, limit, reached=False) for found in (lab.quantity, *lab.rivals))


def at_least(lab: Lab, limit: float) -> bool | None:
    """Whether a result reaches a limit; None if that is open."""
    return _agreed(_exceeds(found, limit, reached=True) for found in (lab.quantity, *lab.rivals))


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


def _agreed(answers: Iterator[bool | None]) -> bool | None:
    """The one answer that all give, else None."""
    different = set(answers)
    return different.pop() if len(different) == 1 else None


def _opposite(answer: bool | None) -> bool | None:
    return None if answer is None else not answer
