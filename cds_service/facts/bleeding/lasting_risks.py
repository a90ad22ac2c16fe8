"""What makes it dangerous to interrupt anticoagulants for as long as it lasts: thrombophilia, heart valve, atrial fibrillation."""

from cds_service.chart import Chart, Condition, Reading, State, ValueSets
from cds_service.facts.bleeding.stroke_risk import StrokeRisk, high_stroke_risk
from cds_service.facts.bleeding.thrombotic_risk import CARDIOLOGY, HAEMATOLOGY, ThromboticRisk, evidence_of, named
from cds_service.facts.shared.phrasing import hedged
from cds_service.knowledge import Knowledge
from cds_service.knowledge.holds import ANTICOAGULANTS


def thrombophilia(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    """Active thrombophilia."""
    return _lasting(chart, ValueSets.THROMBOPHILIA, "thrombophilia", "thrombophilia", HAEMATOLOGY)


def valve(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    """Mechanical heart valves, and those of a type not stated."""
    says = "prosthetic heart valve, mechanical or of unstated type"
    return _lasting(chart, ValueSets.MECHANICAL_VALVE, says, "prosthetic heart valve", CARDIOLOGY)


def _lasting(chart: Chart, value_set: ValueSets, says: str, short: str, agree_with: str) -> Reading[ThromboticRisk]:
    """A risk for each active diagnosis of a value set."""
    problems, gaps = _active(chart, value_set)
    risks = [_standing(item, f"{says}{named(item)}", short, agree_with) for item in problems]
    return Reading(tuple(risks), gaps)


def fibrillation(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    """Atrial fibrillation with mitral stenosis or a high stroke score; the gap if neither can be told."""
    problems, gaps = _active(chart, ValueSets.ATRIAL_FIBRILLATION)
    for problem in problems:
        scores, score_gaps = high_stroke_risk(chart, know)
        risks = [
            _standing(
                problem,
                f"atrial fibrillation with mitral valve disease{named(mitral)}",
                "atrial fibrillation, mitral valve disease",
                CARDIOLOGY,
            )
            for mitral in _active(chart, ValueSets.MITRAL_STENOSIS).values[:1]
        ]
        risks += [_with_score(problem, score, know) for score in scores]
        return Reading(tuple(risks), score_gaps)
    return Reading((), gaps)


def _with_score(problem: Condition, score: StrokeRisk, know: Knowledge) -> ThromboticRisk:
    short = hedged(f"atrial fibrillation, {score.name} {score.number}", problem.certainty)
    return ThromboticRisk(
        hedged(f"atrial fibrillation, {score.says}", problem.certainty),
        short,
        short,
        ANTICOAGULANTS,
        CARDIOLOGY,
        (evidence_of(problem), *score.evidence),
        uses=(know.parameter("shared/thrombosis.stroke_score"),),
        basis=problem.concept.basis,
        certainty=problem.certainty,
        explains=score.explains,
    )


def _active(chart: Chart, value_set: ValueSets) -> Reading[Condition]:
    return chart.conditions_in(value_set).where(lambda item: item.state is State.ACTIVE)


def _standing(problem: Condition, says: str, short: str, agree_with: str) -> ThromboticRisk:
    return ThromboticRisk(
        hedged(says, problem.certainty),
        hedged(short, problem.certainty),
        hedged(short, problem.certainty),
        ANTICOAGULANTS,
        agree_with,
        (evidence_of(problem),),
        cites=("chest-2022",),
        basis=problem.concept.basis,
        certainty=problem.certainty,
    )
