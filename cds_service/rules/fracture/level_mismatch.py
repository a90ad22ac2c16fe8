"""The order names other levels than the fractures on record, or than the images show to be active."""

from collections.abc import Iterator

from cds_service.chart import Certainty, Chart, Missing, Reason, Section, Source, Unknown, spoken
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, none_on_record
from cds_service.facts.fracture.imaging import dated
from cds_service.facts.fracture.levels import NamedLevels, named_levels
from cds_service.facts.shared.phrasing import on, shortened
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
    steps=(
        "Confirm the level on the images with the referrer",
        "Correct the order, or the record that names another level",
    ),
    settle="Ask which vertebra is broken, and record it",
)
def level_mismatch(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the ordered levels share none with the current fractures on record, or none with the levels at which current images show
    marrow oedema or uptake. Only levels that are stated are compared.

    ## Why it matters
    Treating the wrong vertebra cannot be undone. The order, the diagnosis and the images must name the same one.

    ## When it stays silent
    When they share a level. It does not apply where the order names no level or says prophylactic, or where no fracture is on record.
    """
    if not chart.order.levels or chart.order.prophylactic:
        raise NotApplicable
    levels = named_levels(chart, know)
    if levels.differ:
        ordered = f"Ordered at {spoken(levels.ordered)}"
        yield Finding(
            says=f"{ordered}{''.join(_named(levels))}",
            short=shortened("levels differ", f", ordered {spoken(levels.ordered)}"),
            headline=f"{ordered}, but {_other(levels)}",
            evidence=(*levels.evidence, *_ordered(chart)),
            cites=("site-policy",),
            basis=levels.basis,
            certainty=levels.certainty,
        )
        return
    chart.require("whether order, fracture and imaging name the same level", *FRACTURE_SECTIONS)
    if not levels.fractured and not levels.imaged:
        if none_on_record(chart):
            raise NotApplicable
        raise Unknown("level of the fracture", Missing(Section.CONDITIONS, Reason.NOT_MEASURED))


def _named(levels: NamedLevels) -> Iterator[str]:
    """Which levels the images and the fractures on record name, each with the date of the first; a card adds where it read the last."""
    for seen in levels.images[:1]:
        yield f"; active at {spoken(levels.imaged)}, {dated(seen)}"
    for item in levels.fractures[:1]:
        source = f", {dated(item.image)}" if item.image else on(item.onset or item.seen)
        yield f"; {'fracture' if _is_sure(levels) else 'possible fracture'} at {spoken(levels.fractured)}{source}"


def _other(levels: NamedLevels) -> str:
    """What names another level than the order: a fracture that is sure, else an image, else a fracture that is not."""
    elsewhere = not levels.fractured & levels.ordered
    if elsewhere and _is_sure(levels):
        return f"the fracture is at {spoken(levels.fractured)}"
    if levels.imaged and not levels.imaged & levels.ordered:
        return f"imaging shows activity at {spoken(levels.imaged)}"
    return f"a possible fracture is at {spoken(levels.fractured)}"


def _is_sure(levels: NamedLevels) -> bool:
    return any(item.certainty is Certainty.CONFIRMED for item in levels.fractures)


def _ordered(chart: Chart) -> Iterator[Evidence]:
    for reference in chart.order.references:
        yield Evidence(Source(reference), "bodySite", None, spoken(chart.order.levels))
