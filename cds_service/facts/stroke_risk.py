"""The stroke risk in atrial fibrillation: a recorded score, else CHA2DS2-VASc counted from what is on record."""

from collections.abc import Iterator

from cds_service.chart import Chart, Reason, Section, State, Unknown
from cds_service.engine import Evidence
from cds_service.facts import labs
from cds_service.facts.gathered import gathered
from cds_service.facts.person import age
from cds_service.knowledge import Knowledge

_RULE = "interruption_hazard"
# A past event counts whatever its state; the others only while they are active.
_PARTS = (
    ("heart_failure", ("heart-failure",)),
    ("hypertension", ("hypertension",)),
    ("diabetes", ("diabetes",)),
    ("stroke", ("stroke-or-tia", "old-stroke")),
    ("vascular", ("vascular-disease",)),
)
_PAST_COUNTS = ("stroke", "vascular")


def high_stroke_risk(chart: Chart, know: Knowledge) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    """The score in words with its evidence, if it is high; nothing if not.

    A counted score is a lower bound: what is not on record adds nothing. Raises `Unknown` if age, sex or recorded scores were not
    supplied and the rest is not high; gaps of the problem list are for the caller to tell.
    """
    recorded, gaps = gathered(labs.history(chart, "stroke-risk-score", "stroke risk score"))
    for score in recorded:
        named = "stroke_score" if "va" in score.measurement.concept.text.lower() else "older_score"
        if labs.at_least(score, know.parameter(f"{_RULE}.{named}").value):
            yield f"{score.measurement.concept.text} {score}", (score.evidence,)
        return
    points, evidence = _counted(chart, know)
    if points >= know.parameter(f"{_RULE}.stroke_score").value:
        yield f"CHA2DS2-VASc at least {points:g}, counted from the record", evidence
        return
    if chart.patient is None:
        chart.require("age and sex", Section.PATIENT)
    for gap in gaps:
        if gap.reasons != {Reason.NOT_MEASURED}:
            raise gap


def _counted(chart: Chart, know: Knowledge) -> tuple[float, tuple[Evidence, ...]]:
    points, evidence = _of_person(chart, know), []
    for name, sets in _PARTS:
        problems, _ = gathered(chart.conditions_in(*sets))
        counting = [item for item in problems if item.state is State.ACTIVE or name in _PAST_COUNTS]
        if counting:
            points += know.parameter(f"{_RULE}.points_{name}").value
            evidence.append(Evidence(counting[0].source, "code", counting[0].dated, counting[0].concept.text))
    return points, tuple(evidence)


def _of_person(chart: Chart, know: Knowledge) -> float:
    points = 0.0
    try:
        years = age(chart).least
    except Unknown:
        years = 0
    for limit in ("first_age", "second_age"):
        if years >= know.parameter(f"{_RULE}.{limit}").value:
            points += know.parameter(f"{_RULE}.points_age").value
    if chart.patient and chart.patient.sex == "female":
        points += know.parameter(f"{_RULE}.points_female").value
    return points
