"""What stands behind a hold, for a reviewer: what every source asks, how the kidneys were judged, and what else was taken as given."""

from collections.abc import Iterator

from cds_service.chart import Chart
from cds_service.facts.bleeding.exposure import Exposure, every_guideline_counts
from cds_service.facts.bleeding.hold_sentence import before, moment
from cds_service.facts.shared.fitting import begun, listed
from cds_service.findings.hold_plan import HoldPlan, SourceAsk
from cds_service.knowledge import Knowledge


def background(item: Exposure, plan: HoldPlan, chart: Chart, know: Knowledge) -> str:
    """Whole sentences, of any length."""
    parts = (*_intervals(item, plan, know), *_doses(item, plan), *_lengthened(item), *_waived(item, know))
    asked = plan.agreement
    hazard = [f"Interrupting it is itself hazardous, so {listed(asked)} must agree first"] if asked else []
    return ". ".join([*parts, *(remark.text for remark in item.hold.differs), *hazard]) + "."


def _intervals(item: Exposure, plan: HoldPlan, know: Knowledge) -> Iterator[str]:
    hold = item.hold
    if plan.consult:
        yield f"{begun(plan.consult)}, so a specialist is to be asked"
        return
    asked = ", ".join(_row(ask, plan) for ask in plan.asks)
    yield f"Interval before a procedure of high bleeding risk: {asked}"
    if hold.critical is None:
        yield f"{begun(plan.drug)} is a caution at most"
    elif hold.warning:
        yield f"From {hold.text(hold.critical)} to {hold.text(hold.warning)} it is a caution"
    if plan.check:
        yield f"To be checked before the procedure: {plan.check}"
    if hold.longer and every_guideline_counts(know):
        yield "At this site the longest of these intervals counts as a caution"


def _row(ask: SourceAsk, plan: HoldPlan) -> str:
    notes = ["used here"] if ask.used_here else []
    if ask.met_from and not plan.still_taken:
        notes.append(f"from {moment(ask.met_from)}")
    note = f" ({', '.join(notes)})" if notes else ""
    return f"{ask.label} {ask.text}{note}"


def _doses(item: Exposure, plan: HoldPlan) -> Iterator[str]:
    if item.hours is not None:
        yield f"The last dose is {before(item.hours, plan)}{' the procedure' if plan.planned else ''}"
    elif plan.still_taken:
        yield "No end is on record, so it counts as taken until the procedure"
        if plan.last_dose:
            yield f"The last recorded dose is of {plan.last_dose}"
    if item.drug.use.dosage.as_needed:
        yield "It is taken as needed"


def _lengthened(item: Exposure) -> Iterator[str]:
    if item.renal_function_unknown:
        longer = item.hold.clearance_below != float("inf")
        yield f"Renal function is unknown{', so the longest tabulated interval is used' if longer else ''}"
    elif item.clearance:
        yield begun(item.clearance.says)


def _waived(item: Exposure, know: Knowledge) -> Iterator[str]:
    if item.inr:
        limit = know.parameter("shared/coagulation.inr_limit").text
        yield f"An INR of {limit} or below, measured since the last dose, makes the rest of the interval a caution"
