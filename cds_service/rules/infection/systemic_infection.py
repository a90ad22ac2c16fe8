"""An infection elsewhere than in the spine that is active: on the problem list, in the urine, or in the blood."""

from collections.abc import Iterator, Sequence

from cds_service.chart import Chart, Condition, DrugUse, Section, State, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.engine import Essential, Evidence, Finding, Kind, Topic, parts, rule
from cds_service.facts.gathered import attempted, gathered
from cds_service.facts.infection import (
    CULTURE_WINDOW,
    antibiotics,
    may_treat,
    recent,
    require_encounter,
    standing_blood_cultures,
    within,
)
from cds_service.facts.urine import urine
from cds_service.facts.words import on, recorded, told
from cds_service.knowledge import Knowledge

_ELSEWHERE = frozenset(("urinary-infection", "spinal-infection"))
_LONG_AGO = "Infection on record for long, resolved?"


@rule(
    title="Active infection elsewhere",
    kind=Kind.ABSOLUTE,
    card=Topic.INFECTION,
    needs=(Section.CONDITIONS, Section.INFLAMMATION, Section.ENCOUNTER, *DRUG_SECTIONS),
    essential=Essential.SUPPLIED,
)
def systemic_infection(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether sepsis, or an infection of skin, lung, urine or another organ, is on the problem list and recent (by onset, by the
    day it was recorded, or by its encounter) or under an antibiotic; and whether a blood culture was positive, without a later
    negative one. A urinary infection counts in full only with symptoms, a positive culture or an antibiotic. What is older or
    unproven is a caution; bacteriuria alone is information.

    ## Why it matters
    Germs in the blood can settle on fresh cement. Infection after vertebroplasty is rare, about 3 in 1000 in the largest series,
    but often fatal, and the infections listed here can nearly always be treated first.

    ## When it stays silent
    When infections are coded as resolved, inactive, refuted or entered in error. Infections of the spine belong to
    `spinal_infection`. Nobody is asked for a blood or urine culture.
    """
    drugs, drug_gaps = gathered(antibiotics(chart, know))
    in_doubt = False
    for outcome in parts(_listed(chart, know, drugs), _urinary(chart, know, drugs), _in_the_blood(chart, know)):
        in_doubt = in_doubt or (isinstance(outcome, Finding) and outcome.effect is Kind.RELATIVE)
        yield outcome
    if in_doubt:  # an antibiotic that is not on the list would prove the infection
        yield from drug_gaps


def _listed(chart: Chart, know: Knowledge, drugs: Sequence[DrugUse]) -> Iterator[Finding | Unknown]:
    for problem in chart.conditions_in("sepsis", "skin-infection", "other-infection"):
        if problem.state is State.ACTIVE and _ELSEWHERE.isdisjoint(problem.concept.sets):
            yield from _judged(problem, chart, know, drugs, "Active infection on record")


def _judged(
    problem: Condition, chart: Chart, know: Knowledge, drugs: Sequence[DrugUse], says: str
) -> Iterator[Finding | Unknown]:
    """A recent or treated infection; an older one without treatment is a caution."""
    if recent(problem, chart, know):
        yield _finding(problem, know, says)
        return
    for drug in drugs:
        if may_treat(drug, problem):
            yield _finding(problem, know, f"{says}, {drug.name} being taken", Evidence(drug.source, "medication"))
            return
    yield _finding(problem, know, _LONG_AGO, effect=Kind.RELATIVE)
    yield from attempted(lambda: require_encounter(problem, chart))[1]


def _urinary(chart: Chart, know: Knowledge, drugs: Sequence[DrugUse]) -> Iterator[Finding | Unknown]:
    found = urine(chart, know)
    proof = (*found.symptoms, *found.cultures)
    for problem in found.infections:
        is_recent = recent(problem, chart, know)
        if is_recent and proof:
            yield _finding(problem, know, f"Active urinary infection with {proof[0].value}", *proof)
        elif is_recent and not any(may_treat(drug, problem) for drug in drugs):
            says = "Urinary infection without recorded symptoms, culture or antibiotic"
            yield _finding(problem, know, says, effect=Kind.RELATIVE)
        else:
            yield from _judged(problem, chart, know, drugs, "Active urinary infection")
    germs = (*found.cultures, *found.bacteriuria)
    if germs and not found.infections:
        with_what = (
            f"with {found.symptoms[0].value}" if found.symptoms else "without recorded symptoms, no infection by itself"
        )
        yield Finding(
            says=f"Bacteria in the urine {with_what}: {germs[0].value}{on(germs[0].when)}",
            evidence=(*germs, *found.symptoms),
            cites=("popa-2009", "chen-2023"),
            effect=None if found.symptoms else Kind.INFORMATION,
            basis=found.basis,
        )
    yield from found.gaps


def _in_the_blood(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    for culture in standing_blood_cultures(chart, know):
        if isinstance(culture, Unknown):
            yield culture
        elif culture.answer:
            lately = culture.when is None or within(culture.when, chart, know, CULTURE_WINDOW)
            yield Finding(
                says=f"Positive blood culture{on(culture.when)}, no later negative one: {culture.answer.text}",
                evidence=(Evidence(culture.source, "value", culture.when, culture.answer.text),),
                uses=(know.parameter(CULTURE_WINDOW),),
                cites=("cms-lcd", "rand-2018"),
                effect=None if lately else Kind.RELATIVE,
                basis=culture.answer.basis,
            )


def _finding(problem: Condition, know: Knowledge, says: str, *also: Evidence, effect: Kind | None = None) -> Finding:
    return Finding(
        says=f"{says}: {told(problem)}",
        evidence=(recorded(problem), *also),
        uses=(know.parameter("systemic_infection.active_for"),),
        cites=("cms-lcd", "rand-2018", "radiopaedia-vertebroplasty"),
        effect=effect,
        basis=problem.concept.basis,
        certainty=problem.certainty,
    )
