"""The sentence of a hold: the drug, its last dose, the interval, from when it is met, and what lengthens it."""

import math
from datetime import datetime

from cds_service.chart import Chart, UseStatus, When
from cds_service.facts.bleeding.drug_courses import is_statement
from cds_service.facts.bleeding.exposure import Exposure, Tier, every_guideline_counts
from cds_service.facts.bleeding.interruption import agreement
from cds_service.facts.shared.phrasing import shortened
from cds_service.findings.hold_plan import HoldPlan
from cds_service.knowledge import Knowledge

_SHORT = 10  # hours, below which tenths are shown


def sentence(item: Exposure, plan: HoldPlan, chart: Chart, know: Knowledge) -> str:
    """One sentence with hours and times in the zone of the slot, naming the guideline that decides and those that ask more."""
    parts = [f"{plan.drug[:1].upper()}{plan.drug[1:]}{_how(item)}: {_last_dose(item, plan)}"]
    if plan.consult:
        parts.append(f"{plan.consult}: specialist advice")
    else:
        parts.append(_asked(item, plan, chart, know))
    hazard = " and ".join(agreement(item, chart, know))
    if hazard:
        parts.append(f"interrupting it is itself hazardous: agreement of {hazard} first")
    return "; ".join([*parts, *_more(item, plan, chart, know)])


def short(item: Exposure, plan: HoldPlan) -> str:
    """The drug and what is known of its last dose in few words, such as `apixaban, 20 h`."""
    if plan.still_taken:
        return shortened(plan.drug, ", planned" if _is_to_begin(item) else ", taken")
    return shortened(plan.drug, ", last dose unknown" if item.hours is None else f", {_elapsed(item.hours)}")


def _is_to_begin(item: Exposure) -> bool:
    return all(use.status is UseStatus.INTENDED for use in item.drug.uses)


def _elapsed(hours: float) -> str:
    """Hours since the last dose, never more than there are."""
    whole = math.floor(hours) if hours >= _SHORT else math.floor(hours * 10) / 10
    return f"{whole:g} h"


def _how(item: Exposure) -> str:
    use = item.drug.use
    said = [
        word
        for word, holds in (("as needed", use.dosage.as_needed), ("draft order", use.drafted and item.taken_until_slot))
        if holds
    ]
    return f" ({', '.join(said)})" if said else ""


def _last_dose(item: Exposure, plan: HoldPlan) -> str:
    """What is known of the last dose."""
    if plan.still_taken:
        recorded = f", last recorded dose {plan.last_dose}" if plan.last_dose else ""
        return f"{'about to be' if _is_to_begin(item) else 'being'} taken{recorded}"
    if item.hours is None:
        return f"{item.drug.use.status.replace('-', ' ')}, last dose not recorded"
    before = "before the slot" if plan.planned else "ago"
    return f"last dose {_elapsed(item.hours)} {before} ({plan.last_dose})"


def _asked(item: Exposure, plan: HoldPlan, chart: Chart, know: Knowledge) -> str:
    """The interval, from when it is met or until when the last dose may be, and what other guidelines ask."""
    label = know.citation(plan.source).label
    more = _others(item, plan, know)
    if item.tier is item.top_tier or item.inr:
        return f"{label} asks {plan.hours_least:g} h{_when(plan, chart)}" + (f" ({more})" if more else "")
    kept = item.hold.full.value if item.tier is Tier.LONGER else plan.hours_least
    return f"{kept:g} h are kept, {more}"


def _when(plan: HoldPlan, chart: Chart) -> str:
    if plan.earliest:
        return f", earliest {_moment(plan.earliest)}"
    if plan.latest_dose:
        past = ", which is past" if plan.latest_dose < chart.as_of else ""
        return f", last dose no later than {_moment(plan.latest_dose)}{past}"
    return " from the last dose"


def _others(item: Exposure, plan: HoldPlan, know: Knowledge) -> str:
    """The longer intervals that are not yet kept, with who asks them; where sources differ, which of them decide."""
    tiers = [] if item.hold.full is item.hold.least else [item.hold.full]
    deciding, reached = know.citation(plan.source).label, item.hours or 0.0
    said, differ = [], False
    for number in (*tiers, *item.hold.longer):
        if number.value > reached:
            label = know.citation(number.source).label
            differ = differ or label != deciding
            last = plan.earliest_full if number.value == plan.hours_full else None
            at = f" from {_moment(last)}" if last else ""
            said.append((f"up to {number.text}" if label == deciding else f"{label} {number.text}") + at)
    ending = "each counts at this site" if every_guideline_counts(know) else f"{deciding} decides"
    return ", ".join(said) + (f"; {ending}" if differ else "")


def _more(item: Exposure, plan: HoldPlan, chart: Chart, know: Knowledge) -> list[str]:
    """What lengthens the interval, what else tells, and whether the statement is old."""
    said = []
    if plan.renal_function_unknown:
        longer = ": the longer interval counts" if item.hold.clearance_below != float("inf") else ""
        said.append(f"renal function unknown{longer}")
    elif item.clearance and item.hold.clearance_below != float("inf"):
        said.append(item.clearance.says)
    if item.inr:
        limit = know.parameter("shared/coagulation.inr_limit").text
        said.append(f"INR {item.inr} since, not above {limit}: caution only")
    elif plan.check and item.tier is not Tier.LONGER:
        said.append(f"check {plan.check}")
    if item.tier is not Tier.LONGER:
        said += [remark.text for remark in item.hold.differs]
    use = item.drug.use
    old = use.stated and chart.as_of - use.stated.last > know.parameter("shared/antithrombotics.reconcile").span
    if plan.still_taken and old and is_statement(use):
        said.append(f"stated {use.stated}: reconcile")
    return said


def _moment(at: datetime) -> str:
    return str(When.at(at))
