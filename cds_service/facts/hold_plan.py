"""The hold of one drug as typed values: hours, times and sources, for the sentence of the finding and for the cards."""

from datetime import datetime, timedelta

from cds_service.chart import Chart
from cds_service.facts.exposure import Exposure
from cds_service.knowledge import Knowledge, Parameter
from cds_service.knowledge.holds import Remark
from cds_service.values import Asked, HoldPlan


def hold_plan(exposure: Exposure, chart: Chart, know: Knowledge) -> HoldPlan:
    """What the hold asks, and the times that follow from a recorded last dose or from the slot."""
    drug, hold = exposure.drug, exposure.hold
    planned = chart.order.planned.start if chart.order.planned else None
    ended = None if exposure.taken_until_slot or hold.consult else drug.last_dose
    wanted = planned if exposure.taken_until_slot and not hold.consult else None
    return HoldPlan(
        ingredient=drug.ingredient,
        drug=drug.name,
        hours_least=hold.least.value,
        hours_full=hold.full.value,
        source=hold.least.source,
        doses=hold.doses,
        still_taken=exposure.taken_until_slot,
        planned=planned,
        last_dose=drug.last_dose,
        earliest=_after(ended.last if ended else None, hold.least, planned),
        earliest_full=_after(ended.last if ended else None, hold.full, planned),
        latest_dose=wanted - hold.least.span if wanted else None,
        latest_dose_full=wanted - hold.full.span if wanted else None,
        renal_function_unknown=exposure.renal_function_unknown,
        consult=hold.consult,
        check=hold.check,
        longer=tuple(Asked(item.shown, item.source, item.confidence.caveat) for item in hold.longer),
        differs=tuple(map(_asked, hold.differs)),
        restart=tuple(map(_asked, hold.restart)),
    )


def _after(last: datetime | None, interval: Parameter, planned: datetime | None) -> datetime | None:
    """The end of the interval, in the time zone of the slot if one is stated, rounded up to the minute."""
    if last is None:
        return None
    end = last + interval.span
    end += timedelta(seconds=-end.second % 60)
    return end.astimezone(planned.tzinfo) if planned else end


def _asked(remark: Remark) -> Asked:
    return Asked(remark.text, remark.source, remark.confidence.caveat)
