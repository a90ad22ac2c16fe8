"""The latest pain score reaches the threshold for the patient's setting."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown
from cds_service.facts.pain import scores
from cds_service.facts.shared import labs, thresholds
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.setting import possible_settings, setting, stay_as_outpatient
from cds_service.findings import Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge, Parameter

_PUBLISHED = {
    "shared/pain.pain_outpatient": " outside hospital",
    "severe_pain.rand": "",
    "severe_pain.evicore": "",
    "severe_pain.vapour": "",
    "shared/pain.pain_inpatient": " in hospital",
}


@rule(
    title="Severe pain",
    judges="pain score",
    kind=Kind.INDICATION,
    card=Topic.SUITABILITY,
    needs=(Section.PAIN, Section.ENCOUNTER),
    settle="Ask for a pain score, 0 to 10",
    not_shown="pain below the threshold",
    role=Role.PAIN,
)
def severe_pain(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the newest pain score from 0 to 10 within the window reaches the threshold: in hospital 8, else 5. An emergency or
    observation stay counts as outside hospital. The explanation names each published threshold that the score reaches and does not
    reach, and the one that is used.

    ## Why it matters
    The procedure treats pain. Guidelines, trials and payers ask for different scores; a score below 5 meets none of them.

    ## When it stays silent
    When the score is below the threshold. A score older than the window, or none, is unknown; so is one between the two thresholds
    while nobody can tell whether the patient is in hospital.
    """
    score = scores.scores(chart, know).one()
    places = possible_settings(chart)
    limits = [scores.threshold(place, know) for place in places]
    reached = {scores.reaches(score, limit.value).one() for limit in limits}
    if len(reached) > 1:
        yield from setting(chart).gaps
        return
    if False in reached:
        yield from score.doubts()
        return
    stay = stay_as_outpatient(chart)
    noted = f" The {stay} stay counts as outside hospital." if stay else ""
    yield Finding(
        says=scores.stated(score),
        short=scores.short(score),
        explains=f"The score {_compared(score, limits[0], know)}.{noted}",
        evidence=(score.evidence,),
        uses=(limits[0], scores.window(places[0], know)),
        cites=("cms-lcd", "rand-2018", "evicore-cmm607", "vapour-2016"),
    )


def _compared(score: Lab, deciding: Parameter, know: Knowledge) -> str:
    """Which published thresholds a score reaches; one that a comparator leaves open counts as not reached."""
    return thresholds.compared(
        {
            f"{thresholds.number(item, know)}{_PUBLISHED[item.key]}{thresholds.DECIDES * (item is deciding)}": bool(
                labs.at_least(score, item.value)
            )
            for item in map(know.parameter, _PUBLISHED)
        }
    )
