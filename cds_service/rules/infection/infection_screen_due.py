"""White cells and C-reactive protein or sedimentation rate that would have to be current for the procedure."""

from collections.abc import Iterator

from cds_service.chart import Chart, Reason, Section, Unknown
from cds_service.engine import Evidence, Finding, Kind, Proposal, Topic, rule
from cds_service.facts.labs import Lab, latest, within
from cds_service.facts.markers import CRP, NAMES, WHITE_CELLS
from cds_service.knowledge import Knowledge

_NO_VALUE = frozenset((Reason.NOT_MEASURED, Reason.UNREADABLE))


@rule(
    title="Infection screen due",
    kind=Kind.WORKUP,
    card=Topic.WORKUP,
    needs=(Section.BLOOD_COUNT, Section.INFLAMMATION),
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
    window = know.parameter("infection_markers.window")
    at = chart.order.planned.last if chart.order.planned else chart.as_of
    wanted, gaps, stale = [], [], []
    for measures in ((WHITE_CELLS,), (CRP, "esr")):
        name = " or ".join(NAMES[measure] for measure in measures)
        labs: list[Lab] = []
        missed: list[Unknown] = []
        for measure in measures:
            try:
                labs.append(latest(chart, measure, name))
            except Unknown as gap:
                missed.append(gap)
        if any(within(lab, at, window) for lab in labs):
            continue
        lacking = [gap for gap in missed if not gap.reasons <= _NO_VALUE]
        if lacking and not labs:
            gaps.append(lacking[0])
            continue
        wanted.append(f"{name} ({f'last {labs[0].taken}' if labs else 'none on record'})")
        stale += labs
    if wanted:
        planned = f" before {chart.order.planned}" if chart.order.planned else ""
        yield Finding(
            says=f"No current {' and no '.join(wanted)}: infection screen within {window.shown}{planned}",
            evidence=tuple(Evidence(lab.measurement.source, "effective", lab.taken) for lab in stale),
            uses=(window,),
            proposes=(Proposal.ORDER_INFECTION_MARKERS,),
        )
    yield from gaps
