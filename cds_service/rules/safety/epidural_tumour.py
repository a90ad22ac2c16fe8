"""Tumour in the spinal canal, or metastases that leave little to gain from cement."""

import re
from collections.abc import Iterator

from cds_service.chart import Chart, ImagingSign, Section, State, Unknown, ValueSets
from cds_service.facts.fracture.signs import SECTIONS, signs_on_images
from cds_service.facts.shared.findings import finding_from
from cds_service.facts.shared.phrasing import hedged, stated
from cds_service.findings import Finding, Kind, Topic, parts, rule
from cds_service.knowledge import Knowledge

_EPIDURAL = ValueSets.EPIDURAL_TUMOUR
_SAYS_WHERE = re.compile(r"canal|epidural|intraspinal", re.IGNORECASE)
_CANAL = (
    "Radiopaedia lists tumour that reaches into the canal as a relative contraindication: cement can push it against the cord. NICE "
    "CG75 of 2008, since replaced by NG234, described the procedure for vertebral metastases without cord compression."
)
_SCLEROTIC = (
    "CIRSE 2017 lists osteoblastic metastases and diffuse disease as relative contraindications: sclerotic bone takes little cement, "
    "and where very many vertebrae are diseased one level rarely explains the pain."
)
_WIDESPREAD_STEPS = ("Examine whether the pain comes from this level", "Agree on the plan with oncology")


@rule(
    title="Tumour in the spinal canal, sclerotic or widespread metastases",
    kind=Kind.RELATIVE,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS, *SECTIONS),
    judges="tumour in the spinal canal",
    steps=("Examine leg strength and sphincters", "Agree on the plan with oncology and spine surgery"),
)
def epidural_tumour(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a tumour in the spinal canal is on the problem list or shown by an image, or metastases are described as sclerotic or
    widespread.

    ## Why it matters
    Cement can push tumour against the cord. Sclerotic bone takes little cement, and where very many vertebrae are diseased one level
    rarely explains the pain. With a deficit, `neurological_deficit` puts the surgeon first.

    ## When it stays silent
    When no such tumour is on record, or a newer image denies it.
    """
    yield from parts(_on_record(chart), _imaged(chart, know))


def _on_record(chart: Chart) -> Iterator[Finding | Unknown]:
    problems, gaps = chart.conditions_in(_EPIDURAL, ValueSets.SCLEROTIC_METASTASIS)
    for problem in problems:
        if problem.state is State.ACTIVE:
            epidural = _EPIDURAL in problem.concept.sets
            noun = "tumour in spinal canal" if epidural else "sclerotic or widespread metastases"
            says = stated(problem, noun)
            if epidural and not _SAYS_WHERE.search(says):
                says = f"Tumour in the spinal canal: {says}"
            yield finding_from(
                problem,
                says,
                hedged(noun, problem.certainty),
                cites=("radiopaedia-vertebroplasty",) if epidural else ("cirse-2017",),
                explains=_CANAL if epidural else _SCLEROTIC,
                steps=() if epidural else _WIDESPREAD_STEPS,
            )
    yield from gaps


def _imaged(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    found, gaps = signs_on_images(chart, know, ImagingSign.EPIDURAL_TUMOUR)
    for item in found:
        says, short = item.stated("Tumour in the spinal canal"), item.named("tumour in spinal canal")
        yield finding_from(item, says, short, cites=("radiopaedia-vertebroplasty", "nice-ng234"), explains=_CANAL)
    yield from gaps
