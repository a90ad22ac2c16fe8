"""What a hold says on a card: the drug, its last dose, the interval and what lengthens it, as a line, in few words and as a summary."""

import math
from datetime import datetime

from cds_service.chart import Chart, UseStatus, When
from cds_service.facts.bleeding.dosage import dosage
from cds_service.facts.bleeding.exposure import Exposure, Tier
from cds_service.facts.bleeding.hold_plan import label_of, met_from
from cds_service.facts.shared.fitting import begun, for_a_line, for_a_summary, listed
from cds_service.facts.shared.phrasing import shortened
from cds_service.findings.hold_plan import HoldPlan
from cds_service.knowledge import Knowledge, Parameter

_SHORT = 10  # hours, below which tenths are shown
_INFUSED = frozenset(("abciximab", "argatroban", "bivalirudin", "cangrelor", "eptifibatide", "tirofiban"))
"""What is given as an infusion only, so that it runs, whatever the chart says of its route."""
_NO_INTERVAL = "no interval is tabulated"


def sentence(item: Exposure, plan: HoldPlan, chart: Chart, know: Knowledge) -> str:
    """The drug with its dose, the last dose, the interval, the clearance that it goes by, and whether pausing is dangerous."""
    dose = dosage(item.drug)
    hazard = "; pausing is itself hazardous" if plan.agreement else ""
    # Other sources continue a drug that is only ever a caution: so the interval alone would mislead.
    others = "" if item.hold.critical else "".join(f"; {remark.text}" for remark in item.hold.differs)

    def worded(name: str, asked: str) -> str:
        return f"{name}, {_given(item, plan)}; {asked}{hazard}"

    name, asked = begun(plan.drug), _asked(item, plan, know)
    whole = worded(f"{name} {dose}".rstrip(), asked)
    return for_a_line(
        chart.as_of,
        f"{whole}{others}",
        whole,
        worded(name, asked),
        worded(name, _asked(item, plan, know, briefly=True)),
    )


def short(item: Exposure, plan: HoldPlan) -> str:
    """The drug and what is known of its last dose in few words, such as `apixaban, 20 h before`."""
    if plan.still_taken:
        return shortened(plan.drug, ", planned" if is_to_begin(item) else f", {_taken(item)}")
    return shortened(plan.drug, ", last dose unknown" if item.hours is None else f", {before(item.hours, plan)}")


def headline(item: Exposure, plan: HoldPlan, chart: Chart, know: Knowledge) -> str:
    """What a summary says: the last dose and from when the procedure fits, or whose agreement comes first."""
    said, ending, name = _last_dose(item, plan, chart), _ending(item, plan, chart, know), begun(plan.drug)
    since = "" if item.hours is None or plan.consult else f", {before(item.hours, plan)}"
    few = f"{listed(plan.agreement)} first" if plan.agreement else ending
    return for_a_summary(
        chart.as_of, f"{said}{since}; {ending}", f"{said}; {ending}", f"{name}: {ending}", f"{name}: {few}"
    )


def is_to_begin(item: Exposure) -> bool:
    """Whether the drug is intended, and not taken yet."""
    return all(use.status is UseStatus.INTENDED for use in item.drug.uses)


def elapsed(hours: float) -> str:
    """Hours since the last dose, never more than there are."""
    whole = math.floor(hours) if hours >= _SHORT else math.floor(hours * 10) / 10
    return f"{whole:g} h"


def before(hours: float, plan: HoldPlan) -> str:
    """How long before the procedure the last dose was, such as `20 h before`; without a time for the procedure, how long ago."""
    return f"{elapsed(hours)} {'before' if plan.planned else 'ago'}"


def moment(at: datetime) -> str:
    """A moment as findings write it; `date_style` makes words of it."""
    return str(When.at(at))


def next_interval(item: Exposure) -> Parameter:
    """The shortest interval that is not shown to be met; of a drug past its own hold, the first of another guideline's."""
    reached = item.hold.full if item.tier is Tier.LONGER else item.hold.least
    past = max(item.hours or 0.0, reached.value)
    return next(number for number in item.hold.numbers if number.value > past)


def is_inside(item: Exposure) -> bool:
    """Whether the shortest interval is not met, or only waived for a current INR."""
    return item.tier is item.top_tier or item.inr is not None


def _state(item: Exposure) -> str:
    """How an active drug is taken."""
    if item.drug.use.drafted:
        return "in a draft order"
    return "about to be taken" if is_to_begin(item) else _taken(item)


def _taken(item: Exposure) -> str:
    return "running" if item.drug.route == "intravenous" or item.drug.ingredient in _INFUSED else "taken"


def _given(item: Exposure, plan: HoldPlan) -> str:
    if plan.still_taken:
        return _state(item)
    if item.hours is None:
        return f"{item.drug.use.status.replace('-', ' ')}, last dose not recorded"
    return f"last dose {plan.last_dose}"


def _last_dose(item: Exposure, plan: HoldPlan, chart: Chart) -> str:
    """The same as the beginning of a summary: `Last apixaban dose 2026-11-23 12:00`."""
    if plan.still_taken:
        return f"{begun(plan.drug)} is {_state(item)}"
    if item.hours is None:
        return f"{begun(plan.drug)} {_given(item, plan)}"
    said = f"Last dose of {plan.drug}" if plan.drug.startswith(("another ", "a ")) else f"Last {plan.drug} dose"
    planned = " planned" if plan.last_dose and plan.last_dose.start > chart.as_of else ""
    return f"{said}{planned} {plan.last_dose}"


def _asked(item: Exposure, plan: HoldPlan, know: Knowledge, *, briefly: bool = False) -> str:
    """The interval with its source, and the clearance or the INR that it goes by; briefly only what is not met."""
    hold = item.hold
    clearance = item.clearance.short if item.clearance and not briefly else ""
    since = f"; INR {item.inr} since" if item.inr else ""
    if plan.consult:
        advice = "" if briefly else ": specialist advice"
        return f"{_NO_INTERVAL}{f' with {clearance}' if clearance else ''}{advice}{since}"
    least, label = hold.text(hold.least), label_of(hold.least, know)
    if not is_inside(item):
        longer = next_interval(item)
        open_ = f"{hold.text(longer)} ({label_of(longer, know)}) not"
        return f"{open_} met" if briefly else f"{least} ({label}) met, {open_}"
    asked = pause(least) if plan.still_taken else least
    return f"{asked} ({label}){f', {clearance}' if clearance else ''}{since}"


def pause(text: str) -> str:
    """An interval as the length of a pause: `48 h pause`, `5 days' pause`."""
    return f"{text}' pause" if text.endswith("s") else f"{text} pause"


def _ending(item: Exposure, plan: HoldPlan, chart: Chart, know: Knowledge) -> str:
    """What a summary says after the last dose."""
    least = item.hold.text(item.hold.least)
    if plan.agreement:
        return f"pausing is itself hazardous: {listed(plan.agreement)} first"
    if plan.consult:
        return _NO_INTERVAL
    if not is_inside(item):
        return _further(item, chart, know)
    if item.inr:
        return f"{pause(least)} not over, INR {item.inr}"
    if plan.earliest:
        return f"earliest {moment(plan.earliest)}"
    if plan.latest_dose and plan.latest_dose >= chart.as_of:
        return f"last dose by {moment(plan.latest_dose)} ({least})"
    needed = f"{least} without it {'needed' if item.hold.critical else 'advised'}"
    return f"{needed}, earliest {moment(plan.earliest_if_last_now)}" if plan.earliest_if_last_now else needed


def _further(item: Exposure, chart: Chart, know: Knowledge) -> str:
    longer = next_interval(item)
    at = met_from(longer, item, chart)
    asked = f"{item.hold.text(longer)} ({label_of(longer, know)})"
    return f"{asked} from {moment(at)}" if at else f"{asked} not shown"
