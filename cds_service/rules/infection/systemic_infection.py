"""An infection elsewhere than in the spine that is active: on the problem list, in the urine, or in the blood."""

from collections.abc import Iterator, Sequence

from cds_service.chart import Certainty, Chart, Condition, DrugUse, Missing, Reason, Section, State, Unknown, When
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.engine import Essential, Evidence, Finding, Kind, Topic, parts, rule
from cds_service.facts.gathered import gathered
from cds_service.facts.infection import antibiotics, is_negative, is_positive, may_treat, recent, within
from cds_service.knowledge import Knowledge

_URINARY, _BACTERIURIA, _SYMPTOMS = "urinary-infection", "asymptomatic-bacteriuria", "urinary-symptoms"
_ELSEWHERE = frozenset((_URINARY, "spinal-infection"))
_WINDOW = "systemic_infection.culture_window"


@rule(
    title="Active infection elsewhere",
    kind=Kind.ABSOLUTE,
    card=Topic.INFECTION,
    needs=(Section.CONDITIONS, Section.INFLAMMATION, *DRUG_SECTIONS),
    essential=Essential.SUPPLIED,
)
def systemic_infection(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether sepsis, or an infection of skin, lung, urine or another organ, is on the problem list and recent (by onset or by the
    day it was recorded) or under an antibiotic; and whether a blood culture was positive, without a later negative one.
    A urinary infection counts in full only with symptoms, a positive culture or an antibiotic. What is older or unproven is a
    caution; bacteriuria alone is information.

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


def _listed(chart: Chart, know: Knowledge, drugs: Sequence[DrugUse]) -> Iterator[Finding]:
    for problem in chart.conditions_in("sepsis", "skin-infection", "other-infection"):
        if problem.state is State.ACTIVE and _ELSEWHERE.isdisjoint(problem.concept.sets):
            yield _judged(problem, chart, know, drugs, "Active infection on record")


def _judged(problem: Condition, chart: Chart, know: Knowledge, drugs: Sequence[DrugUse], says: str) -> Finding:
    """A recent or treated infection; an older one without treatment is a caution."""
    if recent(problem, chart, know):
        return _finding(problem, know, says)
    for drug in drugs:
        if may_treat(drug, problem):
            return _finding(problem, know, f"{says}, {drug.name} being taken", Evidence(drug.source, "medication"))
    return _finding(problem, know, "Infection on record for long, resolved?", effect=Kind.RELATIVE)


def _urinary(chart: Chart, know: Knowledge, drugs: Sequence[DrugUse]) -> Iterator[Finding | Unknown]:
    problems, gaps = gathered(chart.conditions_in(_URINARY, _BACTERIURIA, _SYMPTOMS))
    cultures, culture_gaps = gathered(chart.measurements("urine-culture"))
    active = [item for item in problems if item.state is State.ACTIVE]
    proof = [_of(item) for item in active if _SYMPTOMS in item.concept.sets and recent(item, chart, know)]
    grown = [item for item in cultures if is_positive(item) and within(item.when, chart, know, _WINDOW)]
    germs = [Evidence(item.source, "value", item.when, "positive urine culture") for item in grown]
    infections = [item for item in active if _URINARY in item.concept.sets]
    for problem in infections:
        shown = [*proof, *germs]
        if recent(problem, chart, know) and shown:
            yield _finding(problem, know, f"Active urinary infection with {shown[0].value}", *shown)
        elif recent(problem, chart, know) and not any(may_treat(drug, problem) for drug in drugs):
            says = "Urinary infection without recorded symptoms, culture or antibiotic"
            yield _finding(problem, know, says, effect=Kind.RELATIVE)
        else:
            yield _judged(problem, chart, know, drugs, "Active urinary infection")
    germs += [_of(item) for item in active if _BACTERIURIA in item.concept.sets and recent(item, chart, know)]
    if germs and not infections:
        effect = None if proof else Kind.INFORMATION
        with_what = f"with {proof[0].value}" if proof else "without recorded symptoms, no infection by itself"
        says = f"Bacteria in the urine {with_what}: {germs[0].value}{_on(germs[0].when)}"
        yield Finding(says, (*germs, *proof), cites=("popa-2009", "chen-2023"), effect=effect)
    yield from (*gaps, *culture_gaps)


def _in_the_blood(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """Positive blood cultures not followed by a negative one; what cannot be read as either is told."""
    cultures, gaps = gathered(chart.measurements("blood-culture"))
    window = know.parameter(_WINDOW)
    for culture in cultures:
        lately = within(culture.when, chart, know, _WINDOW)
        cleared = any(
            is_negative(item) and item.when and culture.when and item.when.start > culture.when.last
            for item in cultures
        )
        if is_positive(culture) and culture.answer and not cleared:
            yield Finding(
                says=f"Positive blood culture{_on(culture.when)}, no later negative one: {culture.answer.text}",
                evidence=(Evidence(culture.source, "value", culture.when, culture.answer.text),),
                uses=(window,),
                cites=("cms-lcd", "rand-2018"),
                effect=None if lately or culture.when is None else Kind.RELATIVE,
                basis=culture.answer.basis,
            )
        elif lately and not is_positive(culture) and not is_negative(culture):
            reason = Reason.UNREADABLE if culture.answer else Reason.NOT_MEASURED
            yield Unknown(f"result of the blood culture{_on(culture.when)}", Missing(Section.INFLAMMATION, reason))
    yield from gaps


def _finding(problem: Condition, know: Knowledge, says: str, *also: Evidence, effect: Kind | None = None) -> Finding:
    possible = "Possible: " if problem.certainty is Certainty.POSSIBLE else ""
    return Finding(
        says=f"{possible}{says}: {problem.concept.text}{_on(problem.dated) or ', date not recorded'}",
        evidence=(_of(problem), *also),
        uses=(know.parameter("systemic_infection.active_for"),),
        cites=("cms-lcd", "rand-2018", "radiopaedia-vertebroplasty"),
        effect=effect,
        basis=problem.concept.basis,
        certainty=problem.certainty,
    )


def _of(problem: Condition) -> Evidence:
    return Evidence(problem.source, "code", problem.dated, problem.concept.text)


def _on(when: When | None) -> str:
    return f", {when}" if when else ""
