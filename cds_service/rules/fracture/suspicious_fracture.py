"""Something on record makes the fracture suspicious of a tumour: a biopsy and a myeloma screen are worth considering."""

from collections.abc import Iterator

from cds_service.chart import Assertion, Chart, ImagingSign, Reading, Section, Unknown, ValueSets
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.facts.fracture.imaging import current_at_target, dated, described, evidence
from cds_service.facts.fracture.lesions import is_malignant
from cds_service.facts.fracture.target import fractures_at_target
from cds_service.facts.shared import person
from cds_service.facts.shared.phrasing import brief, inside, recorded
from cds_service.findings import (
    Evidence,
    Finding,
    Indicator,
    Kind,
    NotApplicable,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge

_ROOM = 7
"""Words for a cancer on record, beside the other reasons."""


@rule(
    title="Suspicious fracture",
    kind=Kind.WORKUP,
    card=Topic.WORKUP,
    needs=(*FRACTURE_SECTIONS, Section.PATIENT),
    judges="suspicion of tumour",
    settle="Ask about cancer in the past",
)
def suspicious_fracture(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether, with a vertebral fracture on record, a cancer or its history is on record, a report cannot exclude a tumour at the level,
    or the patient is male or under 50 and has no osteoporosis on record.

    ## Why it matters
    A biopsy costs little when a needle is in the vertebra anyway, and can find a myeloma or a metastasis that was taken for
    osteoporosis.

    ## When it stays silent
    When none of these applies, and when the fracture is known to be malignant.
    """
    if is_malignant(chart):
        raise NotApplicable
    if not fractures_at_target(chart):
        chart.require("whether a vertebral fracture is on record", *FRACTURE_SECTIONS)
        raise NotApplicable
    cancers, gaps = chart.conditions_in(ValueSets.MALIGNANCY, ValueSets.MALIGNANCY_HISTORY)
    reasons = [(brief(item.concept.text, "cancer on record", words=_ROOM), recorded(item)) for item in cancers[:1]]
    doubted = [
        seen for seen in current_at_target(chart, know, ImagingSign.MALIGNANCY) if seen.assertion is Assertion.UNCERTAIN
    ]
    reasons += [(f"tumour not excluded, {dated(seen)}", evidence(seen)) for seen in doubted[:1]]
    fragile, _ = chart.conditions_in(ValueSets.OSTEOPOROSIS)
    unusual, open_age = Reading() if fragile else _unusual(chart, know)
    reasons += unusual
    if reasons:
        yield Finding(
            says=f"Suspicious of tumour: {'; '.join(reason for reason, _ in reasons)}",
            short="fracture suspicious of tumour",
            steps=(f"Consider a biopsy and a myeloma screen: {inside(reasons[0][0])}",),
            explains="A biopsy costs little when a needle is in the vertebra anyway, and can find a myeloma or a metastasis that was taken "
            f"for osteoporosis.{''.join(f' {described(seen)}.' for seen in doubted[:1])}",
            evidence=tuple(item for _, item in reasons),
            uses=(know.parameter("shared/fracture.young_below"),) if unusual else (),
            cites=("acr-2018", "site-policy"),
            indicator=Indicator.INFO,
        )
        yield from (*gaps, *open_age)
        return
    yield from open_age
    chart.require("whether anything makes the fracture suspicious", *FRACTURE_SECTIONS)


def _unusual(chart: Chart, know: Knowledge) -> Reading[tuple[str, Evidence]]:
    """A patient in whom a fracture without osteoporosis is unusual: a man, or somebody young."""
    if chart.patient is not None and chart.patient.sex == "male":
        return Reading((("male, no osteoporosis recorded", Evidence(chart.patient.source, "gender", None, "male")),))
    ages, gaps = person.age(chart)
    young = (years for years in ages if years.most < know.parameter("shared/fracture.young_below").value)
    return Reading(tuple((f"age {years}, no osteoporosis recorded", person.birth(chart)[0]) for years in young), gaps)
