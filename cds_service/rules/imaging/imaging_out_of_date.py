"""The newest MRI or bone scan is old, or older than the fracture."""

from collections.abc import Iterator

from cds_service.chart import Age, Chart, Missing, Reason, Section, Unknown, in_days
from cds_service.facts.fracture.age import onsets
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.facts.fracture.imaging import WINDOW, dated, examinations, examined
from cds_service.facts.shared import thresholds
from cds_service.facts.shared.phrasing import capitalised
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
    steps=("Repeat the MRI, or a bone scan where MRI is not possible",),
    settle="Look up when the last MRI was made",
)
def imaging_out_of_date(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    How many days ago the newest MRI, bone scan or SPECT of the spine was made, and whether that was before the fracture began.

    ## Why it matters
    Fractures heal, and new ones occur. An image made before the pain began cannot show its cause. No society gives a limit: one trial
    asked for seven days, one payer for six months.

    ## When it stays silent
    When the newest image is current and not older than the fracture. Without an image the rule does not apply.
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
    image, aged = capitalised(dated(newest)), f"imaging {in_days(age.least)} old"
    explains = (
        f"An image is repeated after {thresholds.sourced(fresh, know)} if symptoms have changed, and counts for "
        f"{thresholds.sourced(window, know)}; a trial asked for {thresholds.sourced(trial, know)}."
    )
    if when.last < began:
        yield Finding(
            says=f"{image} was made before the recorded onset, {began:%Y-%m-%d}",
            short="imaging before the onset",
            headline=f"{image} is older than the fracture, onset {began:%Y-%m-%d}",
            explains="An image made before the fracture began cannot show it.",
            evidence=(examined(newest),),
            cites=("site-policy",),
            proposes=(Proposal.ORDER_MRI,),
        )
    elif age.is_beyond(window.value):
        yield Finding(
            says=f"{image} is {in_days(age.least)} old; limit {thresholds.sourced(window, know)}",
            short=aged,
            headline=f"{image} is {in_days(age.least)} old; limit {window.value:g}",
            explains=explains,
            evidence=(examined(newest),),
            uses=(window, trial),
            proposes=(Proposal.ORDER_MRI,),
        )
    elif age.is_beyond(fresh.value):
        yield Finding(
            says=f"{image} is {in_days(age.least)} old",
            short=aged,
            explains=explains,
            steps=("Repeat MRI if symptoms have changed since",),
            evidence=(examined(newest),),
            uses=(fresh, trial, window),
            indicator=Indicator.INFO,
        )
    chart.require("whether newer images were made", *FRACTURE_SECTIONS)
