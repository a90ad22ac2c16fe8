"""Fever, white cells, C-reactive protein or procalcitonin that speak of an infection nobody has named yet."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reason, Section, Unknown
from cds_service.chart.sections import DRUG_SECTIONS, SECTION_OF
from cds_service.engine import Essential, Finding, Kind, Topic, rule
from cds_service.facts.drugs import taken
from cds_service.facts.gathered import gathered
from cds_service.facts.labs import above, below, latest
from cds_service.facts.markers import CRP, NAMES, PROCALCITONIN, TEMPERATURE, WHITE_CELLS, Marker, is_current, marker
from cds_service.knowledge import Knowledge

_NUMBERS = ("No", "One", "Two", "Three", "Four")
_CITES = ("idsa-2015", "sirs-1992")


@rule(
    title="Measured signs of infection",
    kind=Kind.ABSOLUTE,
    card=Topic.INFECTION,
    needs=(Section.VITALS, Section.BLOOD_COUNT, Section.INFLAMMATION, *DRUG_SECTIONS),
    essential=Essential.SUPPLIED,
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
    signals: list[Marker] = []
    gaps: dict[str, tuple[Unknown, ...]] = {}
    for measure in (TEMPERATURE, WHITE_CELLS, CRP, PROCALCITONIN):
        try:
            item = marker(chart, know, measure)
        except Unknown as gap:
            gaps[measure] = (gap,)
            continue
        if item.abnormal:
            signals.append(item)
        else:
            gaps[measure] = _doubts(item)
    yield from _together(signals, chart, know)
    yield from _lesser(bool(signals), chart, know)
    if gaps.get(CRP) and gaps.get(PROCALCITONIN) == ():
        gaps[CRP] = tuple(gap for gap in gaps[CRP] if gap.reasons != {Reason.NOT_MEASURED})
    gaps[PROCALCITONIN] = tuple(gap for gap in gaps.get(PROCALCITONIN, ()) if gap.reasons != {Reason.NOT_MEASURED})
    for found in gaps.values():
        yield from found


def _doubts(item: Marker) -> tuple[Unknown, ...]:
    """Why a value that is not abnormal does not prove the absence of infection; empty if it does."""
    section = SECTION_OF[item.measure]
    if item.abnormal is None:
        return (Unknown(str(item), Missing(section, Reason.UNREADABLE)),)
    if not item.current:
        return (Unknown(f"current {NAMES[item.measure]}", Missing(section, Reason.NOT_MEASURED)), *item.lab.doubts())
    return tuple(item.lab.doubts())


def _together(signals: list[Marker], chart: Chart, know: Knowledge) -> Iterator[Finding]:
    if not signals:
        return
    current = sum(item.current for item in signals)
    says = (
        f"{_NUMBERS[len(signals)]} sign{'s' if len(signals) > 1 else ''} of infection: {', '.join(map(str, signals))}"
    )
    effect = None if current > 1 else Kind.RELATIVE
    only = signals[0] if len(signals) == 1 else None
    if only and only.measure == WHITE_CELLS and only.limit.key.endswith("high"):
        drugs, _ = gathered(taken(chart, "whether a glucocorticoid is being taken", "glucocorticoid"))
        if drugs:
            effect = Kind.INFORMATION
            says = f"{only} under {drugs[0].name}, which can raise them; no other sign of infection"
    if current < len(signals):
        says += "; older than the window" if current == 0 else "; not all current"
    yield Finding(
        says=says,
        evidence=tuple(item.lab.evidence for item in signals),
        uses=tuple(item.limit for item in signals),
        cites=_CITES,
        effect=effect,
    )


def _lesser(other_sign: bool, chart: Chart, know: Knowledge) -> Iterator[Finding]:
    """Values that prove little alone. A gap in them is told with the markers above: they come in the same sections."""
    for measure, limit, high, effect, says in (
        (CRP, "crp_raised", True, Kind.INFORMATION, "slightly raised, as a fracture alone can do"),
        ("esr", "esr_raised", True, Kind.INFORMATION, "raised, which has many causes"),
        (TEMPERATURE, "temperature_low", False, Kind.RELATIVE, "low, beside another sign of infection"),
        ("neutrophils", "neutrophils_low", False, Kind.RELATIVE, "low: infection is likelier and harder to see"),
    ):
        parameter = know.parameter(f"infection_markers.{limit}")
        try:
            lab = latest(chart, measure, NAMES[measure])
        except Unknown:
            continue
        reached = above(lab, parameter.value) if high else below(lab, parameter.value)
        superseded = measure == CRP and above(lab, know.parameter("infection_markers.crp_high").value)
        if not reached or superseded or (measure == TEMPERATURE and not other_sign):
            continue
        old = "" if is_current(chart, know, lab, measure) else ", not current"
        yield Finding(
            f"{NAMES[measure]} {lab} {says}{old}", (lab.evidence,), uses=(parameter,), cites=_CITES, effect=effect
        )
