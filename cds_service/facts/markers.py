"""Signs of infection that are measured: fever, white cells, C-reactive protein, procalcitonin, each judged against its limit."""

from dataclasses import dataclass

from cds_service.chart import Chart
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
