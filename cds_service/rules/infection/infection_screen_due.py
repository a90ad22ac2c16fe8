"""White cells and C-reactive protein or sedimentation rate that would have to be current for the procedure."""

from collections.abc import Iterator

from cds_service.chart import Chart, Reason, Section, Unknown
from cds_service.facts.infection.markers import CRP, ESR, WHITE_CELLS, newest
from cds_service.facts.shared.labs import Lab, within
from cds_service.facts.shared.phrasing import capitalised, none_of
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
    missing: dict[str, str] = {}
    stale: dict[str, Lab] = {}
    gaps = []
    for name, measures in _SCREEN.items():
        found, missed = newest(chart, name, *measures)
        withheld = [gap for gap in missed if not gap.reasons <= _NO_VALUE]
        if not found and withheld:
            gaps.append(withheld[0])
        elif not found:
            unread = (gap for gap in missed if Reason.UNREADABLE in gap.reasons)
            missing[name] = f"{none_of(name, next(unread, missed[0]))} on record"
        elif not within(found[0], at, window):
            stale[name] = found[0]
    if missing or stale:
        old = " and ".join(f"{name} ({lab.taken})" for name, lab in stale.items())
        late = f"{old} older than {window.text}{f' by {planned}' if planned else ''}"
        due = " and ".join((*missing, *stale))
        yield Finding(
            says=capitalised("; ".join((*missing.values(), *((late,) if stale else ())))),
            short="infection screen due",
            headline=f"Infection screen due: {due}",
            explains=f"White cells, and CRP or ESR, count for {window.text}. No guideline demands them.",
            steps=(f"Order {due}, within {window.text} before {planned or 'the procedure'}",),
            evidence=tuple(Evidence(lab.measurement.source, "effective", lab.taken) for lab in stale.values()),
            uses=(window,),
            proposes=(Proposal.ORDER_INFECTION_MARKERS,),
        )
    yield from gaps
