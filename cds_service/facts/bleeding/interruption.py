"""Which drugs guard against which thrombotic risk, so that interrupting them is itself dangerous."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import Basis, Certainty, Chart, Reading, Unknown
from cds_service.facts.bleeding import lasting_risks, thrombotic_events
from cds_service.facts.bleeding.exposure import Exposure, exposures
from cds_service.facts.bleeding.thrombotic_risk import CARDIOLOGY, ThromboticRisk
from cds_service.facts.shared.fitting import listed
from cds_service.facts.shared.memo import computed_once
from cds_service.facts.shared.slot import slot
from cds_service.knowledge import Knowledge
from cds_service.knowledge.holds import ANTIPLATELETS

_READINGS = (
    thrombotic_events.stent,
    thrombotic_events.coronary_event,
    thrombotic_events.stroke,
    thrombotic_events.thromboembolism,
    lasting_risks.thrombophilia,
    lasting_risks.valve,
    lasting_risks.fibrillation,
)
"""What can be a reason not to interrupt antithrombotics."""


class GuardedRisk(Struct, frozen=True):
    """A thrombotic risk and the drugs that guard against it at the slot, or did until lately."""

    risk: ThromboticRisk
    drugs: tuple[Exposure, ...]


@computed_once
def guarded_risks(chart: Chart, know: Knowledge) -> Reading[GuardedRisk]:
    """Each thrombotic risk that a drug guards against, and the gaps that could hide one."""
    drugs, drug_gaps = exposures(chart, know)
    acting = [item for item in drugs if item.on_board or _lately(item, chart, know)]
    risks, risk_gaps = _thrombotic_risks(chart, know)
    found = tuple(_guards((*risks, *_around_intervention(acting)), acting))
    return Reading(found, (*risk_gaps, *drug_gaps) if acting or drug_gaps else ())


def agreement(drug: Exposure, chart: Chart, know: Knowledge) -> tuple[str, ...]:
    """Whose agreement is needed before a drug is interrupted, such as cardiology's; empty if nobody's, as far as is known."""
    found, _ = guarded_risks(chart, know)
    return tuple(dict.fromkeys(item.risk.agree_with for item in found if drug in item.drugs and not item.risk.lesser))


def _guards(risks: tuple[ThromboticRisk, ...], acting: list[Exposure]) -> Iterator[GuardedRisk]:
    for risk in risks:
        guarding = tuple(item for item in acting if item.drug.drug_class in risk.classes)
        if guarding:
            yield GuardedRisk(risk, guarding)


def _lately(item: Exposure, chart: Chart, know: Knowledge) -> bool:
    last = item.drug.last_dose
    return item.drug.still_taken or (
        last is not None and slot(chart) - last.last < know.parameter("shared/thrombosis.lately").span
    )


def _thrombotic_risks(chart: Chart, know: Knowledge) -> Reading[ThromboticRisk]:
    """One reason of each kind at the slot, with all its evidence; and the gap if the record can hide one."""
    risks: list[ThromboticRisk] = []
    gaps: list[Unknown] = []
    for reading in _READINGS:
        found, missing = reading(chart, know)
        if found:
            risks.append(_together(found))
        gaps += missing
    return Reading(tuple(risks), tuple(gaps)).one_gap()


def _together(found: Sequence[ThromboticRisk]) -> ThromboticRisk:
    """The best proven of several (coded, confirmed, within the nearer limit), with the evidence of all."""
    best = min(
        found, key=lambda risk: (risk.lesser, risk.basis is not Basis.CODE, risk.certainty is not Certainty.CONFIRMED)
    )
    others = (item for risk in found if risk is not best for item in risk.evidence)
    return replace(best, evidence=tuple(dict.fromkeys((*best.evidence, *others))))


def _around_intervention(drugs: Iterable[Exposure]) -> Iterator[ThromboticRisk]:
    """The coronary intervention that drugs tell of which are given for nothing else: glycoprotein inhibitors and cangrelor."""
    telling = [
        item
        for item in drugs
        if item.drug.drug_class == "glycoprotein-inhibitor" or item.drug.ingredient == "cangrelor"
    ]
    if telling:
        names = listed([item.drug.name for item in telling])
        evidence = tuple(evidence for item in telling for evidence in item.evidence)
        says, short = f"{names}, given around a coronary intervention", "recent coronary intervention"
        yield ThromboticRisk(says, short, short, ANTIPLATELETS, CARDIOLOGY, evidence, cites=("aha-acc-2024",))
