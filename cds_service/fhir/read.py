"""Assembles the chart: everything that arrived, read once, sorted by kind, without what is another patient's."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import (
    Allergy,
    Answer,
    Chart,
    Condition,
    Coverage,
    Device,
    DrugUse,
    Encounter,
    ImagingFinding,
    ImagingStudy,
    Measurement,
    Order,
    Patient,
    Procedure,
    RequestedService,
    Section,
    Source,
)
from cds_service.chart.intake import End
from cds_service.chart.sections import MEDICATION_LISTS
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.bundle import Answered, Part
from cds_service.fhir.decoding.decode import DecodedResource, decode
from cds_service.fhir.decoding.references import Directory
from cds_service.fhir.intake.dating import Lifetime, dated
from cds_service.fhir.intake.doubts import counts, doubt, gap, may_be_doubted, notes, serves
from cds_service.fhir.intake.losses import noted
from cds_service.fhir.intake.modifiers import marked
from cds_service.fhir.intake.people import People
from cds_service.fhir.intake.sorting import sorted_out
from cds_service.fhir.intake.stays import joined
from cds_service.fhir.intake.unread import doubtful
from cds_service.fhir.intake.unread import notes as unread_notes
from cds_service.fhir.readers import (
    administrative,
    care,
    conditions,
    imaging_findings,
    imaging_observations,
    imaging_studies,
    observations,
)
from cds_service.fhir.readers.beside import beside_its_codes
from cds_service.fhir.readers.drug_identity import NAMED, Named, addressed
from cds_service.fhir.readers.imaging_studies import Examination
from cds_service.fhir.readers.medications import drug_uses


class Received(Struct, frozen=True):
    """What came for one call: answers by section, the draft orders of the session, whose chart it should be, and which medication
    lists the site keeps.
    """

    answers: Mapping[Section, Answered]
    drafts: tuple[Part, ...] = ()
    patient_id: str = ""
    lists: tuple[Section, ...] = MEDICATION_LISTS


_FIELDS: dict[type, str] = {
    Patient: "patient",
    Encounter: "encounters",
    Condition: "conditions",
    DrugUse: "drugs",
    Allergy: "allergies",
    Measurement: "observations",
    ImagingStudy: "imaging_studies",
    ImagingFinding: "imaging",
    Procedure: "procedures",
    Device: "devices",
    RequestedService: "requested",
    Coverage: "coverage",
}
"""The field of the chart that holds each kind of entry."""


def chart(received: Received, order: Order, as_of: datetime, context: Context) -> Chart:
    """The chart of one patient. Never raises for anything that a client sent."""
    arrived = sorted_out(received.answers, received.patient_id, context.know)
    account, life = arrived.account, Lifetime.of((own.item.resource for own in arrived.mine), as_of, context.zone)
    items = joined([noted(marked(dated(own.item, life))) for own in arrived.mine])
    mine = [replace(own, item=item) for own, item in zip(arrived.mine, items, strict=True)]
    found: dict[str, list[Any]] = {name: [] for name in _FIELDS.values()}
    understood = [item for item in items if not item.modifier]
    medications = addressed(
        (item.resource, item.part.full_url) for item in understood if isinstance(item.resource, NAMED)
    )
    shown = imaging_findings.examinations(understood, context)
    for own in mine:
        item = own.item
        entries = _entries(item, medications, shown, context)
        read = entries if counts(item) else ()
        for entry in read:
            found[_FIELDS[type(entry)]].append(doubtful(entry, own))
        unsaid = doubt(own, entries, shown, account, context) if may_be_doubted(own, entries) else End.OF_NO_CONCERN
        if own.is_counted:
            is_read = read or serves(item)  # a Medication is read by way of the orders that refer to it
            account.count(own.section, End.READ if is_read else unsaid)
    drafts = [noted(marked(dated(item, life))) for item in decode(received.drafts) if isinstance(item, DecodedResource)]
    people = People(received.answers, received.patient_id)
    for item, entries in _drafted(drafts, people, arrived.references, medications, context):
        if entries and item.modifier:
            account.unreadable.append(gap(item, entries, item.modifier))
        for entry in () if item.modifier else entries:
            found[_FIELDS[type(entry)]].append(entry)
    # Sorted, so that the order in which resources arrive changes nothing.
    entries_by_field: dict[str, Any] = {
        name: tuple(sorted(listed, key=lambda entry: entry.source.reference)) for name, listed in found.items()
    }
    entries_by_field["patient"] = next(iter(entries_by_field["patient"]), None)
    state = next(
        (administrative.home_state(item.resource) for item in items if isinstance(item.resource, resources.Patient)), ""
    )
    entries_by_field["coverage"] = tuple(replace(item, state_code=state) for item in entries_by_field["coverage"])
    return Chart(
        as_of=as_of.astimezone(context.zone),
        order=order,
        answers=_answers(received),
        troubles={section: answered.says for section, answered in received.answers.items() if answered.says},
        unreadable=tuple(sorted(account.unreadable, key=lambda entry: entry.reference)),
        intake=account.intake(),
        notes=(
            *_notes(arrived.strangers, arrived.unstated),
            *unread_notes((*items, *drafts)),
            *notes(drafts, order.references),
        ),
        **entries_by_field,
    )


def _answers(received: Received) -> dict[Section, Answer]:
    """How each section was answered; a medication list that the site does not keep counts only if it was sent."""
    given = {section: answered.answer for section, answered in received.answers.items()}
    for section in MEDICATION_LISTS:
        if section not in received.lists and given.get(section, Answer.OMITTED) is Answer.OMITTED:
            given[section] = Answer.NOT_KEPT
    return given


def _drafted(
    drafts: Iterable[DecodedResource], people: People, held: set[str], medications: Directory[Named], context: Context
) -> Iterable[tuple[DecodedResource, Sequence[object]]]:
    """What the session's unsigned orders would give or do; one that the chart holds already counts as the chart has it."""
    for item in drafts:
        if item.reference in held or people.belongs(item) is False:
            continue
        if isinstance(item.resource, resources.MedicationUse):
            nearby = medications.beside(item.part.full_url)
            yield item, drug_uses(item.resource, item.source, nearby, context, drafted=True)
        elif isinstance(item.resource, resources.ServiceRequest | resources.Task):
            yield item, _entries(item, medications, Directory(), context)


def _entries(
    item: DecodedResource, medications: Directory[Named], shown: Directory[Examination], context: Context
) -> Sequence[object]:
    """What one resource says that any rule reads."""
    resource = item.resource
    read = _READERS.get(type(resource))
    if read:
        found = read(resource, item.source, context)
        if isinstance(found, Patient) and (item.modifier or item.dropped):
            unread = found.birth_unread or "birthDate" in item.dropped
            found = replace(found, modifier=item.modifier or found.modifier, birth_unread=unread)
        return () if found is None else (found,)
    in_words = _IN_WORDS.get(type(resource))
    if in_words:
        return (
            *in_words(resource, item.source, context),
            *beside_its_codes(resource, item.source, in_words, context),
        )
    match resource:
        case resources.Observation():
            source, address = item.source, item.part.full_url
            seen = imaging_studies.joined(resource.derivedFrom, shown.beside(address)) if resource.derivedFrom else None
            seen = seen or shown.at(source.reference, address)
            return (
                *observations.measurements(resource, source, context),
                *imaging_observations.findings_of_observation(resource, source, seen, context),
            )
        case resources.MedicationUse():
            return drug_uses(resource, item.source, medications.beside(item.part.full_url), context)
        case resources.DiagnosticReport():
            return imaging_findings.findings_of_report(resource, item.source, shown.beside(item.part.full_url), context)
    return ()


_BY_KIND: Mapping[type[resources.Resource], Callable[[Any, Source, Context], object]] = {
    resources.Patient: administrative.patient,
    resources.Encounter: administrative.encounter,
    resources.Coverage: administrative.coverage,
    resources.ImagingStudy: imaging_studies.study,
    resources.Procedure: care.procedure,
    resources.ServiceRequest: care.requested_service,
    resources.Task: care.requested_service,
    resources.Device: care.device,
}
_READERS = {
    kind: read for base, read in _BY_KIND.items() for kind in resources.TYPES.values() if issubclass(kind, base)
}
"""The readers of resources that say one thing, or nothing that any rule reads; also for their names in other versions."""
_IN_WORDS: Mapping[type[resources.Resource], Callable[[Any, Source, Context], Sequence[object]]] = {
    resources.Condition: conditions.conditions,
    resources.AllergyIntolerance: care.allergies,
}
"""The readers of what is too grave to be passed over because a code says something else: the words beside it are read, too."""


def _notes(strangers: int, unstated: int) -> tuple[str, ...]:
    notes = []
    if strangers:
        notes.append(f"Left out: {strangers} record{'s' if strangers > 1 else ''} of another patient")
    if unstated:
        notes.append(f"Taken as this patient's, though they do not say whose they are: {unstated}")
    return tuple(notes)
