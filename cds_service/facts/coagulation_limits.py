"""INR and platelets against the limits for this patient: in chronic liver disease they are other than elsewhere."""

from dataclasses import dataclass

from cds_service.chart import Chart
from cds_service.facts import labs
from cds_service.facts.lab_window import vitamin_k_antagonists
from cds_service.facts.labs import Lab
from cds_service.facts.liver import has_liver_disease
from cds_service.knowledge import Knowledge, Parameter


@dataclass(frozen=True, slots=True)
class Verdict:
    """A result against its limits, and what there is to say of it, naming each limit that was looked at.

    `waits`: the procedure waits for correction; None if a comparator leaves that open. `tolerated`: it does not wait only because
    other limits apply in chronic liver disease.
    """

    waits: bool | None
    says: str
    uses: tuple[Parameter, ...]
    tolerated: bool = False


def judged_inr(inr: Lab, chart: Chart, know: Knowledge) -> Verdict:
    """An INR; the liver explains it only without a vitamin K antagonist.

    Source: SIR 2019, high bleeding risk: 1.8 or below; in chronic liver disease below 2.5.
    """
    upper, of_liver = (know.parameter(f"inr_above_limit.{name}_limit") for name in ("upper", "liver"))
    above = labs.above(inr, upper.value)
    if not has_liver_disease(chart) or vitamin_k_antagonists(chart, know):
        return Verdict(above, f"INR {inr} is above {upper.shown}", (upper,))
    return _in_liver_disease(
        labs.at_least(inr, of_liver.value),
        above,
        f"INR {inr}; the limit in chronic liver disease is below {of_liver.shown}, else {upper.shown}",
        f"INR {inr} is above {upper.shown}, within the limit in chronic liver disease, below {of_liver.shown}",
        (of_liver, upper),
    )


def judged_platelets(count: Lab, chart: Chart, know: Knowledge) -> Verdict:
    """A platelet count. Source: SIR 2019, high bleeding risk: from 50 × 10⁹/L; in chronic liver disease above 30 × 10⁹/L."""
    lower, of_liver = know.parameter("low_platelets.limit"), know.parameter("low_platelets.liver_limit")
    usual, other = f"{lower.value:g}", f"{of_liver.value:g}"
    below = labs.below(count, lower.value)
    if not has_liver_disease(chart):
        return Verdict(below, f"Platelets {count} are below {usual}", (lower,))
    return _in_liver_disease(
        labs.at_most(count, of_liver.value),
        below,
        f"Platelets {count}; the limit in chronic liver disease is above {other}, else {usual}",
        f"Platelets {count} are below {usual}, within the limit in chronic liver disease, above {other}",
        (of_liver, lower),
    )


def _in_liver_disease(
    waits: bool | None, elsewhere: bool | None, waiting: str, tolerated: str, uses: tuple[Parameter, ...]
) -> Verdict:
    spared = waits is False and elsewhere is True
    return Verdict(waits, tolerated if spared else waiting, uses, tolerated=spared)
