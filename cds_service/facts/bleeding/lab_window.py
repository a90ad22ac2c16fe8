"""How old a normal coagulation result may be for this patient, and where the chart leaves that open."""

from datetime import datetime

from msgspec import Struct

from cds_service.chart import Chart, Condition, Missing, Reading, Reason, State, Unknown, ValueSets
from cds_service.chart.sections import SECTION_OF
from cds_service.facts.bleeding.exposure import Exposure, Tier, exposures
from cds_service.facts.bleeding.liver import liver_disease
from cds_service.facts.shared import labs
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.memo import computed_once
from cds_service.facts.shared.phrasing import briefly
from cds_service.facts.shared.setting import Setting, setting
from cds_service.findings import Indicator
from cds_service.knowledge import Knowledge, Parameter

_SHORT_LIVED = ("vitamin-k-antagonist", "unfractionated-heparin")


class LabWindow(Struct, frozen=True):
    """`known` follows from what the chart shows, `possible` is the shortest that its `gaps` leave open.

    `why` says what shortens it, such as `on apixaban`.
    """

    known: Parameter
    possible: Parameter
    why: str
    gaps: tuple[Missing, ...]


@computed_once
def lab_window(chart: Chart, know: Knowledge) -> LabWindow:
    """The window for INR, platelets and fibrinogen: 48 h, 7 days or 30 days by default."""
    drugs, gaps = exposures(chart, know)
    short = [f"on {item.drug.name}" for item in vitamin_k_antagonists(chart, know)]
    short += [f"on {item.drug.name}" for item in drugs if item.on_board and item.drug.drug_class in _SHORT_LIVED]
    middle = [f"on {item.drug.name}" for item in drugs if item.on_board or item.tier is Tier.LONGER]
    ill, place = chart.conditions_in(ValueSets.ACUTE_KIDNEY_INJURY, ValueSets.SEPSIS), setting(chart)
    liver, blood = (
        liver_disease(chart),
        chart.conditions_in(ValueSets.CHEMOTHERAPY, ValueSets.THROMBOCYTOPENIA_UNSPECIFIED),
    )
    short += [
        *_active(ill, "an acute illness"),
        *("in hospital" for known in place.values if known is Setting.INPATIENT),
    ]
    middle += [*_active(liver, "liver disease"), *_active(blood, "chemotherapy or low platelets")]
    gaps += (*ill.gaps, *place.gaps, *liver.gaps, *blood.gaps)
    strict = know.parameter("shared/coagulation.lab_window_unstable")
    window = know.parameter(f"shared/coagulation.lab_window{'_unstable' if short else '_at_risk' if middle else ''}")
    missing = tuple(dict.fromkeys(item for gap in gaps for item in gap.missing))
    return LabWindow(window, strict if missing else window, next(iter(short or middle), ""), missing)


def is_current(lab: Lab, at: datetime, chart: Chart, know: Knowledge) -> Reading[bool]:
    """Whether a result is recent enough at `at`; the gap if that depends on what the chart does not show."""
    window = lab_window(chart, know)
    if labs.within(lab, at, window.possible):
        return Reading((True,))
    if not labs.within(lab, at, window.known):
        return Reading((False,))
    return Reading((), (Unknown(f"whether {lab.what} {lab} is recent enough", *window.gaps),))


def stale(lab: Lab, chart: Chart, know: Knowledge) -> tuple[Unknown, ...]:
    """The gap that a normal result leaves which is, or may be, too old to tell how it is now."""
    current = is_current(lab, chart.as_of, chart, know)
    if current.gaps or current.one():
        return current.gaps
    section = next(SECTION_OF[name] for name in sorted(lab.measurement.concept.sets) if name in SECTION_OF)
    return (Unknown(f"{lab.what} (the last, {lab}, is too old)", Missing(section, Reason.NOT_MEASURED)),)


def indicator(lab: Lab, chart: Chart, know: Knowledge) -> Indicator | None:
    """The indicator of an abnormal result: one that is surely too old still counts, as a warning."""
    return None if labs.within(lab, chart.as_of, lab_window(chart, know).known) else Indicator.WARNING


@computed_once
def vitamin_k_antagonists(chart: Chart, know: Knowledge) -> tuple[Exposure, ...]:
    """Vitamin K antagonists that are taken, or were last taken so lately that a current INR is needed."""
    span = know.parameter("shared/coagulation.vitamin_k_antagonist_lookback").span
    found = []
    for item in exposures(chart, know).values:
        drug = item.drug
        last = drug.last_dose.last if drug.last_dose else drug.off_by
        lately = item.on_board or (last is not None and chart.as_of - last < span)
        if drug.drug_class == "vitamin-k-antagonist" and (drug.still_taken or lately):
            found.append(item)
    return tuple(found)


def _active(problems: Reading[Condition], noun: str) -> list[str]:
    return [f"with {briefly(item.concept.text, noun)}" for item in problems.values if item.state is State.ACTIVE]
