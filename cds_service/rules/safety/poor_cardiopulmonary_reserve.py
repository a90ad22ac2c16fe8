"""Heart or lungs that leave little reserve for sedation, the prone position, or cement that reaches the lung."""

from collections.abc import Iterator

from cds_service.chart import Chart, Reason, Section, State, Unknown
from cds_service.engine import Finding, Kind, Topic, parts, rule
from cds_service.facts.labs import below, latest
from cds_service.facts.recency import lately
from cds_service.facts.words import recorded, told
from cds_service.knowledge import Knowledge

_CORONARY, _VALVE = "acute-coronary-syndrome", "aortic-stenosis"
_POOR = (
    "respiratory-failure",
    "home-oxygen",
    "pulmonary-hypertension",
    "advanced-heart-failure",
    "severe-lung-disease",
    _VALVE,
    _CORONARY,
)


@rule(
    title="Little cardiopulmonary reserve",
    kind=Kind.RELATIVE,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS, Section.VITALS, Section.IMAGING_FINDINGS),
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
        _recorded(chart, know),
        _low(chart, know, "oxygen-saturation", "Oxygen saturation"),
        _low(chart, know, "ejection-fraction", "Left ventricular ejection fraction"),
    )


def _recorded(chart: Chart, know: Knowledge) -> Iterator[Finding]:
    for problem in chart.conditions_in(*_POOR):
        coronary = problem.concept.sets.isdisjoint((*_POOR[:-1],))
        key = "poor_cardiopulmonary_reserve.after_infarction"
        if problem.state is not State.ACTIVE or (
            coronary and problem.dated and not lately(problem.dated, chart, know.parameter(key))
        ):
            continue
        ask = "; severity is not coded" if _VALVE in problem.concept.sets else ""
        yield Finding(
            says=f"Little reserve for sedation and prone position: {told(problem)}{ask}",
            evidence=(recorded(problem),),
            uses=(know.parameter(key),) if coronary else (),
            cites=("site-policy",),
            basis=problem.concept.basis,
            certainty=problem.certainty,
        )


def _low(chart: Chart, know: Knowledge, measure: str, what: str) -> Iterator[Finding | Unknown]:
    limit = know.parameter(f"poor_cardiopulmonary_reserve.{measure.replace('-', '_')}_low")
    try:
        lab = latest(chart, measure, what.lower())
    except Unknown as gap:
        if gap.reasons != {Reason.NOT_MEASURED}:
            yield gap
        return
    if below(lab, limit.value):
        yield Finding(f"{what} {lab}, below {limit.shown}", (lab.evidence,), uses=(limit,))
    else:
        yield from lab.doubts()
