"""Osteomyelitis, discitis or an abscess of the spine, active or not said to be over."""

from collections.abc import Iterator

from cds_service.chart import Certainty, Chart, Section, State, Unknown
from cds_service.engine import Essential, Evidence, Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="Infection of the spine",
    kind=Kind.ABSOLUTE,
    card=Topic.INFECTION,
    needs=(Section.CONDITIONS,),
    essential=Essential.SUPPLIED,
)
def spinal_infection(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether vertebral osteomyelitis, discitis, an epidural or paraspinal abscess, or spinal tuberculosis is on the problem list
    and active, at any level.

    ## Why it matters
    Cement in an infected spine cannot be sterilised and may have to be removed by open surgery. Discitis can look like a fracture.

    ## When it stays silent
    When the infection is coded as resolved or inactive (then `treated_infection` speaks), refuted, or entered in error.
    """
    for problem in chart.conditions_in("spinal-infection"):
        if problem.state is not State.ACTIVE:
            continue
        possible = "possible " if problem.certainty is Certainty.POSSIBLE else ""
        dated = f", {problem.dated}" if problem.dated else ", date not recorded"
        yield Finding(
            says=f"Active {possible}spinal infection on record: {problem.concept.text}{dated}",
            evidence=(Evidence(problem.source, "code", problem.dated, problem.concept.text),),
            cites=("cms-lcd", "rand-2018", "cement-ifu"),
            basis=problem.concept.basis,
            certainty=problem.certainty,
        )
