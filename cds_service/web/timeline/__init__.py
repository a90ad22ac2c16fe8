"""The chart over time against the planned procedure: the fracture over weeks, and what must be ready over the days around it.

Pure: the times come from the chart, the judgements from the findings, the numbers from the knowledge. `marks` says what a picture is
made of, `scale` where a moment lies; `fracture`, `holds` and `results` make the lanes.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from cds_service.cards.inputs import CardInputs
from cds_service.chart import Chart
from cds_service.facts.shared.slot import slot
from cds_service.hook import Hook
from cds_service.web.timeline import fracture, holds, results
from cds_service.web.timeline.marks import Flag, Lane, MarkShape, Panel
from cds_service.web.timeline.scale import Clock, Scale

__all__ = ["Flag", "Lane", "Panel", "timeline"]

_AHEAD, _BACK = timedelta(days=4), timedelta(days=10)
"""How far the days around the slot reach at most, but for when holds are kept."""
_BEFORE, _CHRONIC = timedelta(days=90), timedelta(days=24)
"""How far the weeks reach before all that is known of the fracture, and into its last band."""


def timeline(material: CardInputs, chart: Chart) -> tuple[Panel, ...]:
    """The panels that have anything to show; none where no rule judged what is drawn in them, and none after the procedure."""
    if material.call.hook is Hook.ENCOUNTER_DISCHARGE:
        return ()
    zone = material.manner.zone
    clock = Clock(zone)
    weeks = tuple(fracture.lanes(material, chart, clock))
    days = (*holds.lanes(material, chart, clock), *results.lanes(material, chart, clock))
    marked = tuple(_moments(material, chart, clock))
    kept = tuple(holds.flags(material, chart, clock))
    panels = []
    if weeks:
        scale = Scale.over(_weeks(chart, weeks), zone)
        panels.append(Panel("weeks", "The fracture", scale, marked, weeks))
    if days:
        heading = "Around the procedure" if chart.order.planned else "Around now; no time is planned"
        scale = Scale.over(_days(chart, days, kept), zone)
        flags = sorted((*marked, *(flag for flag in kept if scale.holds(flag.at))), key=lambda flag: flag.at)
        panels.append(Panel("days", heading, scale, tuple(flags), days))
    return tuple(panels)


def _moments(material: CardInputs, chart: Chart, clock: Clock) -> Iterator[Flag]:
    flags = [Flag("Now", material.as_of, "as-of", clock.time(material.as_of))]
    if chart.order.planned:
        at = chart.order.planned.start
        flags.append(Flag("Procedure", at, "slot", clock.time(at)))
    yield from sorted(flags, key=lambda flag: flag.at)


def _weeks(chart: Chart, lanes: Iterable[Lane]) -> Iterator[datetime]:
    """Now, the slot, the bands of the fracture, and what lies not too long before it."""
    at = slot(chart)
    yield from (chart.as_of, at)
    begun = [(mark.shape, mark.start) for lane in lanes for mark in lane.marks if mark.start]
    stages = (MarkShape.ACUTE, MarkShape.UNSURE, MarkShape.SUBACUTE, MarkShape.CHRONIC)
    banded = [start for shape, start in begun if shape in stages]
    floor = min([chart.as_of, at, *banded]) - _BEFORE
    yield from (start for _, start in begun if start >= floor)
    yield from (start + _CHRONIC for shape, start in begun if shape is MarkShape.CHRONIC)


def _days(chart: Chart, lanes: Iterable[Lane], kept: Iterable[Flag]) -> Iterator[datetime]:
    """Now (if it is not too long before the slot), the slot, and what begins or ends not too far from it."""
    at = slot(chart)
    first, last = at - _BACK, at + _AHEAD
    yield at
    yield max(first, min(last, chart.as_of))
    yield from (flag.at for flag in kept if flag.at >= first)
    for mark in (mark for lane in lanes for mark in lane.marks):
        for moment in (mark.start, mark.end):
            if moment and first <= moment:
                yield moment if mark.shape in (MarkShape.LONGER, MarkShape.CAUTION) else min(moment, last)
