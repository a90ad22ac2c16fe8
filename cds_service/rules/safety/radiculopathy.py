"""Nerve-root pain that a broken vertebral body may not explain."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, State, Unknown, ValueSets
from cds_service.facts.shared.findings import finding_from
from cds_service.facts.shared.phrasing import diagnosed, stated
from cds_service.findings import Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="Radiculopathy or sciatica",
    kind=Kind.RELATIVE,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS,),
    judges="nerve-root pain",
    steps=("Examine whether the nerve-root pain is out of proportion to the fracture",),
)
def radiculopathy(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether radiculopathy or sciatica of the thoracic or lumbar spine is on the problem list and active.

    ## Why it matters
    Cement does not help pain that comes from a nerve root, and a leak near the root can worsen it. A trial of vertebroplasty left such
    patients out.

    ## When it stays silent
    When it is resolved, refuted, or of the neck or sacrum.
    """
    problems, gaps = chart.conditions_in(ValueSets.RADICULOPATHY)
    for problem in problems:
        if problem.state is State.ACTIVE:
            yield finding_from(
                problem,
                stated(problem, "nerve-root pain"),
                diagnosed(problem, "nerve-root pain"),
                cites=("radiopaedia-vertebroplasty", "vapour-2016"),
                explains="Radiopaedia lists radiculopathy out of proportion to the pain as a relative contraindication; VAPOUR 2016 left "
                "patients with sciatica out. Cement does not help pain that comes from a nerve root, and a leak near it can worsen it.",
            )
    yield from gaps
