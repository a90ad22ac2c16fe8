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
    """A result against its limits: the sentence, and for a reviewer each limit that was looked at.

    `limit` is the one that is not met, as a summary gives it. `effect` is what it means for the procedure, None if nothing. `is_open`: a
    comparator such as `<100` leaves open whether the procedure waits.
    """

    effect: Kind | None = None
    says: str = ""
    limit: str = ""
    explains: str = ""
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
        explains = f"SIR 2019 sets the limit below {of_liver.text} in chronic liver disease, else at {upper.text}."
        if waits:
            says = f"INR {inr}; below {of_liver.text} needed in chronic liver disease"
            return LimitJudgement(Kind.CORRECTABLE, says, f"below {of_liver.text}", explains, (of_liver, upper))
        if above and waits is False:
            says = f"INR {inr}, within the limit in chronic liver disease, below {of_liver.text}"
            return LimitJudgement(Kind.INFORMATION, says, explains=explains, uses=(of_liver, upper))
    explains = (
        f"SIR 2019 corrects the INR to {caution.text} to {upper.text} or below: above {upper.text} the procedure waits, above"
        f" {caution.text} it is a caution. ASRA 2018 asks for a normal INR."
    )
    if waits:
        return LimitJudgement(Kind.CORRECTABLE, f"INR {inr}, limit {upper.text}", upper.text, explains, (upper,))
    if labs.above(inr, caution.value):
        says = f"INR {inr}, {f'above {caution.text}' if waits is None else f'between {caution.text} and {upper.text}'}"
        cites = ("asra-2018",)
        return LimitJudgement(Kind.RELATIVE, says, caution.text, explains, (caution, upper), cites, waits is None)
    return LimitJudgement(is_open=waits is None)


def judged_platelets(count: Lab, chart: Chart, know: Knowledge) -> LimitJudgement:
    """A platelet count. Source: SIR 2019, high bleeding risk: from 50 × 10⁹/L; in chronic liver disease above 30 × 10⁹/L."""
    lower, of_liver = know.parameters("shared/coagulation", "platelets_limit", "platelets_liver")
    below = waits = labs.below(count, lower.value)
    if has_liver_disease(chart):
        waits = labs.at_most(count, of_liver.value)
        above = f"above {of_liver.value:g}"
        explains = f"SIR 2019 sets the limit {above} in chronic liver disease, else at {lower.value:g}."
        if waits:
            says = f"Platelets {count}; {above} needed in chronic liver disease"
            return LimitJudgement(Kind.CORRECTABLE, says, above, explains, (of_liver, lower))
        if below and waits is False:
            says = f"Platelets {count}, within the limit in chronic liver disease, {above}"
            return LimitJudgement(Kind.INFORMATION, says, explains=explains, uses=(of_liver, lower))
    if waits:
        says, limit = f"Platelets {count}, limit {lower.value:g}", f"{lower.value:g}"
        explains = f"SIR 2019 considers a transfusion below {limit} before a procedure of high bleeding risk."
        return LimitJudgement(Kind.CORRECTABLE, says, limit, explains, (lower,))
    return LimitJudgement(is_open=waits is None)
