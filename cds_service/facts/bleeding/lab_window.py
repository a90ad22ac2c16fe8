"""How old a normal coagulation result may be for this patient, and where the chart leaves that open."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from cds_service.chart import Chart, Missing, Reason, State, Unknown, ValueSets
from cds_service.chart.sections import SECTION_OF
from cds_service.facts.bleeding.exposure import Exposure, Tier, exposures
from cds_service.facts.bleeding.liver import liver_disease
from cds_service.facts.shared import labs
from cds_service.facts.shared.gaps import gathered
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.memo import once
from cds_service.facts.shared.setting import Setting, setting
from cds_service.findings import Indicator
from cds_service.knowledge import Knowledge, Parameter

_SHORT_LIVED = ("vitamin-k-antagonist", "unfractionated-heparin")


class LabWindow(Struct, frozen=True):
    """`known` follows from what the chart shows, `possible` is the shortest that its `gaps` leave open; `why` says what shortens it."""

    known: Parameter
    possible: Parameter
    why: str
    gaps: tuple[Missing, ...]


@once
def lab_window(chart: Chart, know: Knowledge) -> LabWindow:
    """The window for INR, platelets and fibrinogen: 48 h, 7 days or 30 days by default."""
    drugs, gaps = exposures(chart, know)
    short = [item.drug.name for item in vitamin_k_antagonists(chart, know)]
    short += [item.drug.name for item in drugs if item.on_board and item.drug.drug_class in _SHORT_LIVED]
    middle = [item.drug.name for item in drugs if item.on_board or item.tier is Tier.LONGER]
    readings = (
        (short, _active(chart, ValueSets.ACUTE_KIDNEY_INJURY, ValueSets.SEPSIS)),
        (short, _in_hospital(chart)),
        (middle, _liver(chart)),
        (middle, _active(chart, ValueSets.CHEMOTHERAPY, ValueSets.THROMBOCYTOPENIA_UNSPECIFIED)),
    )
    for reasons, reading in readings:
        found, more = gathered(reading)
        reasons.extend(found)
        gaps += more
    strict = know.parameter("shared/coagulation.lab_window_unstable")
    window = know.parameter(f"shared/coagulation.lab_window{'_unstable' if short else '_at_risk' if middle else ''}")
    missing = tuple(dict.fromkeys(item for gap in gaps for item in gap.missing))
    return LabWindow(window, strict if missing else window, next(iter(short or middle), ""), missing)


def is_current(lab: Lab, at: datetime, chart: Chart, know: Knowledge) -> bool:
    """Whether a result is recent enough at `at`. Raises `Unknown` if that depends on what the chart does not show."""
    window = lab_window(chart, know)
    if labs.within(lab, at, window.possible):
        return True
    if not labs.within(lab, at, window.known):
        return False
    raise Unknown(f"whether {lab.what} {lab} is recent enough", *window.gaps)


def stale(lab: Lab, chart: Chart, know: Knowledge) -> Iterator[Unknown]:
    """The gap that a normal result leaves which is too old to tell how it is now."""
    if not is_current(lab, chart.as_of, chart, know):
        section = next(SECTION_OF[name] for name in sorted(lab.measurement.concept.sets) if name in SECTION_OF)
        yield Unknown(f"{lab.what} (the last, {lab}, is too old)", Missing(section, Reason.NOT_MEASURED))


def indicator(lab: Lab, chart: Chart, know: Knowledge) -> Indicator | None:
    """The indicator of an abnormal result: one that is surely too old still counts, as a warning."""
    return None if labs.within(lab, chart.as_of, lab_window(chart, know).known) else Indicator.WARNING


@once
def vitamin_k_antagonists(chart: Chart, know: Knowledge) -> tuple[Exposure, ...]:
    """Vitamin K antagonists that are taken, or were last taken so lately that a current INR is needed."""
    span = know.parameter("shared/coagulation.vitamin_k_antagonist_lookback").span
    found = []
    for item in exposures(chart, know)[0]:
        drug = item.drug
        last = drug.last_dose.last if drug.last_dose else drug.off_by
        lately = item.on_board or (last is not None and chart.as_of - last < span)
        if drug.drug_class == "vitamin-k-antagonist" and (drug.still_taken or lately):
            found.append(item)
    return tuple(found)


def _active(chart: Chart, *sets: ValueSets) -> Iterator[str]:
    return (item.concept.text for item in chart.conditions_in(*sets) if item.state is State.ACTIVE)


def _in_hospital(chart: Chart) -> Iterator[str]:
    if setting(chart) is Setting.INPATIENT:
        yield "in hospital"


def _liver(chart: Chart) -> Iterator[str]:
    disease = liver_disease(chart)
    if disease is not None:
        yield disease.concept.text
