"""What makes stopping an antithrombotic dangerous: stent, coronary event, stroke, thromboembolism, valve, atrial fibrillation."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import Basis, Certainty, Chart, Condition, Procedure, Reading, State, Unknown, ValueSets, When
from cds_service.facts.bleeding.exposure import Exposure
from cds_service.facts.bleeding.stroke_risk import high_stroke_risk
from cds_service.facts.shared.slot import slot
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge, Parameter
from cds_service.knowledge.holds import ANTICOAGULANTS, ANTIPLATELETS, ANTITHROMBOTICS

_CARDIOLOGY, _NEUROLOGY, _HAEMATOLOGY = "cardiology", "neurology", "haematology"


class ThromboticRisk(Struct, frozen=True):
    """One reason not to interrupt drugs of `classes`.

    `lesser` where only a longer interval of another source applies; `differs` is what another source says that waits for less.
    """

    says: str
    short: str
    classes: frozenset[str]
    agree_with: str
    evidence: tuple[Evidence, ...]
    uses: tuple[Parameter, ...] = ()
    cites: tuple[str, ...] = ()
    basis: Basis = Basis.CODE
    certainty: Certainty = Certainty.CONFIRMED
    lesser: bool = False
    differs: str = ""


def thrombotic_risks(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    """One reason of each kind at the slot, with all its evidence; and the gap if the record can hide one."""
    risks: list[ThromboticRisk] = []
    gaps: list[Unknown] = []
    for reading in (_stent, _coronary_event, _stroke, _thromboembolism, _thrombophilia, _valve, _fibrillation):
        found, missing = reading(chart, know)
        if found:
            risks.append(_together(found))
        gaps += missing
    return Reading(tuple(risks), tuple(gaps)).one_gap()


def around_intervention(drugs: Iterable[Exposure]) -> Iterator[ThromboticRisk]:
    """The coronary intervention that drugs tell of which are given for nothing else: glycoprotein inhibitors and cangrelor."""
    telling = [
        item
        for item in drugs
        if item.drug.drug_class == "glycoprotein-inhibitor" or item.drug.ingredient == "cangrelor"
    ]
    if telling:
        names = " and ".join(item.drug.name for item in telling)
        evidence = tuple(evidence for item in telling for evidence in item.evidence)
        says = f"{names}, given around a coronary intervention"
        yield ThromboticRisk(
            says, "recent coronary intervention", ANTIPLATELETS, _CARDIOLOGY, evidence, cites=("aha-acc-2024",)
        )


def _together(found: Sequence[ThromboticRisk]) -> ThromboticRisk:
    """The best proven of several (coded, confirmed, within the nearer limit), with the evidence of all."""
    best = min(
        found, key=lambda risk: (risk.lesser, risk.basis is not Basis.CODE, risk.certainty is not Certainty.CONFIRMED)
    )
    others = (item for risk in found if risk is not best for item in risk.evidence)
    return replace(best, evidence=tuple(dict.fromkeys((*best.evidence, *others))))


def _stent(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    limit = know.parameter("shared/thrombosis.stent")
    procedures, gaps = chart.procedures_in(ValueSets.CORONARY_STENT)
    problems, problem_gaps = chart.conditions_in(ValueSets.CORONARY_STENT)
    done = [item for item in procedures if item.done]
    risks = [_stented(item, item.when, limit, chart, know) for item in done if _within(item.when, limit, chart)]
    for problem in problems:
        dated_elsewhere = problem.dated is None and any(item.when for item in done)
        if _counts(problem, limit, chart) and not dated_elsewhere:
            risks.append(_stented(problem, problem.dated, limit, chart, know))
    return Reading(tuple(risks), (*problem_gaps, *gaps))


def _stented(
    item: Condition | Procedure, when: When | None, limit: Parameter, chart: Chart, know: Knowledge
) -> ThromboticRisk:
    """A stent, with the guideline that might wait for less where that much time has passed."""
    risk = _risk(item, "coronary stent or angioplasty", when, limit, _CARDIOLOGY, ANTIPLATELETS, chart)
    sooner = know.parameter("shared/thrombosis.stent_considered")
    if _within(when, sooner, chart):
        return risk
    differs = f"{know.citation(sooner.source).label}: surgery may be considered from {sooner.value:g} months"
    return replace(risk, differs=differs, uses=(limit, sooner))


def _coronary_event(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    limit = know.parameter("shared/thrombosis.coronary_event")
    problems, gaps = chart.conditions_in(ValueSets.ACUTE_CORONARY_SYNDROME)
    counting = (item for item in problems if _counts(item, limit, chart))
    return Reading(
        tuple(
            _risk(item, "acute coronary syndrome", item.dated, limit, _CARDIOLOGY, ANTIPLATELETS, chart)
            for item in counting
        ),
        gaps,
    )


def _stroke(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    limit, longer = know.parameters("shared/thrombosis", "stroke", "stroke_longer")
    problems, gaps = chart.conditions_in(ValueSets.STROKE_OR_TIA)
    risks = []
    for problem in problems:
        if _counts(problem, limit, chart):
            risks.append(_risk(problem, "stroke or TIA", problem.dated, limit, _NEUROLOGY, ANTITHROMBOTICS, chart))
        elif _counts(problem, longer, chart):
            risk = _risk(problem, "stroke or TIA", problem.dated, longer, _NEUROLOGY, ANTITHROMBOTICS, chart)
            risks.append(replace(risk, lesser=True))
    return Reading(tuple(risks), gaps)


def _thromboembolism(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    limit = know.parameter("shared/thrombosis.thromboembolism")
    cancer = next(
        (item for item in chart.conditions_in(ValueSets.MALIGNANCY).values if item.state is State.ACTIVE), None
    )
    problems, gaps = chart.conditions_in(ValueSets.VENOUS_THROMBOEMBOLISM, ValueSets.VENOUS_THROMBOEMBOLISM_HISTORY)
    risks = []
    for problem in problems:
        if ValueSets.VENOUS_THROMBOEMBOLISM in problem.concept.sets and _counts(problem, limit, chart):
            name = "venous thromboembolism"
            risks.append(_risk(problem, name, problem.dated, limit, _HAEMATOLOGY, ANTICOAGULANTS, chart))
        elif cancer is not None:
            risks.append(_with_cancer(problem, cancer))
    return Reading(tuple(risks), gaps)


def _with_cancer(problem: Condition, cancer: Condition) -> ThromboticRisk:
    return ThromboticRisk(
        f"venous thromboembolism on record with active cancer ({cancer.concept.text})",
        "venous thromboembolism with cancer",
        ANTICOAGULANTS,
        _HAEMATOLOGY,
        (_evidence(problem), _evidence(cancer)),
        cites=("chest-2022",),
        basis=problem.concept.basis,
    )


def _thrombophilia(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    return _lasting(chart, ValueSets.THROMBOPHILIA, "thrombophilia", "thrombophilia", _HAEMATOLOGY)


def _valve(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    says = "prosthetic heart valve, mechanical or of a type not stated"
    return _lasting(chart, ValueSets.MECHANICAL_VALVE, says, "prosthetic heart valve", _CARDIOLOGY)


def _lasting(chart: Chart, value_set: ValueSets, says: str, short: str, agree_with: str) -> Reading[ThromboticRisk]:
    """A risk for each active diagnosis of a value set."""
    problems, gaps = _active(chart, value_set)
    risks = [_standing(item, f"{says} ({item.concept.text})", short, agree_with) for item in problems]
    return Reading(tuple(risks), gaps)


def _fibrillation(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    problems, gaps = _active(chart, ValueSets.ATRIAL_FIBRILLATION)
    for problem in problems:
        scores, score_gaps = high_stroke_risk(chart, know)
        risks = [
            _standing(
                problem,
                f"atrial fibrillation with mitral valve disease ({mitral.concept.text})",
                "atrial fibrillation, mitral valve disease",
                _CARDIOLOGY,
            )
            for mitral in _active(chart, ValueSets.MITRAL_STENOSIS).values[:1]
        ]
        risks += [_with_score(problem, score, number, evidence, know) for score, number, evidence in scores]
        return Reading(tuple(risks), score_gaps)
    return Reading((), gaps)


def _with_score(
    problem: Condition, score: str, number: str, evidence: tuple[Evidence, ...], know: Knowledge
) -> ThromboticRisk:
    return ThromboticRisk(
        f"atrial fibrillation, {score}",
        f"atrial fibrillation, stroke score {number}",
        ANTICOAGULANTS,
        _CARDIOLOGY,
        (_evidence(problem), *evidence),
        uses=(know.parameter("shared/thrombosis.stroke_score"),),
        basis=problem.concept.basis,
        certainty=problem.certainty,
    )


def _active(chart: Chart, value_set: ValueSets) -> Reading[Condition]:
    return chart.conditions_in(value_set).where(lambda item: item.state is State.ACTIVE)


def _counts(problem: Condition, limit: Parameter, chart: Chart) -> bool:
    """An event counts for its time whatever its state; one without a date while it is active."""
    return _within(problem.dated, limit, chart) and (problem.dated is not None or problem.state is State.ACTIVE)


def _within(when: When | None, limit: Parameter, chart: Chart) -> bool:
    return when is None or slot(chart) - when.last < limit.span


def _evidence(item: Condition | Procedure) -> Evidence:
    return Evidence(item.source, "code", item.dated if isinstance(item, Condition) else item.when, item.concept.text)


def _risk(
    item: Condition | Procedure,
    name: str,
    when: When | None,
    limit: Parameter,
    agree_with: str,
    classes: frozenset[str],
    chart: Chart,
) -> ThromboticRisk:
    before = "before the slot" if chart.order.planned else "ago"
    dated = f" {when}, less than {limit.value:g} months {before}" if when else ", date not recorded"
    return ThromboticRisk(
        f"{name}{dated}",
        name,
        classes,
        agree_with,
        (_evidence(item),),
        uses=(limit,),
        basis=item.concept.basis,
        certainty=item.certainty if isinstance(item, Condition) else Certainty.CONFIRMED,
    )


def _standing(problem: Condition, says: str, short: str, agree_with: str) -> ThromboticRisk:
    return ThromboticRisk(
        says,
        short,
        ANTICOAGULANTS,
        agree_with,
        (_evidence(problem),),
        cites=("chest-2022",),
        basis=problem.concept.basis,
        certainty=problem.certainty,
    )
