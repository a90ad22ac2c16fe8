"""Fever, white cells, C-reactive protein or procalcitonin that speak of an infection nobody has named yet."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.infection.markers import (
    CRP,
    ESR,
    NEUTROPHILS,
    TEMPERATURE,
    Marker,
    lesser,
    signals,
)
from cds_service.facts.shared.drugs import taken
from cds_service.findings import Essential, Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge

_NUMBERS = ("No", "One", "Two", "Three", "Four")
_CITES = ("idsa-2015", "sirs-1992")
_LESSER = {
    CRP: (Kind.INFORMATION, "slightly raised, as a fracture alone can do"),
    ESR: (Kind.INFORMATION, "raised, which has many causes"),
    TEMPERATURE: (Kind.RELATIVE, "low, beside another sign of infection"),
    NEUTROPHILS: (Kind.RELATIVE, "low: infection is likelier and harder to see"),
}


@rule(
    title="Measured signs of infection",
    judges="infection markers",
    kind=Kind.ABSOLUTE,
    card=Topic.INFECTION,
    needs=(Section.VITALS, Section.BLOOD_COUNT, Section.INFLAMMATION, *DRUG_SECTIONS),
    essential=Essential.SUPPLIED,
    role=Role.INFECTION_SIGNS,
)
def infection_markers(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    The latest temperature, white cell count, C-reactive protein and procalcitonin. One sign of infection is a caution, two that are
    current are a contraindication until explained. An older abnormal value still counts, as a caution. A high white cell count
    alone under a glucocorticoid is information, and so are a C-reactive protein that is only slightly raised and a raised
    sedimentation rate. A low temperature beside another sign, and few neutrophils, are cautions.

    ## Why it matters
    No guideline gives a limit for vertebroplasty, but an infection at the time of the injection can settle on the cement, and
    discitis can look like a fracture. Fracture, cancer, rheumatic disease and glucocorticoids change these values too.

    ## When it stays silent
    When temperature, white cells and C-reactive protein (or procalcitonin) are current and normal.
    """
    found, gaps = signals(chart, know)
    if found:
        yield _together(found, chart)
    for item in lesser(chart, know):
        if item.measure != TEMPERATURE or found:
            effect, says = _LESSER[item.measure]
            yield _finding(f"{item} {says}{'' if item.current else ', not current'}", (item,), effect)
    yield from gaps


def _together(found: tuple[Marker, ...], chart: Chart) -> Finding:
    current = sum(item.current for item in found)
    age = "" if current == len(found) else "; not all current" if current else "; older than the window"
    says = f"{_NUMBERS[len(found)]} sign{'s' if len(found) > 1 else ''} of infection: {', '.join(map(str, found))}{age}"
    if len(found) > 1:
        return _finding(says, found, None if current > 1 else Kind.RELATIVE)
    only = found[0]
    if only.limit.key == "shared/infection.white_cells_high":
        drugs, _ = taken(chart, "whether a glucocorticoid is being taken", "glucocorticoid")
        if drugs:
            explained = f"{only} under {drugs[0].name}, which can raise them; no other sign of infection{age}"
            return _finding(explained, found, Kind.INFORMATION)
    doubt = "; a fracture, cancer or rheumatic disease can raise it too" if only.measure == CRP else ""
    return _finding(f"{says}{doubt}", found, Kind.RELATIVE)


def _finding(says: str, found: tuple[Marker, ...], effect: Kind | None) -> Finding:
    return Finding(
        says=says,
        short=found[0].short if len(found) == 1 else f"{len(found)} signs of infection",
        evidence=tuple(item.lab.evidence for item in found),
        uses=tuple(item.limit for item in found),
        cites=_CITES,
        effect=effect,
    )
