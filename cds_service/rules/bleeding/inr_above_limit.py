"""An INR above the limit for procedures of high bleeding risk, or none that is current where one is needed."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reason, Section, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.engine import Essential, Evidence, Finding, Indicator, Kind, Proposal, Topic, parts, rule
from cds_service.facts import labs
from cds_service.facts.lab_window import is_current, is_old, vitamin_k_antagonists
from cds_service.facts.labs import Lab
from cds_service.facts.liver import has_liver_disease, liver_disease
from cds_service.knowledge import Knowledge

_NEVER = frozenset((Reason.NOT_MEASURED, Reason.UNREADABLE))


@rule(
    title="INR above the limit",
    kind=Kind.CORRECTABLE,
    card=Topic.ANTITHROMBOTICS,
    needs=(Section.COAGULATION, *DRUG_SECTIONS, Section.CONDITIONS, Section.ENCOUNTER),
    essential=Essential.SUPPLIED,
)
def inr_above_limit(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the latest INR is above the limit, or between the two limits that guidelines name. In coded cirrhosis or chronic
    liver failure other limits apply, fibrinogen among them, unless a vitamin K antagonist explains the INR. On a vitamin K
    antagonist, or shortly after one, a current INR is needed.

    ## Why it matters
    The needle lies beside the epidural space, where a haematoma can paralyse. A raised INR can nearly always be corrected first.

    ## When it stays silent
    When a current INR is at or below the lower limit. A normal INR that is too old is unknown; an old raised one still counts.
    """
    yield from parts(_inr(chart, know), _fibrinogen(chart, know))


def _inr(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    antagonists = [item.drug.name for item in vitamin_k_antagonists(chart, know)]
    try:
        inr = labs.latest(chart, "inr", "INR")
    except Unknown as gap:
        if not antagonists or not gap.reasons <= _NEVER:
            raise
        yield _needed(antagonists[0], "no INR is on record", know)
        return
    by_liver_limits = not antagonists and has_liver_disease(chart)
    verdict = _judged(inr, chart, know, by_liver_limits=by_liver_limits)
    if verdict:
        yield verdict
        if verdict.effect is Kind.CORRECTABLE:
            return
    limit = know.parameter(f"inr_above_limit.{'liver' if by_liver_limits else 'upper'}_limit")
    if labs.above(inr, limit.value) is None:
        yield Unknown(f"INR ({inr} leaves the limit open)", Missing(Section.COAGULATION, Reason.UNREADABLE))
    yield from inr.doubts()
    if not is_current(inr, chart.as_of, chart, know):
        if antagonists:
            yield _needed(antagonists[0], f"the last INR, {inr}, is not current", know, inr.evidence)
        else:
            yield Unknown(f"INR (the last, {inr}, is too old)", Missing(Section.COAGULATION, Reason.NOT_MEASURED))


def _judged(inr: Lab, chart: Chart, know: Knowledge, *, by_liver_limits: bool) -> Finding | None:
    """The INR against the limits, those of liver disease where it is judged by them; both are named."""
    upper, caution, of_liver = (
        know.parameter(f"inr_above_limit.{name}") for name in ("upper_limit", "caution_limit", "liver_limit")
    )
    old = Indicator.WARNING if is_old(inr, chart.as_of, chart, know) else None
    if by_liver_limits and labs.at_least(inr, of_liver.value):
        says = f"INR {inr}; the limit in chronic liver disease is below {of_liver.shown}, else {upper.shown}"
        return Finding(says, (inr.evidence,), (of_liver, upper), effect=Kind.CORRECTABLE, indicator=old)
    if by_liver_limits and labs.above(inr, upper.value):
        says = f"INR {inr} is above {upper.shown}, within the limit in chronic liver disease, below {of_liver.shown}"
        return Finding(says, (inr.evidence,), (of_liver, upper), effect=Kind.INFORMATION)
    if labs.above(inr, upper.value):
        return Finding(
            f"INR {inr} is above {upper.shown}", (inr.evidence,), (upper,), effect=Kind.CORRECTABLE, indicator=old
        )
    if labs.above(inr, caution.value):
        says = f"INR {inr}: within {caution.shown} to {upper.shown} by SIR 2019, which decides; ASRA 2018 asks for a normal INR"
        return Finding(says, (inr.evidence,), (caution, upper), ("asra-2018",), effect=Kind.RELATIVE)
    return None


def _needed(drug: str, why: str, know: Knowledge, *evidence: Evidence) -> Finding:
    uses = (
        know.parameter("inr_above_limit.vitamin_k_antagonist_lookback"),
        know.parameter("inr_above_limit.upper_limit"),
    )
    says = f"{drug.capitalize()} is or was lately taken and {why}: no valid INR"
    return Finding(says, evidence, uses, effect=Kind.CORRECTABLE, proposes=(Proposal.ORDER_INR,))


def _fibrinogen(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    limit = know.parameter("inr_above_limit.liver_fibrinogen")
    try:
        fibrinogen = labs.latest(chart, "fibrinogen", "fibrinogen")
    except Unknown:
        return  # `coagulation_tests_due` asks for it
    if labs.at_most(fibrinogen, limit.value) is not False and liver_disease(chart):
        says = f"Fibrinogen {fibrinogen}; the limit in chronic liver disease is above {limit.shown}"
        old = Indicator.WARNING if is_old(fibrinogen, chart.as_of, chart, know) else None
        yield Finding(says, (fibrinogen.evidence,), (limit,), effect=Kind.CORRECTABLE, indicator=old)
