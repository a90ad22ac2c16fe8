"""The order names other levels than the fractures on record, or than the images show to be active."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reason, Section, Source, Unknown, spoken
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, none_on_record
from cds_service.facts.fracture.levels import named_levels
from cds_service.findings import (
    Essential,
    Evidence,
    Finding,
    Kind,
    NotApplicable,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge


@rule(
    title="Levels differ",
    judges="level",
    kind=Kind.CORRECTABLE,
    card=Topic.SAFETY,
    needs=FRACTURE_SECTIONS,
    essential=Essential.SUPPLIED,
)
def level_mismatch(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the ordered levels share none with the current fractures on record, or none with the levels at which current images show
    marrow oedema or uptake. Only levels that are stated are compared.

    ## Why it matters
    Treating the wrong vertebra cannot be undone. The order, the diagnosis and the images must name the same one.

    ## When it stays silent
    When they share a level. It is not asked where the order names no level, for an order that says prophylactic, nor where no fracture
    is on record.
    """
    if not chart.order.levels or chart.order.prophylactic:
        raise NotApplicable
    levels = named_levels(chart, know)
    if levels.differ:
        on_record = f"; fracture on record at {spoken(levels.fractured)}" if levels.fractured else ""
        on_images = f"; active on imaging at {spoken(levels.imaged)}" if levels.imaged else ""
        yield Finding(
            says=f"Ordered at {spoken(levels.ordered)}{on_record}{on_images}: confirm the level",
            evidence=(*_ordered(chart), *levels.evidence),
            cites=("site-policy",),
            basis=levels.basis,
            certainty=levels.certainty,
        )
        return
    chart.require("whether order, fracture and imaging name the same level", *FRACTURE_SECTIONS)
    if not levels.fractured and not levels.imaged:
        if none_on_record(chart):
            raise NotApplicable
        raise Unknown("at which level the fracture is", Missing(Section.CONDITIONS, Reason.NOT_MEASURED))


def _ordered(chart: Chart) -> Iterator[Evidence]:
    for reference in chart.order.references:
        yield Evidence(Source(reference), "bodySite", None, spoken(chart.order.levels))
