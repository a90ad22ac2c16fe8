"""Whole requests as an EHR would send them: of a case, or about resources from anywhere."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from cds_service.cases.case import PATIENT_ID, PLAIN_ORDER, Case, grouped, section_of
from cds_service.chart import Answer, Section
from cds_service.chart.sections import RESOURCE_TYPE
from cds_service.fhir.decoding.datatypes import Term
from cds_service.fhir.decoding.references import NOWHERE, address
from cds_service.fhir.decoding.repair import fitted
from cds_service.knowledge import Knowledge, load

_REFUSALS = {Answer.FAILED: "exception", Answer.NOT_KEPT: "not-supported"}
"""The code of the issue with which an EHR answers instead of data."""


def request(case: Case, know: Knowledge) -> dict[str, Any]:
    """A case as the whole request that an EHR would send."""
    resources = grouped(case, know)
    prefetch: dict[str, Any] = {}
    for section, answer in case.answers.items():
        if answer in _REFUSALS:
            issue = {"severity": "error", "code": _REFUSALS[answer]}
            prefetch[str(section)] = {"resourceType": "OperationOutcome", "issue": [issue]}
        elif answer.brings_data:
            prefetch[str(section)] = _bundle(map(_entry, resources[section]), cut=answer is Answer.CUT)
    request = _request([_entry(case.order)], prefetch, case.as_of)
    if case.answers[Section.ENCOUNTER] is not Answer.WHOLE:  # without its id, there would be no encounter to miss
        request["context"]["encounterId"] = "e"
    return request


def _entry(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {"resource": resource}


def request_about(given: Iterable[object], *, complete: bool = False) -> dict[str, Any]:
    """A request about resources from anywhere, as decoded from JSON; a Bundle counts as its entries.

    What it does not hold was not sent, so it is unknown, unless it is `complete`: then it is known not to be. The drafts among the
    resources are its draft orders; if there is none, an order for vertebroplasty without a level is added.
    """
    entries = tuple(_entries(given))
    drafts = [entry for entry in entries if _is_draft(entry.get("resource"))]
    found: dict[Section, list[Mapping[str, Any]]] = {}
    beside = []
    for entry in entries:
        section = _section(entry.get("resource"))
        if _is_draft(entry.get("resource")):
            continue
        if section is None:
            beside.append(entry)
        else:
            found.setdefault(section, []).append(entry)
    if complete:
        found = {section: found.get(section, []) for section in Section}
    if found:
        # What is of no section, or of no type that FHIR has, may be anything: it is looked at where problems are.
        found[Section.CONDITIONS if Section.CONDITIONS in found else min(found)] += beside
    cut = any(map(_is_part, given if isinstance(given, list | tuple) else ()))
    prefetch = {str(section): _bundle(listed, cut=cut) for section, listed in found.items()}
    patient = _patient_of(entries)
    added = {"resource": {**PLAIN_ORDER, "subject": {"reference": f"Patient/{patient}"}}}
    request = _request(drafts or [added], prefetch, None, patient)
    if Section.ENCOUNTER not in found:  # without its id, there would be no encounter to miss
        request["context"]["encounterId"] = "not-sent"
    return request


def has_draft(given: Iterable[object]) -> bool:
    """Whether a draft order is among resources from anywhere, so that `request_about` adds none."""
    return any(_is_draft(entry.get("resource")) for entry in _entries(given))


def _section(resource: object) -> Section | None:
    """The section that would bring a resource; None for what no section asks for, and what is no resource."""
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(resource, dict) or not isinstance(kind, str) or kind not in _KINDS:
        return None
    section = section_of(resource, load())
    categories = _categories(resource) if section is Section.IMAGING_FINDINGS else set()
    return None if categories and not categories & _EXAMINATIONS else section


_KINDS = frozenset(RESOURCE_TYPE.values())
_EXAMINATIONS = frozenset(("imaging", "exam"))


def _categories(resource: Mapping[str, Any]) -> set[str]:
    """The codes of an observation's categories; none for what cannot be read."""
    given = resource.get("category")
    return {code for item in (given if isinstance(given, list) else [given]) for _, code in fitted(item, Term).codes}


def _patient_of(entries: Iterable[Mapping[str, Any]]) -> str:
    """The id of the patient: of the Patient resource, else of the first that a resource is about."""
    about = []
    for entry in entries:
        resource = entry.get("resource")
        if not isinstance(resource, dict):
            continue
        if resource.get("resourceType") == "Patient":
            name = resource.get("id") or address(str(entry.get("fullUrl") or "")).id.rpartition(":")[2]
            if name and isinstance(name, str):
                return name
        subject = resource.get("subject") or resource.get("patient")
        reference = subject.get("reference") if isinstance(subject, dict) else None
        named = address(reference) if isinstance(reference, str) else NOWHERE
        if named.type in ("", "Patient") and named.id:
            about.append(named.id.rpartition(":")[2])
    return about[0] if about else PATIENT_ID


def _is_draft(resource: object) -> bool:
    return isinstance(resource, dict) and resource.get("resourceType") in _DRAFTS and resource.get("status") == "draft"


_DRAFTS = ("ServiceRequest", "ProcedureRequest", "RequestGroup", "RequestOrchestration")


def _entries(given: Iterable[object]) -> Iterator[Mapping[str, Any]]:
    """Each resource as an entry with all that its own Bundle says of it; what is no resource, too, to be named."""
    for item in given:
        if not isinstance(item, dict) or item.get("resourceType") != "Bundle":
            yield {"resource": item}
            continue
        listed = item.get("entry")
        for entry in listed if isinstance(listed, list) else [] if listed is None else [listed]:
            inner = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(inner, dict) and inner.get("resourceType") == "Bundle":
                yield from _entries([inner])
            else:
                yield entry if isinstance(entry, dict) else {"resource": entry}


def _is_part(given: object) -> bool:
    """Whether a Bundle says that there is more than it holds."""
    if not isinstance(given, dict) or given.get("resourceType") != "Bundle":
        return False
    links, total, entries = given.get("link"), given.get("total"), given.get("entry")
    more = (
        any(isinstance(link, dict) and link.get("relation") == "next" for link in links)
        if isinstance(links, list)
        else False
    )
    return more or (isinstance(total, int) and total > len(entries if isinstance(entries, list) else ()))


def _bundle(entries: Iterable[Mapping[str, Any]], *, cut: bool = False) -> dict[str, Any]:
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "entry": list(entries)}
    return bundle | ({"link": [{"relation": "next", "url": "https://ehr.example/next"}]} if cut else {})


def _request(
    orders: Iterable[Mapping[str, Any]],
    prefetch: Mapping[str, Any],
    as_of: datetime | None,
    patient: str = PATIENT_ID,
) -> dict[str, Any]:
    drafts = {"resourceType": "Bundle", "type": "collection", "entry": list(orders)}
    request = {
        "hook": "order-sign",
        "hookInstance": "7d4b3c1e-0b0f-4a52-9a44-3f2f6b8f1d20",
        "context": {"userId": "Practitioner/1", "patientId": patient, "draftOrders": drafts},
        "prefetch": prefetch,
    }
    return request | ({"extension": {"org.vertebroplasty-cds.asOf": as_of.isoformat()}} if as_of else {})
