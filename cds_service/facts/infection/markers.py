"""Signs of infection that are measured: fever, white cells, C-reactive protein, procalcitonin, each judged against its limit."""

from collections.abc import Iterator

from msgspec import Struct

from cds_service.chart import Chart, Missing, Quantity, Reading, Reason, Unknown, ValueSets
from cds_service.chart.sections import SECTION_OF
from cds_service.facts.shared.labs import (
    Lab,
    above,
    at_least,
    below,
    latest,
    within,
)
from cds_service.knowledge import Knowledge, Parameter

TEMPERATURE, WHITE_CELLS, CRP, PROCALCITONIN = (
    ValueSets.BODY_TEMPERATURE,
    ValueSets.WHITE_CELLS,
    ValueSets.CRP,
    ValueSets.PROCALCITONIN,
)
ESR, NEUTROPHILS = ValueSets.ESR, ValueSets.NEUTROPHILS
NAMES = {
    TEMPERATURE: "temperature",
    WHITE_CELLS: "white cells",
    CRP: "CRP",
    PROCALCITONIN: "procalcitonin",
    ESR: "ESR",
    NEUTROPHILS: "neutrophils",
}
_SIDES = {at_least: "from", above: "above", below: "below"}
_SIGNALS = {
    TEMPERATURE: ((at_least, "body_temperature_high"),),
    WHITE_CELLS: ((above, "white_cells_high"), (below, "white_cells_low")),
    CRP: ((above, "crp_high"),),
    PROCALCITONIN: ((at_least, "procalcitonin_high"),),
}
_LESSER = {
    CRP: (above, "crp_raised"),
    ESR: (above, "esr_raised"),
    TEMPERATURE: (below, "temperature_low"),
    NEUTROPHILS: (below, "neutrophils_low"),
}


class Marker(Struct, frozen=True):
    """The latest value of one marker, beyond a limit on one `side` (`above`). `current` is whether it is young enough at `as_of`."""

    measure: ValueSets
    lab: Lab
    limit: Parameter
    side: str
    current: bool

    @property
    def short(self) -> str:
        """Name, number and unit, such as `CRP 80 mg/L`; a temperature speaks for itself: `38.5 °C`."""
        return f"{self._name}{self.lab.quantity}"

    @property
    def bound(self) -> str:
        """The limit, such as `CRP above 50 mg/L`."""
        return f"{NAMES[self.measure]} {self.side} {Quantity(self.limit.value, self.limit.unit)}"

    @property
    def _name(self) -> str:
        return "" if self.measure == TEMPERATURE else f"{NAMES[self.measure]} "

    def __str__(self) -> str:
        """Name, number, unit and date, such as `CRP 80 mg/L (2026-11-20)`."""
        return f"{self._name}{self.lab}"


def signals(chart: Chart, know: Knowledge) -> Reading[Marker]:
    """The markers that are signs of infection, and why others do not prove that there is none.

    Procalcitonin is no gap if it was never measured, and stands in for a C-reactive protein that was not.
    """
    found: list[Marker] = []
    missed: dict[str, tuple[Unknown, ...]] = {}
    for measure in _SIGNALS:
        markers, missed[measure] = _signal(measure, chart, know)
        found += markers
    dispensable = (PROCALCITONIN,) if missed[PROCALCITONIN] else (PROCALCITONIN, CRP)
    gaps = tuple(
        gap
        for measure, gaps in missed.items()
        for gap in gaps
        if measure not in dispensable or gap.reasons != {Reason.NOT_MEASURED}
    )
    return Reading(tuple(found), gaps)


def _signal(measure: ValueSets, chart: Chart, know: Knowledge) -> Reading[Marker]:
    """The latest value if it lies beyond a limit; else the gap unless it proves that there is no infection."""
    found, gaps = latest(chart, measure, NAMES[measure])
    for lab in found:
        is_current = _is_current(measure, lab, chart, know)
        for side, name in _SIGNALS[measure]:
            limit = know.parameter(f"shared/infection.{name}")
            beyond = side(lab, limit.value)
            if beyond:
                return Reading((Marker(measure, lab, limit, _SIDES[side], is_current),))
            if beyond is None:
                missing = Missing(SECTION_OF[measure], Reason.UNREADABLE)
                return Reading((), (Unknown(f"{NAMES[measure]} {lab}", missing),))
        gaps = lab.doubts()[:1]
        if not gaps and not is_current:
            gaps = (Unknown(f"current {NAMES[measure]}", Missing(SECTION_OF[measure], Reason.NOT_MEASURED)),)
    return Reading((), gaps)


def window(measure: ValueSets, know: Knowledge) -> Parameter:
    """How long a value counts: hours for the temperature, days for the rest."""
    return know.parameter(f"shared/infection.{'temperature_window' if measure == TEMPERATURE else 'marker_window'}")


def _is_current(measure: ValueSets, lab: Lab, chart: Chart, know: Knowledge) -> bool:
    """Whether a value is young enough at `as_of`."""
    return within(lab, chart.as_of, window(measure, know))


def lesser(chart: Chart, know: Knowledge) -> Iterator[Marker]:
    """Values that prove little alone: a slightly raised CRP, a raised ESR, a low temperature, few neutrophils.

    Gaps are told with the signals: they come in the same sections.
    """
    signal = know.parameter("shared/infection.crp_high")
    for measure, (side, name) in _LESSER.items():
        limit = know.parameter(f"shared/infection.{name}")
        for lab in latest(chart, measure, NAMES[measure]).values:
            if side(lab, limit.value) and not (measure == CRP and above(lab, signal.value)):
                yield Marker(measure, lab, limit, _SIDES[side], _is_current(measure, lab, chart, know))


def newest(chart: Chart, what: str, *measures: ValueSets) -> Reading[Lab]:
    """The newest value of measures of which one is enough, and why others have none; `what` names them all for people."""
    found = [latest(chart, measure, what) for measure in measures]
    labs = [lab for each in found for lab in each.values]
    labs.sort(key=lambda lab: lab.taken.last, reverse=True)
    return Reading(tuple(labs[:1]), tuple(gap for each in found for gap in each.gaps))
