"""The newest MRI or bone scan is old, or older than the fracture."""

from collections.abc import Iterator

from cds_service.chart import Age, Chart, Missing, Reason, Section, Unknown
from cds_service.engine import Finding, Indicator, Kind, NotApplicable, Proposal, Topic, rule
from cds_service.facts.fracture import FRACTURE_SECTIONS
from cds_service.facts.fracture_age import onsets
from cds_service.facts.imaging import WINDOW, examinations, examined
from cds_service.knowledge import Knowledge


@rule(title="Imaging out of date", kind=Kind.WORKUP, card=Topic.WORKUP, needs=FRACTURE_SECTIONS)
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
    dated = [(item.when, item) for item in dating if item.when]
    if not dated:
        chart.require("when the last MRI or bone scan was made", *FRACTURE_SECTIONS)
        if dating:
            raise Unknown(
                "when the last MRI or bone scan was made", Missing(Section.IMAGING_STUDIES, Reason.NOT_MEASURED)
            )
        raise NotApplicable
    when, newest = max(dated, key=lambda pair: (pair[0].last, pair[1].source.reference))
    days = Age.since(when, chart.as_of).least
    fresh, window = know.parameter("imaging_out_of_date.repeat_after"), know.parameter(WINDOW)
    began = min((item.start for item in onsets(chart)), default=None)
    evidence = (examined(newest),)
    day = when.start.strftime("%Y-%m-%d")
    if began is not None and when.last < began:
        yield Finding(
            says=f"{newest.modality} of {day} was made before the fracture began ({began:%Y-%m-%d}): it cannot show it",
            evidence=evidence,
            cites=("site-policy",),
            proposes=(Proposal.ORDER_MRI,),
        )
    elif days > window.value:
        yield Finding(
            says=f"{newest.modality} of {day} is {days} d old, limit {window.shown}",
            evidence=evidence,
            uses=(window,),
            cites=("vapour-2016",),
            proposes=(Proposal.ORDER_MRI,),
        )
    elif days > fresh.value:
        yield Finding(
            says=f"{newest.modality} of {day} is {days} d old: repeat if symptoms have changed since",
            evidence=evidence,
            uses=(fresh, window),
            cites=("vapour-2016",),
            indicator=Indicator.INFO,
        )
    chart.require("whether newer images were made", *FRACTURE_SECTIONS)
