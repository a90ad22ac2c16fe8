"""Reads the resources about drugs: which ingredient, whether it is taken, since when, until when, how much and why."""

from collections.abc import Iterator

from msgspec.structs import replace

from cds_service.chart import Basis, DrugUse, Source, UseStatus, When
from cds_service.fhir import dates
from cds_service.fhir.concepts import Context, concept
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import Term, terms_of
from cds_service.fhir.readers.dosage import dosage, instructions
from cds_service.fhir.readers.drug_identity import Medications, acting, drug
from cds_service.fhir.readers.drug_status import counts, use_status

_STATEMENTS = (resources.MedicationStatement, resources.MedicationUsage)


def drug_uses(
    resource: resources.MedicationUse,
    source: Source,
    medications: Medications,
    context: Context,
    *,
    drafted: bool = False,
) -> tuple[DrugUse, ...]:
    """One use for each ingredient of ours in the drug.

    Nothing for a drug known to be none of ours, for one that acts only locally (on skin, in an eye, as a catheter lock),
    for errors and for orders not to give it. A drug that nothing identifies gives one use without ingredient while its
    exposure has not ended; so does one that was taken, if what should name it did not come. Never raises.
    """
    if not counts(resource):
        return ()
    named = drug(resource, medications, context)
    if named.identified.known and not named.identified.found:
        return ()
    status, status_notes = use_status(resource)
    if not named.identified.known and status.ends_exposure and (not named.nameless or status is UseStatus.NOT_TAKEN):
        return ()
    parts = instructions(resource)
    found = acting(named, parts, context)
    if named.identified.known and not found:
        return ()
    notes = (*source.notes, *filter(None, (named.nameless,)), *status_notes)
    period = resource.effectivePeriod or resource.effectiveTimePeriod or resource.occurencePeriod
    start, end = (
        (dates.read(period.start, context.zone), dates.read(period.end, context.zone)) if period else (None, None)
    )
    use = DrugUse(
        source=replace(source, notes=notes) if notes != source.notes else source,
        name=named.name or "a drug without a name",
        ingredient="",
        drug_class="",
        status=UseStatus.INTENDED if drafted and not status.ends_exposure else status,
        basis=Basis.NAME,
        start=start,
        end=end,
        last_dose=_last_dose(resource, status, end, context),
        stated=_stated(resource, context),
        dosage=dosage(parts),
        reasons=_reasons(resource, context),
        drafted=drafted or resource.status == "draft",
        nameless="" if named.identified.known else named.nameless,
    )
    if not found:
        return (use,)
    return tuple(replace(use, ingredient=item.slug, drug_class=item.drug_class, basis=basis) for item, basis in found)


def _last_dose(resource: resources.MedicationUse, status: UseStatus, end: When | None, context: Context) -> When | None:
    """When the last known dose was given: the end that a statement records, or the time of an administration.

    The time at which a statement was made is no dose, nor is one planned, running, supplied or not taken.
    """
    if status is UseStatus.NOT_TAKEN:
        return None
    if isinstance(resource, _STATEMENTS):
        return end
    if isinstance(resource, resources.MedicationAdministration) and status is not UseStatus.TAKING:
        moment = (resource.effectiveDateTime, resource.effectiveTimeDateTime, resource.occurenceDateTime)
        return end or dates.first(context.zone, *moment)
    return None


def _stated(resource: resources.MedicationUse, context: Context) -> When | None:
    """When the resource was written down, or the drug handed over."""
    return dates.first(
        context.zone,
        resource.dateAsserted,
        resource.authoredOn,
        resource.dateWritten,
        resource.whenHandedOver,
        resource.whenPrepared,
        resource.effectiveDateTime,
    )


def _reasons(resource: resources.MedicationUse, context: Context) -> frozenset[str]:
    return frozenset(name for term in _reason_terms(resource) for name in _sets(term, context))


def _reason_terms(resource: resources.MedicationUse) -> Iterator[Term]:
    yield from terms_of(resource.reasonCode)
    yield from terms_of(resource.reason)
    yield from terms_of(resource.reasonForUseCodeableConcept)


def _sets(term: Term, context: Context) -> frozenset[str]:
    found = concept(term, context)
    return found.sets if found else frozenset()
