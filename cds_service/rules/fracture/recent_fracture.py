"""The fracture began within the last twelve weeks, whichever day of the recorded interval it was."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reason, Section, Unknown
from cds_service.engine import Essential, Finding, Kind, NotApplicable, Topic, rule
from cds_service.facts.fracture import FRACTURE_SECTIONS, current_fractures, named, target_fractures
from cds_service.facts.fracture_age import fracture_age, onsets
from cds_service.facts.gathered import gathered
from cds_service.facts.lesions import age_does_not_count
from cds_service.knowledge import Knowledge


@rule(
    title="Fracture of the last twelve weeks",
    kind=Kind.INDICATION,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    essential=Essential.JUDGED,
)
def recent_fracture(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    How old the fracture at the target level is, as an interval. An onset gives it, widened where only a month or a year is known. The
    day it was recorded or first seen only shows that it is at least that old; an earlier image without it shows that it is younger.
    Met if the whole interval lies within twelve weeks: acute up to six weeks, then subacute.

    ## Why it matters
    Most of the evidence, and payers' coverage, is for fractures of the last six to twelve weeks. Older ones need proof of activity.

    ## When it stays silent
    When the whole interval lies beyond twelve weeks. It is not asked for a malignant fracture or a non-union, which have no age limit,
    nor where no fracture is on record.
    """
    found, gaps = gathered(current_fractures(chart))
    if age_does_not_count(chart, know) or (not found and not gaps):
        raise NotApplicable
    age = fracture_age(chart)
    acute, recent = know.parameter("shared.subacute_from"), know.parameter("shared.recent_until")
    if age.most is None or age.most > recent.value:
        if age.least > recent.value:
            chart.require("when the fracture began", *FRACTURE_SECTIONS)
            return
        span = f"at least {age.least} d" if age.most is None else f"{age.least} to {age.most} d"
        missing = chart.gaps(*FRACTURE_SECTIONS) or (Missing(Section.CONDITIONS, Reason.NOT_MEASURED),)
        raise Unknown(f"when the fracture began ({span} ago, limit {recent.shown})", *missing)
    if age.most < acute.value:
        stage = "acute"
    elif age.least >= acute.value:
        stage = "subacute"
    else:
        stage = "acute or subacute"
    span = f"{age.most} d" if age.least == age.most else f"{age.least} to {age.most} d"
    began = onsets(chart)
    since = f", onset {began[0]}" if len(began) == 1 else ""
    mine = target_fractures(chart)
    yield Finding(
        says=f"Fracture at {named(mine)} is {span} old{since}: {stage} (limit {recent.shown})",
        evidence=tuple(item.evidence for item in mine if item.onset or not began),
        uses=(acute, recent),
        cites=("rand-2013",),
        values=age,
    )
