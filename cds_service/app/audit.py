"""The audit line of one answer: shaped as a FHIR AuditEvent, of what was used and shown, never of whom (R-TRUST-03)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cds_service import __version__
from cds_service.chart import Section
from cds_service.chart.intake import Intake
from cds_service.findings import Results
from cds_service.hooks import SERVICE_ID
from cds_service.store.records import CallOrigin, DisplayedCard, identity

_TYPE = {
    "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
    "code": "rest",
    "display": "RESTful Operation",
}
_OUTCOME = ((500, "8"), (400, "4"), (0, "0"))  # FHIR: serious failure, minor failure, success


@dataclass(slots=True)
class AuditedCall:
    """One call as it comes to be known while it is answered."""

    id: str
    at: datetime
    client: str = ""
    instance: str = ""
    hook: str = ""
    origin: CallOrigin = CallOrigin.CLIENT
    sent: Sequence[Section] = ()
    fetched: dict[Section, str] = field(default_factory=dict)
    results: Results = field(default_factory=Results)
    intake: Intake = field(default_factory=Intake)
    cards: Sequence[DisplayedCard] = ()


def event(answered: AuditedCall, status: int) -> dict[str, Any]:
    """The AuditEvent. The hook instance leads the EHR to the patient and the user, who are not named here."""
    used = [f"{section} {outcome}" for section, outcome in answered.fetched.items()]
    shown = [f"{card.topic} {card.indicator} {card.uuid}" for card in answered.cards]
    sent = " ".join(answered.sent)
    details = [
        *_details("prefetched", [sent]),
        *_details("fetched", used),
        *_details("card", shown),
        *_details("hook", [answered.hook]),
        *_details("origin", [answered.origin] if answered.origin is not CallOrigin.CLIENT else []),
    ]
    call: dict[str, Any] = {"what": {"identifier": {"value": answered.id}}, "name": "request"}
    if answered.instance:
        call["what"]["display"] = f"hook instance {identity(answered.instance)}"
    return {
        "resourceType": "AuditEvent",
        "type": _TYPE,
        "action": "E",
        "recorded": answered.at.isoformat(),
        "outcome": next(code for least, code in _OUTCOME if status >= least),
        "agent": [{"who": {"display": answered.client or "not authenticated"}, "requestor": True}],
        "source": {"observer": {"display": f"{SERVICE_ID} {__version__}"}},
        "entity": [call | ({"detail": details} if details else {})],
    }


def _details(kind: str, values: Iterable[str]) -> Iterable[dict[str, str]]:
    return ({"type": kind, "valueString": value} for value in values if value)
