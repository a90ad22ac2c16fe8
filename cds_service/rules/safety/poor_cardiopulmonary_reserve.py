"""Heart or lungs that leave little reserve for sedation, the prone position, or cement that reaches the lung."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, State, Unknown, ValueSets
from cds_service.facts.shared.findings import finding_from
from cds_service.facts.shared.labs import below, latest
from cds_service.facts.shared.phrasing import diagnosed, stated
from cds_service.facts.shared.recency import lately
from cds_service.findings import Finding, Kind, Topic, parts, rule
from cds_service.knowledge import Knowledge

_VALVE = ValueSets.AORTIC_STENOSIS
_DISEASES = {
    ValueSets.RESPIRATORY_FAILURE: "respiratory failure",
    ValueSets.HOME_OXYGEN: "home oxygen",
    ValueSets.PULMONARY_HYPERTENSION: "pulmonary hypertension",
    ValueSets.ADVANCED_HEART_FAILURE: "advanced heart failure",
    ValueSets.SEVERE_LUNG_DISEASE: "severe lung disease",
    _VALVE: "aortic stenosis",
}
_CITES = ("site-policy",)
_EXPLAINS = (
    "The patient lies prone under sedation for half an hour or more, and some cement or fat reaches the lungs. No guideline on "
    "vertebroplasty gives limits; local policy follows common practice before sedation."
)
_ANAESTHESIA = "Ask anaesthesia whether the patient tolerates sedation in the prone position"


@rule(
    title="Little cardiopulmonary reserve",
    kind=Kind.RELATIVE,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS, Section.VITALS, Section.IMAGING_FINDINGS),
    judges="cardiopulmonary reserve",
    steps=(_ANAESTHESIA,),
)
def poor_cardiopulmonary_reserve(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether respiratory failure, long-term oxygen, pulmonary hypertension, advanced heart failure, severe lung disease, aortic stenosis
    or a recent infarction is on the problem list and active; whether the latest oxygen saturation or ejection fraction is low.

    ## Why it matters
    The patient lies prone under sedation for half an hour or more, and some cement or fat reaches the lungs. Lack of reserve is a
    reason for anaesthesia support, or against the procedure.

    ## When it stays silent
    For lung or heart disease not recorded as severe. The chart does not say whether the saturation was taken on air.
    """
    yield from parts(
        _diseased(chart),
        _infarcted(chart, know),
        _low(chart, know, ValueSets.OXYGEN_SATURATION, "Oxygen saturation", "Repeat the oxygen saturation on air"),
        _low(chart, know, ValueSets.EJECTION_FRACTION, "Left ventricular ejection fraction"),
    )


def _diseased(chart: Chart) -> Iterator[Finding | Unknown]:
    problems, gaps = chart.conditions_in(*_DISEASES)
    for problem in problems:
        if problem.state is State.ACTIVE:
            is_valve = _VALVE in problem.concept.sets
            noun = next(noun for name, noun in _DISEASES.items() if name in problem.concept.sets)
            yield finding_from(
                problem,
                f"{stated(problem, noun)}{', severity not coded' if is_valve else ''}",
                diagnosed(problem, noun),
                cites=_CITES,
                explains=_EXPLAINS,
                steps=("Ask how severe the aortic stenosis is", _ANAESTHESIA) if is_valve else (),
            )
    yield from gaps


def _infarcted(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    window = know.parameter("poor_cardiopulmonary_reserve.after_infarction")
    problems, gaps = chart.conditions_in(ValueSets.ACUTE_CORONARY_SYNDROME)
    for problem in problems:
        if problem.state is State.ACTIVE and (problem.dated is None or lately(problem.dated, chart, window)):
            yield finding_from(
                problem,
                stated(problem, "recent infarction"),
                diagnosed(problem, "recent infarction"),
                cites=_CITES,
                uses=(window,),
                explains=f"ACC/AHA 2014 asks for {window.text} or more between a myocardial infarction and elective surgery. {_EXPLAINS}",
                steps=(f"Ask cardiology whether to wait until {window.text} after the event", _ANAESTHESIA),
            )
    yield from gaps


def _low(chart: Chart, know: Knowledge, measure: ValueSets, what: str, *first: str) -> Iterator[Finding | Unknown]:
    """`first` are steps that come before that of the rule."""
    limit = know.parameter(f"poor_cardiopulmonary_reserve.{measure.replace('-', '_')}_low")
    found, gaps = latest(chart, measure, what.lower()).if_measured()
    for lab in found:
        if below(lab, limit.value):
            short = f"{measure.replace('-', ' ')} {lab.quantity}"
            yield Finding(
                f"{what} {lab}, below {limit.text}",
                short,
                (lab.evidence,),
                uses=(limit,),
                explains=_EXPLAINS,
                steps=(*first, _ANAESTHESIA),
            )
        else:
            yield from lab.doubts()
    yield from gaps
