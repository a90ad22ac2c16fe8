"""The latest pain score reaches the threshold for the patient's setting."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown
from cds_service.engine import Finding, Kind, Topic, rule
from cds_service.facts import labs, pain
from cds_service.facts.labs import Lab
from cds_service.facts.setting import Setting, possible_settings, setting
from cds_service.knowledge import Knowledge, Parameter

_PUBLISHED = (
    "shared.pain_outpatient",
    "severe_pain.rand",
    "severe_pain.evicore",
    "severe_pain.vapour",
    "shared.pain_inpatient",
)


@rule(title="Severe pain", kind=Kind.INDICATION, card=Topic.SUITABILITY, needs=(Section.PAIN, Section.ENCOUNTER))
def severe_pain(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the newest pain score from 0 to 10 within the window reaches the threshold: in hospital 8, else 5. An emergency or
    observation stay counts as outside hospital. The finding names each published threshold that the score reaches and does not reach.

    ## Why it matters
    The procedure treats pain. Guidelines, trials and payers ask for different scores; a score below 5 meets none of them.

    ## When it stays silent
    When the score is below the threshold. A score older than the window, or none, is unknown; so is one between the two thresholds
    while nobody can tell whether the patient is in hospital.
    """
    verdicts = {place: _judged(chart, place, know) for place in possible_settings(chart)}
    reached = set(verdicts.values())
    if len(reached) > 1:
        setting(chart)  # says what is missing
    place = next(iter(verdicts))
    score = pain.scores(chart, place, know)[0]
    answer = verdicts[place]
    if answer is None:
        raise Unknown(f"whether pain of {pain.said(score)} reaches {pain.threshold(place, know).shown}")
    if not answer:
        yield from score.doubts()
        return
    yield Finding(
        says=_says(score, know),
        evidence=(score.evidence,),
        uses=(pain.threshold(place, know), pain.window(place, know)),
        cites=("cms-lcd", "rand-2018", "evicore-cmm607", "vapour-2016"),
        values=score,
    )


def _judged(chart: Chart, place: Setting, know: Knowledge) -> bool | None:
    return labs.at_least(pain.scores(chart, place, know)[0], pain.threshold(place, know).value)


def _says(score: Lab, know: Knowledge) -> str:
    published = [know.parameter(key) for key in _PUBLISHED]
    reached = [_label(item, know) for item in published if labs.at_least(score, item.value)]
    missed = [_label(item, know) for item in published if not labs.at_least(score, item.value)]
    beyond = f"; below {', '.join(missed)}" if missed else ""
    return f"Pain {pain.said(score)} reaches {', '.join(reached)}{beyond}"


def _label(item: Parameter, know: Knowledge) -> str:
    place = {"shared.pain_outpatient": " outpatient", "shared.pain_inpatient": " inpatient"}.get(item.key, "")
    return f"{know.citation(item.source).label}{place} {item.shown}"
