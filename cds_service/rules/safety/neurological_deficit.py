"""A spinal cord, conus or cauda equina that is threatened or damaged."""

from collections.abc import Iterator

from cds_service.chart import Chart, ImagingSign, Missing, Reason, Section, State, Unknown
from cds_service.engine import Essential, Evidence, Finding, Kind, Proposal, Topic, parts, rule
from cds_service.facts.recency import lately
from cds_service.facts.signs import SECTIONS, shown
from cds_service.facts.words import on, recorded, told
from cds_service.knowledge import Knowledge

_COMPROMISE, _EXAMINATION = "neurological-compromise", "neurological-examination"
_CITES = ("cms-lcd", "radiopaedia-vertebroplasty", "site-policy")
_STEP = (Proposal.REFER_SPINE_SURGERY,)


@rule(
    title="Neurological deficit",
    kind=Kind.SURGEON_FIRST,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS, *SECTIONS),
    essential=Essential.SUPPLIED,
)
def neurological_deficit(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether cord compression, myelopathy, cauda equina or conus syndrome, or a new motor deficit is on the problem list and active,
    written in an examination, or shown by an image. One that began long ago is a caution: is it unchanged?

    ## Why it matters
    A threatened cord needs a spine surgeon at once; cement can leak into the canal and makes decompression harder. The coverage
    determinations call it a relative contraindication; this rule puts the surgeon first because delay is dangerous.

    ## When it stays silent
    An old stroke, a disease of the neck, and a long-standing tetraplegia are no deficit of the fracture. Without a recent neurological
    examination on record the answer is unknown, not negative.
    """
    yield from parts(_listed(chart, know), _imaged(chart, know), _examined(chart, know))


def _listed(chart: Chart, know: Knowledge) -> Iterator[Finding]:
    limit = know.parameter("neurological_deficit.long_standing")
    for problem in chart.conditions_in(_COMPROMISE):
        if problem.state is not State.ACTIVE:
            continue
        old = problem.onset is not None and chart.as_of - problem.onset.last > limit.span
        yield Finding(
            says=f"{'Long-standing n' if old else 'N'}eurological compromise on record{', unchanged?' if old else ''}: {told(problem)}",
            evidence=(recorded(problem),),
            uses=(limit,) if old else (),
            cites=_CITES,
            effect=Kind.RELATIVE if old else None,
            basis=problem.concept.basis,
            certainty=problem.certainty,
            proposes=_STEP,
        )


def _imaged(chart: Chart, know: Knowledge) -> Iterator[Finding]:
    for item in shown(chart, know, ImagingSign.CORD_COMPRESSION):
        yield Finding(
            says=f"Cord or cauda equina compressed{item}",
            evidence=(item.evidence,),
            cites=_CITES,
            effect=None if item.current else Kind.RELATIVE,
            basis=item.seen.basis,
            certainty=item.certainty,
            proposes=_STEP,
        )


def _examined(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """The newest examination decides; a normal one must be recent."""
    window = know.parameter("neurological_deficit.examination_window")
    decided = False
    for item in chart.measurements(_EXAMINATION):
        if decided or item.answer is None:
            continue
        decided = True
        if _COMPROMISE in item.answer.sets:
            yield Finding(
                says=f"{item.concept.text}{on(item.when)}: {item.answer.text}",
                evidence=(Evidence(item.source, "value", item.when, item.answer.text),),
                cites=_CITES,
                basis=item.answer.basis,
                proposes=_STEP,
            )
        elif not lately(item.when, chart, window):
            decided = False
            break
    if not decided:
        raise Unknown("neurological examination of the legs", Missing(Section.IMAGING_FINDINGS, Reason.NOT_MEASURED))
