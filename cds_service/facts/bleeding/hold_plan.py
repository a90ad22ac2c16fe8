"""The hold of one drug as typed values: hours, times and sources, for the sentence of the finding and for the cards."""

from datetime import datetime, timedelta

from cds_service.chart import Chart
from cds_service.facts.bleeding.exposure import Exposure, every_guideline_counts
from cds_service.facts.shared.slot import by_the_clock
from cds_service.findings.hold_plan import HoldPlan, SourceInterval
from cds_service.knowledge import Knowledge, Parameter
from cds_service.knowledge.holds import Remark


def hold_plan(exposure: Exposure, chart: Chart, know: Knowledge) -> HoldPlan:
    """What the hold asks, and the times by the clock on the wall that follow from a recorded last dose or from the slot."""
    drug, hold = exposure.drug, exposure.hold
    full = hold.numbers[-1] if every_guideline_counts(know) else hold.full
    planned = chart.order.planned.start if chart.order.planned else None
    ended = None if exposure.taken_until_slot or hold.consult else drug.last_dose
    wanted = planned if exposure.taken_until_slot and not hold.consult else None

    def after(interval: Parameter) -> datetime | None:
        """The end of the interval, rounded up to the minute."""
        if ended is None:
            return None
        end = ended.last + interval.span
        return by_the_clock(end + timedelta(seconds=-end.second % 60), chart)

    def before(interval: Parameter) -> datetime | None:
        return by_the_clock(wanted - interval.span, chart) if wanted else None

    return HoldPlan(
        ingredient=drug.ingredient,
        drug=drug.name,
        hours_least=hold.least.value,
        hours_full=full.value,
        source=hold.least.source,
        still_taken=exposure.taken_until_slot,
        planned=planned,
        last_dose=drug.last_dose,
        earliest=after(hold.least),
        earliest_full=after(full),
        latest_dose=before(hold.least),
        renal_function_unknown=exposure.renal_function_unknown,
        consult=hold.consult,
        check=hold.check,
        restart=tuple(map(_asked, hold.restart)),
    )


def _asked(remark: Remark) -> SourceInterval:
    return SourceInterval(remark.text, remark.source, remark.confidence.caveat)
