"""More levels are ordered for one session than coverage and safety data support."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reason, Section, Source, Unknown
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.facts.fracture.lesions import is_malignant
from cds_service.facts.shared import thresholds
from cds_service.findings import (
    Evidence,
    Finding,
    Kind,
    NotApplicable,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge


@rule(
    title="Too many levels",
    kind=Kind.RELATIVE,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    judges="number of levels",
    settle="Name the levels on the request",
)
def too_many_levels(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the order, by the levels it names or by its quantity, is for more levels than the limit in one session. More than another
    payer's lower limit is information only.

    ## Why it matters
    Each level adds cement: with three or more, cement reached the lung more often (odds ratio 2.4 in a series). Coverage ends at three
    levels, with one payer at two.

    ## When it stays silent
    Up to the lower limit, and for a malignant fracture, to which the cap does not apply. An order that names no level is unknown.
    """
    if is_malignant(chart):
        raise NotApplicable
    limit, payer = know.parameters("too_many_levels", "most", "one_payer")
    count = chart.order.level_count
    if not count:
        raise Unknown("number of levels ordered", Missing(Section.SERVICE_REQUESTS, Reason.NOT_MEASURED))
    if count > min(limit.value, payer.value):
        ordered, over = f"{count} levels ordered", count > limit.value
        most, payers = thresholds.sourced(limit, know), thresholds.sourced(payer, know)
        exceeded = f"limit {most}" if over else f"one payer covers {payers}"
        yield Finding(
            says=f"{ordered} for one session; {exceeded}",
            short=ordered,
            headline=f"{ordered}; {exceeded}",
            explains=f"The limit used here is {most}, that of one payer {payers}. With three levels or more, cement reached the lung more "
            "often (odds ratio 2.4 in a series).",
            steps=(f"Confirm that {count} levels are meant, or divide them over sessions",),
            evidence=tuple(Evidence(Source(reference), "bodySite") for reference in chart.order.references),
            uses=(limit, payer),
            cites=("cement-embolism",),
            effect=None if over else Kind.INFORMATION,
        )
