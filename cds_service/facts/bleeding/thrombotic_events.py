"""What happened too lately to interrupt antithrombotics: stent, coronary event, stroke, venous thromboembolism."""

from calendar import monthrange
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from cds_service.chart import Certainty, Chart, Condition, Procedure, Reading, State, ValueSets, When
from cds_service.facts.bleeding.thrombotic_risk import (
    CARDIOLOGY,
    HAEMATOLOGY,
    NEUROLOGY,
    ThromboticRisk,
    evidence_of,
    named,
)
from cds_service.facts.shared.phrasing import briefly, diagnosed, hedged
from cds_service.facts.shared.slot import slot
from cds_service.knowledge import Knowledge, Parameter
from cds_service.knowledge.holds import ANTICOAGULANTS, ANTIPLATELETS, ANTITHROMBOTICS

_DAYS_OF_A_MONTH = 30


def stent(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    """Coronary stents and angioplasties within the limit of time."""
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
    risk = _risk(item, "coronary stent or angioplasty", when, limit, CARDIOLOGY, ANTIPLATELETS, chart)
    sooner = know.parameter("shared/thrombosis.stent_considered")
    if _within(when, sooner, chart):
        return risk
    explains = f"{know.citation(sooner.source).label}: surgery may be considered from {sooner.value:g} months"
    return replace(risk, explains=explains, uses=(limit, sooner))


def coronary_event(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    """Acute coronary syndromes within the limit of time."""
    limit = know.parameter("shared/thrombosis.coronary_event")
    problems, gaps = chart.conditions_in(ValueSets.ACUTE_CORONARY_SYNDROME)
    counting = (item for item in problems if _counts(item, limit, chart))
    return Reading(
        tuple(
            _risk(item, "acute coronary syndrome", item.dated, limit, CARDIOLOGY, ANTIPLATELETS, chart)
            for item in counting
        ),
        gaps,
    )


def stroke(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    """Strokes and TIAs within the limit of time, or the longer one of another source."""
    limit, longer = know.parameters("shared/thrombosis", "stroke", "stroke_longer")
    problems, gaps = chart.conditions_in(ValueSets.STROKE_OR_TIA)
    risks = []
    for problem in problems:
        if _counts(problem, limit, chart):
            risks.append(_risk(problem, "stroke or TIA", problem.dated, limit, NEUROLOGY, ANTITHROMBOTICS, chart))
        elif _counts(problem, longer, chart):
            risk = _risk(problem, "stroke or TIA", problem.dated, longer, NEUROLOGY, ANTITHROMBOTICS, chart)
            risks.append(replace(risk, lesser=True))
    return Reading(tuple(risks), gaps)


def thromboembolism(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    """Venous thromboembolism within the limit of time, or at any time with active cancer."""
    limit = know.parameter("shared/thrombosis.thromboembolism")
    cancer = next(
        (item for item in chart.conditions_in(ValueSets.MALIGNANCY).values if item.state is State.ACTIVE), None
    )
    problems, gaps = chart.conditions_in(ValueSets.VENOUS_THROMBOEMBOLISM, ValueSets.VENOUS_THROMBOEMBOLISM_HISTORY)
    risks = []
    for problem in problems:
        if ValueSets.VENOUS_THROMBOEMBOLISM in problem.concept.sets and _counts(problem, limit, chart):
            name = "venous thromboembolism"
            risks.append(_risk(problem, name, problem.dated, limit, HAEMATOLOGY, ANTICOAGULANTS, chart))
        elif cancer is not None:
            risks.append(_with_cancer(problem, cancer))
    return Reading(tuple(risks), gaps)


def _with_cancer(problem: Condition, cancer: Condition) -> ThromboticRisk:
    says = f"{diagnosed(problem, 'venous thromboembolism')} with active cancer"
    return ThromboticRisk(
        f"{says}{named(cancer)}",
        says,
        "venous thromboembolism with cancer",
        ANTICOAGULANTS,
        HAEMATOLOGY,
        (evidence_of(problem), evidence_of(cancer)),
        cites=("chest-2022",),
        basis=problem.concept.basis,
    )


def _risk(
    item: Condition | Procedure,
    name: str,
    when: When | None,
    limit: Parameter,
    agree_with: str,
    classes: frozenset[str],
    chart: Chart,
) -> ThromboticRisk:
    before = "before the procedure" if chart.order.planned else "ago"
    certainty = item.certainty if isinstance(item, Condition) else Certainty.CONFIRMED
    event = hedged(briefly(item.concept.text, name), certainty)
    dated = f", {when}, less than {limit.value:g} months {before}" if when else ", date not recorded"
    return ThromboticRisk(
        f"{event}{dated}",
        f"{event} {when}" if when else event,
        hedged(name, certainty),
        classes,
        agree_with,
        (evidence_of(item),),
        uses=(limit,),
        basis=item.concept.basis,
        certainty=certainty,
        until=f"{_after(when.last, limit.value).isoformat()} ({limit.text})" if when else "",
    )


def _after(start: datetime, months: float) -> date:
    """The day so many months after, by the calendar: six months after 31 August is the last of February."""
    years, month = divmod(start.month - 1 + int(months), 12)
    year, month = start.year + years, month + 1
    day = date(year, month, min(start.day, monthrange(year, month)[1]))
    return day + timedelta(days=round(months % 1 * _DAYS_OF_A_MONTH))


def _counts(problem: Condition, limit: Parameter, chart: Chart) -> bool:
    """An event counts for its time whatever its state; one without a date while it is active."""
    return _within(problem.dated, limit, chart) and (problem.dated is not None or problem.state is State.ACTIVE)


def _within(when: When | None, limit: Parameter, chart: Chart) -> bool:
    return when is None or slot(chart) - when.last < limit.span
