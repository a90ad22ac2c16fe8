"""The task to agree with the prescriber what happens to an antithrombotic before and after the procedure."""

from collections.abc import Iterable

from cds_service.cards import wording
from cds_service.cards.actions.services import by_whom, identity, whose
from cds_service.cards.inputs import CardInputs
from cds_service.cards.model import Action
from cds_service.findings.hold_plan import HoldPlan
from cds_service.knowledge.orderables import Orderable


def task(material: CardInputs, orderable: Orderable, holds: Iterable[HoldPlan], description: str) -> Action:
    """The creation of the task: one input a drug, with interval, last dose and restart. It asks, and decides nothing."""
    call = material.call
    told = [drug(material, hold) for hold in holds]
    who = whose(call)
    resource = {
        "resourceType": "Task",
        "id": identity(call, orderable.id),
        "status": "requested",
        "intent": "order",
        "code": {"text": orderable.text},
        "description": ". ".join([f"{orderable.text}: {material.procedure}", *told]),
        "for": who.pop("subject"),
        **who,
        "authoredOn": material.as_of.isoformat(),
        **by_whom(call),
        "performerType": [{"text": wording.PLAN_PERFORMER}],
    }
    if told:
        resource["input"] = [{"type": {"text": wording.PLAN_INPUT}, "valueString": text} for text in told]
    if material.order.references:
        resource["focus"] = {"reference": material.order.references[0]}
    return Action("create", description, resource)


def drug(material: CardInputs, hold: HoldPlan) -> str:
    """One drug in one sentence: interval with source, last dose, restart."""
    if hold.consult:
        interval = wording.PLAN_CONSULT.format(consult=hold.consult)
    else:
        source = material.know.citation(hold.source).label
        interval = wording.PLAN_INTERVAL.format(hours=f"{hold.hours_least:g}", source=source)
    if hold.still_taken and hold.latest_dose:
        last_dose = wording.PLAN_LATEST_DOSE.format(when=_when(material, hold))
    elif hold.last_dose:
        last_dose = wording.PLAN_LAST_DOSE.format(when=hold.last_dose)
    else:
        last_dose = wording.PLAN_NO_DOSE
    restart = "; ".join(
        f"{item.text} ({material.know.citation(item.source).label}{f', {item.caveat}' if item.caveat else ''})"
        for item in hold.restart
    )
    return wording.PLAN_DRUG.format(
        drug=hold.drug,
        interval=interval,
        last_dose=last_dose,
        restart=wording.PLAN_RESTART.format(when=restart) if restart else wording.PLAN_NO_RESTART,
    )


def _when(material: CardInputs, hold: HoldPlan) -> str:
    return material.moment(hold.latest_dose) if hold.latest_dose else ""
