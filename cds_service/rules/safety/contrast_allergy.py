"""A past reaction to iodinated contrast medium."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown, ValueSets
from cds_service.facts.safety.allergies import allergies, evidence, short, stated
from cds_service.findings import Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge

_EXPLAINS = (
    "CMS LCD calls an allergy to contrast a relative contraindication. The balloon of a kyphoplasty is filled with contrast and can "
    "burst. The ACR manual describes premedication for elective examinations."
)


@rule(
    title="Reaction to iodinated contrast",
    kind=Kind.RELATIVE,
    card=Topic.SAFETY,
    needs=(Section.ALLERGIES, Section.CONDITIONS),
    judges="contrast allergy",
    steps=(
        "Ask whether contrast or a balloon is planned; a plain vertebroplasty often needs none",
        "If contrast is planned, agree on premedication beforehand (ACR manual)",
    ),
)
def contrast_allergy(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether an allergy or a reaction to iodinated contrast medium is on record.

    ## Why it matters
    The balloon of a kyphoplasty is filled with contrast and can burst, and some operators inject contrast before the cement. Plain
    vertebroplasty often needs none. Premedication schemes exist for elective cases.

    ## When it stays silent
    For allergies to shellfish, to povidone-iodine and to contrast media for MRI: they are not allergies to iodinated contrast.
    """
    found, gaps = allergies(chart, ValueSets.ALLERGY_CONTRAST)
    for allergy in found:
        yield Finding(
            says=stated(allergy, "contrast", "iodinated contrast"),
            short=short(allergy, "contrast"),
            explains=_EXPLAINS,
            evidence=(evidence(allergy),),
            cites=("acr-contrast", "cms-lcd"),
            basis=allergy.concept.basis,
            certainty=allergy.certainty,
        )
    yield from gaps
