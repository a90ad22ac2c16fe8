"""Which levels the procedure is for, and which fractures are there."""

from cds_service.chart import Chart, Level
from cds_service.facts.fracture.fractures import Fracture, current_fractures, fractures
from cds_service.facts.shared.memo import computed_once


def target_levels(chart: Chart) -> frozenset[Level]:
    """The levels of the order, else those of the current fractures; empty where neither names one.

    It comes without its gaps: a rule that finds nothing at these levels must still require what the levels rest on.
    """
    return chart.order.levels or _fractured(chart)


@computed_once
def _fractured(chart: Chart) -> frozenset[Level]:
    found, _ = current_fractures(chart)
    return frozenset().union(*(item.levels for item in found))


def at_target(levels: frozenset[Level], chart: Chart) -> bool:
    """Whether something is, or for want of a level may be, at the target level."""
    target = target_levels(chart)
    return not levels or not target or bool(levels & target)


@computed_once
def fractures_at_target(chart: Chart) -> tuple[Fracture, ...]:
    """The current fractures that are, or for want of a level may be, at the target level."""
    found, _ = current_fractures(chart)
    return tuple(item for item in found if at_target(item.levels, chart))


@computed_once
def target_fractures(chart: Chart) -> tuple[Fracture, ...]:
    """The current fractures at the target level; those whose level is not stated only where none states it."""
    there = fractures_at_target(chart)
    return tuple(item for item in there if item.levels & target_levels(chart)) or there


def past_at_target(chart: Chart) -> tuple[Fracture, ...]:
    """Fractures at the target level that are recorded as past, where none there is current."""
    if fractures_at_target(chart):
        return ()
    found, _ = fractures(chart)
    return tuple(item for item in found if not item.current and at_target(item.levels, chart))
