"""The hold of one drug as typed values: hours, times and sources, for the texts of the finding and for the cards."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cds_service.chart import Chart
from cds_service.facts.bleeding.exposure import Exposure, every_guideline_counts
from cds_service.facts.bleeding.interruption import agreement
from cds_service.facts.shared.slot import by_the_clock
from cds_service.findings.hold_plan import HoldPlan, SourceAsk, SourceInterval
from cds_service.knowledge import Confidence, Knowledge, Parameter
from cds_service.knowledge.holds import Remark


def hold_plan(exposure: Exposure, chart: Chart, know: Knowledge) -> HoldPlan:
    """What the hold asks, and the times by the clock on the wall that follow from a recorded last dose or from the slot."""
    drug, hold = exposure.drug, exposure.hold
    full = hold.numbers[-1] if every_guideline_counts(know) else hold.full
    planned = chart.order.planned.start if chart.order.planned else None
    taken = exposure.taken_until_slot
    latest = planned - hold.least.span if planned and taken and not hold.consult else None
    least, whole = (met_from(interval, exposure, chart) for interval in (hold.least, full))
    return HoldPlan(
        ingredient=drug.ingredient,
        drug=drug.name,
        hours_least=hold.least.value,
        hours_full=full.value,
        source=hold.least.source,
        still_taken=taken,
        planned=planned,
        last_dose=drug.last_dose,
        earliest=None if taken else least,
        earliest_full=None if taken else whole,
        latest_dose=by_the_clock(latest, chart) if latest else None,
        earliest_if_last_now=least if taken else None,
        agreement=agreement(exposure, chart, know),
        renal_function_unknown=exposure.renal_function_unknown,
        consult=hold.consult,
        check=hold.check,
        asks=tuple(_asks(exposure, chart, know)),
        restart=tuple(map(_restart, hold.restart)),
    )


def met_from(interval: Parameter, exposure: Exposure, chart: Chart) -> datetime | None:
    """The end of an interval after the last dose, rounded up to the minute; a drug still taken counts as last taken now.

    None if the last dose is not recorded, or no interval is tabulated.
    """
    drug = exposure.drug
    last = chart.as_of if exposure.taken_until_slot else drug.last_dose.last if drug.last_dose else None
    if last is None or exposure.hold.consult:
        return None
    end = last + interval.span
    return by_the_clock(end + timedelta(seconds=-end.second % 60), chart)


def label_of(interval: Parameter, know: Knowledge) -> str:
    """Who asks an interval: a source, the site that replaced it, or this service where no source gives a number."""
    if interval.site_reason:
        return "this site"
    return "local policy" if interval.confidence is Confidence.POLICY else know.citation(interval.source).label


def _asks(exposure: Exposure, chart: Chart, know: Knowledge) -> Iterator[SourceAsk]:
    hold = exposure.hold
    by_source: dict[str, list[Parameter]] = {}
    for interval in () if hold.consult else sorted(hold.numbers, key=lambda item: item.value):
        by_source.setdefault(label_of(interval, know), []).append(interval)
    for label, intervals in by_source.items():
        yield SourceAsk(
            label=label,
            text=hold.text(*intervals),
            used_here=hold.least in intervals,
            met_from=met_from(intervals[0], exposure, chart),
        )


def _restart(remark: Remark) -> SourceInterval:
    return SourceInterval(remark.text, remark.source, remark.confidence.caveat)
