"""A spinal cord, conus or cauda equina that is threatened or damaged."""

from collections.abc import Iterator

from cds_service.chart import Chart, ImagingSign, Section, Unknown
from cds_service.facts.fracture.signs import SECTIONS, signs_on_images
from cds_service.facts.safety.neurology import compromises, examined_deficits, is_long_standing
from cds_service.facts.shared.findings import finding_from
from cds_service.facts.shared.phrasing import described, diagnosed, on, shortened
from cds_service.findings import Essential, Evidence, Finding, Kind, Proposal, Role, Topic, parts, rule
from cds_service.knowledge import Knowledge

_CITES = ("cms-lcd", "radiopaedia-vertebroplasty", "site-policy")
_DIVIDED = " (CMS LCD: relative; local policy decides: the surgeon first)"
_STEP = (Proposal.REFER_SPINE_SURGERY,)


@rule(
    title="Neurological deficit",
    judges="neurological deficit",
    kind=Kind.SURGEON_FIRST,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS, *SECTIONS),
    essential=Essential.SUPPLIED,
    role=Role.NEUROLOGY,
)
def neurological_deficit(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether cord compression, myelopathy, cauda equina or conus syndrome, or a new motor deficit is on the problem list and active,
    written in an examination, or shown by an image. One that began long ago is a caution: is it unchanged?

    ## Why it matters
    A threatened cord needs a spine surgeon at once; cement can leak into the canal and makes decompression harder. The coverage
    determinations call it a relative contraindication; this rule puts the surgeon first because delay is dangerous.

    ## When it stays silent
    An old stroke, a disease of the neck, and a long-standing tetraplegia are no deficit of the fracture. Without a recent examination
    of the legs on record the answer is unknown, not negative: the cards name motor, sensory and sphincter status as not known, and the
    disposition does not wait for it. An examination in words that tell neither is quoted and has to be read first.
    """
    yield from parts(_on_record(chart, know), _imaged(chart, know), _examined(chart, know))


def _on_record(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    limit = know.parameter("shared/neurology.long_standing")
    problems, gaps = compromises(chart)
    for problem in problems:
        short = diagnosed(problem, "neurological compromise")
        if is_long_standing(problem, chart, know):
            says = f"Long-standing neurological compromise on record, unchanged?: {described(problem)}"
            short = shortened(short, ", long-standing")
            yield finding_from(problem, says, short, cites=_CITES, effect=Kind.RELATIVE, uses=(limit,), proposes=_STEP)
        else:
            says = f"Neurological compromise on record: {described(problem)}{_DIVIDED}"
            yield finding_from(problem, says, short, cites=_CITES, proposes=_STEP)
    yield from gaps


def _imaged(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    found, gaps = signs_on_images(chart, know, ImagingSign.CORD_COMPRESSION)
    for item in found:
        effect = None if item.current else Kind.RELATIVE
        says = f"Cord or cauda equina compressed{item}{_DIVIDED if item.current else ''}"
        yield finding_from(item, says, item.named("cord compression"), cites=_CITES, effect=effect, proposes=_STEP)
    yield from gaps


def _examined(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    found, gaps = examined_deficits(chart, know)
    for item, answer in found:
        yield Finding(
            says=f"{item.concept.text}{on(item.when)}: {answer.text}{_DIVIDED}",
            short="deficit on examination",
            evidence=(Evidence(item.source, "value", item.when, answer.text),),
            cites=_CITES,
            basis=answer.basis,
            proposes=_STEP,
        )
    yield from gaps
