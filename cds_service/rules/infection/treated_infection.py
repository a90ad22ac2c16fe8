"""An infection of the spine, or tuberculosis, that the chart calls past."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, State, Unknown
from cds_service.engine import Finding, Kind, Topic, rule
from cds_service.facts.findings import of_problem
from cds_service.facts.words import on
from cds_service.knowledge import Knowledge


@rule(
    title="Past infection of the spine, or tuberculosis",
    kind=Kind.RELATIVE,
    card=Topic.INFECTION,
    needs=(Section.CONDITIONS,),
)
def treated_infection(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a spinal infection is on the problem list as resolved, inactive or in remission, or a history of tuberculosis or of
    another serious infection is coded.

    ## Why it matters
    Cement at a level that was infected may bring the infection back if it was not cured, and tuberculosis can look like a fracture.

    ## When it stays silent
    When the spinal infection is active (then `spinal_infection` speaks), or no such infection is on record.
    """
    for problem in chart.conditions_in("spinal-infection", "infection-history"):
        if problem.state is not State.ACTIVE or "infection-history" in problem.concept.sets:
            ended = on(problem.abated or problem.dated)
            says = f"Past infection, confirm that it is cured: {problem.concept.text}{ended}"
            yield of_problem(problem, says, cites=("cement-ifu", "liao-2018"))
