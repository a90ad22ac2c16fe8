"""Reads who the patient is, which stay or visit this is, and who pays."""

from cds_service.chart import Concept, Coverage, Encounter, Patient, Source
from cds_service.fhir import concepts, dates
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import PatientLink, terms_of

_SEXES = {"male": "male", "m": "male", "female": "female", "f": "female", "other": "other", "unknown": "unknown"}
# R4 and R5 write the HL7 v3 code, STU3 the same, DSTU2 a word.
_INPATIENT = frozenset(("imp", "acute", "nonac", "inpatient"))
_CURRENT = frozenset(("planned", "arrived", "triaged", "in-progress", "onleave", "on-hold"))
_OVER = frozenset(("finished", "completed", "discharged", "cancelled", "discontinued"))
_LINKS = frozenset(("replaced-by", "replaces", "refer", "seealso"))
_WITHHELD = b'"_birthDate"'
"""Stands where a birth date is masked, or something else is given in its place."""
_NOT_COVERED = frozenset(("cancelled", "draft", "entered-in-error"))


def patient(resource: resources.Patient, source: Source, context: Context) -> Patient:
    """The person. A sex that is none of FHIR's codes is `unknown`; one that is not given stays empty."""
    said = (resource.gender or "").strip().lower()
    born = dates.read(resource.birthDate, context.zone)
    died_on = dates.read(resource.deceasedDateTime, context.zone)
    links = {(link.type or "").strip().lower(): _named(link) for link in resource.link}
    strange = sorted(links.keys() - _LINKS)
    return Patient(
        source=source,
        born=born,
        sex=_SEXES.get(said, "unknown") if said else "",
        birth_unread=born is None and (resource.birthDate is not None or _WITHHELD in source.raw),
        died=bool(resource.deceasedBoolean or (resource.deceasedDateTime or "").strip()),
        died_on=died_on,
        active=resource.active is not False,
        replaced_by=links.get("replaced-by", ""),
        main_record=links.get("refer", ""),
        modifier="it has a link of a type that FHIR does not have" if strange else "",
    )


def _named(link: PatientLink) -> str:
    """The other record as the link refers to it, in words if it has no address."""
    other = link.other
    return (other.reference or other.display if other else "") or "another record"


def home_state(resource: resources.Patient) -> str:
    """The state of the patient's address, such as `GA`, not of an old one; empty if none is given."""
    states = (address.state for address in resource.address if address.use != "old")
    return next((state.strip().upper() for state in states if state), "")


def encounter(resource: resources.Encounter, source: Source, context: Context) -> Encounter | None:
    """The stay or visit, or None if it was entered in error. A planned one counts as current.

    Emergency and observation stays are no inpatient stays. Without a known status it is current unless it has ended.
    """
    status = (resource.status or "").strip().lower()
    if status == "entered-in-error":
        return None
    period = resource.period or resource.actualPeriod
    ended = period is not None and bool(period.end)
    codes = _class_codes(resource)
    return Encounter(
        source=source,
        class_code=codes[0].upper() if codes else "",
        inpatient=not _INPATIENT.isdisjoint(codes),
        current=status in _CURRENT or (status not in _OVER and not ended),
        when=dates.period(period, context.zone),
    )


def _class_codes(resource: resources.Encounter) -> list[str]:
    classes = resource.class_
    if isinstance(classes, str):
        return [classes.strip().lower()]
    return [code for item in terms_of(classes) if (code := item.plain_code)]


def coverage(resource: resources.Coverage, source: Source, context: Context) -> Coverage | None:
    """Who pays, by the payor's name, else the kind of plan; None if the coverage is not in force or names neither."""
    if (resource.status or "").strip().lower() in _NOT_COVERED:
        return None
    found = concepts.concept(resource.type, context)
    payor = next((payor.display for payor in resource.payor if payor.display), "")
    kind = resource.type.texts if resource.type else []
    text = payor or (found.text if found else next(iter(kind), "")).strip()
    if not text:
        return None
    named = frozenset().union(*(context.know.index.of_text(word) for word in (text, *kind)))
    return Coverage(source, Concept(text, named | (found.sets if found else frozenset())))
