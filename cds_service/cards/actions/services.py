"""Orders for a test, imaging or a referral, as draft ServiceRequests."""

from typing import Any
from uuid import NAMESPACE_OID, uuid5

from cds_service.cards import wording
from cds_service.cards.inputs import Call, CardInputs
from cds_service.cards.model import Action
from cds_service.chart import spoken
from cds_service.knowledge.orderables import Orderable

_ORDERING = ("Practitioner/", "PractitionerRole/")


def order(material: CardInputs, orderable: Orderable) -> Action:
    """The creation of an order. Its code comes from a value set; a referral is ordered in words."""
    call = material.call
    code: dict[str, Any] = {"text": orderable.text}
    if orderable.code:
        code["coding"] = [{"system": orderable.system, "code": orderable.code, "display": orderable.display}]
    resource = {
        "resourceType": "ServiceRequest",
        "id": identity(call, orderable.id),
        "status": "draft",
        "intent": "order",
        "category": [{"text": orderable.category.capitalize()}],
        "code": code,
        **whose(call),
        "authoredOn": material.as_of.isoformat(),
        **by_whom(call),
        "reasonCode": [{"text": wording.BEFORE.format(procedure=material.procedure)}],
    }
    if orderable.category == "imaging" and material.order.levels:
        resource["bodySite"] = [{"text": spoken(material.order.levels)}]
    return Action("create", wording.ORDER_LABEL.format(text=orderable.text), resource)


def identity(call: Call, what: str) -> str:
    """A temporary id, the same for a repeated call."""
    return str(uuid5(NAMESPACE_OID, f"{call.instance}/{what}"))


def whose(call: Call) -> dict[str, Any]:
    """The subject, and the encounter if there is one."""
    subject = {"subject": {"reference": f"Patient/{call.patient}"}}
    return subject | ({"encounter": {"reference": f"Encounter/{call.encounter}"}} if call.encounter else {})


def by_whom(call: Call) -> dict[str, Any]:
    """The user as requester, if such a user may order."""
    return {"requester": {"reference": call.user}} if call.user.startswith(_ORDERING) else {}
