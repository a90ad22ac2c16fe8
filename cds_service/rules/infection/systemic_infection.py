"""An infection elsewhere than in the spine that is active: on the problem list, in the urine, or in the blood."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.infection.cultures import standing_blood_cultures
from cds_service.facts.infection.diagnoses import infections
from cds_service.facts.infection.urine import urine
from cds_service.facts.shared.phrasing import brief, diagnosed, on, recorded, weakest
from cds_service.facts.shared.recency import lately
from cds_service.findings import (
    Essential,
    Evidence,
    Finding,
    Kind,
    Topic,
    parts,
    rule,
)
from cds_service.knowledge import Knowledge

_DIVIDED = (
    "Bacteria in the urine without symptoms are usually left untreated. In Chen 2023 they went with infection after the procedure (odds"
    " ratio 5.6); here they are no infection by themselves."
)
_OVER = ("Ask whether the infection is over",)
_UNPROVEN = ("Ask about urinary symptoms",)
_GERMS = ("Repeat blood cultures until they are negative; ask infectious diseases",)


@rule(
    title="Infection outside the spine",
    judges="infection",
    kind=Kind.ABSOLUTE,
    card=Topic.INFECTION,
    needs=(Section.CONDITIONS, Section.INFLAMMATION, Section.ENCOUNTER, *DRUG_SECTIONS),
    essential=Essential.SUPPLIED,
    steps=("Treat the infection first, and judge again when it is over",),
    settle="Ask about current infection and antibiotics",
)
def systemic_infection(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether sepsis, or an infection of skin, lung, urine or another organ, is on the problem list and recent (by onset, by the
    day it was recorded, or by its encounter) or under an antibiotic; and whether a blood culture was positive, without a later
    negative one. A urinary infection counts in full only with symptoms, a positive culture or an antibiotic. What is older or
    unproven is a caution; bacteriuria alone is information.

    ## Why it matters
    Germs in the blood can settle on fresh cement. Infection after vertebral augmentation is rare, 47 of 23,868 (0.20 %) in a
    Korean quality database, but 3 of 18 patients of an older series died. The infections listed here can nearly always be treated first.

    ## When it stays silent
    When infections are coded as resolved, inactive, refuted or entered in error. Infections of the spine belong to
    `spinal_infection`. Nobody is asked for a blood or urine culture.
    """
    yield from parts(_on_record(chart, know), _in_urine(chart, know), _in_blood(chart, know))


def _on_record(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    found, gaps = infections(chart, know)
    for item in found:
        active_for = know.parameter("shared/infection.active_for")
        yield Finding(
            says=item.stated,
            short=diagnosed(item.problem, "infection on record"),
            evidence=(recorded(item.problem), *(sign.evidence for sign in item.signs)),
            uses=(active_for,),
            cites=("cms-lcd", "rand-2018", "radiopaedia-vertebroplasty"),
            explains=f"An acute infection counts in full if it began or was recorded within {active_for.text}, or an antibiotic is taken"
            " for it; a urinary one only with symptoms, a positive culture or an antibiotic.",
            steps=() if item.goes_on else _UNPROVEN if item.recent else _OVER,
            effect=None if item.goes_on else Kind.RELATIVE,
            basis=weakest(item.problem.concept.basis, *(sign.basis for sign in item.signs[:1])),
            certainty=item.problem.certainty,
        )
        if not item.goes_on:
            yield from item.gaps
    yield from gaps


def _in_urine(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """Germs without a recent diagnosis: an infection if there are symptoms."""
    found = urine(chart, know)
    germs = (*found.cultures, *found.bacteriuria)
    if germs and not found.infected:
        proof = found.symptoms[:1]
        proved = f"with {proof[0].says}" if proof else "without recorded symptoms"
        yield Finding(
            says=f"Bacteria in the urine {proved} ({germs[0].says}{on(germs[0].evidence.when)})",
            explains="" if proof else _DIVIDED,
            short="bacteria in the urine",
            evidence=tuple(sign.evidence for sign in (*germs, *proof)),
            cites=("popa-2009", "chen-2023"),
            effect=None if proof else Kind.INFORMATION,
            basis=weakest(germs[0].basis, *(sign.basis for sign in proof)),
        )
    yield from found.gaps


def _in_blood(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    window = know.parameter("shared/infection.culture_window")
    standing, gaps = standing_blood_cultures(chart, window)
    for culture, germ in standing:
        yield Finding(
            says=f"Positive blood culture{on(culture.when)}, no later negative one: {brief(germ.text)}",
            explains=f"A positive blood culture counts in full for {window.text}, after that as a caution.",
            steps=_GERMS,
            short="positive blood culture",
            evidence=(Evidence(culture.source, "value", culture.when, germ.text),),
            uses=(window,),
            cites=("cms-lcd", "rand-2018"),
            effect=None if culture.when is None or lately(culture.when, chart, window) else Kind.RELATIVE,
            basis=germ.basis,
        )
    yield from gaps
