"""A metastasis, myeloma or another malignant tumour is at the fractured level."""

from collections.abc import Iterator

from cds_service.chart import Certainty, Chart, Missing, Reason, Section, State, Unknown, spoken
from cds_service.engine import Finding, Kind, Topic, rule
from cds_service.facts.fracture import FRACTURE_SECTIONS, current_fractures
from cds_service.facts.gathered import gathered
from cds_service.facts.lesions import malignant_records
from cds_service.knowledge import Knowledge


@rule(title="Malignant fracture", kind=Kind.INDICATION, card=Topic.SUITABILITY, needs=FRACTURE_SECTIONS)
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
    fractures, gaps = gathered(current_fractures(chart))
    found = tuple(malignant_records(chart))
    for item in found[:1]:
        possible = "Possible malignant" if item.certainty is Certainty.POSSIBLE else "Malignant"
        at = spoken(item.levels) or "a level that is not stated"
        yield Finding(
            says=f"{possible} fracture or tumour at {at}: {item.text[:80]}; no age limit, multidisciplinary review advised",
            evidence=tuple(other.evidence for other in found[:3]),
            cites=("cms-lcd", "cms-a56572", "nice-cg75", "nass-auc"),
            basis=item.basis,
            certainty=item.certainty,
            values=found,
        )
    if found:
        return
    tumours, _ = gathered(chart.conditions_in("vertebral-neoplasm"))
    unplaced = [item for item in tumours if item.state is State.ACTIVE and not item.levels]
    if unplaced and fractures:
        raise Unknown(
            f"whether {unplaced[0].concept.text} is at the fracture",
            *(chart.gaps(*FRACTURE_SECTIONS) or (Missing(Section.IMAGING_REPORTS, Reason.NOT_MEASURED),)),
        )
    yield from gaps
