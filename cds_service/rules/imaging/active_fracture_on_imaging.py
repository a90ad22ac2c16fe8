"""Marrow oedema on MRI, or uptake on a bone scan or SPECT, shows that the fracture is active."""

from collections.abc import Iterator

from cds_service.chart import Chart, Unknown, spoken
from cds_service.facts.fracture.activity import Activity, ActivityState, activity, activity_elsewhere
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.facts.fracture.imaging import NOT_REPORTED, READ_REPORT, WINDOW, dated, described
from cds_service.facts.fracture.target import target_levels
from cds_service.facts.shared.phrasing import shortened
from cds_service.findings import Essential, Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="Imaging shows an active fracture",
    judges="activity on imaging",
    kind=Kind.INDICATION,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    essential=Essential.JUDGED,
    not_shown="no active fracture on imaging",
    settle=READ_REPORT,
    role=Role.ACTIVITY,
)
def active_fracture_on_imaging(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a coded finding or a sentence of a report says that there is marrow oedema (MRI) or uptake (bone scan, SPECT) at the target
    level, on an image that is neither older than the window nor older than the fracture. The newest image counts; a coded finding goes
    before a sentence. Activity at another level than the one ordered is named with that level.

    ## Why it matters
    Oedema or uptake shows that the fracture is the recent one. A radiograph, or the mere fact that a study was done, does not.

    ## When it stays silent
    When current imaging says that there is no oedema or uptake, or that the fracture has healed. Where no finding is on record, or
    findings of one day contradict each other, it is unknown, never negative.
    """
    found = activity(chart, know)
    active = [item for item in found if item.verdict is ActivityState.ACTIVE]
    for item in active:
        yield _finding(item, chart, know, f" at {spoken(item.levels)}" if item.finding.levels else ", level not stated")
    if active:
        return
    elsewhere = [item for item in activity_elsewhere(chart, know) if item.verdict is ActivityState.ACTIVE]
    for item in elsewhere if chart.order.levels else ():
        yield _finding(item, chart, know, f" at {spoken(item.levels)}, not at the ordered {spoken(chart.order.levels)}")
    if elsewhere and chart.order.levels:
        return
    for item in found:
        if item.verdict is ActivityState.CONFLICTING:
            raise Unknown(f"activity of the fracture (findings conflict, {described(item.finding)})", NOT_REPORTED)
    judged = frozenset().union(*(item.levels for item in found))
    if not found or (target_levels(chart) - judged and all(item.levels for item in found)):
        gaps = chart.gaps(*FRACTURE_SECTIONS)
        raise Unknown("marrow oedema or uptake at the fracture", *(gaps or (NOT_REPORTED,)))
    chart.require("whether newer imaging shows marrow oedema or uptake", *FRACTURE_SECTIONS)


def _finding(item: Activity, chart: Chart, know: Knowledge, where: str) -> Finding:
    sign = "Marrow oedema" if item.finding.sign == "oedema" else "Uptake"
    there = f" at {spoken(item.levels)}" if item.finding.levels else ""
    return Finding(
        says=item.stated(f"{sign}{where}"),
        short=shortened(sign.lower(), there, f", {item.finding.modality}"),
        headline=f"{sign.lower()}{'' if item.levels == chart.order.levels else there}, {dated(item.finding)}",
        explains=item.explained,
        evidence=item.evidence,
        uses=(know.parameter(WINDOW),),
        cites=("cms-lcd", "acr-2018", "rand-2018"),
        basis=item.finding.basis,
    )
