"""The stroke risk in atrial fibrillation: a recorded score, else CHA2DS2-VASc counted from what is on record."""

from msgspec import Struct

from cds_service.chart import Chart, Missing, Reading, Reason, Section, State, Unknown, ValueSets
from cds_service.facts.shared import labs
from cds_service.facts.shared.person import age
from cds_service.facts.shared.phrasing import recorded as recorded_diagnosis
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge

_NUMBERS = "shared/thrombosis"
# A past event counts whatever its state; the others only while they are active.
_PARTS = (
    ("heart_failure", (ValueSets.HEART_FAILURE,)),
    ("hypertension", (ValueSets.HYPERTENSION,)),
    ("diabetes", (ValueSets.DIABETES,)),
    ("stroke", (ValueSets.STROKE_OR_TIA, ValueSets.OLD_STROKE)),
    ("vascular", (ValueSets.VASCULAR_DISEASE,)),
)
_NAMES = {"stroke_score": "CHA2DS2-VASc", "older_score": "CHADS2"}
_PAST_COUNTS = ("stroke", "vascular")


class StrokeRisk(Struct, frozen=True):
    """A score with its name, its number such as `≥4`, and what it rests on; `explains` says how a counted one was reached."""

    says: str
    name: str
    number: str
    evidence: tuple[Evidence, ...]
    explains: str = ""


def high_stroke_risk(chart: Chart, know: Knowledge) -> Reading[StrokeRisk]:
    """The score, if it is high; nothing if not.

    A counted score is a lower bound: what is not on record adds nothing. The gap if it could be high by age and sex that are not
    recorded, or by recorded scores that were not supplied; gaps of the problem list are for the caller to tell.
    """
    recorded, gaps = labs.history(chart, ValueSets.STROKE_RISK_SCORE, "stroke risk score").if_measured()
    for score in recorded:
        named = "stroke_score" if "va" in score.measurement.concept.text.lower() else "older_score"
        if labs.at_least(score, know.parameter(f"{_NUMBERS}.{named}").value):
            says = f"{_NAMES[named]} {score}"
            return Reading((StrokeRisk(says, _NAMES[named], str(score.quantity), (score.evidence,)),))
        return Reading()
    limit, (least, most) = know.parameter(f"{_NUMBERS}.stroke_score").value, _of_person(chart, know)
    points, evidence = _counted(chart, know)
    if least + points >= limit:
        counted, name = f"{least + points:g}", _NAMES["stroke_score"]
        explains = f"{name} is counted from what is on record; what is not on record adds nothing"
        return Reading((StrokeRisk(f"{name} at least {counted}", name, f"≥{counted}", evidence, explains),))
    if most + points >= limit:
        missing = chart.gaps(Section.PATIENT) or (Missing(Section.PATIENT, Reason.NOT_MEASURED),)
        return Reading((), (Unknown("age and sex for the stroke risk", *missing),))
    return Reading((), gaps)


def _counted(chart: Chart, know: Knowledge) -> tuple[float, tuple[Evidence, ...]]:
    """The points of diagnoses, and what shows them."""
    points, evidence = 0.0, []
    for name, sets in _PARTS:
        problems, _ = chart.conditions_in(*sets)
        counting = [item for item in problems if item.state is State.ACTIVE or name in _PAST_COUNTS]
        if counting:
            points += know.parameter(f"{_NUMBERS}.points_{name}").value
            evidence.append(recorded_diagnosis(counting[0]))
    return points, tuple(evidence)


def _of_person(chart: Chart, know: Knowledge) -> tuple[float, float]:
    """The least and the most points of age and sex; either may not be recorded."""
    for_age, for_female = know.parameters(_NUMBERS, "points_age", "points_female")
    limits = [limit.value for limit in know.parameters(_NUMBERS, "first_age", "second_age")]
    known = age(chart).values
    of_age = {sum(at >= limit for limit in limits) for years in known for at in (years.least, years.most)} or {0, 2}
    sex = chart.patient.sex if chart.patient else ""
    of_sex = {"female": {1}, "male": {0}}.get(sex, {0, 1})
    least, most = (chosen(of_age) * for_age.value + chosen(of_sex) * for_female.value for chosen in (min, max))
    return least, most
