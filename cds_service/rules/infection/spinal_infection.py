"""Osteomyelitis, discitis or an abscess of the spine, active or not said to be over."""

from collections.abc import Iterator

from cds_service.chart import Certainty, Chart, ImagingSign, Section, State, Unknown
from cds_service.engine import Essential, Evidence, Finding, Kind, Topic, parts, rule
from cds_service.facts.signs import SECTIONS, shown
from cds_service.knowledge import Knowledge

_CITES = ("cms-lcd", "rand-2018", "cement-ifu")


@rule(
    title="Infection of the spine",
    kind=Kind.ABSOLUTE,
    card=Topic.INFECTION,
    needs=(Section.CONDITIONS, *SECTIONS),
    essential=Essential.SUPPLIED,
)
def spinal_infection(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether vertebral osteomyelitis, discitis, an epidural or paraspinal abscess, or spinal tuberculosis is on the problem list
    and active, at any level, or an image shows it. One that only a sentence of a report or a doubtful code tells of is to be confirmed.

    ## Why it matters
    Cement in an infected spine cannot be sterilised and may have to be removed by open surgery. Discitis can look like a fracture.

    ## When it stays silent
    When the infection is coded as resolved or inactive (then `treated_infection` speaks), refuted, entered in error, or denied by a
    newer image.
    """
    yield from parts(_listed(chart), _imaged(chart, know))


def _listed(chart: Chart) -> Iterator[Finding]:
    for problem in chart.conditions_in("spinal-infection"):
        if problem.state is not State.ACTIVE:
            continue
        possible = "possible " if problem.certainty is Certainty.POSSIBLE else ""
        dated = f", {problem.dated}" if problem.dated else ", date not recorded"
        yield Finding(
            says=f"Active {possible}spinal infection on record: {problem.concept.text}{dated}",
            evidence=(Evidence(problem.source, "code", problem.dated, problem.concept.text),),
            cites=_CITES,
            basis=problem.concept.basis,
            certainty=problem.certainty,
        )


def _imaged(chart: Chart, know: Knowledge) -> Iterator[Finding]:
    for item in shown(chart, know, ImagingSign.SPINAL_INFECTION):
        yield Finding(
            says=f"Signs of spinal infection{item}",
            evidence=(item.evidence,),
            cites=_CITES,
            effect=None if item.current else Kind.RELATIVE,
            basis=item.seen.basis,
            certainty=item.certainty,
        )
