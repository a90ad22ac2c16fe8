"""A metastasis, myeloma or another malignant tumour is at the fractured level."""

from collections.abc import Iterator

from cds_service.chart import Chart, State, Unknown, ValueSets
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, current_fractures, named
from cds_service.facts.fracture.imaging import NOT_REPORTED, recorded
from cds_service.facts.fracture.lesions import malignant_records
from cds_service.facts.shared.phrasing import begun, brief, hedged, shortened
from cds_service.findings import Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="Malignant fracture",
    judges="malignant cause of the fracture",
    kind=Kind.INDICATION,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    role=Role.LESION,
    steps=("Ask oncology, radiotherapy and spine surgery to agree on the plan",),
    settle="Ask radiology whether the tumour is at the fracture",
)
def malignant_fracture(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the fracture is coded as one in neoplastic disease, or a metastasis, myeloma, plasmacytoma, lymphoma or primary malignant
    tumour is on record at the target level, by diagnosis or by imaging.

    ## Why it matters
    Painful malignant fractures are treated whatever their age, and the cap on levels does not apply. Oncology, radiotherapy and spine
    surgery should agree on the plan.

    ## When it stays silent
    When no tumour is on record, or one at another level. A tumour of bone without a level beside a fracture is unknown: imaging must
    say whether it is at the fracture.
    """
    fractures, gaps = current_fractures(chart)
    found = tuple(malignant_records(chart))
    for item in found[:1]:
        noun = "tumour" if item.is_lesion else "malignant fracture"
        yield Finding(
            says=recorded(item, f"{begun(noun, item.certainty)} at {named((item,))}"),
            short=shortened(hedged(noun, item.certainty), f" at {named((item,))}"),
            explains="Malignant fractures that hurt are treated whatever their age, and the cap on levels does not apply.",
            evidence=tuple(other.evidence for other in found[:3]),
            cites=("cms-lcd", "cms-a56572", "nice-ng234", "nass-auc"),
            basis=item.basis,
        )
    if found:
        return
    tumours, _ = chart.conditions_in(ValueSets.VERTEBRAL_NEOPLASM)
    for tumour in tumours:
        if fractures and tumour.state is State.ACTIVE and not tumour.levels:
            not_placed = chart.gaps(*FRACTURE_SECTIONS) or (NOT_REPORTED,)
            raise Unknown(f"site of the tumour ({brief(tumour.concept.text)})", *not_placed)
    yield from gaps
