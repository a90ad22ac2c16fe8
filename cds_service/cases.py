"""The cases of a rule: small charts in `fixtures/rules/<rule>.json` with the results that the rule must come to."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import msgspec

from cds_service.chart import Answer, Chart, Section
from cds_service.chart.sections import MEASURES, RESOURCE_TYPE, SECTION_OF
from cds_service.engine import Result, Rule, evaluate
from cds_service.fhir.bundle import Answered, Part
from cds_service.fhir.concepts import Context
from cds_service.fhir.read import Received
from cds_service.fhir.read import chart as read_chart
from cds_service.knowledge import Knowledge
from cds_service.order import Orders

PATIENT_ID = "p"
_BUILT = Path(__file__).parent / "_fixtures"
FIXTURES = _BUILT if _BUILT.is_dir() else Path(__file__).parent.parent / "fixtures"
"""Where the fixtures lie: in the installed package, or at the top of a checkout."""

_PATIENT = {"resourceType": "Patient", "id": PATIENT_ID, "gender": "female", "birthDate": "1948-03-02"}
_PLAIN_ORDER = {
    "resourceType": "ServiceRequest",
    "id": "vp",
    "status": "draft",
    "intent": "order",
    "code": {"text": "Percutaneous vertebroplasty"},
}
_ORDER = {**_PLAIN_ORDER, "bodySite": [{"text": "T12"}]}
_MEMBERS = frozenset(
    ("name", "asOf", "plannedAt", "order", "patient", "resources", "omitted", "failed", "cut", "expect")
)


@dataclass(frozen=True, slots=True)
class Case:
    """One case. Resources without an id or subject get one; every section counts as answered whole unless it is named otherwise.

    `order` is merged over a vertebroplasty of T12, `patient` over a woman born 1948-03-02 (null leaves the patient out).
    """

    rule: str
    name: str
    as_of: datetime
    order: Mapping[str, Any]
    patient: Mapping[str, Any] | None
    resources: tuple[Mapping[str, Any], ...]
    answers: Mapping[Section, Answer]
    expect: tuple[Mapping[str, Any], ...]


def load(path: Path) -> tuple[Case, ...]:
    """The cases of one file. Raises ValueError naming what is wrong with it."""
    file = msgspec.json.decode(path.read_bytes())
    return tuple(_case(path.stem, file, item) for item in file["cases"])


def _case(rule: str, file: Mapping[str, Any], item: Mapping[str, Any]) -> Case:
    strange = item.keys() - _MEMBERS
    if strange:
        raise ValueError(f"{rule}: {item.get('name')}: unknown member {min(strange)}")
    order = {**_ORDER, **file.get("order", {}), **item.get("order", {})}
    if "plannedAt" in item:
        order["occurrenceDateTime"] = item["plannedAt"]
    patient = item["patient"] if "patient" in item else file.get("patient", {})
    answers = dict.fromkeys(Section, Answer.WHOLE)
    for answer in (Answer.OMITTED, Answer.FAILED, Answer.CUT):
        answers.update(dict.fromkeys(map(Section, item.get(answer, ())), answer))
    resources = (*file.get("shared", ()), *item.get("resources", ()))
    return Case(
        rule=rule,
        name=item["name"],
        as_of=datetime.fromisoformat(item.get("asOf") or file["asOf"]),
        order=order,
        patient=None if patient is None else {**_PATIENT, **patient},
        resources=tuple(_completed(resource, number) for number, resource in enumerate(resources)),
        answers=answers,
        expect=tuple(item["expect"]),
    )


def _completed(resource: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    whose = "patient" if resource.get("resourceType") == "AllergyIntolerance" else "subject"
    return {"id": f"r{number}", whose: {"reference": f"Patient/{PATIENT_ID}"}, **resource}


def chart(case: Case, know: Knowledge, zone: tzinfo = UTC) -> Chart:
    """The chart of a case, read by the same reader as a request's."""
    context = Context(know, zone)
    grouped = _grouped(case, know)
    received = Received(
        answers={
            section: Answered(answer, _shown(grouped[section], answer)) for section, answer in case.answers.items()
        },
        patient_id=PATIENT_ID,
    )
    orders = Orders.of((Part(msgspec.json.encode(case.order)),), context, as_of=case.as_of)
    return read_chart(received, orders.order, case.as_of, context)


def _shown(resources: Iterable[Mapping[str, Any]], answer: Answer) -> tuple[Part, ...]:
    """A section that was omitted or failed brings nothing, whatever the case lists in it."""
    if answer in (Answer.OMITTED, Answer.FAILED):
        return ()
    return tuple(Part(msgspec.json.encode(resource)) for resource in resources)


_OTHERS = {kind: section for section, kind in RESOURCE_TYPE.items() if section not in MEASURES}


def section_of(resource: Mapping[str, Any], know: Knowledge) -> Section:
    """The section that would bring a resource; for an observation the one that asks for its code."""
    kind = resource.get("resourceType", "")
    code = resource.get("code")
    if kind == "Observation" and isinstance(code, dict):
        for coding in code.get("coding", ()):
            sets = know.index.of_code(know.index.system(coding.get("system", "")), coding.get("code", ""))
            for name in sets & SECTION_OF.keys():
                return SECTION_OF[name]
    return _OTHERS.get(kind, Section.CONDITIONS)


def judge(case: Case, rule: Rule, know: Knowledge) -> tuple[Result, ...]:
    """What the rule comes to in this case."""
    return evaluate(chart(case, know), (rule,), know)


def request(case: Case, know: Knowledge) -> dict[str, Any]:
    """A case as the whole request that an EHR would send."""
    grouped = _grouped(case, know)
    prefetch: dict[str, Any] = {}
    for section, answer in case.answers.items():
        if answer is Answer.FAILED:
            prefetch[section] = {
                "resourceType": "OperationOutcome",
                "issue": [{"severity": "error", "code": "exception"}],
            }
        elif answer is not Answer.OMITTED:
            prefetch[str(section)] = _bundle(grouped[section], cut=answer is Answer.CUT)
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
            found[_OTHERS.get(str(resource.get("resourceType")), Section.CONDITIONS)].append(resource)
    prefetch = {str(section): _bundle(listed) for section, listed in found.items()}
    added = {**_PLAIN_ORDER, "subject": {"reference": f"Patient/{patient}"}}
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


def _grouped(case: Case, know: Knowledge) -> dict[Section, list[Mapping[str, Any]]]:
    grouped: dict[Section, list[Mapping[str, Any]]] = {section: [] for section in Section}
    for resource in (*case.resources, *([case.patient] if case.patient else [])):
        grouped[section_of(resource, know)].append(resource)
    return grouped


def differences(case: Case, actual: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """How a rule's rows differ from what the case expects, in words; empty if they are as expected.

    Each expected row names a status and, where given, effect, indicator, a part of the sentence (`says`), `missing`, and, as the response
    has them, `evidence` and `citations`.
    """
    remaining = [_plain(item) for item in actual]
    wrong = []
    for expected in case.expect:
        match = next((item for item in remaining if _fits(item, expected)), None)
        if match is None:
            wrong.append(f"expected {expected}, got {remaining}")
        else:
            remaining.remove(match)
    return (*wrong, *(f"not expected: {item}" for item in remaining))


_COMPARED = ("status", "effect", "indicator", "says", "basis", "evidence", "citations")


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """What a case may expect of a row, gaps as `section: reason`."""
    kept = {name: item[name] for name in _COMPARED if name in item}
    missing = [f"{gap['section']}: {gap['reason']}" for gap in item.get("missing", ())]
    return kept | ({"missing": missing} if missing else {})


def _fits(item: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    says = expected.get("says", "")
    others = {name: value for name, value in expected.items() if name != "says"}
    return says in item.get("says", "") and all(item.get(name) == value for name, value in others.items())
