"""Which drugs guard against which thrombotic risk, so that interrupting them is itself dangerous."""

from collections.abc import Iterator

from msgspec import Struct

from cds_service.chart import Chart, Reading
from cds_service.facts.bleeding.exposure import Exposure, exposures
from cds_service.facts.bleeding.thrombotic_risk import ThromboticRisk, around_intervention, thrombotic_risks
from cds_service.facts.shared.memo import computed_once
from cds_service.facts.shared.slot import slot
from cds_service.knowledge import Knowledge


class GuardedRisk(Struct, frozen=True):
    """A thrombotic risk and the drugs that guard against it at the slot, or did until lately."""

    risk: ThromboticRisk
    drugs: tuple[Exposure, ...]


@computed_once
def guarded_risks(chart: Chart, know: Knowledge) -> Reading[GuardedRisk]:
    """Each thrombotic risk that a drug guards against, and the gaps that could hide one."""
    drugs, drug_gaps = exposures(chart, know)
    acting = [item for item in drugs if item.on_board or _lately(item, chart, know)]
    risks, risk_gaps = thrombotic_risks(chart, know)
    found = tuple(_guards((*risks, *around_intervention(acting)), acting))
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
