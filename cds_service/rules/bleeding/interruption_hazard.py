"""A reason for which interrupting an antithrombotic is itself dangerous."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.engine import Finding, Indicator, Kind, Proposal, Topic, rule
from cds_service.facts.drug_courses import slot
from cds_service.facts.exposure import Exposure, Tier, exposures
from cds_service.facts.gathered import gathered
from cds_service.facts.thrombotic_risk import ThromboticRisk, thrombotic_risks
from cds_service.knowledge import Knowledge
from cds_service.values import InterruptionHazard

_REFER = {"cardiology": (Proposal.REFER_CARDIOLOGY,), "haematology": (Proposal.REFER_HAEMATOLOGY,)}


@rule(
    title="Interrupting the antithrombotic is hazardous",
    kind=Kind.RELATIVE,
    card=Topic.ANTITHROMBOTICS,
    needs=(
        *DRUG_SECTIONS,
        Section.CONDITIONS,
        Section.PROCEDURES,
        Section.PATIENT,
        Section.IMAGING_FINDINGS,
        Section.RENAL,
        Section.VITALS,
        Section.ENCOUNTER,
        Section.COAGULATION,
    ),
)
def interruption_hazard(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a patient on an antithrombotic has a recent coronary stent, coronary event, stroke, TIA or venous thromboembolism,
    thrombophilia, thromboembolism with cancer, a mechanical heart valve, or atrial fibrillation of high stroke risk. A platelet
    inhibitor guards stents and coronary vessels, an anticoagulant veins, valves and atria; after a stroke each counts.

    ## Why it matters
    Both dangers are real: bleeding beside the spinal cord with the drug, thrombosis without it. Who treats the heart, the vessels
    or the blood has to agree before anything is interrupted, and waiting may be better. No bridging plan is computed.

    ## When it stays silent
    When no antithrombotic is taken or was lately, when the event is long past, or when the drug does not guard against it.
    """
    risks, risk_gaps = gathered(thrombotic_risks(chart, know))
    drugs, drug_gaps = gathered(exposures(chart, know))
    concerned = [item for item in drugs if item.on_board or _lately(item, chart, know)]
    for risk in risks:
        guarding = [item for item in concerned if item.drug.drug_class in risk.classes]
        if guarding:
            yield _finding(risk, guarding, know)
    if concerned or drug_gaps:
        yield from risk_gaps
    if risks:
        yield from drug_gaps


def _lately(item: Exposure, chart: Chart, know: Knowledge) -> bool:
    last = item.drug.last_dose
    return item.drug.still_taken or (
        last is not None and slot(chart) - last.last < know.parameter("interruption_hazard.lately").span
    )


def _finding(risk: ThromboticRisk, guarding: list[Exposure], know: Knowledge) -> Finding:
    names = " and ".join(item.drug.name for item in guarding)
    if risk.lesser:
        source = know.citation(risk.uses[0].source).label
        effect, indicator, ending = (
            Kind.INFORMATION,
            Indicator.INFO,
            f"{source} would wait; {names} guards against another",
        )
    elif any(item.tier is Tier.CRITICAL for item in guarding):
        effect, indicator = Kind.RELATIVE, Indicator.CRITICAL
        ending = f"bleeding with {names}, thrombosis without: agreement of {risk.agree_with} first, consider deferring"
    else:
        effect, indicator = Kind.RELATIVE, Indicator.WARNING
        ending = f"thrombosis without {names}: agree with {risk.agree_with}"
    return Finding(
        says=f"{risk.says[:1].upper()}{risk.says[1:]}; {ending}",
        evidence=(*risk.evidence, *guarding[0].evidence),
        uses=risk.uses,
        cites=(*risk.cites, "sir-2019"),
        effect=effect,
        indicator=indicator,
        basis=risk.basis,
        certainty=risk.certainty,
        values=InterruptionHazard(risk.says, tuple(item.drug.name for item in guarding), risk.agree_with),
        proposes=(Proposal.AGREE_PLAN, *_REFER.get(risk.agree_with, ())),
    )
