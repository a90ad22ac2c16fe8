"""An INR above the limit for procedures of high bleeding risk, or none that is current where one is needed."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reason, Section, Unknown, ValueSets
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.bleeding.coagulation_limits import judged_inr
from cds_service.facts.bleeding.exposure import Exposure
from cds_service.facts.bleeding.lab_window import indicator, is_current, stale, vitamin_k_antagonists
from cds_service.facts.bleeding.liver import liver_disease
from cds_service.facts.shared import labs
from cds_service.facts.shared.fitting import begun
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.phrasing import none_of
from cds_service.findings import (
    Essential,
    Finding,
    Kind,
    Proposal,
    Role,
    Topic,
    parts,
    rule,
)
from cds_service.knowledge import Knowledge


@rule(
    title="INR or fibrinogen not shown within limits",
    judges="INR",
    kind=Kind.CORRECTABLE,
    card=Topic.ANTITHROMBOTICS,
    needs=(Section.COAGULATION, *DRUG_SECTIONS, Section.CONDITIONS, Section.ENCOUNTER),
    essential=Essential.SUPPLIED,
    role=Role.MEASURED_FIRST,
    settle="Order an INR",
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
    antagonists = vitamin_k_antagonists(chart, know)
    latest = labs.latest(chart, ValueSets.INR, "INR")
    for gap in latest.if_supplied().gaps if antagonists else ():
        yield _needed(begun(f"{none_of('INR', gap)} on record"), antagonists[0], know)
        return
    inr = latest.one()
    verdict = judged_inr(inr, chart, know)
    within = know.parameter("shared/coagulation.lab_window_unstable").text
    repeat = f"Repeat the INR within {within} of the procedure"
    if verdict.effect is Kind.CORRECTABLE:
        whom = "the prescriber" if antagonists else "haematology"
        yield Finding(
            verdict.says,
            inr.short,
            (inr.evidence,),
            verdict.uses,
            indicator=indicator(inr, chart, know),
            headline=inr.headline(verdict.limit),
            explains=verdict.explains,
            steps=(f"Ask {whom} how to correct the INR before the procedure", repeat),
        )
        return
    if verdict.effect:
        yield Finding(
            verdict.says,
            inr.short,
            (inr.evidence,),
            verdict.uses,
            verdict.cites,
            verdict.effect,
            headline=inr.headline(verdict.limit) if verdict.limit else "",
            explains=verdict.explains,
            steps=(repeat,) if verdict.limit else (),
        )
    if verdict.is_open:
        yield Unknown(f"INR ({inr} leaves the limit open)", Missing(Section.COAGULATION, Reason.UNREADABLE))
    yield from inr.doubts()
    if antagonists and not is_current(inr, chart.as_of, chart, know).one():
        yield _needed(f"INR {inr}, not current", antagonists[0], know, inr)
    else:
        yield from stale(inr, chart, know)


def _needed(says: str, antagonist: Exposure, know: Knowledge, *old: Lab) -> Finding:
    uses = (
        know.parameter("shared/coagulation.vitamin_k_antagonist_lookback"),
        know.parameter("shared/coagulation.inr_limit"),
    )
    drug = antagonist.drug.name
    taken = f"{drug} {'taken' if antagonist.drug.still_taken else 'lately taken'}"
    return Finding(
        f"{says}; {taken}",
        f"{old[0].short}, not current" if old else "no valid INR",
        tuple(inr.evidence for inr in old),
        uses,
        proposes=(Proposal.ORDER_INR,),
        headline=f"{says}; {taken}",
        explains=f"A current INR is needed while {drug} is taken and for {uses[0].text} after; the limit is {uses[1].text}.",
        steps=("Order an INR now, and another on the day of the procedure",),
    )


def _fibrinogen(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    limit = know.parameter("inr_above_limit.liver_fibrinogen")
    found, _ = labs.latest(chart, ValueSets.FIBRINOGEN, "fibrinogen")  # `coagulation_tests_due` asks for it
    for fibrinogen in found:
        if labs.at_most(fibrinogen, limit.value) is not False and liver_disease(chart).require():
            yield Finding(
                f"Fibrinogen {fibrinogen}, limit in chronic liver disease above {limit.text}",
                fibrinogen.short,
                (fibrinogen.evidence,),
                (limit,),
                indicator=indicator(fibrinogen, chart, know),
                headline=fibrinogen.headline(f"above {limit.text}"),
                steps=("Ask haematology how to correct fibrinogen before the procedure",),
            )
