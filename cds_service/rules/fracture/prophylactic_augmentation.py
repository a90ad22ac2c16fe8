"""The order is for a vertebra that is not broken: it says so, or current images call the ordered level intact."""

from collections.abc import Iterator

from cds_service.chart import (
    Assertion,
    Basis,
    Chart,
    ImagingFinding,
    ImagingSign,
    Level,
    Missing,
    Reason,
    Section,
    Source,
    Unknown,
    descending,
)
from cds_service.engine import Essential, Evidence, Finding, Kind, NotApplicable, Topic, rule
from cds_service.facts.fracture import FRACTURE_SECTIONS, fractures_at_target
from cds_service.facts.imaging import WINDOW, current, evidence, told
from cds_service.facts.levels import named_levels
from cds_service.knowledge import Knowledge


@rule(
    title="Prophylactic augmentation",
    kind=Kind.NOT_INDICATED,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    essential=Essential.SUPPLIED,
)
def prophylactic_augmentation(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the order says prophylactic, or the newest current image of an ordered level calls that vertebra intact and no diagnosis
    says otherwise. Levels that differ altogether are told by `level_mismatch` instead.

    ## Why it matters
    Cement in an unbroken osteoporotic vertebra has risks and no shown benefit.

    ## When it stays silent
    When a fracture or lesion is on record at each ordered level. Where no image speaks of a level it is unknown.
    """
    if chart.order.prophylactic:
        yield Finding(
            says="The order says prophylactic: no fracture is to be treated",
            evidence=tuple(Evidence(Source(reference), "reasonCode") for reference in chart.order.references),
            cites=("radiopaedia-vertebroplasty", "evicore-cmm607"),
            basis=Basis.TEXT,
        )
        return
    if not chart.order.levels or named_levels(chart, know).differ:
        raise NotApplicable
    newest = {level: _newest(level, chart, know) for level in descending(chart.order.levels)}
    coded = frozenset[Level]().union(
        *(item.levels for item in fractures_at_target(chart) if item.path in ("code", "reasonCode"))
    )
    intact = {level: seen for level, seen in newest.items() if seen and _is_intact(seen) and level not in coded}
    for level, seen in intact.items():
        yield Finding(
            says=f"{level} is called intact, {told(seen)}",
            evidence=(evidence(seen),),
            uses=(know.parameter(WINDOW),),
            cites=("radiopaedia-vertebroplasty", "evicore-cmm607"),
            basis=seen.basis,
        )
    if intact:
        return
    chart.require("whether each ordered level is broken", *FRACTURE_SECTIONS)
    open_levels = [level for level, seen in newest.items() if seen is None and level not in coded]
    if open_levels:
        raise Unknown(
            f"whether {', '.join(open_levels)} is broken", Missing(Section.IMAGING_REPORTS, Reason.NOT_MEASURED)
        )


def _is_intact(seen: ImagingFinding) -> bool:
    return seen.sign is ImagingSign.INTACT or seen.assertion is Assertion.ABSENT


def _newest(level: Level, chart: Chart, know: Knowledge) -> ImagingFinding | None:
    """The newest current finding that calls this level intact or broken; of one day, the one that calls it broken."""
    said = [
        seen
        for seen in current(chart, know)
        if level in seen.levels
        and (
            (seen.sign is ImagingSign.INTACT and seen.assertion is Assertion.PRESENT)
            or (seen.sign is ImagingSign.FRACTURE and seen.assertion in (Assertion.PRESENT, Assertion.ABSENT))
        )
    ]
    return max(
        said,
        key=lambda seen: (seen.when.last if seen.when else chart.as_of, not _is_intact(seen), seen.source.reference),
        default=None,
    )
