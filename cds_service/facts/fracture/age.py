"""How old the fracture at the target level is, as an interval of days."""

from collections.abc import Iterator

from cds_service.chart import (
    Age,
    Assertion,
    Chart,
    ImagingSign,
    Missing,
    Reading,
    Reason,
    Section,
    Unknown,
    When,
    days_since,
)
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.facts.fracture.target import fractures_at_target, target_fractures, target_levels
from cds_service.facts.shared.memo import computed_once


@computed_once
def onsets(chart: Chart) -> tuple[When, ...]:
    """When the fracture at the target level began, as each record says it; empty where none does. A day still to come tells nothing."""
    exact = tuple(item.onset for item in target_fractures(chart) if item.onset and not chart.is_ahead(item.onset))
    if exact:
        return exact
    found = tuple(item.onset for item in fractures_at_target(chart) if item.onset)
    return tuple(when for when in found if not chart.is_ahead(when))


def on_record_since(chart: Chart) -> When | None:
    """The earliest time from which the fracture at the target level is known: its onset, else when it was recorded or first seen."""
    known = onsets(chart) or tuple(item.seen for item in target_fractures(chart) if item.seen)
    return min(known, key=lambda when: (when.start, when.end), default=None)


@computed_once
def fracture_age(chart: Chart) -> Reading[Age]:
    """The age in days of the fracture at the target level, as an interval (conventions of clinical practice for incomplete dates).

    An onset gives the interval. The day it was recorded or first seen gives only a lower bound: it can prove "too old", never "acute".
    An earlier image of the same level without the fracture gives an upper bound. The gap if nothing bounds it.
    """
    began = [Age.since(when, chart.as_of) for when in onsets(chart)]
    seen = [item.seen for item in target_fractures(chart) if item.seen and not item.onset]
    at_least = max((Age.since(when, chart.as_of).least for when in seen), default=0)
    least = min((age.least for age in began), default=0)
    most = max((age.most for age in began if age.most is not None), default=None)
    if most is not None and at_least > most:
        most = None  # seen before it is said to have begun: no date can be relied on
    else:
        least = max(least, at_least)
    unbroken = [age for age in _unbroken(chart) if age >= least]
    if unbroken and (most is None or min(unbroken) < most):
        most = min(unbroken)
    if not target_fractures(chart) or (least == 0 and most is None):
        ahead = [item.onset for item in target_fractures(chart) if item.onset and chart.is_ahead(item.onset)]
        says = f"an onset on record, {ahead[0]}, that is still to come" if ahead else ""
        gaps = chart.gaps(*FRACTURE_SECTIONS) or (Missing(Section.CONDITIONS, Reason.NOT_MEASURED, says),)
        return Reading((), (Unknown("onset of the fracture", *gaps),))
    return Reading((Age(least, most),))


def _unbroken(chart: Chart) -> Iterator[int]:
    """How many days ago, at most, an image showed all target levels without a fracture."""
    target = target_levels(chart)
    for seen in chart.imaging:
        whole = seen.sign is ImagingSign.INTACT and seen.assertion is Assertion.PRESENT
        denied = seen.sign is ImagingSign.FRACTURE and seen.assertion is Assertion.ABSENT
        if (whole or denied) and seen.when and target and target <= seen.levels:
            yield max(0, days_since(seen.when.start, chart.as_of))
