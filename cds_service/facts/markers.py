"""Signs of infection that are measured: fever, white cells, C-reactive protein, procalcitonin, each judged against its limit."""

from collections.abc import Iterator
from dataclasses import dataclass

from cds_service.chart import Chart, Missing, Reason, Unknown
from cds_service.chart.sections import SECTION_OF
from cds_service.facts.labs import Lab, above, at_least, below, latest, within
from cds_service.knowledge import Knowledge, Parameter

TEMPERATURE, WHITE_CELLS, CRP, PROCALCITONIN = "body-temperature", "white-cells", "crp", "procalcitonin"
NAMES = {
    TEMPERATURE: "temperature",
    WHITE_CELLS: "white cells",
    CRP: "CRP",
    PROCALCITONIN: "procalcitonin",
    "esr": "ESR",
    "neutrophils": "neutrophils",
}


@dataclass(frozen=True, slots=True)
class Marker:
    """The latest value of one marker. `abnormal` is None where a comparator or a rival result leaves it open."""

    measure: str
    lab: Lab
    current: bool
    abnormal: bool | None
    limit: Parameter

    def __str__(self) -> str:
        """Name, number, unit and date, such as `CRP 80 mg/L (2026-11-20)`."""
        return f"{NAMES[self.measure]} {self.lab}"


def marker(chart: Chart, know: Knowledge, measure: str) -> Marker:
    """The latest value of a marker that can be a signal. Raises `Unknown` if there is none."""
    lab = latest(chart, measure, NAMES[measure])
    high = know.parameter(f"infection_markers.{measure.replace('-', '_')}_high")
    abnormal = above(lab, high.value) if measure in (WHITE_CELLS, CRP) else at_least(lab, high.value)
    if measure == WHITE_CELLS and not abnormal:
        low = know.parameter("infection_markers.white_cells_low")
        if below(lab, low.value):
            return Marker(measure, lab, is_current(chart, know, lab, measure), True, low)
        abnormal = None if below(lab, low.value) is None else abnormal
    return Marker(measure, lab, is_current(chart, know, lab, measure), abnormal, high)


def is_current(chart: Chart, know: Knowledge, lab: Lab, measure: str) -> bool:
    """Whether a value is young enough at `as_of`: hours for the temperature, days for the rest."""
    window = "temperature_window" if measure == TEMPERATURE else "window"
    return within(lab, chart.as_of, know.parameter(f"infection_markers.{window}"))


def signals(chart: Chart, know: Knowledge) -> tuple[tuple[Marker, ...], tuple[Unknown, ...]]:
    """The markers that are signs of infection, and why others do not prove that there is none.

    Procalcitonin is no gap if it was never measured, and stands in for a C-reactive protein that was not.
    """
    found: list[Marker] = []
    gaps: dict[str, tuple[Unknown, ...]] = {}
    for measure in (TEMPERATURE, WHITE_CELLS, CRP, PROCALCITONIN):
        try:
            item = marker(chart, know, measure)
        except Unknown as gap:
            gaps[measure] = (gap,)
            continue
        gaps[measure] = () if item.abnormal else tuple(_doubts(item))
        if item.abnormal:
            found.append(item)
    stands_in = not gaps[PROCALCITONIN]
    return tuple(found), tuple(
        gap
        for measure, items in gaps.items()
        for gap in items
        if gap.reasons != {Reason.NOT_MEASURED}
        or (measure == CRP and not stands_in)
        or measure in (TEMPERATURE, WHITE_CELLS)
    )


def _doubts(item: Marker) -> Iterator[Unknown]:
    """Why a value that is not abnormal does not prove the absence of infection; nothing if it does."""
    section = SECTION_OF[item.measure]
    if item.abnormal is None:
        yield Unknown(str(item), Missing(section, Reason.UNREADABLE))
        return
    if not item.current:
        yield Unknown(f"current {NAMES[item.measure]}", Missing(section, Reason.NOT_MEASURED))
    yield from item.lab.doubts()


def lesser(chart: Chart, know: Knowledge) -> Iterator[Marker]:
    """Values that prove little alone: a slightly raised CRP, a raised ESR, a low temperature, few neutrophils.

    Gaps are told with the signals: they come in the same sections.
    """
    for measure, name, high in (
        (CRP, "crp_raised", True),
        ("esr", "esr_raised", True),
        (TEMPERATURE, "temperature_low", False),
        ("neutrophils", "neutrophils_low", False),
    ):
        limit = know.parameter(f"infection_markers.{name}")
        try:
            lab = latest(chart, measure, NAMES[measure])
        except Unknown:
            continue
        reached = above(lab, limit.value) if high else below(lab, limit.value)
        is_signal = measure == CRP and above(lab, know.parameter("infection_markers.crp_high").value)
        if reached and not is_signal:
            yield Marker(measure, lab, is_current(chart, know, lab, measure), True, limit)
