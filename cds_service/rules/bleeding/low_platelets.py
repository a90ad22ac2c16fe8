"""A platelet count below the limit for procedures of high bleeding risk."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reason, Section, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.engine import Essential, Finding, Indicator, Kind, Topic, rule
from cds_service.facts import labs
from cds_service.facts.lab_window import is_current, is_old
from cds_service.facts.liver import has_liver_disease
from cds_service.knowledge import Knowledge


@rule(
    title="Platelets below the limit",
    kind=Kind.CORRECTABLE,
    card=Topic.ANTITHROMBOTICS,
    needs=(Section.BLOOD_COUNT, *DRUG_SECTIONS, Section.CONDITIONS, Section.ENCOUNTER),
    essential=Essential.SUPPLIED,
)
def low_platelets(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the latest platelet count is below the limit. In coded cirrhosis or chronic liver failure a lower limit applies.

    ## Why it matters
    The needle lies beside the epidural space, where a haematoma can paralyse. SIR 2019 considers a transfusion below the limit.

    ## When it stays silent
    When a current count reaches the limit. A normal count that is too old is unknown; an old low one still counts.
    """
    limit, of_liver = know.parameter("low_platelets.limit"), know.parameter("low_platelets.liver_limit")
    count = labs.latest(chart, "platelets", "platelets")
    liver = has_liver_disease(chart)
    old = Indicator.WARNING if is_old(count, chart.as_of, chart, know) else None
    if liver and labs.at_most(count, of_liver.value):
        says = (
            f"Platelets {count}; the limit in chronic liver disease is above {of_liver.value:g}, else {limit.value:g}"
        )
        yield Finding(says, (count.evidence,), (of_liver, limit), indicator=old)
        return
    if liver and labs.below(count, limit.value):
        says = f"Platelets {count} are below {limit.value:g}, within the limit in chronic liver disease, above {of_liver.value:g}"
        yield Finding(says, (count.evidence,), (of_liver, limit), effect=Kind.INFORMATION)
    elif labs.below(count, limit.value):
        yield Finding(f"Platelets {count} are below {limit.value:g}", (count.evidence,), (limit,), indicator=old)
        return
    elif labs.below(count, limit.value) is None:
        yield Unknown(f"platelets ({count} leaves the limit open)", Missing(Section.BLOOD_COUNT, Reason.UNREADABLE))
    yield from count.doubts()
    if not is_current(count, chart.as_of, chart, know):
        yield Unknown(f"platelets (the last, {count}, are too old)", Missing(Section.BLOOD_COUNT, Reason.NOT_MEASURED))
