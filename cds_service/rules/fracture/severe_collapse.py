"""The vertebra has lost more than two thirds of its height."""

from collections.abc import Iterator

from cds_service.chart import Chart, ImagingSign, Unknown, spoken
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, NO_LEVEL, none_on_record
from cds_service.facts.fracture.height_loss import height_losses, is_at_most, percentage
from cds_service.facts.fracture.imaging import NOT_REPORTED, current_at_target, dated, described, evidence
from cds_service.facts.shared import thresholds
from cds_service.findings import Finding, Kind, NotApplicable, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="Severe collapse",
    kind=Kind.RELATIVE,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    judges="height loss",
    steps=("Judge on the images whether a needle and cement have room",),
    settle="Measure the height loss on the images",
)
def severe_collapse(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a coded finding or a report gives the target vertebra a height loss above the limit, or calls it plana, whenever that was: a
    vertebra does not regain its height.

    ## Why it matters
    There is little room left for a needle and cement, and leakage is likelier. Several payers exclude it.

    ## When it stays silent
    When a current image gives a height loss up to the limit, or calls the height preserved: an older one may be out of date. A height
    loss that is not documented, or a grade that straddles the limit, is unknown; without a fracture on record the rule does not apply.
    """
    limit, other = know.parameters("severe_collapse", "height_loss", "second_limit")
    found = [seen for seen in height_losses(chart) if seen.percent and seen.percent[0] > limit.value]
    if found:
        seen = max(found, key=lambda item: (item.percent, item.source.reference))
        lost = f"Height loss {percentage(seen)} at {spoken(seen.levels) or NO_LEVEL} (limit {limit.text})"
        yield Finding(
            says=f"{lost}, {described(seen, beside=lost)}",
            short=f"height loss {percentage(seen).replace(' to ', '–')}",
            headline=f"{lost}, {dated(seen)}",
            explains=f"The limit used here is {thresholds.sourced(limit, know)}, above which less than a third of the height is left; "
            f"another is {thresholds.sourced(other, know)}. There is little room for a needle and cement, and leakage is likelier.",
            evidence=(evidence(seen),),
            uses=(limit, other),
            cites=("evicore-cmm607",),
            basis=seen.basis,
        )
        return
    chart.require("height loss", *FRACTURE_SECTIONS)
    if none_on_record(chart):
        raise NotApplicable
    if not any(is_at_most(seen, limit) for seen in current_at_target(chart, know, ImagingSign.HEIGHT_LOSS)):
        raise Unknown("height loss", NOT_REPORTED)
