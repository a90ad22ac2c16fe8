"""What a resource about a drug says of exposure, over the versions of FHIR: taken, intended, held, ended, or unclear."""

from cds_service.chart import UseStatus
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import code_of

NOT_UNDERSTOOD = "FHIR version not understood"
ERRONEOUS = "entered-in-error"

_STATEMENT = {
    "active": UseStatus.TAKING,
    "intended": UseStatus.INTENDED,
    "draft": UseStatus.INTENDED,
    "recorded": UseStatus.UNCLEAR,
    "on-hold": UseStatus.ON_HOLD,
    "stopped": UseStatus.STOPPED,
    "completed": UseStatus.COMPLETED,
    "not-taken": UseStatus.NOT_TAKEN,
    "unknown": UseStatus.UNCLEAR,
}
_REQUEST = {
    "active": UseStatus.TAKING,
    "draft": UseStatus.INTENDED,
    "on-hold": UseStatus.ON_HOLD,
    "stopped": UseStatus.STOPPED,
    "completed": UseStatus.COMPLETED,
    "ended": UseStatus.ENDED,
    "cancelled": UseStatus.NOT_TAKEN,
    "unknown": UseStatus.UNCLEAR,
}
_ADMINISTRATION = {
    "in-progress": UseStatus.TAKING,
    "completed": UseStatus.COMPLETED,
    "stopped": UseStatus.STOPPED,
    "on-hold": UseStatus.ON_HOLD,
    "not-done": UseStatus.NOT_TAKEN,
    "unknown": UseStatus.UNCLEAR,
}
_SUPPLIED = ("completed", "in-progress", "on-hold", "stopped", "unknown")
_DISPENSE = {
    **dict.fromkeys(_SUPPLIED, UseStatus.UNCLEAR),
    "preparation": UseStatus.INTENDED,
    "cancelled": UseStatus.NOT_TAKEN,
    "declined": UseStatus.NOT_TAKEN,
}
_TABLES: dict[type[resources.MedicationUse], dict[str, UseStatus]] = {
    resources.MedicationStatement: _STATEMENT,
    resources.MedicationUsage: _STATEMENT,
    resources.MedicationRequest: _REQUEST,
    resources.MedicationOrder: _REQUEST,
    resources.MedicationAdministration: _ADMINISTRATION,
    resources.MedicationDispense: _DISPENSE,
}
_NOT_YET_ORDERED = frozenset(("proposal", "option"))
_ADHERENCE = (
    ("not-taking", UseStatus.NOT_TAKEN),
    ("taking", UseStatus.TAKING),
    ("on-hold", UseStatus.ON_HOLD),
    ("stopped", UseStatus.STOPPED),
    ("unknown", UseStatus.UNCLEAR),
)


def counts(resource: resources.MedicationUse) -> bool:
    """Whether the resource says anything: not if it is an error, or an order not to give the drug."""
    return code_of(resource.status) != ERRONEOUS and resource.doNotPerform is not True


def use_status(resource: resources.MedicationUse) -> tuple[UseStatus, tuple[str, ...]]:
    """The status of use, and what a reader should know of how it was reached."""
    said = code_of(resource.status)
    status = _TABLES.get(type(resource), {}).get(said)
    if status is None:
        note = f"status {said!r} is not one of FHIR's: {NOT_UNDERSTOOD}" if said else "no status is given"
        return (UseStatus.NOT_TAKEN if _denied(resource) else UseStatus.UNCLEAR), (note,)
    if _denied(resource):
        return (status if status in (UseStatus.STOPPED, UseStatus.ON_HOLD) else UseStatus.NOT_TAKEN), ()
    if code_of(resource.taken) == "unk" and not status.ends_exposure:
        return UseStatus.UNCLEAR, ()
    if status is UseStatus.TAKING and code_of(resource.intent) in _NOT_YET_ORDERED:
        return UseStatus.INTENDED, ()
    if resource.adherence is not None:
        return _adhered(code_of(resource.adherence.code), status)
    return status, ("whether it is taken is not stated",) if said == "recorded" else ()


def _denied(resource: resources.MedicationUse) -> bool:
    """Whether an element of an older version says that the drug was not taken or not given."""
    return code_of(resource.taken) == "n" or True in (resource.wasNotTaken, resource.wasNotGiven, resource.notGiven)


def _adhered(code: str, status: UseStatus) -> tuple[UseStatus, tuple[str, ...]]:
    """R5: adherence tells whether a recorded drug is taken."""
    for start, adhered in _ADHERENCE:
        if code.startswith(start):
            return adhered, ()
    return status, (f"adherence {code!r} is not understood",)
