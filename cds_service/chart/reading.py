"""What the chart answers to one question: the values on record, and beside them the gaps that could hide more."""

from collections.abc import Callable
from typing import Generic, NamedTuple, NoReturn, TypeVar

from cds_service.chart.sections import Reason, Unknown

Value = TypeVar("Value")


class Reading(NamedTuple, Generic[Value]):
    """Values, and gaps that could hide more: `problems, gaps = chart.conditions_in(…)`, so that neither is taken without the other.

    A rule shows what the values mean and then yields the gaps: a gap never hides a finding. A reading of one value, such as an age,
    has either that value or a gap.
    """

    values: tuple[Value, ...] = ()
    gaps: tuple[Unknown, ...] = ()

    def __bool__(self) -> NoReturn:
        """A reading is neither true nor false: nothing found is not the same as nothing there."""
        raise TypeError("ask a reading for its values or for its gaps")

    def require(self) -> tuple[Value, ...]:
        """All values. Raises `Unknown`, the first gap, if there could be more."""
        for gap in self.gaps:
            raise gap.anew()
        return self.values

    def one(self) -> Value:
        """The first value, whatever is missing besides. Raises `Unknown`, the first gap, if there is none."""
        if not self.values:
            raise self.gaps[0].anew()
        return self.values[0]

    def where(self, holds: Callable[[Value], bool]) -> "Reading[Value]":
        """The values of which something holds, and all gaps."""
        if not self.values:
            return self
        return Reading(tuple([value for value in self.values if holds(value)]), self.gaps)

    def first(self) -> "Reading[Value]":
        """The first value alone, for a question that one value settles; the gaps if there is none."""
        return Reading(self.values[:1]) if self.values else self

    def or_gap(self, what: str) -> "Reading[Value]":
        """The same values, and all that is missing as one gap of this name."""
        if not self.gaps:
            return self
        return Reading(self.values, (Unknown(what, *dict.fromkeys(item for gap in self.gaps for item in gap.missing)),))

    def one_gap(self) -> "Reading[Value]":
        """The same values, and all gaps as one that names each of them."""
        return self.or_gap("; ".join(dict.fromkeys(gap.what for gap in self.gaps)))

    def if_measured(self) -> "Reading[Value]":
        """The same values, for a question that asks nobody to measure: that there never was a value is no gap."""
        if not self.gaps:
            return self
        return Reading(self.values, tuple([gap for gap in self.gaps if gap.reasons != {Reason.NOT_MEASURED}]))

    def if_supplied(self) -> "Reading[Value]":
        """The reading itself, if all that it lacks was supplied and holds no value that can be read. Raises `Unknown` otherwise."""
        for gap in self.gaps:
            if not gap.never_measured:
                raise gap.anew()
        return self
