"""Bone in the spinal canal, a narrowed canal or a broken posterior wall at the target level."""

from collections.abc import Iterator

from cds_service.chart import Chart, Episode, ImagingSign, Section, State, Unknown, ValueSets, spoken
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.facts.fracture.signs import signs_on_images
from cds_service.facts.fracture.target import at_target
from cds_service.facts.shared.findings import finding_from
from cds_service.facts.shared.phrasing import hedged, shortened, stated
from cds_service.findings import Finding, Kind, Topic, parts, rule
from cds_service.knowledge import Knowledge

_WORDS = {
    ImagingSign.RETROPULSION: "Retropulsed bone",
    ImagingSign.CANAL_COMPROMISE: "Spinal canal narrowed",
    ImagingSign.POSTERIOR_WALL: "Posterior wall broken",
}
_EXPLAINS = (
    "CMS LCD calls retropulsion and a narrowed canal relative contraindications; here they are a caution. VAPOUR 2016 excluded patients "
    "with significant retropulsion. In a series of 98 patients with a broken posterior wall cement leaked in 9 % and harmed no nerve."
)
_CITES = ("cms-lcd", "vapour-2016", "posterior-wall-series")


@rule(
    title="Retropulsion, narrowed canal or broken posterior wall",
    kind=Kind.RELATIVE,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS, *FRACTURE_SECTIONS[1:]),
    judges="posterior wall",
    steps=("Examine leg strength and sphincters", "Judge the posterior wall and stability on the images"),
)
def retropulsion(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether images show retropulsed bone, a narrowed canal or a broken posterior wall at the target level, or a burst fracture is coded
    there.

    ## Why it matters
    Cement can leak through a broken posterior wall and push bone further into the canal. In a series of 98 patients with a broken wall
    cement leaked in 9 %, and no nerve was harmed. With a deficit, `neurological_deficit` puts the surgeon first.

    ## When it stays silent
    When the sign is at another level than the target, denied by a newer image, or the fracture is resolved.
    """
    yield from parts(_imaged(chart, know), _on_record(chart))


def _imaged(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    limit = know.parameter("retropulsion.canal_narrowed")
    found, gaps = signs_on_images(chart, know, *_WORDS)
    for item in found:
        if at_target(item.seen.levels, chart):
            narrowed = item.seen.percent if item.seen.sign is ImagingSign.CANAL_COMPROMISE else None
            much = narrowed is not None and narrowed[0] > limit.value
            noun = _WORDS[item.seen.sign]
            yield finding_from(
                item,
                item.stated(noun, more=f" by {_spoken(narrowed)}" if narrowed else ""),
                item.named(noun.lower()),
                cites=_CITES,
                uses=(limit,) if much else (),
                explains=f"{f'One payer excludes a canal narrowed by more than {limit.text}. ' if much else ''}{_EXPLAINS}",
            )
    yield from gaps


def _spoken(percent: tuple[float, float]) -> str:
    least, most = percent
    return f"{least:g} %" if least == most else f"{least:g} to {most:g} %"


def _on_record(chart: Chart) -> Iterator[Finding | Unknown]:
    problems, gaps = chart.conditions_in(ValueSets.FRACTURE_BURST)
    for problem in problems:
        current = problem.state is State.ACTIVE and problem.concept.episode is not Episode.SEQUELA
        if current and at_target(problem.levels, chart):
            where = f" at {spoken(problem.levels)}" if problem.levels else ""
            yield finding_from(
                problem,
                stated(problem, f"burst fracture{where}"),
                shortened(hedged("burst fracture", problem.certainty), where),
                cites=_CITES,
                explains=f"A burst fracture reaches the posterior wall, which is to be judged with the stability. {_EXPLAINS}",
            )
    yield from gaps
