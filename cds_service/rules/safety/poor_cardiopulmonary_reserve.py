"""Heart or lungs that leave little reserve for sedation, the prone position, or cement that reaches the lung."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, State, Unknown, ValueSets
from cds_service.facts.shared.findings import finding_from
from cds_service.facts.shared.labs import below, latest
from cds_service.facts.shared.phrasing import described, diagnosed
from cds_service.facts.shared.recency import lately
from cds_service.findings import Finding, Kind, Topic, parts, rule
from cds_service.knowledge import Knowledge

_VALVE = ValueSets.AORTIC_STENOSIS
_DISEASES = (
    ValueSets.RESPIRATORY_FAILURE,
    ValueSets.HOME_OXYGEN,
    ValueSets.PULMONARY_HYPERTENSION,
    ValueSets.ADVANCED_HEART_FAILURE,
    ValueSets.SEVERE_LUNG_DISEASE,
    _VALVE,
)
_CITES = ("site-policy",)


@rule(
    title="Little cardiopulmonary reserve",
    kind=Kind.RELATIVE,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS, Section.VITALS, Section.IMAGING_FINDINGS),
    judges="cardiopulmonary reserve",
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
        _low(chart, know, ValueSets.OXYGEN_SATURATION, "Oxygen saturation"),
        _low(chart, know, ValueSets.EJECTION_FRACTION, "Left ventricular ejection fraction"),
    )


def _diseased(chart: Chart) -> Iterator[Finding | Unknown]:
    problems, gaps = chart.conditions_in(*_DISEASES)
    for problem in problems:
        if problem.state is State.ACTIVE:
            ask = "; severity is not coded" if _VALVE in problem.concept.sets else ""
            says = f"Little reserve for sedation and prone position: {described(problem)}{ask}"
            yield finding_from(problem, says, diagnosed(problem, "poor cardiopulmonary reserve"), cites=_CITES)
    yield from gaps


def _infarcted(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    window = know.parameter("poor_cardiopulmonary_reserve.after_infarction")
    problems, gaps = chart.conditions_in(ValueSets.ACUTE_CORONARY_SYNDROME)
    for problem in problems:
        if problem.state is State.ACTIVE and (problem.dated is None or lately(problem.dated, chart, window)):
            says = f"Little reserve for sedation and prone position: {described(problem)}"
            yield finding_from(problem, says, diagnosed(problem, "recent infarction"), cites=_CITES, uses=(window,))
    yield from gaps


def _low(chart: Chart, know: Knowledge, measure: ValueSets, what: str) -> Iterator[Finding | Unknown]:
    limit = know.parameter(f"poor_cardiopulmonary_reserve.{measure.replace('-', '_')}_low")
    found, gaps = latest(chart, measure, what.lower()).if_measured()
    for lab in found:
        if below(lab, limit.value):
            short = f"{measure.replace('-', ' ')} {lab.quantity}"
            yield Finding(f"{what} {lab}, below {limit.text}", short, (lab.evidence,), uses=(limit,))
        else:
            yield from lab.doubts()
    yield from gaps
