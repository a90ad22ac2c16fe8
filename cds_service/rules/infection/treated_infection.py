"""An infection of the spine, or tuberculosis, that the chart calls past."""

from collections.abc import Iterator

from cds_service.chart import Chart, Condition, Section, State, Unknown, ValueSets
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.infection.antibiotics import antibiotics, treats
from cds_service.facts.infection.diagnoses import spinal_infections
from cds_service.facts.shared.findings import finding_from
from cds_service.facts.shared.phrasing import diagnosed, inside, shortened, stated
from cds_service.findings import Finding, Kind, Topic, parts, rule
from cds_service.knowledge import Knowledge

_HISTORY = ValueSets.INFECTION_HISTORY


@rule(
    title="Past infection of the spine, or tuberculosis",
    kind=Kind.RELATIVE,
    card=Topic.INFECTION,
    needs=(Section.CONDITIONS, *DRUG_SECTIONS),
    judges="past infection",
    steps=("Confirm that the infection is cured",),
    settle="Ask about past infection of the spine, or tuberculosis",
)
def treated_infection(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a spinal infection is on the problem list as resolved, inactive or in remission, or a history of tuberculosis or of
    another serious infection is coded.

    ## Why it matters
    Cement at a level that was infected may bring the infection back if it was not cured, and tuberculosis can look like a fracture.

    ## When it stays silent
    When the spinal infection is active or an antibiotic is taken for it (then `spinal_infection` speaks), or no such infection is on
    record.
    """
    yield from parts(_closed(chart, know), _coded_as_history(chart))


def _closed(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    problems, gaps = spinal_infections(chart, know)
    drugs, _ = antibiotics(chart, know)
    for problem in problems:
        is_past = problem.state is not State.ACTIVE and _HISTORY not in problem.concept.sets
        if is_past and not any(treats(use, problem) for use in drugs):
            yield _past(problem, "infection of the spine", shortened(diagnosed(problem, "spinal infection"), ", past"))
    yield from gaps


def _coded_as_history(chart: Chart) -> Iterator[Finding | Unknown]:
    problems, gaps = chart.conditions_in(_HISTORY)
    for problem in problems:
        yield _past(problem, "tuberculosis or another serious one", diagnosed(problem, "past infection"))
    yield from gaps


def _past(problem: Condition, noun: str, short: str) -> Finding:
    over = f", over since {problem.abated}" if problem.abated else ""
    says = f"Past infection: {inside(stated(problem, noun))}{over}"
    return finding_from(problem, says, short, cites=("cement-ifu", "liao-2018"))
