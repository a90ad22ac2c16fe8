"""A reason for which interrupting an antithrombotic is itself dangerous."""

from collections.abc import Iterator

from msgspec import Struct

from cds_service.chart import Chart, Section, Unknown
from cds_service.facts.bleeding.exposure import EXPOSURE_SECTIONS, Tier
from cds_service.facts.bleeding.interruption import GuardedRisk, guarded_risks
from cds_service.facts.shared.fitting import begun, for_a_line, for_a_summary, listed
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
    settle="Ask about stents, heart attacks, strokes, clots and heart valves",
)
def interruption_hazard(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a patient on an antithrombotic has a recent coronary stent, coronary event, stroke, TIA or venous thromboembolism,
    thrombophilia, thromboembolism with cancer, a mechanical heart valve, or atrial fibrillation of high stroke risk; or is on a drug
    that is only given around a coronary intervention. A platelet inhibitor protects stents and coronary vessels, an anticoagulant
    veins, valves and atria; after a stroke either counts.

    ## Why it matters
    Both dangers are real: bleeding beside the spinal cord with the drug, thrombosis without it. Who treats the heart, the vessels
    or the blood has to agree before anything is interrupted, and waiting may be better. No bridging plan is computed.

    ## When it stays silent
    When no antithrombotic is taken or was lately, when the event is long past, or when the drug does not protect against it.
    """
    found, gaps = guarded_risks(chart, know)
    for item in found:
        yield _finding(item, chart, know)
    yield from gaps


class _Hazard(Struct, frozen=True):
    """What a risk means for its drugs: what follows its name in a sentence and in a summary, by the room; and what to do."""

    endings: tuple[str, ...]
    headlines: tuple[str, ...]
    explains: str
    steps: tuple[str, ...]
    effect: Kind = Kind.RELATIVE
    indicator: Indicator = Indicator.WARNING


def _finding(item: GuardedRisk, chart: Chart, know: Knowledge) -> Finding:
    risk = item.risk
    hazard = _hazard(item, know)
    explained = filter(None, (hazard.explains, risk.explains))
    return Finding(
        says=for_a_line(chart.as_of, *(begun(f"{risk.says}{said}") for said in hazard.endings)),
        short=risk.short,
        evidence=(*risk.evidence, *item.drugs[0].evidence),
        uses=risk.uses,
        cites=(*risk.cites, "sir-2019"),
        effect=hazard.effect,
        indicator=hazard.indicator,
        basis=risk.basis,
        certainty=risk.certainty,
        proposes=(Proposal.AGREE_PLAN, *_REFER.get(risk.agree_with, ())),
        headline=for_a_summary(chart.as_of, *(begun(f"{risk.headline}{said}") for said in hazard.headlines)),
        explains=f"{'. '.join(explained)}.",
        steps=hazard.steps,
    )


def _hazard(item: GuardedRisk, know: Knowledge) -> _Hazard:
    """Where only another source would wait, for information; else by whether a drug would have to be interrupted for the procedure."""
    risk, who = item.risk, item.risk.agree_with
    names = [drug.drug.name for drug in item.drugs]
    drugs = listed(names, "or")
    if risk.lesser:
        source = know.citation(risk.uses[0].source).label
        said = f"; {source} would wait"
        return _Hazard((said,), (said,), f"{begun(drugs)} guards against another", (), Kind.INFORMATION, Indicator.INFO)
    if all(drug.tier is not Tier.CRITICAL for drug in item.drugs):
        return _Hazard(
            (f"; thrombosis is a risk without {drugs}", "; thrombosis is a risk"),
            (f": thrombosis is a risk without {drugs}; agree with {who}", f": agree with {who}"),
            f"{begun(who)} should agree to the time without {drugs}",
            (f"Agree with {who} how long {drugs} can be paused",),
        )
    until = f" until {risk.until}" if risk.until else ""
    return _Hazard(
        (f"; pausing {drugs} is itself hazardous", "; pausing is itself hazardous"),
        tuple(
            f": {said}; {who} first"
            for said in (
                f"pausing {drugs} is itself hazardous",
                f"pausing {drugs} is hazardous",
                "pausing is hazardous",
            )
        ),
        f"Bleeding beside the spinal cord is a risk with {listed(names)}, thrombosis without",
        (f"Ask {who} whether {'a drug' if names[1:] else drugs} can be paused, or the procedure can wait{until}",),
        indicator=Indicator.CRITICAL,
    )
