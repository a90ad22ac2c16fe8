"""The newest MRI or bone scan is old, or older than the fracture."""

from collections.abc import Iterator

from cds_service.chart import Age, Chart, Missing, Reason, Section, Unknown
from cds_service.facts.fracture.age import onsets
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.facts.fracture.imaging import WINDOW, dated, examinations, examined
from cds_service.facts.shared import thresholds
from cds_service.findings import (
    Finding,
    Indicator,
    Kind,
    NotApplicable,
    Proposal,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge


@rule(
    title="Imaging out of date",
    kind=Kind.WORKUP,
    card=Topic.WORKUP,
    needs=FRACTURE_SECTIONS,
    judges="age of the imaging",
)
def imaging_out_of_date(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    How many days ago the newest MRI, bone scan or SPECT of the spine was made, and whether that was before the fracture began.

    ## Why it matters
    A fracture heals, and new ones come. An image made before the pain began cannot show its cause. No society gives a limit: one trial
    asked for seven days, one payer for six months.

    ## When it stays silent
    When the newest image is current and not older than the fracture. It is not asked where there is none.
    """
    dating = [item for item in examinations(chart) if item.modality.can_date_a_fracture]
    made = [(item.when, item) for item in dating if item.when]
    if not made:
        chart.require("date of the last MRI or bone scan", *FRACTURE_SECTIONS)
        if dating:
            raise Unknown("date of the last MRI or bone scan", Missing(Section.IMAGING_STUDIES, Reason.NOT_MEASURED))
        raise NotApplicable
    when, newest = max(made, key=lambda pair: (pair[0].last, pair[1].source.reference))
    age = Age.since(when, chart.as_of)
    fresh, trial = know.parameters("imaging_out_of_date", "repeat_after", "trial")
    window = know.parameter(WINDOW)
    began = min((item.start for item in onsets(chart)), default=when.last)
    aged = f"imaging {age.least} d old"
    if when.last < began:
        yield Finding(
            says=f"{dated(newest)} was made before the recorded onset ({began:%Y-%m-%d}): it cannot show a fracture that began then",
            short="imaging before the onset",
            evidence=(examined(newest),),
            cites=("site-policy",),
            proposes=(Proposal.ORDER_MRI,),
        )
    elif age.is_beyond(window.value):
        yield Finding(
            says=f"{dated(newest)} is {age.least} d old: limit {thresholds.number(window, know)}{thresholds.DECIDES}, "
            f"{thresholds.number(trial, know)}",
            short=aged,
            evidence=(examined(newest),),
            uses=(window, trial),
            proposes=(Proposal.ORDER_MRI,),
        )
    elif age.is_beyond(fresh.value):
        yield Finding(
            says=f"{dated(newest)} is {age.least} d old: repeat if symptoms have changed since; "
            f"{thresholds.number(fresh, know)}{thresholds.DECIDES}, {thresholds.number(trial, know)}, "
            f"{thresholds.number(window, know)}",
            short=aged,
            evidence=(examined(newest),),
            uses=(fresh, trial, window),
            indicator=Indicator.INFO,
        )
    chart.require("whether newer images were made", *FRACTURE_SECTIONS)
