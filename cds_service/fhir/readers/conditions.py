"""Reads Condition resources of any FHIR version: what is current, what is only possible, and what is no diagnosis at all."""

import re

from cds_service.chart import Basis, Certainty, Concept, Condition, Section, Source, State
from cds_service.fhir import dangers, dates
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import code_of, terms_of
from cds_service.fhir.decoding.references import address

_STATES = {
    "active": State.ACTIVE,
    "recurrence": State.ACTIVE,
    "relapse": State.ACTIVE,
    "inactive": State.INACTIVE,
    "remission": State.INACTIVE,
    "resolved": State.RESOLVED,
}
_ACTIVE_YET_ENDED = "an end is on record, but the clinical status says that it is active"
_POSSIBLE = frozenset(("unconfirmed", "provisional", "differential"))
_NO_DIAGNOSIS = frozenset(("entered-in-error", "refuted"))
_NOT_THIS_PATIENT = re.compile(
    r"\b(?:family history|fhx?|mother|father|sibling|no (?:history|evidence|signs?) of|negative for|rule[sd]? out|r/o|screening)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:history of|h/o|hx of|past|previous|prior|status post|s/p|treated|healed|old)\b", re.IGNORECASE
)
_MAYBE = re.compile(r"\?|\b(?:possible|probable|suspected|suspicion of|query|likely)\b", re.IGNORECASE)


def condition(resource: resources.Condition, source: Source, context: Context) -> Condition | None:
    """The diagnosis, or None if it is in no value set and no family of danger, was refuted or entered in error, or is somebody else's.

    A missing clinical status counts as active and is noted (clinical.md 0.3); text is read for history, doubt and negation.
    """
    verification = code_of(resource.verificationStatus)
    if verification in _NO_DIAGNOSIS:
        return None
    found = dangers.concept(resource.code, context, Section.CONDITIONS, also=terms_of(resource.bodySite))
    if found is None or (found.basis is Basis.TEXT and _NOT_THIS_PATIENT.search(found.text)):
        return None
    abated = dates.read(resource.abatementDateTime, context.zone) or dates.period(
        resource.abatementPeriod, context.zone
    )
    status = code_of(resource.clinicalStatus)
    state, note = _state(status, ended=abated is not None or resource.abatementBoolean is True)
    return Condition(
        source=Source(source.reference, source.raw, (*source.notes, note)) if note else source,
        concept=found,
        state=State.INACTIVE if state is State.ACTIVE and _written_as_past(found) else state,
        certainty=Certainty.POSSIBLE if verification in _POSSIBLE or _written_as_doubt(found) else Certainty.CONFIRMED,
        onset=dates.read(resource.onsetDateTime, context.zone) or dates.period(resource.onsetPeriod, context.zone),
        recorded=dates.first(context.zone, resource.recordedDate, resource.assertedDate, resource.dateRecorded),
        abated=abated,
        levels=found.levels,
        encounter=_encounter(resource),
    )


def _encounter(resource: resources.Condition) -> str:
    """The stay or visit, named as its own entry is; a `urn:uuid:` by the id that an export keeps."""
    name = address(resource.encounter.reference).id.rpartition(":")[2] if resource.encounter else ""
    return f"Encounter/{name}" if name else ""


def _state(status: str, *, ended: bool) -> tuple[State, str]:
    if status in _STATES:
        state = _STATES[status]
        return state, _ACTIVE_YET_ENDED if ended and state is State.ACTIVE else ""
    if ended:
        return State.RESOLVED, ""
    said = "clinical status missing" if not status else "clinical status not understood"
    return State.ACTIVE, f"{said}, taken as active"


def _written_as_past(concept: Concept) -> bool:
    return concept.basis is Basis.TEXT and _PAST.search(concept.text) is not None


def _written_as_doubt(concept: Concept) -> bool:
    return concept.basis is Basis.TEXT and _MAYBE.search(concept.text) is not None
