"""INR and platelets against the limits for this patient: in chronic liver disease they are other than elsewhere."""

from msgspec import Struct

from cds_service.chart import Chart
from cds_service.facts.bleeding.lab_window import vitamin_k_antagonists
from cds_service.facts.bleeding.liver import has_liver_disease
from cds_service.facts.shared import labs
from cds_service.facts.shared.labs import Lab
from cds_service.findings import Kind
from cds_service.knowledge import Knowledge, Parameter


class LimitJudgement(Struct, frozen=True):
    """A result against its limits, and what there is to say of it, naming each limit that was looked at.

    `effect` is what it means for the procedure, None if nothing. `is_open`: a comparator such as `<100` leaves open whether the
    procedure waits.
    """

    effect: Kind | None = None
    says: str = ""
    uses: tuple[Parameter, ...] = ()
    cites: tuple[str, ...] = ()
    is_open: bool = False


def judged_inr(inr: Lab, chart: Chart, know: Knowledge) -> LimitJudgement:
    """An INR; the liver explains it only without a vitamin K antagonist.

    Source: SIR 2019, high bleeding risk: 1.5 to 1.8 or below; in chronic liver disease below 2.5.
    """
    upper, caution, of_liver = know.parameters("shared/coagulation", "inr_limit", "inr_caution", "inr_liver")
    above = waits = labs.above(inr, upper.value)
    if has_liver_disease(chart) and not vitamin_k_antagonists(chart, know):
        waits = labs.at_least(inr, of_liver.value)
        if waits:
            says = f"INR {inr}; the limit in chronic liver disease is below {of_liver.text}, else {upper.text}"
            return LimitJudgement(Kind.CORRECTABLE, says, (of_liver, upper))
        if above and waits is False:
            says = f"INR {inr} is above {upper.text}, within the limit in chronic liver disease, below {of_liver.text}"
            return LimitJudgement(Kind.INFORMATION, says, (of_liver, upper))
    if waits:
        return LimitJudgement(Kind.CORRECTABLE, f"INR {inr} is above {upper.text}", (upper,))
    if labs.above(inr, caution.value):
        where = f" is above {caution.text}, a limit" if waits is None else f": within {caution.text} to {upper.text}"
        says = f"INR {inr}{where} by SIR 2019, which decides; ASRA 2018 asks for a normal INR"
        return LimitJudgement(Kind.RELATIVE, says, (caution, upper), ("asra-2018",), is_open=waits is None)
    return LimitJudgement(is_open=waits is None)


def judged_platelets(count: Lab, chart: Chart, know: Knowledge) -> LimitJudgement:
    """A platelet count. Source: SIR 2019, high bleeding risk: from 50 × 10⁹/L; in chronic liver disease above 30 × 10⁹/L."""
    lower, of_liver = know.parameters("shared/coagulation", "platelets_limit", "platelets_liver")
    below = waits = labs.below(count, lower.value)
    if has_liver_disease(chart):
        waits = labs.at_most(count, of_liver.value)
        if waits:
            says = f"Platelets {count}; the limit in chronic liver disease is above {of_liver.value:g}, else {lower.value:g}"
            return LimitJudgement(Kind.CORRECTABLE, says, (of_liver, lower))
        if below and waits is False:
            says = (
                f"Platelets {count} are below {lower.value:g}, within the limit in chronic liver disease, above"
                f" {of_liver.value:g}"
            )
            return LimitJudgement(Kind.INFORMATION, says, (of_liver, lower))
    if waits:
        return LimitJudgement(Kind.CORRECTABLE, f"Platelets {count} are below {lower.value:g}", (lower,))
    return LimitJudgement(is_open=waits is None)
