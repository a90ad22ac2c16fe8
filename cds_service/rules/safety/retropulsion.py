"""Bone in the spinal canal, a narrowed canal or a broken posterior wall at the target level."""

from collections.abc import Iterator

from cds_service.chart import Chart, Episode, ImagingSign, Section, State, Unknown, ValueSets, spoken
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.facts.fracture.signs import signs_on_images
from cds_service.facts.fracture.target import at_target
from cds_service.facts.shared.findings import finding_from
from cds_service.facts.shared.phrasing import described, hedged, shortened
from cds_service.findings import Finding, Kind, Topic, parts, rule
from cds_service.knowledge import Knowledge

_WORDS = {
    ImagingSign.RETROPULSION: "Retropulsed bone",
    ImagingSign.CANAL_COMPROMISE: "Spinal canal narrowed",
    ImagingSign.POSTERIOR_WALL: "Posterior wall broken",
}
_DIVIDED = " (CMS LCD: relative, VAPOUR 2016: excluded; the relative one decides)"
_CITES = ("cms-lcd", "vapour-2016", "posterior-wall-series")


@rule(
    title="Retropulsion, narrowed canal or broken posterior wall",
    kind=Kind.RELATIVE,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS, *FRACTURE_SECTIONS[1:]),
    judges="posterior wall",
)
def retropulsion(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether images show retropulsed bone, a narrowed canal or a broken posterior wall at the target level, or a burst fracture is coded
    there.

    ## Why it matters
    Cement can leak through a broken posterior wall and push bone further into the canal. In a series of 98 patients with a broken wall
    leaks were frequent, but none harmed a nerve. With a deficit, `neurological_deficit` puts the surgeon first.

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
            says = f"{_WORDS[item.seen.sign]}{item}{f'; more than {limit.text}' if much else ''}{_DIVIDED}"
            yield finding_from(
                item, says, item.named(_WORDS[item.seen.sign].lower()), cites=_CITES, uses=(limit,) if much else ()
            )
    yield from gaps


def _on_record(chart: Chart) -> Iterator[Finding | Unknown]:
    problems, gaps = chart.conditions_in(ValueSets.FRACTURE_BURST)
    for problem in problems:
        current = problem.state is State.ACTIVE and problem.concept.episode is not Episode.SEQUELA
        if current and at_target(problem.levels, chart):
            where = f" at {spoken(problem.levels)}" if problem.levels else ""
            says = f"Burst fracture{where}, posterior wall and stability to be judged: {described(problem)}{_DIVIDED}"
            yield finding_from(
                problem, says, shortened(hedged("burst fracture", problem.certainty), where), cites=_CITES
            )
    yield from gaps
