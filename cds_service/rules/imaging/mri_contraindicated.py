"""A device or a diagnosis on record may make MRI impossible; CT with a bone scan or SPECT-CT is accepted instead."""

from collections.abc import Iterator

from cds_service.chart import Chart, Unknown
from cds_service.facts.fracture.mri import OBSTACLE_SECTIONS, mri_obstacles
from cds_service.facts.shared.phrasing import brief, inside, on
from cds_service.findings import (
    Finding,
    Indicator,
    Kind,
    Proposal,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge

_ROOM = 5
"""Words for the obstacle, beside what a step says itself."""


@rule(
    title="MRI may not be possible",
    kind=Kind.WORKUP,
    card=Topic.WORKUP,
    needs=OBSTACLE_SECTIONS,
    judges="obstacles to MRI",
    settle="Ask about implants and claustrophobia",
)
def mri_contraindicated(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a pacemaker, defibrillator, stimulator, cochlear implant, magnetic fragment, claustrophobia or a plain statement that MRI
    is not possible is on record.

    ## Why it matters
    Activity can be shown without MRI: CT together with a bone scan, or SPECT-CT, is accepted. Many devices are conditional for MRI: a
    code cannot tell.

    ## When it stays silent
    When devices and diagnoses were answered and hold none. That does not mean that MRI is possible.
    """
    found, gaps = mri_obstacles(chart)
    if found:
        doubt = "MRI may not be possible"
        named = inside(brief(found[0].value, "device or diagnosis on record", words=_ROOM))
        yield Finding(
            says=f"{doubt}: {brief(found[0].value)}{on(found[0].when)}",
            short=doubt,
            explains="CT with a bone scan, or SPECT-CT, is accepted instead. Many devices are conditional for MRI: a code cannot tell.",
            evidence=found[:3],
            cites=("cms-lcd", "rand-2018"),
            steps=(f"Ask radiology whether MRI is possible, else CT with bone scan, or SPECT-CT: {named}",),
            indicator=Indicator.INFO,
            proposes=(Proposal.ORDER_BONE_SCAN,),
        )
    yield from gaps
