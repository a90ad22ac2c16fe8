"""Neither the order nor the fracture on record names a level."""

from collections.abc import Iterator

from cds_service.chart import Chart, Source, Unknown
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.facts.fracture.target import target_levels
from cds_service.findings import Evidence, Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="Level not stated",
    kind=Kind.WORKUP,
    card=Topic.WORKUP,
    needs=FRACTURE_SECTIONS,
    judges="level of the fracture",
    steps=("Name the level on the request",),
    settle="Name the level on the request",
)
def level_not_stated(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the order names a vertebra, in its body site, code or text, or else a fracture on record does.

    ## Why it matters
    Without a level nobody can tell whether the fracture, the images and the order are about the same vertebra.

    ## When it stays silent
    When the order names a level, or the fracture on record does.
    """
    if target_levels(chart):
        return
    yield Finding(
        says="No level is named by the order or by a fracture on record",
        short="level not stated",
        headline="No level is named by the order or by a fracture on record",
        evidence=tuple(Evidence(Source(reference), "bodySite") for reference in chart.order.references),
        cites=("site-policy",),
    )
    chart.require("whether a fracture on record names its level", *FRACTURE_SECTIONS)
