"""Tumour in the spinal canal, or metastases that leave little to gain from cement."""

from collections.abc import Iterator

from cds_service.chart import Chart, ImagingSign, Section, State, Unknown, ValueSets
from cds_service.facts.fracture.signs import SECTIONS, signs_on_images
from cds_service.facts.shared.findings import finding_from
from cds_service.facts.shared.phrasing import described, hedged
from cds_service.findings import Finding, Kind, Topic, parts, rule
from cds_service.knowledge import Knowledge

_EPIDURAL = ValueSets.EPIDURAL_TUMOUR


@rule(
    title="Tumour in the spinal canal, sclerotic or widespread metastases",
    kind=Kind.RELATIVE,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS, *SECTIONS),
    judges="tumour in the spinal canal",
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
            what = "Tumour in the spinal canal" if epidural else "Sclerotic or widespread metastases"
            cites = ("radiopaedia-vertebroplasty",) if epidural else ("cirse-2017",)
            short = hedged(
                "tumour in spinal canal" if epidural else "sclerotic or widespread metastases", problem.certainty
            )
            yield finding_from(problem, f"{what} on record: {described(problem)}", short, cites=cites)
    yield from gaps


def _imaged(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    found, gaps = signs_on_images(chart, know, ImagingSign.EPIDURAL_TUMOUR)
    for item in found:
        says, short = f"Tumour in the spinal canal{item}", item.named("tumour in spinal canal")
        yield finding_from(item, says, short, cites=("radiopaedia-vertebroplasty", "nice-ng234"))
    yield from gaps
