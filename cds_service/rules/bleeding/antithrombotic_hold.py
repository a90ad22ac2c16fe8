"""An anticoagulant or platelet inhibitor that is taken, or was last taken too shortly before the procedure."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown
from cds_service.facts.bleeding.antithrombotics import unidentified, unlisted
from cds_service.facts.bleeding.exposure import EXPOSURE_SECTIONS, Exposure, Tier, every_guideline_counts, exposures
from cds_service.facts.bleeding.hold_background import background
from cds_service.facts.bleeding.hold_plan import hold_plan
from cds_service.facts.bleeding.hold_sentence import headline, sentence, short
from cds_service.facts.bleeding.hold_steps import steps
from cds_service.findings import (
    Essential,
    Finding,
    Indicator,
    Kind,
    Proposal,
    Role,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge


@rule(
    title="Antithrombotic inside its hold interval",
    judges="antithrombotics",
    kind=Kind.CORRECTABLE,
    card=Topic.ANTITHROMBOTICS,
    needs=(*EXPOSURE_SECTIONS, Section.PROCEDURES, Section.IMAGING_FINDINGS),
    essential=Essential.JUDGED,
    role=Role.HOLD,
    settle="Ask which anticoagulants and platelet inhibitors are taken, and when last",
)
def antithrombotic_hold(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    For each anticoagulant and platelet inhibitor that is active, or was until lately, the time from its last dose to the procedure
    against the interval for procedures of high bleeding risk, by renal function, dose and route. A drug that is still active counts as
    taken until the procedure: the finding says by when the last dose must be, or from when the procedure fits if today's dose is the
    last. Aspirin and dipyridamole are a caution at most. It also names active drugs that nothing identifies, drugs of the last year
    whose name did not come, and charts that say anticoagulated but list no such drug.

    ## Why it matters
    An epidural haematoma after vertebroplasty can paralyse. Vertebral augmentation is in the group of high bleeding risk. Guidelines
    disagree on intervals: that of SIR 2019 is used here, all are explained. Where interrupting a drug can harm as well, its line says
    so (`interruption_hazard`). While cangrelor runs, and for a day after it, the procedure waits: its one hour is for an emergency
    only.

    ## When it stays silent
    When the whole drug list shows no antithrombotic and nothing in the chart contradicts it, or each was held long enough. The list is
    whole once each list that the site keeps was answered: what patients say that they take (MedicationStatement) and what was prescribed
    (MedicationRequest), as each holds drugs that the other lacks. An empty list is an answer; one that was left out, failed, was cut or is
    another patient's is not. A site that keeps only one of them says so in the setting medication_lists, or its server does. In kidney
    failure, for which no interval is tabulated, a week would be needed: for a dose within it, renal function must be known.
    """
    found, gaps = exposures(chart, know)
    for item in found:
        if item.tier is not Tier.PAST:
            yield _finding(item, chart, know)
    yield from unidentified(chart, know)
    yield from gaps
    if not gaps:
        yield from unlisted(chart, know)


def _finding(item: Exposure, chart: Chart, know: Knowledge) -> Finding:
    effect = {Tier.CRITICAL: Kind.CORRECTABLE, Tier.WARNING: Kind.RELATIVE}.get(item.tier, Kind.INFORMATION)
    if item.tier is Tier.LONGER and every_guideline_counts(know):
        effect = Kind.RELATIVE
    plan = hold_plan(item, chart, know)
    return Finding(
        says=sentence(item, plan, chart, know),
        short=short(item, plan),
        evidence=(
            *item.evidence,
            *(item.clearance.evidence if item.clearance else ()),
            *((item.inr.evidence,) if item.inr else ()),
        ),
        uses=tuple(number for number in (item.hold.critical, item.hold.warning, *item.hold.longer) if number),
        cites=tuple(dict.fromkeys(remark.source for remark in item.hold.differs)),
        effect=effect,
        indicator=Indicator.WARNING if effect is Kind.CORRECTABLE and plan.planned is None else None,
        basis=item.drug.basis,
        values=plan,
        proposes=(Proposal.AGREE_PLAN, Proposal.MOVE_ORDER) if plan.earliest else (Proposal.AGREE_PLAN,),
        headline=headline(item, plan, chart, know),
        explains=background(item, plan, chart, know),
        steps=steps(item, plan, chart, know),
    )
