"""Whole requests as an EHR would send them: of a case, or about resources from anywhere."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from cds_service.cases.case import PATIENT_ID, PLAIN_ORDER, Case, grouped, section_of_kind
from cds_service.chart import Answer, Section
from cds_service.knowledge import Knowledge

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
            prefetch[str(section)] = _bundle(resources[section], cut=answer is Answer.CUT)
    request = _request((case.order,), prefetch, case.as_of)
    if case.answers[Section.ENCOUNTER] is not Answer.WHOLE:  # without its id, there would be no encounter to miss
        request["context"]["encounterId"] = "e"
    return request


def request_about(resources: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A request about resources from anywhere; a Bundle counts as its entries.

    The service requests that are drafts are its draft orders; if there is none, an order for vertebroplasty without a level is added.
    """
    found: dict[Section, list[Mapping[str, Any]]] = {section: [] for section in Section}
    given = tuple(_unbundled(resources))
    patient = _patient_of(given)
    drafts = tuple(filter(_is_draft, given))
    for resource in given:
        if not _is_draft(resource):
            found[section_of_kind(resource.get("resourceType"))].append(resource)
    prefetch = {str(section): _bundle(listed) for section, listed in found.items()}
    added = {**PLAIN_ORDER, "subject": {"reference": f"Patient/{patient}"}}
    return _request(drafts or (added,), prefetch, None, patient)


def has_draft(resources: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a draft order is among resources from anywhere, so that `request_about` adds none."""
    return any(map(_is_draft, _unbundled(resources)))


def _patient_of(resources: Iterable[Mapping[str, Any]]) -> str:
    """The id of the patient: of the Patient resource, else of the first that a resource is about."""
    about = []
    for resource in resources:
        if resource.get("resourceType") == "Patient" and isinstance(resource.get("id"), str):
            return str(resource["id"])
        subject = resource.get("subject") or resource.get("patient")
        reference = subject.get("reference") if isinstance(subject, dict) else None
        if isinstance(reference, str) and reference.startswith("Patient/"):
            about.append(reference.removeprefix("Patient/"))
    return about[0] if about else PATIENT_ID


def _is_draft(resource: Mapping[str, Any]) -> bool:
    return resource.get("resourceType") == "ServiceRequest" and resource.get("status") == "draft"


def _unbundled(resources: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for resource in resources:
        if resource.get("resourceType") == "Bundle":
            entries = resource.get("entry")
            inner = (
                [entry["resource"] for entry in entries if _is_object(entry, "resource")]
                if isinstance(entries, list)
                else []
            )
            yield from _unbundled(inner)
        else:
            yield resource


def _is_object(entry: object, name: str) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get(name), dict)


def _bundle(resources: Iterable[Mapping[str, Any]], *, cut: bool = False) -> dict[str, Any]:
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": item} for item in resources],
    }
    return bundle | ({"link": [{"relation": "next", "url": "https://ehr.example/next"}]} if cut else {})


def _request(
    orders: Iterable[Mapping[str, Any]],
    prefetch: Mapping[str, Any],
    as_of: datetime | None,
    patient: str = PATIENT_ID,
) -> dict[str, Any]:
    entries = [{"resource": order} for order in orders]
    drafts = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    request = {
        "hook": "order-sign",
        "hookInstance": "7d4b3c1e-0b0f-4a52-9a44-3f2f6b8f1d20",
        "context": {"userId": "Practitioner/1", "patientId": patient, "draftOrders": drafts},
        "prefetch": prefetch,
    }
    return request | ({"extension": {"org.vertebroplasty-cds.asOf": as_of.isoformat()}} if as_of else {})
