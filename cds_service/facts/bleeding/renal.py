"""How well the kidneys clear drugs: a recorded clearance, else Cockcroft-Gault, else the eGFR as a stated stand-in."""

import math
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from cds_service.chart import Chart, Condition, Missing, Quantity, Reading, Reason, State, Unknown, ValueSets
from cds_service.chart.sections import SECTION_OF
from cds_service.facts.shared import labs
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.memo import computed_once
from cds_service.facts.shared.person import Years, age
from cds_service.facts.shared.setting import Setting, possible_settings
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge, Parameter

_WHAT = "creatinine clearance"
_NOUNS = {ValueSets.EGFR: "eGFR", ValueSets.INR: "INR"}


class Clearance(Struct, frozen=True):
    """A creatinine clearance in mL/min; `short` is the number, `says` also how it was reached, and the date of what it rests on.

    `failed`: it stands for end-stage kidney disease or dialysis on record, whatever was measured. `estimated`: it is an eGFR.
    """

    value: float
    short: str
    says: str
    evidence: tuple[Evidence, ...]
    failed: bool = False
    estimated: bool = False


@computed_once
def creatinine_clearance(chart: Chart, know: Knowledge, at: datetime) -> Reading[Clearance]:
    """The clearance from results that are current at `at`; the gap if no current result gives one.

    Source: Cockcroft and Gault 1976; an eGFR is no clearance and stands in only where nothing else is current.
    """
    window = creatinine_window(chart, know)
    windows = {
        ValueSets.CREATININE_CLEARANCE: window,
        ValueSets.CREATININE: window,
        ValueSets.BODY_WEIGHT: know.parameter("shared/renal.weight_window"),
    }
    gaps: tuple[Unknown, ...] = ()
    for way, measures in _WAYS:
        found = way(chart, know, window, at)
        if found.values:
            return found
        gaps += found.gaps
        # What was not supplied or not read might tell of a lower clearance than the next way does.
        supplied = all(gap.never_measured for gap in found.gaps)
        if not supplied or _may_tell(chart, {measure: windows[measure] for measure in measures}, at):
            break
    return Reading[Clearance]((), gaps).or_gap(_WHAT)


def renal_failure(chart: Chart) -> Reading[Condition]:
    """The diagnosis of end-stage kidney disease or dialysis; the gap if there is none and the problem list has one."""
    return chart.conditions_in(ValueSets.SEVERE_RENAL_FAILURE).where(lambda item: item.state is State.ACTIVE).first()


def creatinine_window(chart: Chart, know: Knowledge) -> Parameter:
    """How old a renal result may be: short in hospital, with acute kidney injury, and where the chart leaves either open."""
    short = Setting.INPATIENT in possible_settings(chart) or _may_be_injured(chart)
    return know.parameter(f"shared/renal.creatinine_window_{'unstable' if short else 'outpatient'}")


def not_current(chart: Chart, know: Knowledge, at: datetime) -> Reading[str]:
    """Which of creatinine and body weight has no current result at `at`, in words; and the gap if one was not supplied."""
    windows = {
        ValueSets.CREATININE: creatinine_window(chart, know),
        ValueSets.BODY_WEIGHT: know.parameter("shared/renal.weight_window"),
    }
    lacking = {
        measure.replace("-", " "): gap
        for measure, window in windows.items()
        for gap in current(chart, measure, window, at).gaps
    }
    return Reading(tuple(lacking), tuple(gap for gap in lacking.values() if not gap.never_measured))


def current(chart: Chart, measure: ValueSets, window: Parameter, at: datetime) -> Reading[Lab]:
    """The latest result of a measure if it is no older than the window at `at`, else the gap.

    A newer result that cannot be read makes it unknown; that the section holds something illegible, or was cut, does not.
    """
    noun = _NOUNS.get(measure, measure.replace("-", " "))
    latest = labs.latest(chart, measure, noun)
    for lab in latest.values:
        if lab.unread:
            return Reading((), lab.doubts()[:1])
        if not labs.within(lab, at, window):
            return Reading((), (Unknown(noun, Missing(SECTION_OF[measure], Reason.NOT_MEASURED)),))
    return latest


def _may_tell(chart: Chart, windows: Mapping[ValueSets, Parameter], at: datetime) -> bool:
    """Whether results of all the measures are there, some of which cannot be read."""
    unread = {measure: _is_unread(chart, measure, window, at) for measure, window in windows.items()}
    there = (is_unread or current(chart, measure, windows[measure], at).values for measure, is_unread in unread.items())
    return any(unread.values()) and all(there)


def _is_unread(chart: Chart, measure: ValueSets, window: Parameter, at: datetime) -> bool:
    """Whether a result of a measure tells nothing that may be as new as the window asks."""
    unread = labs.unread(chart, measure)
    return any(item.when is None or at - item.when.last <= window.span for item in unread)


def _may_be_injured(chart: Chart) -> bool:
    injuries, gaps = chart.conditions_in(ValueSets.ACUTE_KIDNEY_INJURY)
    return any(item.state is State.ACTIVE for item in injuries) or any(
        gap.reasons != {Reason.UNREADABLE} for gap in gaps
    )


def _recorded(chart: Chart, know: Knowledge, window: Parameter, at: datetime) -> Reading[Clearance]:
    found, gaps = current(chart, ValueSets.CREATININE_CLEARANCE, window, at)
    return Reading(tuple(map(_measured, found)), gaps)


def _measured(lab: Lab) -> Clearance:
    short = f"{_WHAT} {_valued(lab)} mL/min"
    return Clearance(_least(_lowest(lab)), short, f"{short} ({lab.taken})", (lab.evidence,))


def _estimated(chart: Chart, know: Knowledge, window: Parameter, at: datetime) -> Reading[Clearance]:
    found, gaps = current(chart, ValueSets.EGFR, window, at)
    return Reading(tuple(map(_by_egfr, found)), gaps)


def _by_egfr(lab: Lab) -> Clearance:
    short = f"eGFR {_valued(lab)} mL/min/1.73 m²"
    says = f"{short} ({lab.taken}) in place of a {_WHAT}"
    return Clearance(_least(_lowest(lab)), short, says, (lab.evidence,), estimated=True)


def _calculated(chart: Chart, know: Knowledge, window: Parameter, at: datetime) -> Reading[Clearance]:
    creatinine = current(chart, ValueSets.CREATININE, window, at)
    weight = current(chart, ValueSets.BODY_WEIGHT, know.parameter("shared/renal.weight_window"), at)
    years = age(chart)
    gaps = (*creatinine.gaps, *weight.gaps, *years.gaps)
    if gaps:
        return Reading((), gaps[:1])
    sex = chart.patient.sex if chart.patient else ""
    return Reading((_by_cockcroft_gault(creatinine.one(), weight.one(), years.one(), sex, know),))


def _by_cockcroft_gault(creatinine: Lab, weight: Lab, age: Years, sex: str, know: Knowledge) -> Clearance:
    years = know.parameter("shared/renal.cockcroft_gault_years").value - age.most
    highest = max(item.value for item in (creatinine.quantity, *creatinine.rivals))
    value = years * weight.quantity.value / (know.parameter("shared/renal.cockcroft_gault_divisor").value * highest)
    if sex != "male":
        value *= know.parameter("shared/renal.cockcroft_gault_female").value
    unsexed = "" if sex in ("male", "female") else ", sex not stated: lower value"
    short = f"{_WHAT} {math.floor(value)} mL/min"
    says = (
        f"{short} by Cockcroft-Gault "
        f"(creatinine {highest:.3g} mg/dL {creatinine.taken}, {weight.quantity.value:g} kg{unsexed})"
    )
    return Clearance(value, short, says, (creatinine.evidence, weight.evidence))


def _lowest(lab: Lab) -> Quantity:
    """The result of this time that allows the least."""
    return min((lab.quantity, *lab.rivals), key=_least)


def _valued(lab: Lab) -> str:
    """That number as it was measured, such as `<15`."""
    lowest = _lowest(lab)
    return f"{lowest.comparator}{lowest.value:g}"


def _least(found: Quantity) -> float:
    """The least that a result allows; `<15` lies below 15."""
    return math.nextafter(found.value, -math.inf) if found.comparator == "<" else found.value


_WAYS = (
    (_recorded, (ValueSets.CREATININE_CLEARANCE,)),
    (_calculated, (ValueSets.CREATININE, ValueSets.BODY_WEIGHT)),
    (_estimated, ()),
)
"""How a clearance is found, the best way first, and the measures that must not be illegible for the next to be tried."""
