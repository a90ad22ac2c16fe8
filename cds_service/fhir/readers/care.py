"""Reads allergies, procedures, devices and ordered services of any FHIR version; what never was so is left out."""

import re
from collections.abc import Iterable

from msgspec.structs import replace

from cds_service.chart import (
    Allergy,
    Basis,
    Certainty,
    Concept,
    Device,
    Procedure,
    RequestedService,
    Section,
    Severity,
    Source,
)
from cds_service.fhir import concepts, dangers, dates
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import Reaction, Term, code_of, terms_of

_NO_ALLERGY = frozenset(("entered-in-error", "refuted", "resolved", "inactive"))
_POSSIBLE = frozenset(("unconfirmed", "presumed", "provisional"))
# R4 and STU3 say `high`, DSTU2 said `CRITH`.
_HIGH = frozenset(("high", "crith"))
_SEVERITIES = {"mild": Severity.MILD, "moderate": Severity.MODERATE, "severe": Severity.SEVERE}
_SEVERE_BY_NATURE = re.compile(r"anaphyla|angio-?o?edema|stevens|epidermal necrolysis", re.IGNORECASE)

_NEVER_DONE = frozenset(("not-done", "entered-in-error"))
_NOT_ORDERED = frozenset(("revoked", "cancelled", "rejected", "aborted", "entered-in-error"))
_DRAFTED = frozenset(("draft", "proposed"))
_NOT_YET_ORDERED = frozenset(("proposal", "plan", "option"))
_CARRIED_OUT = frozenset(("completed", "failed"))


def allergies(resource: resources.AllergyIntolerance, source: Source, context: Context) -> tuple[Allergy, ...]:
    """An active allergy or the statement that none is known; nothing if it is refuted, past, or to nothing of ours.

    The substance may stand in the code (R4), in `substance` (DSTU2) or in a reaction; all of them count.
    """
    verification = code_of(resource.verificationStatus)
    statuses = {verification, code_of(resource.clinicalStatus), (resource.status or "").strip().lower()}
    if statuses & _NO_ALLERGY:
        return ()
    named = (resource.code, resource.substance, *(reaction.substance for reaction in resource.reaction))
    found = _together(named, context)
    if found is None:
        return ()
    doubted = all(concepts.is_doubted(term, context) for term in named)
    entry = Allergy(
        source=source,
        concept=found,
        severity=_severity(resource),
        certainty=Certainty.POSSIBLE if statuses & _POSSIBLE or doubted else Certainty.CONFIRMED,
        recorded=dates.first(context.zone, resource.recordedDate, resource.assertedDate),
    )
    return (entry,)


def _together(terms: Iterable[Term | None], context: Context) -> Concept | None:
    """The first coded term's concept with the value sets of all terms; by text if text adds one that no code names."""
    found = [item for term in terms if (item := dangers.concept(term, context, Section.ALLERGIES))]
    if not found:
        return None
    found.sort(key=lambda item: item.basis is not Basis.CODE)
    coded, every = (
        frozenset().union(*(item.sets for item in group))
        for group in ([item for item in found if item.basis is Basis.CODE], found)
    )
    threats = tuple(dict.fromkeys([danger for item in found for danger in item.dangers]))
    basis = found[0].basis if not every else Basis.CODE if coded == every else Basis.TEXT
    return replace(found[0], sets=every, basis=basis, dangers=threats)


def _severity(resource: resources.AllergyIntolerance) -> Severity:
    if (resource.criticality or "").strip().lower() in _HIGH:
        return Severity.SEVERE
    return max((_reaction(item) for item in resource.reaction), default=Severity.UNSTATED)


def _reaction(reaction: Reaction) -> Severity:
    manifested = (text for term in terms_of(reaction.manifestation) for text in term.texts)
    if any(_SEVERE_BY_NATURE.search(text) for text in manifested):
        return Severity.SEVERE
    return _SEVERITIES.get((reaction.severity or "").strip().lower(), Severity.UNSTATED)


def procedure(resource: resources.Procedure, source: Source, context: Context) -> Procedure | None:
    """Something done or under way, or None if it never was done. `done` only if it is recorded as completed.

    A status that is missing or not understood is noted, and the procedure not taken as done.
    """
    status = (resource.status or "").strip().lower()
    if status in _NEVER_DONE or resource.notPerformed or resource.notDone:
        return None
    found = concepts.concept(resource.code, context, also=terms_of(resource.bodySite))
    if found is None:
        return None
    if status in ("", "unknown"):
        source = replace(source, notes=(*source.notes, "whether it was completed is not recorded"))
    when = dates.first(context.zone, resource.performedDateTime, resource.occurrenceDateTime)
    when = when or dates.period(resource.performedPeriod or resource.occurrencePeriod, context.zone)
    return Procedure(source, found, when, done=status == "completed", levels=found.levels)


def device(resource: resources.Device, source: Source, context: Context) -> Device | None:
    """A device of ours, or None. One that is recorded as inactive may still be in the body: it is kept, and noted."""
    status = (resource.status or "").strip().lower()
    if status == "entered-in-error":
        return None
    found = _together((*terms_of(resource.type), resource.code), context)
    if found is None:
        return None
    if status == "inactive":
        source = replace(source, notes=(*source.notes, "recorded as inactive"))
    return Device(source, found)


def requested_service(
    resource: resources.ServiceRequest | resources.Task, source: Source, context: Context
) -> RequestedService | None:
    """A service or task that is asked for, drafted or carried out; None if it was withdrawn, must not be done, or is only proposed."""
    status = (resource.status or "").strip().lower()
    if status in _NOT_ORDERED:
        return None
    if isinstance(resource, resources.Task):
        described = Term(text=resource.description) if resource.description else None
        found = concepts.concept(resource.code, context) or concepts.concept(described, context)
        when = None
    elif resource.doNotPerform or (status not in _DRAFTED and code_of(resource.intent) in _NOT_YET_ORDERED):
        return None
    else:
        found = concepts.concept(resource.code, context, also=terms_of(resource.bodySite))
        when = dates.occurrence(
            resource.occurrenceDateTime, resource.occurrencePeriod, resource.occurrenceTiming, context.zone
        )
    if found is None:
        return None
    return RequestedService(
        source=source,
        concept=found,
        when=when or dates.read(resource.authoredOn, context.zone),
        drafted=status in _DRAFTED,
        open=status not in _CARRIED_OUT,
    )
