"""A target level lies outside T1 to L5."""

from collections.abc import Iterator

from cds_service.chart import Chart, Level, Missing, Reason, Section, Source, Unknown, spoken
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.facts.fracture.target import target_fractures, target_levels
from cds_service.facts.shared.phrasing import shortened
from cds_service.findings import Evidence, Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="Level outside T1 to L5",
    kind=Kind.RELATIVE,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    judges="target level",
    steps=("Confirm the level: above T1 and below L5 it is another procedure",),
    settle="Name the level on the request",
)
def level_out_of_range(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a level of the order, or of the fracture where the order names none, is cervical or sacral. That a level lies between T1
    and T4, which one payer leaves out, is information only.

    ## Why it matters
    Trials and coverage end at T1 and L5 (some payers begin at T5, trials at T4). Above and below it is another procedure.

    ## When it stays silent
    When all levels lie between T5 and L5. If no level is stated, the answer is unknown.
    """
    target = target_levels(chart)
    outside = frozenset(level for level in target if level[0] not in "TL")
    upper = target & _UPPER
    if outside:
        yield Finding(
            says=f"Level outside T1 to L5, the range of trials and coverage: {spoken(outside)}",
            short=shortened("level outside T1–L5", f": {spoken(outside)}"),
            evidence=_named(outside, chart),
            cites=("cms-lcd", "evicore-cmm607", "vapour-2016"),
        )
    if upper:
        yield Finding(
            says=f"Level above T5: {spoken(upper)}; one payer covers T5 to L5 alone (eviCore CMM-607)",
            short=shortened("level above T5", f": {spoken(upper)}"),
            explains="CMS LCD, used here, covers T1 to L5, eviCore CMM-607 T5 to L5.",
            steps=("Ask the payer whether the level is covered",),
            evidence=_named(upper, chart),
            cites=("cms-lcd", "evicore-cmm607"),
            effect=Kind.INFORMATION,
        )
    if outside:
        return
    if not chart.order.levels:
        chart.require("target level", *FRACTURE_SECTIONS)
    if not target:
        raise Unknown("target level", Missing(Section.CONDITIONS, Reason.NOT_MEASURED))


_UPPER = frozenset((Level.T1, Level.T2, Level.T3, Level.T4))


def _named(levels: frozenset[Level], chart: Chart) -> tuple[Evidence, ...]:
    """Where these levels stand: in the order, or else in the fractures on record."""
    if chart.order.levels:
        return tuple(Evidence(Source(item), "bodySite", None, spoken(levels)) for item in chart.order.references)
    return tuple(item.evidence for item in target_fractures(chart) if item.levels & levels)
