"""An antibiotic that is taken, as a sign of an infection that may not be coded."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, State, Unknown, ValueSets
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.infection.antibiotics import antibiotics, prevents
from cds_service.facts.infection.diagnoses import treated_by
from cds_service.facts.shared.findings import finding_from
from cds_service.facts.shared.phrasing import briefly, capitalised, on, shortened
from cds_service.findings import (
    Evidence,
    Finding,
    Kind,
    Topic,
    parts,
    rule,
)
from cds_service.knowledge import Knowledge

_HIDES = (
    "An antibiotic is often the only trace of an infection that nobody coded, and it can hide fever and raised markers."
)
_ASK = ("Ask which infection the antibiotic is for, and confirm that it is cured",)
_PREVENTS = (
    "Its reason on record is prevention or suppression of an infection, acne or rosacea. Methenamine counts as prevention without a"
    " reason."
)


@rule(
    title="Antibiotic taken",
    kind=Kind.RELATIVE,
    card=Topic.INFECTION,
    needs=(Section.CONDITIONS, *DRUG_SECTIONS),
    judges="antibiotics",
    settle="Ask which antibiotics are taken, and for what",
)
def antibiotic_course(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a systemic antibiotic is taken, or long-term antibiotic use is coded. One that is given for prophylaxis, acne or a similar
    reason is information, and so is one that may be for an active infection on record, which has a finding of its own.

    ## Why it matters
    An antibiotic is often the only trace of an infection that nobody coded, and it can hide fever and raised markers.

    ## When it stays silent
    When the antibiotic has ended, acts only locally (skin, eye), or is a draft of this session, such as the prophylaxis itself.
    """
    drugs, gaps = antibiotics(chart, know)
    for use in drugs:
        since, infection = use.start or use.stated, treated_by(use, chart, know)
        ingredient = know.drugs.ingredients[use.ingredient].name
        if prevents(use):
            reason, why = ", not for an acute infection", _PREVENTS
        elif infection:
            reason, why = f": for {briefly(infection.concept.text, 'the infection on record')}?", ""
        else:
            reason, why = ": for which infection?", _HIDES
        yield Finding(
            says=f"{capitalised(briefly(use.name, ingredient))}, taken{f' since {since}' if since else ''}{reason}",
            short=shortened(ingredient, ", taken"),
            explains=why,
            steps=() if prevents(use) or infection else _ASK,
            evidence=(Evidence(use.source, "medication", since, use.name),),
            cites=("site-policy",),
            effect=Kind.INFORMATION if prevents(use) or infection else None,
            basis=use.basis,
        )
    yield from parts(gaps, () if drugs else _coded(chart))


def _coded(chart: Chart) -> Iterator[Finding | Unknown]:
    problems, gaps = chart.conditions_in(ValueSets.LONG_TERM_ANTIBIOTIC)
    for problem in problems:
        if problem.state is State.ACTIVE:
            says = f"Long-term antibiotic on record{on(problem.dated)}, none on the drug list: which, and for which infection?"
            yield finding_from(
                problem, says, "long-term antibiotic on record", cites=("site-policy",), explains=_HIDES, steps=_ASK
            )
    yield from gaps
