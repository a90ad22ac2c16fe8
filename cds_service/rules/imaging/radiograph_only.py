"""Only radiographs, CT or DXA of the spine are on record: they cannot date a fracture."""

from collections.abc import Iterator

from cds_service.chart import Chart, Modality, Unknown
from cds_service.facts.fracture.fractures import IMAGING
from cds_service.facts.fracture.imaging import dated, examinations, examined
from cds_service.facts.fracture.mri import OBSTACLE_SECTIONS, mri_obstacles
from cds_service.findings import Finding, Kind, Proposal, Topic, rule
from cds_service.knowledge import Knowledge

_NAMES = {Modality.RADIOGRAPH: "radiographs"}
_STILL = (Modality.RADIOGRAPH, Modality.CT, Modality.DXA)


@rule(
    title="No MRI or bone scan",
    kind=Kind.WORKUP,
    card=Topic.WORKUP,
    needs=(*IMAGING, *OBSTACLE_SECTIONS),
    judges="MRI or bone scan",
    steps=("Order MRI of the spine with STIR",),
    settle="Look for an MRI or bone scan made elsewhere",
)
def radiograph_only(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether all spine images on record, studies and reports, are radiographs, CT or DXA.

    ## Why it matters
    They show a deformity but not whether it is recent. MRI, or a bone scan or SPECT where MRI is not possible, can show that.

    ## When it stays silent
    When an MRI or a nuclear study of the spine is on record, or no image at all.
    """
    found = examinations(chart)
    still = [item for item in found if item.modality in _STILL]
    if still and not any(item.modality.can_date_a_fracture for item in found):
        still.sort(key=lambda item: (item.when.last.timestamp() if item.when else float("-inf"), item.source.reference))
        kinds = " and ".join(sorted({_NAMES.get(item.modality, item.modality) for item in still}))
        obstacles, _ = mri_obstacles(chart)
        yield Finding(
            says=f"Only {kinds} of the spine on record, latest {dated(still[-1])}: the fracture cannot be dated",
            short="no MRI or bone scan",
            headline=f"Only {kinds} on record: the fracture cannot be dated",
            explains="Radiographs, CT and DXA show a deformity, but not whether it is recent. MRI can show that, or a bone scan or SPECT "
            "where MRI is not possible.",
            steps=("Order CT with bone scan, or SPECT-CT: MRI may not be possible",) if obstacles else (),
            evidence=tuple(map(examined, still[-3:])),
            cites=("cms-lcd", "acr-2018"),
            proposes=(Proposal.ORDER_BONE_SCAN if obstacles else Proposal.ORDER_MRI,),
        )
    chart.require("whether an MRI or bone scan was done", *IMAGING)
