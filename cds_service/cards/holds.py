"""The small table of a hold: what each guideline asks and from when, only where following another would lead to another day."""

from collections.abc import Iterable
from datetime import datetime

from cds_service.cards import wording
from cds_service.cards.inputs import CardInputs
from cds_service.findings import Result
from cds_service.findings.hold_plan import HoldPlan, SourceAsk


def table(material: CardInputs, results: Iterable[Result]) -> str:
    """The table of the first hold among the results for which guidelines lead to different days; empty if there is none.

    No time is named for a drug of which the interruption is itself hazardous.
    """
    values = [item.finding.values for item in results if item.finding]
    plans = [plan for plan in values if isinstance(plan, HoldPlan)]
    holds = [plan for plan in plans if not plan.agreement]
    return next((_table(material, plan, named=len(plans) > 1) for plan in holds if _differ(material, plan)), "")


def _differ(material: CardInputs, plan: HoldPlan) -> bool:
    """Whether guidelines lead to different days: of the procedure, or of the last dose where there is time enough for all."""
    days = {_when(material, plan, ask) for ask in plan.asks}
    return None not in days and len({_day(material, plan, at) for at in days if at}) > 1


def _day(material: CardInputs, plan: HoldPlan, at: datetime) -> datetime:
    """The day on which the procedure could take place, or that of the last dose."""
    if _has_time(plan):
        return at.astimezone(material.manner.zone).replace(hour=0, minute=0)
    return material.manner.opening.next(at, material.manner.zone)


def _has_time(plan: HoldPlan) -> bool:
    """Whether a drug still taken could be held long enough for every guideline before the time planned."""
    met = [ask.met_from for ask in plan.asks if ask.met_from]
    return plan.still_taken and plan.planned is not None and bool(met) and max(met) <= plan.planned


def _when(material: CardInputs, plan: HoldPlan, ask: SourceAsk) -> datetime | None:
    """From when the procedure fits, or until when the last dose may be."""
    if ask.met_from is None:
        return None
    if plan.planned and _has_time(plan):
        return plan.planned - (ask.met_from - material.as_of)
    return ask.met_from


def _table(material: CardInputs, plan: HoldPlan, *, named: bool) -> str:
    head = (plan.drug if named else "", wording.INTERVAL, wording.LAST_DOSE_BY if _has_time(plan) else wording.FROM)
    rows = [head, ("---", "---", "---")]
    for ask in plan.asks:
        at = _when(material, plan, ask)
        label = wording.USED_HERE.format(source=ask.label) if ask.used_here else ask.label
        rows.append((label, ask.text, material.moment(at) if at else ""))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
