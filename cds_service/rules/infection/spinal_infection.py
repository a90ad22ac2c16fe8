"""Osteomyelitis, discitis or an abscess of the spine, active, still treated, or not said to be over."""

from collections.abc import Iterator

from cds_service.chart import Chart, ImagingSign, Section, State, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.fracture.signs import SECTIONS, signs_on_images
from cds_service.facts.infection.antibiotics import antibiotics, treats
from cds_service.facts.infection.diagnoses import spinal_infections
from cds_service.facts.shared.findings import finding_from
from cds_service.facts.shared.phrasing import capitalised, diagnosed, on, shortened, stated
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

_NOUN = "spinal infection"
_ACTIVE = "An infection of the spine counts at any level and however old, until the record calls it over and no antibiotic is taken for it."
_CITES = ("cms-lcd", "rand-2018", "cement-ifu")


@rule(
    title="Infection of the spine",
    judges="spinal infection",
    kind=Kind.ABSOLUTE,
    card=Topic.INFECTION,
    needs=(Section.CONDITIONS, *DRUG_SECTIONS, *SECTIONS),
    essential=Essential.SUPPLIED,
    steps=("Blood cultures and contrast MRI, if not done; ask infectious diseases and spine surgery",),
    settle="Ask about infection of the spine, past or present",
)
def spinal_infection(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether vertebral osteomyelitis, discitis, an epidural or paraspinal abscess, or spinal tuberculosis is on the problem list
    and active, at any level and however old; or is called past while an antibiotic is taken for it; or an image shows it. One
    that only a sentence of a report or a doubtful code tells of is to be confirmed.

    ## Why it matters
    Cement in an infected spine cannot be sterilised and may have to be removed by open surgery. Discitis can look like a fracture.

    ## When it stays silent
    When the infection is coded as resolved or inactive and no antibiotic is for it (then `treated_infection` speaks), refuted, entered
    in error, or denied by a newer image.
    """
    yield from parts(_on_record(chart, know), _imaged(chart, know))


def _on_record(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    problems, problem_gaps = spinal_infections(chart, know)
    for problem in problems:
        if problem.state is State.ACTIVE:
            yield finding_from(
                problem, stated(problem, _NOUN), diagnosed(problem, _NOUN), cites=_CITES, explains=_ACTIVE
            )
            continue
        drugs, gaps = antibiotics(chart, know)
        for use in drugs:
            if treats(use, problem):
                drug = know.drugs.ingredients[use.ingredient].name
                says = f"{capitalised(diagnosed(problem, _NOUN))}{on(problem.dated)}, called past, but {drug} is taken for it"
                reason = Evidence(use.source, "reason", use.start or use.stated, use.name)
                short = shortened(diagnosed(problem, _NOUN), ", still treated")
                yield finding_from(problem, says, short, reason, cites=_CITES)
        yield from gaps
    yield from problem_gaps


def _imaged(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    found, gaps = signs_on_images(chart, know, ImagingSign.SPINAL_INFECTION)
    for item in found:
        effect = None if item.current else Kind.RELATIVE
        yield finding_from(item, item.stated(f"Signs of {_NOUN}"), item.named(_NOUN), cites=_CITES, effect=effect)
    yield from gaps
