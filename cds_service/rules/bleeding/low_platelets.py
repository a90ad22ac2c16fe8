"""A platelet count below the limit for procedures of high bleeding risk."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reason, Section, Unknown, ValueSets
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.bleeding.coagulation_limits import judged_platelets
from cds_service.facts.bleeding.lab_window import indicator, stale
from cds_service.facts.bleeding.liver import has_liver_disease
from cds_service.facts.shared import labs
from cds_service.findings import Essential, Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="Platelets below the limit",
    judges="platelets",
    kind=Kind.CORRECTABLE,
    card=Topic.ANTITHROMBOTICS,
    needs=(Section.BLOOD_COUNT, *DRUG_SECTIONS, Section.CONDITIONS, Section.ENCOUNTER),
    essential=Essential.SUPPLIED,
    role=Role.MEASURED_FIRST,
    settle="Order a platelet count",
)
def low_platelets(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the latest platelet count is below the limit. In coded cirrhosis or chronic liver failure a lower limit applies.

    ## Why it matters
    The needle lies beside the epidural space, where a haematoma can paralyse. SIR 2019 considers a transfusion below the limit.

    ## When it stays silent
    When a current count reaches the limit. A normal count that is too old is unknown; an old low one still counts.
    """
    count = labs.latest(chart, ValueSets.PLATELETS, "platelets").one()
    verdict = judged_platelets(count, chart, know)
    if verdict.effect is Kind.CORRECTABLE:
        within = know.parameter("shared/coagulation.lab_window_unstable").text
        considered = "" if has_liver_disease(chart) else f" (considered below {verdict.limit}, SIR 2019)"
        yield Finding(
            verdict.says,
            count.short,
            (count.evidence,),
            verdict.uses,
            indicator=indicator(count, chart, know),
            headline=count.headline(verdict.limit),
            explains=verdict.explains,
            steps=(
                f"Repeat platelets within {within} of the procedure",
                f"Ask haematology for the cause, and about transfusion{considered}",
            ),
        )
        return
    if verdict.effect:
        yield Finding(
            verdict.says,
            count.short,
            (count.evidence,),
            verdict.uses,
            effect=verdict.effect,
            explains=verdict.explains,
        )
    if verdict.is_open:
        yield Unknown(f"platelets ({count} leaves the limit open)", Missing(Section.BLOOD_COUNT, Reason.UNREADABLE))
    yield from count.doubts()
    yield from stale(count, chart, know)
