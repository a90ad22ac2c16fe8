"""A reason for which interrupting an antithrombotic is itself dangerous."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown
from cds_service.facts.bleeding.exposure import EXPOSURE_SECTIONS, Tier
from cds_service.facts.bleeding.interruption import GuardedRisk, guarded_risks
from cds_service.findings import (
    Finding,
    Indicator,
    Kind,
    Proposal,
    Role,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge

_REFER = {"cardiology": (Proposal.REFER_CARDIOLOGY,), "haematology": (Proposal.REFER_HAEMATOLOGY,)}


@rule(
    title="Interrupting the antithrombotic is hazardous",
    judges="hazard of interrupting antithrombotics",
    kind=Kind.RELATIVE,
    card=Topic.ANTITHROMBOTICS,
    needs=(*EXPOSURE_SECTIONS, Section.PROCEDURES, Section.IMAGING_FINDINGS),
    role=Role.INTERRUPTION_HAZARD,
)
def interruption_hazard(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a patient on an antithrombotic has a recent coronary stent, coronary event, stroke, TIA or venous thromboembolism,
    thrombophilia, thromboembolism with cancer, a mechanical heart valve, or atrial fibrillation of high stroke risk; or is on a drug
    that is only given around a coronary intervention. A platelet inhibitor guards stents and coronary vessels, an anticoagulant
    veins, valves and atria; after a stroke each counts.

    ## Why it matters
    Both dangers are real: bleeding beside the spinal cord with the drug, thrombosis without it. Who treats the heart, the vessels
    or the blood has to agree before anything is interrupted, and waiting may be better. No bridging plan is computed.

    ## When it stays silent
    When no antithrombotic is taken or was lately, when the event is long past, or when the drug does not guard against it.
    """
    found, gaps = guarded_risks(chart, know)
    for item in found:
        yield _finding(item, know)
    yield from gaps


def _finding(item: GuardedRisk, know: Knowledge) -> Finding:
    risk, names = item.risk, " and ".join(drug.drug.name for drug in item.drugs)
    effect, indicator = Kind.RELATIVE, Indicator.WARNING
    if risk.lesser:
        effect, indicator = Kind.INFORMATION, Indicator.INFO
        ending = f"{know.citation(risk.uses[0].source).label} would wait; {names} guards against another"
    elif any(drug.tier is Tier.CRITICAL for drug in item.drugs):
        indicator = Indicator.CRITICAL
        ending = f"bleeding with {names}, thrombosis without: agreement of {risk.agree_with} first, consider deferring"
    else:
        ending = f"thrombosis without {names}: agree with {risk.agree_with}"
    return Finding(
        says=f"{risk.says[:1].upper()}{risk.says[1:]}; {ending}" + (f" ({risk.differs})" if risk.differs else ""),
        short=risk.short,
        evidence=(*risk.evidence, *item.drugs[0].evidence),
        uses=risk.uses,
        cites=(*risk.cites, "sir-2019"),
        effect=effect,
        indicator=indicator,
        basis=risk.basis,
        certainty=risk.certainty,
        proposes=(Proposal.AGREE_PLAN, *_REFER.get(risk.agree_with, ())),
    )
