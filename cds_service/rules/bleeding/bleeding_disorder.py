"""A bleeding disorder without a documented plan to correct it."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, State, Unknown, ValueSets
from cds_service.facts.shared.fitting import begun, for_a_line
from cds_service.facts.shared.phrasing import diagnosed, on, stated
from cds_service.findings import (
    Essential,
    Evidence,
    Finding,
    Kind,
    Proposal,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge

_NOUN = "bleeding disorder"
_PLAN = ValueSets.HAEMATOLOGY_PLAN
_PLANNED = "a plan to correct it is on record"
_EXPLAINED = "Guidelines call a bleeding disorder an absolute contraindication as long as it cannot be corrected, payers a relative one."


@rule(
    title="Bleeding disorder",
    judges="bleeding disorder",
    kind=Kind.CORRECTABLE,
    card=Topic.ANTITHROMBOTICS,
    needs=(Section.CONDITIONS, Section.PROCEDURES, Section.SERVICE_REQUESTS),
    essential=Essential.SUPPLIED,
    steps=("Ask haematology for a plan to correct it before the procedure",),
    settle="Ask about bleeding disorders, in the family too",
)
def bleeding_disorder(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether haemophilia, von Willebrand disease, immune thrombocytopenia, intravascular coagulation, an inhibitor or another bleeding
    disorder is on the problem list. With a documented plan to correct it, it is a caution.

    ## Why it matters
    If it is not corrected, a haematoma beside the spinal cord threatens. Guidelines call it an absolute contraindication as long as it
    cannot be corrected, payers a relative one. Haematology can nearly always prepare the patient.

    ## When it stays silent
    When none is active. Low platelets without a diagnosis belong to `low_platelets`, thrombophilia to `interruption_hazard`.
    """
    plan = next(_plans(chart), None)
    problems, gaps = chart.conditions_in(ValueSets.BLEEDING_DISORDER)
    for problem in problems:
        if problem.state is not State.ACTIVE:
            continue
        named = f"{begun(diagnosed(problem, _NOUN))}{on(problem.dated)}"
        known = (f"plan on record: {plan.value}", _PLANNED) if plan else ("no plan to correct it on record",)
        yield Finding(
            says=for_a_line(
                chart.as_of, *(f"{name}; {what}" for name in (stated(problem, _NOUN), named) for what in known)
            ),
            short=diagnosed(problem, _NOUN),
            evidence=(Evidence(problem.source, "code", problem.dated, problem.concept.text), *([plan] if plan else [])),
            cites=("cirse-2017", "cms-lcd"),
            effect=Kind.RELATIVE if plan else Kind.CORRECTABLE,
            basis=problem.concept.basis,
            certainty=problem.certainty,
            proposes=(Proposal.REFER_HAEMATOLOGY,),
            headline=f"{named}; {_PLANNED if plan else 'no plan to correct it'}",
            explains=_EXPLAINED,
            steps=("Confirm with haematology that the plan is ready for the day",) if plan else (),
        )
    yield from gaps


def _plans(chart: Chart) -> Iterator[Evidence]:
    """Wherever a plan is written down: the problem list, what was done, what was ordered."""
    problems, _ = chart.conditions_in(_PLAN)
    procedures, _ = chart.procedures_in(_PLAN)
    written = [(item.source, item.concept) for item in problems]
    written += [(item.source, item.concept) for item in procedures]
    written += [(item.source, item.concept) for item in chart.requested_in(_PLAN)]
    for source, concept in written:
        yield Evidence(source, "code", None, concept.text)
