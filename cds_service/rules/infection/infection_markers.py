"""Fever, white cells, C-reactive protein or procalcitonin that speak of an infection nobody has named yet."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.infection.markers import (
    CRP,
    ESR,
    NAMES,
    NEUTROPHILS,
    TEMPERATURE,
    Marker,
    lesser,
    signals,
    window,
)
from cds_service.facts.shared.drugs import taken
from cds_service.facts.shared.phrasing import FEW_WORDS, capitalised, measurement
from cds_service.findings import Essential, Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge

_NUMBERS = ("No", "One", "Two", "Three", "Four")
_CITES = ("idsa-2015", "sirs-1992")
_LESSER = {
    CRP: (Kind.INFORMATION, "slightly raised", "A fracture alone can raise C-reactive protein so far."),
    ESR: (Kind.INFORMATION, "raised", "A raised sedimentation rate has many causes."),
    TEMPERATURE: (Kind.RELATIVE, "low", "A low temperature counts beside another sign of infection."),
    NEUTROPHILS: (Kind.RELATIVE, "low", "With few neutrophils an infection is likelier and harder to see."),
}
_DOUBT = "A fracture, cancer or rheumatic disease can raise C-reactive protein too."
_UNDER_STEROID = "A glucocorticoid can raise white cells."
_TO_EXPLAIN = ("Look for the source: two sets of blood cultures, ESR, CRP and MRI of the spine, if not done",)


@rule(
    title="Measured signs of infection",
    judges="infection markers",
    kind=Kind.ABSOLUTE,
    card=Topic.INFECTION,
    needs=(Section.VITALS, Section.BLOOD_COUNT, Section.INFLAMMATION, *DRUG_SECTIONS),
    essential=Essential.SUPPLIED,
    role=Role.INFECTION_SIGNS,
    settle="Take the temperature; order white cells and CRP",
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
        yield _together(found, chart, know)
    for item in lesser(chart, know):
        if item.measure != TEMPERATURE or found:
            effect, how, why = _LESSER[item.measure]
            says = f"{capitalised(str(item))}, {how}{_age((item,))}"
            yield _finding((item,), says, why, know, effect=effect)
    yield from gaps


def _together(found: tuple[Marker, ...], chart: Chart, know: Knowledge) -> Finding:
    if len(found) > 1:
        return _several(found, know)
    only = found[0]
    if only.limit.key == "shared/infection.white_cells_high":
        drugs, _ = taken(chart, "whether a glucocorticoid is taken", "glucocorticoid")
        if drugs:
            drug = know.drugs.ingredients[drugs[0].ingredient].name
            says = f"{capitalised(str(only))} under {drug}, no other sign of infection{_age(found)}"
            return _finding(found, says, _UNDER_STEROID, know, effect=Kind.INFORMATION)
    says = f"One sign of infection: {only}{_age(found)}"
    return _finding(found, says, _DOUBT if only.measure == CRP else "", know, effect=Kind.RELATIVE)


def _several(found: tuple[Marker, ...], know: Knowledge) -> Finding:
    first, second, *more = found
    values, others = f"{first}, {second}", str(second)
    if more:  # a line has room for the dates of two
        days = sorted({item.lab.taken for item in found}, key=lambda when: when.last)
        values = f"{', '.join(item.short for item in found)}, {'latest' if len(days) > 1 else 'all'} {days[-1]}"
        others = f"{len(found) - 1} other signs of infection"
    return _finding(
        found,
        f"{_NUMBERS[len(found)]} signs of infection: {values}{_age(found)}",
        f"The values are {', '.join(map(str, found))}." if more else "",
        know,
        effect=None if sum(item.current for item in found) > 1 else Kind.RELATIVE,
        headline=f"{first} and {others}",
        steps=_TO_EXPLAIN,
    )


def _repeat(only: Marker, effect: Kind | None) -> str:
    """What to do about one sign, with its value where no other line of a card names it."""
    value = f" ({only.lab.quantity})" if effect is Kind.INFORMATION else ""
    return f"Look for an infection, and repeat the {measurement(NAMES[only.measure])}{value} before the procedure"


def _short(found: tuple[Marker, ...]) -> str:
    """The values as far as few words hold them, the first with a count of the others, or a count alone."""
    rest = len(found) - 1
    forms = (
        ", ".join(item.short for item in found),
        f"{found[0].short}, {rest} other sign{'s' if rest > 1 else ''}",
        f"{len(found)} signs of infection",
    )
    return next(form for form in forms if len(form.split()) <= FEW_WORDS)


def _age(found: tuple[Marker, ...]) -> str:
    current = sum(item.current for item in found)
    return "" if current == len(found) else "; some outdated" if current else "; outdated"


def _finding(
    found: tuple[Marker, ...],
    says: str,
    why: str,
    know: Knowledge,
    *,
    effect: Kind | None,
    headline: str = "",
    steps: tuple[str, ...] = (),
) -> Finding:
    limits = ", ".join(item.bound for item in found)
    current = f"A temperature is current for {window(TEMPERATURE, know).text}, laboratory values for {window(CRP, know).text}."
    return Finding(
        says=says,
        short=_short(found),
        headline=headline,
        explains=f"{why} No guideline gives a limit for vertebroplasty; used here: {limits}. {current}".lstrip(),
        steps=steps or (_repeat(found[0], effect),),
        evidence=tuple(item.lab.evidence for item in found),
        uses=tuple(item.limit for item in found),
        cites=_CITES,
        effect=effect,
    )
