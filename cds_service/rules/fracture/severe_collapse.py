"""The vertebra has lost more than two thirds of its height."""

from collections.abc import Iterator

from cds_service.chart import Assertion, Chart, ImagingFinding, ImagingSign, Missing, Reason, Section, Unknown, spoken
from cds_service.engine import Finding, Kind, Topic, rule
from cds_service.facts.fracture import FRACTURE_SECTIONS, at_target
from cds_service.facts.imaging import evidence, told
from cds_service.knowledge import Knowledge


@rule(title="Severe collapse", kind=Kind.RELATIVE, card=Topic.SUITABILITY, needs=FRACTURE_SECTIONS)
def severe_collapse(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a coded finding or a report gives the target vertebra a height loss above the limit, or calls it plana, whenever that was:
    a vertebra does not regain its height.

    ## Why it matters
    There is little room left for a needle and cement, and leakage is likelier. Several payers exclude it.

    ## When it stays silent
    When the newest height loss is below the limit, or the height is called preserved. A height loss that is not documented, or a grade
    that straddles the limit, is unknown.
    """
    limit, other = know.parameter("severe_collapse.height_loss"), know.parameter("severe_collapse.second_limit")
    found = [seen for seen in chart.imaging if seen.sign is ImagingSign.HEIGHT_LOSS and at_target(seen.levels, chart)]
    over = [
        seen for seen in found if seen.percent and seen.assertion is Assertion.PRESENT and seen.percent[0] > limit.value
    ]
    if over:
        seen = max(over, key=lambda item: (item.percent, item.source.reference))
        yield Finding(
            says=f"Height loss of {_shown(seen)} at {spoken(seen.levels) or 'a level not stated'} "
            f"(limits {limit.shown} and {other.shown}), {told(seen)}",
            evidence=(evidence(seen),),
            uses=(limit, other),
            cites=("bcbs-vertebroplasty", "evicore-cmm607"),
            basis=seen.basis,
            values=seen,
        )
        return
    chart.require("how much height the vertebra has lost", *FRACTURE_SECTIONS)
    if not any(
        seen.assertion is Assertion.ABSENT or (seen.percent and seen.percent[1] <= limit.value) for seen in found
    ):
        raise Unknown("how much height the vertebra has lost", Missing(Section.IMAGING_REPORTS, Reason.NOT_MEASURED))


def _shown(seen: ImagingFinding) -> str:
    low, high = seen.percent or (0.0, 0.0)
    return f"{low:g} %" if low == high else f"{low:g} to {high:g} %"
