"""White cells and C-reactive protein or sedimentation rate that would have to be current for the procedure."""

from collections.abc import Iterator

from cds_service.chart import Chart, Reason, Section, Unknown
from cds_service.facts.infection.markers import CRP, ESR, WHITE_CELLS, newest
from cds_service.facts.shared.labs import within
from cds_service.facts.shared.phrasing import measurement, none_of
from cds_service.findings import (
    Evidence,
    Finding,
    Kind,
    Proposal,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge

_SCREEN = {"white cells": (WHITE_CELLS,), "CRP or ESR": (CRP, ESR)}
_NO_VALUE = frozenset((Reason.NOT_MEASURED, Reason.UNREADABLE))


@rule(
    title="Infection screen due",
    kind=Kind.WORKUP,
    card=Topic.WORKUP,
    needs=(Section.BLOOD_COUNT, Section.INFLAMMATION),
    judges="infection screen",
)
def infection_screen_due(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a white cell count, and a C-reactive protein or sedimentation rate, will be current at the planned time; without a planned
    time, whether they are current now.

    ## Why it matters
    They are the cheapest way to notice an infection before cement is placed. No guideline demands them.

    ## When it stays silent
    When both are recent enough.
    """
    window = know.parameter("shared/infection.marker_window")
    planned = chart.order.planned
    at = planned.last if planned else chart.as_of
    wanted, stale, gaps = [], [], []
    for name, measures in _SCREEN.items():
        found, missed = newest(chart, name, *measures)
        withheld = [gap for gap in missed if not gap.reasons <= _NO_VALUE]
        if not found and withheld:
            gaps.append(withheld[0])
        elif not found:
            unread = (gap for gap in missed if Reason.UNREADABLE in gap.reasons)
            wanted.append(f"{none_of(name, next(unread, missed[0]))} on record")
        elif not within(lab := found[0], at, window):
            wanted.append(f"no current {measurement(name)} on record (last {lab.taken})")
            stale.append(Evidence(lab.measurement.source, "effective", lab.taken))
    if wanted:
        before = f" before {planned}" if planned else ""
        says = f"{', '.join(wanted)}: infection screen within {window.text}{before}"
        yield Finding(
            says=f"{says[:1].upper()}{says[1:]}",
            short="infection screen due",
            evidence=tuple(stale),
            uses=(window,),
            proposes=(Proposal.ORDER_INFECTION_MARKERS,),
        )
    yield from gaps
