"""What a person can do about a drug inside its hold, in the order of urgency."""

from collections.abc import Iterator

from cds_service.chart import Chart
from cds_service.facts.bleeding.drug_courses import is_statement
from cds_service.facts.bleeding.exposure import Exposure, Tier, every_guideline_counts
from cds_service.facts.bleeding.hold_sentence import is_inside, is_to_begin, moment
from cds_service.facts.shared.fitting import listed
from cds_service.findings.hold_plan import HoldPlan
from cds_service.knowledge import Knowledge

_MOST = 3


def steps(item: Exposure, plan: HoldPlan, chart: Chart, know: Knowledge) -> tuple[str, ...]:
    """At most three steps; none where the drug is past its hold and only other guidelines ask for longer."""
    if item.tier is Tier.LONGER and not every_guideline_counts(know):
        return ()
    return tuple(_all(item, plan, chart, know))[:_MOST]


def _all(item: Exposure, plan: HoldPlan, chart: Chart, know: Knowledge) -> Iterator[str]:
    asked = plan.agreement
    if not plan.still_taken and item.hours is None:
        yield f"Check the last dose of {plan.drug}: not recorded"
    if asked:
        yield f"Agree the plan with the prescriber once {listed(asked)} {'agree' if asked[1:] else 'agrees'} to a pause"
    elif plan.consult:
        yield f"Ask for specialist advice on {plan.drug}: no interval is tabulated"
    else:
        yield _timing(item, plan, chart)
    if plan.check and is_inside(item) and not item.hold.inr_decides:  # the rules on INR ask for that one
        yield f"Before the procedure check {plan.check}"
    use = item.drug.use
    old = use.stated and chart.as_of - use.stated.last > know.parameter("shared/antithrombotics.reconcile").span
    if plan.still_taken and old and is_statement(use):
        yield f"Reconcile the drug list: {plan.drug} was last stated {use.stated}"


def _timing(item: Exposure, plan: HoldPlan, chart: Chart) -> str:
    """What is to be agreed about the last dose and the time of the procedure."""
    drug = plan.drug
    if item.hold.critical is None and is_inside(item):
        return f"Agree with the prescriber whether {drug} continues or pauses"
    if plan.still_taken:
        return _of_taken(item, plan, chart)
    if plan.earliest_full is None or plan.last_dose is None:
        return f"Agree with the prescriber how long {drug} is to be paused"
    later = "move the order" if plan.planned else f"wait until {moment(plan.earliest_full)}"
    if item.inr:
        return f"Agree with the prescriber whether the INR is enough, or {later}"
    if not is_inside(item):
        return f"Agree with the prescriber whether {item.hold.text(item.hold.least)} is enough, or {later}"
    if plan.last_dose.start > chart.as_of:
        return f"Agree an earlier last dose of {drug} with the prescriber, or {later}"
    return f"Wait for {drug} until {moment(plan.earliest_full)}, or agree otherwise with the prescriber"


def _of_taken(item: Exposure, plan: HoldPlan, chart: Chart) -> str:
    drug, latest, if_now = plan.drug, plan.latest_dose, plan.earliest_if_last_now
    if is_to_begin(item):
        return f"Agree with the prescriber whether {drug} begins only after the procedure"
    if latest and latest >= chart.as_of:
        return f"Agree with the prescriber: last dose of {drug} by {moment(latest)}"
    agree = f"Agree the last dose of {drug} with the prescriber"
    return f"{agree}; if today, earliest {moment(if_now)}" if if_now else agree
