"""Reads Condition resources of any FHIR version: what is current, what is only possible, and what is no diagnosis at all."""

from cds_service.chart import Certainty, Condition, Section, Source, State
from cds_service.fhir import dangers, dates
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import Term, code_of, terms_of
from cds_service.fhir.decoding.references import address
from cds_service.report_text.modifiers import Standing
from cds_service.report_text.namings import NOT_OF_PATIENT

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
_CERTAINTY = "/StructureDefinition/icd-10-gm-diagnosesicherheit"
"""The end of the address of an extension by which Germany says of a coding how sure the diagnosis is."""
_CONFIRMED, _SUSPECTED, _PAST_STATE, _EXCLUDED = "G", "V", "Z", "A"


def conditions(resource: resources.Condition, source: Source, context: Context) -> tuple[Condition, ...]:
    """The diagnoses of one resource, one for each way in which its words speak; none if it was refuted or entered in error, or names
    nothing of ours that the patient has or had.

    A missing clinical status counts as active and is noted (clinical.md 0.3); text is read for history, doubt and negation.
    """
    verification = code_of(resource.verificationStatus)
    certainty = _certainty(resource.code)
    if verification in _NO_DIAGNOSIS or certainty == _EXCLUDED:
        return ()
    said = dangers.spoken(resource.code, context, Section.CONDITIONS, also=terms_of(resource.bodySite))
    abated = dates.read(resource.abatementDateTime, context.zone) or dates.period(
        resource.abatementPeriod, context.zone
    )
    state, note = _state(
        code_of(resource.clinicalStatus), ended=abated is not None or resource.abatementBoolean is True
    )
    is_past, is_doubted = certainty == _PAST_STATE, certainty == _SUSPECTED or verification in _POSSIBLE
    return tuple(
        Condition(
            source=Source(source.reference, source.raw, (*source.notes, note)) if note else source,
            concept=item.concept,
            state=State.INACTIVE
            if state is State.ACTIVE and (is_past or item.wording.standing is Standing.PAST)
            else state,
            certainty=Certainty.POSSIBLE if is_doubted or item.wording.doubtful else Certainty.CONFIRMED,
            onset=dates.read(resource.onsetDateTime, context.zone) or dates.period(resource.onsetPeriod, context.zone),
            recorded=dates.first(context.zone, resource.recordedDate, resource.assertedDate, resource.dateRecorded),
            abated=abated,
            levels=item.concept.levels,
            encounter=_encounter(resource),
        )
        for item in said
        if item.wording.standing not in NOT_OF_PATIENT
    )


def _certainty(term: Term | None) -> str:
    """How sure ICD-10-GM says that a diagnosis is, by its letter; of several the gravest, empty for none."""
    stated = {
        (item.valueCode or (item.valueCoding and item.valueCoding.code) or "").strip().upper()
        for coding in (term.codings if term else ())
        for item in coding.extension
        if (item.url or "").endswith(_CERTAINTY)
    }
    return next((letter for letter in (_CONFIRMED, _SUSPECTED, _PAST_STATE, _EXCLUDED) if letter in stated), "")


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
