"""A spine that is documented as unstable, which cement alone cannot hold."""

from collections.abc import Iterator

from cds_service.chart import Chart, Episode, ImagingSign, Reason, Section, State, Unknown
from cds_service.engine import Essential, Finding, Kind, Proposal, Topic, parts, rule
from cds_service.facts.fracture import target_levels
from cds_service.facts.labs import at_least, latest
from cds_service.facts.signs import SECTIONS, shown
from cds_service.facts.words import recorded, told
from cds_service.knowledge import Knowledge

_STEP = (Proposal.REFER_SPINE_SURGERY,)


@rule(
    title="Unstable fracture",
    kind=Kind.SURGEON_FIRST,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS, *SECTIONS),
    essential=Essential.SUPPLIED,
)
def unstable_fracture(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether an unstable fracture (burst with ligament injury, flexion-distraction, dislocation) or spinal instability is on the problem
    list and active or seen on images, and whether a recorded instability score reaches its limit: SINS for tumours, TLICS for
    injuries. A SINS in the uncertain range, and instability coded at other levels than the target, are cautions.

    ## Why it matters
    Cement restores a vertebral body, not ligaments or a dislocated joint; such a spine may need fixation.

    ## When it stays silent
    When the instability is resolved or of the neck. A burst fracture whose stability is not stated belongs to `retropulsion`.
    """
    yield from parts(
        _listed(chart),
        _imaged(chart, know),
        _scored(chart, know, "instability-score", "SINS", "sins_unstable", "sins_uncertain"),
        _scored(chart, know, "injury-severity-score", "TLICS", "tlics_surgical"),
    )


def _listed(chart: Chart) -> Iterator[Finding]:
    for problem in chart.conditions_in("fracture-unstable", "spinal-instability"):
        if problem.state is not State.ACTIVE or problem.concept.episode is Episode.SEQUELA:
            continue
        target = target_levels(chart)
        fractured = "fracture-unstable" in problem.concept.sets
        elsewhere = not fractured and bool(problem.levels and target) and problem.levels.isdisjoint(target)
        yield Finding(
            says=f"Instability on record{' at another level' if elsewhere else ''}: {told(problem)}",
            evidence=(recorded(problem),),
            cites=("cms-lcd", "cirse-2017"),
            effect=Kind.RELATIVE if elsewhere else None,
            basis=problem.concept.basis,
            certainty=problem.certainty,
            proposes=_STEP,
        )


def _imaged(chart: Chart, know: Knowledge) -> Iterator[Finding]:
    for item in shown(chart, know, ImagingSign.INSTABILITY):
        yield Finding(
            says=f"Instability{item}",
            evidence=(item.evidence,),
            cites=("cms-lcd", "cirse-2017"),
            effect=None if item.current else Kind.RELATIVE,
            basis=item.seen.basis,
            certainty=item.certainty,
            proposes=_STEP,
        )


def _scored(chart: Chart, know: Knowledge, measure: str, what: str, *limits: str) -> Iterator[Finding | Unknown]:
    """The first limit is surgeon-first, the second a caution. A score that nobody took is no gap."""
    try:
        score = latest(chart, measure, what)
    except Unknown as gap:
        if gap.reasons != {Reason.NOT_MEASURED}:
            yield gap
        return
    for effect, name in zip((None, Kind.RELATIVE), limits, strict=False):
        limit = know.parameter(f"unstable_fracture.{name}")
        if at_least(score, limit.value):
            says = f"{what} {score}, {limit.shown} or more: {limit.means}"
            yield Finding(says, (score.evidence,), uses=(limit,), effect=effect, proposes=_STEP)
            return
    yield from score.doubts()
