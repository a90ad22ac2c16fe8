"""How well the kidneys clear drugs: a recorded clearance, else Cockcroft-Gault, else the eGFR as a stated stand-in."""

import math
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import Chart, Condition, Missing, Quantity, Reason, State, Unknown, ValueSets
from cds_service.chart.sections import SECTION_OF
from cds_service.facts.shared import labs
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.memo import once
from cds_service.facts.shared.person import age
from cds_service.facts.shared.setting import Setting, possible_settings
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge, Parameter

_WHAT = "creatinine clearance"


class Clearance(Struct, frozen=True):
    """A creatinine clearance in mL/min; `says` is the number, how it was reached, and the date of what it rests on.

    `failed`: it stands for end-stage kidney disease or dialysis on record, whatever was measured. `estimated`: it is an eGFR.
    """

    value: float
    says: str
    evidence: tuple[Evidence, ...]
    failed: bool = False
    estimated: bool = False


@once
def creatinine_clearance(chart: Chart, know: Knowledge, at: datetime) -> Clearance:
    """The clearance from results that are current at `at`. Raises `Unknown` if no current result gives one.

    Source: Cockcroft and Gault 1976; an eGFR is no clearance and stands in only where nothing else is current.
    """
    window = creatinine_window(chart, know)
    missing: dict[Missing, None] = {}
    for way in (_recorded, _calculated, _estimated):
        try:
            return way(chart, know, window, at)
        except Unknown as gap:
            missing.update(dict.fromkeys(gap.missing))
            if not gap.never_measured:
                break  # what was not supplied might tell of a lower clearance than the next way does
    raise Unknown(_WHAT, *missing)


def renal_failure(chart: Chart) -> Condition | None:
    """The diagnosis of end-stage kidney disease or dialysis, or None if a whole problem list has none. Raises `Unknown`."""
    found = (item for item in chart.conditions_in(ValueSets.SEVERE_RENAL_FAILURE) if item.state is State.ACTIVE)
    return next(found, None)


def creatinine_window(chart: Chart, know: Knowledge) -> Parameter:
    """How old a renal result may be: short in hospital, with acute kidney injury, and where the chart leaves either open."""
    short = Setting.INPATIENT in possible_settings(chart) or _may_be_injured(chart)
    return know.parameter(f"shared/renal.creatinine_window_{'unstable' if short else 'outpatient'}")


def not_current(chart: Chart, know: Knowledge, at: datetime) -> tuple[str, ...]:
    """Which of creatinine and body weight has no current result at `at`, in words. Raises `Unknown` if one was not supplied."""
    windows = {
        ValueSets.CREATININE: creatinine_window(chart, know),
        ValueSets.BODY_WEIGHT: know.parameter("shared/renal.weight_window"),
    }
    lacking = (measure for measure, window in windows.items() if not _has_current(chart, measure, window, at))
    return tuple(measure.replace("-", " ") for measure in lacking)


def _has_current(chart: Chart, measure: ValueSets, window: Parameter, at: datetime) -> bool:
    try:
        current(chart, measure, window, at)
    except Unknown as gap:
        if not gap.never_measured:
            raise
        return False
    return True


def current(chart: Chart, measure: ValueSets, window: Parameter, at: datetime) -> Lab:
    """The latest result of a measure if it is no older than the window at `at`. Raises `Unknown` otherwise.

    A newer result that cannot be read makes it unknown; that the section holds something illegible, or was cut, does not.
    """
    lab = labs.latest(chart, measure, measure)
    for doubt in replace(lab, gaps=()).doubts():
        raise doubt
    if not labs.within(lab, at, window):
        raise Unknown(measure, Missing(SECTION_OF[measure], Reason.NOT_MEASURED))
    return lab


def _may_be_injured(chart: Chart) -> bool:
    try:
        return any(item.state is State.ACTIVE for item in chart.conditions_in(ValueSets.ACUTE_KIDNEY_INJURY))
    except Unknown as gap:
        return gap.reasons != {Reason.UNREADABLE}


def _recorded(chart: Chart, know: Knowledge, window: Parameter, at: datetime) -> Clearance:
    lab = current(chart, ValueSets.CREATININE_CLEARANCE, window, at)
    return Clearance(_lowest(lab), f"creatinine clearance {_lowest(lab):.0f} mL/min, {lab.taken}", (lab.evidence,))


def _estimated(chart: Chart, know: Knowledge, window: Parameter, at: datetime) -> Clearance:
    lab = current(chart, ValueSets.EGFR, window, at)
    shown = f"{lab.quantity.comparator}{lab.quantity.value:g} mL/min/1.73 m²"
    return Clearance(
        _lowest(lab), f"eGFR {shown} ({lab.taken}) in place of a creatinine clearance", (lab.evidence,), estimated=True
    )


def _calculated(chart: Chart, know: Knowledge, window: Parameter, at: datetime) -> Clearance:
    creatinine = current(chart, ValueSets.CREATININE, window, at)
    weight = current(chart, ValueSets.BODY_WEIGHT, know.parameter("shared/renal.weight_window"), at)
    years = know.parameter("shared/renal.cockcroft_gault_years").value - age(chart).most
    sex = chart.patient.sex if chart.patient else ""
    highest = max(item.value for item in (creatinine.quantity, *creatinine.rivals))
    value = years * weight.quantity.value / (know.parameter("shared/renal.cockcroft_gault_divisor").value * highest)
    if sex != "male":
        value *= know.parameter("shared/renal.cockcroft_gault_female").value
    unsexed = "" if sex in ("male", "female") else ", sex not stated: lower value"
    says = (
        f"creatinine clearance {math.floor(value)} mL/min by Cockcroft-Gault "
        f"(creatinine {highest:.3g} mg/dL {creatinine.taken}, {weight.quantity.value:g} kg{unsexed})"
    )
    return Clearance(value, says, (creatinine.evidence, weight.evidence))


def _lowest(lab: Lab) -> float:
    """The least that the results of this time allow; `<15` lies below 15."""
    return min(map(_least, (lab.quantity, *lab.rivals)))


def _least(found: Quantity) -> float:
    return math.nextafter(found.value, -math.inf) if found.comparator == "<" else found.value
