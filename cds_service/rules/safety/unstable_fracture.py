"""A spine that is documented as unstable, which cement alone cannot hold."""

from collections.abc import Iterator

from cds_service.chart import Chart, Condition, Episode, ImagingSign, Section, State, Unknown, ValueSets, spoken
from cds_service.facts.fracture.signs import SECTIONS, signs_on_images
from cds_service.facts.fracture.target import at_target
from cds_service.facts.shared.findings import finding_from
from cds_service.facts.shared.labs import at_least, latest
from cds_service.facts.shared.phrasing import capitalised, diagnosed, hedged, on, stated
from cds_service.findings import (
    Essential,
    Finding,
    Kind,
    Proposal,
    Topic,
    parts,
    rule,
)
from cds_service.knowledge import Knowledge

_CITES = ("cms-lcd", "cirse-2017")
_CEMENT = "Cement restores a vertebral body, not ligaments or a dislocated joint; such a spine may need fixation."
_EXPLAINS = (
    "CMS LCD calls instability a relative contraindication, CIRSE 2017 an unstable fracture an absolute one; here the spine surgeon comes "
    f"first. {_CEMENT}"
)
_STEP = (Proposal.REFER_SPINE_SURGERY,)


@rule(
    title="Unstable fracture",
    judges="stability",
    kind=Kind.SURGEON_FIRST,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS, *SECTIONS),
    essential=Essential.SUPPLIED,
    steps=("Ask spine surgery for an opinion before the procedure",),
    settle="Ask spine surgery whether the spine is stable",
)
def unstable_fracture(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether an unstable fracture (burst with ligament injury, flexion-distraction, dislocation) or spinal instability is on the problem
    list and active or seen on images, and whether a recorded instability score reaches its limit: SINS for tumours, TLICS for
    injuries. A SINS in the uncertain range, and instability coded at other levels than the target, are cautions.

    ## Why it matters
    Cement restores a vertebral body, not ligaments or a dislocated joint; such a spine may need fixation. The coverage determinations
    call instability a relative contraindication, the European guideline an absolute one; this rule puts the surgeon first.

    ## When it stays silent
    When the instability is resolved or of the neck. A burst fracture whose stability is not stated belongs to `retropulsion`.
    """
    yield from parts(
        _on_record(chart),
        _imaged(chart, know),
        _scored(
            chart, know, ValueSets.INSTABILITY_SCORE, "SINS", {"sins_unstable": None, "sins_uncertain": Kind.RELATIVE}
        ),
        _scored(chart, know, ValueSets.INJURY_SEVERITY_SCORE, "TLICS", {"tlics_surgical": None}),
    )


def _on_record(chart: Chart) -> Iterator[Finding | Unknown]:
    problems, gaps = chart.conditions_in(ValueSets.FRACTURE_UNSTABLE, ValueSets.SPINAL_INSTABILITY)
    for problem in problems:
        if problem.state is State.ACTIVE and problem.concept.episode is not Episode.SEQUELA:
            is_fracture = ValueSets.FRACTURE_UNSTABLE in problem.concept.sets
            noun = "unstable fracture" if is_fracture else "spinal instability"
            here = is_fracture or at_target(problem.levels, chart)
            yield finding_from(
                problem,
                f"{stated(problem, noun)}{'' if here else ', not at the level ordered'}",
                diagnosed(problem, noun) if here else hedged("instability at another level", problem.certainty),
                headline=_headline(problem, noun) if here else "",
                cites=_CITES,
                effect=None if here else Kind.RELATIVE,
                proposes=_STEP,
                explains=_EXPLAINS,
            )
    yield from gaps


def _headline(problem: Condition, noun: str) -> str:
    """The diagnosis with its level, which need not be the one ordered, and its day."""
    what = capitalised(diagnosed(problem, noun))
    where = f" at {spoken(problem.levels)}" if problem.levels else ""
    return f"{what}{where}{on(problem.dated)}"


def _imaged(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    found, gaps = signs_on_images(chart, know, ImagingSign.INSTABILITY)
    for item in found:
        yield finding_from(
            item,
            item.stated("Instability"),
            item.named("instability"),
            cites=_CITES,
            effect=None if item.current else Kind.RELATIVE,
            proposes=_STEP,
            explains=_EXPLAINS,
        )
    yield from gaps


def _scored(
    chart: Chart, know: Knowledge, measure: ValueSets, what: str, limits: dict[str, Kind | None]
) -> Iterator[Finding | Unknown]:
    """The effect of the highest limit that is reached. A score that nobody took is no gap."""
    found, gaps = latest(chart, measure, what).if_measured()
    for score in found:
        for name, effect in limits.items():
            limit = know.parameter(f"unstable_fracture.{name}")
            if at_least(score, limit.value):
                yield Finding(
                    f"{what} {score}: {limit.means}",
                    score.short,
                    (score.evidence,),
                    uses=(limit,),
                    headline=f"{what} {score}: {limit.means}",
                    effect=effect,
                    proposes=_STEP,
                    explains=f"{know.citation(limit.source).label}: from {limit.text} on, {limit.means}. {_CEMENT}",
                )
                return
        yield from score.doubts()
    yield from gaps
