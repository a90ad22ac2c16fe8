"""The cases of a rule: small charts in `fixtures/rules/<rule>.json` with the results that the rule must come to."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from cds_service import judgement
from cds_service.chart import Answer, Chart, Section
from cds_service.chart.sections import MEASURES, RESOURCE_TYPE, SECTION_OF
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.bundle import Answered, Part
from cds_service.fhir.decoding.datatypes import Term
from cds_service.fhir.decoding.repair import fitted
from cds_service.fhir.read import Received
from cds_service.findings import Result, Rule
from cds_service.judgement import Judgement
from cds_service.knowledge import Knowledge
from cds_service.orders import Orders

PATIENT_ID = "p"
_PACKAGE = Path(__file__).parent.parent
_BUILT = _PACKAGE / "_fixtures"
FIXTURES = _BUILT if _BUILT.is_dir() else _PACKAGE.parent / "fixtures"
"""Where the fixtures lie: in the installed package, or at the top of a checkout."""

_PATIENT = {"resourceType": "Patient", "id": PATIENT_ID, "gender": "female", "birthDate": "1948-03-02"}
PLAIN_ORDER = {
    "resourceType": "ServiceRequest",
    "id": "vp",
    "status": "draft",
    "intent": "order",
    "code": {"text": "Percutaneous vertebroplasty"},
}
_ORDER = {**PLAIN_ORDER, "bodySite": [{"text": "T12"}]}
_MEMBERS = frozenset(
    ("name", "asOf", "plannedAt", "order", "patient", "resources", "omitted", "failed", "cut", "notKept", "expect")
)
_ANSWERS = {"omitted": Answer.OMITTED, "failed": Answer.FAILED, "cut": Answer.CUT, "notKept": Answer.NOT_KEPT}


class Case(Struct, frozen=True):
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


@cache
def of_rule(rule: str) -> tuple[Case, ...]:
    """The cases of a rule by its id; none if it has no file."""
    path = FIXTURES / "rules" / f"{rule}.json"
    return load(path) if path.is_file() else ()


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
    for member, answer in _ANSWERS.items():
        answers.update(dict.fromkeys(map(Section, item.get(member, ())), answer))
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
    return _judged(case, (), know, zone).chart


def judge(case: Case, rule: Rule, know: Knowledge) -> tuple[Result, ...]:
    """What the rule comes to in this case."""
    return _judged(case, (rule,), know, UTC).results


def _judged(case: Case, rules: tuple[Rule, ...], know: Knowledge, zone: tzinfo) -> Judgement:
    context = Context(know, zone)
    resources = grouped(case, know)
    received = Received(
        answers={
            section: Answered(answer, _parts_of(resources[section], answer)) for section, answer in case.answers.items()
        },
        patient_id=PATIENT_ID,
    )
    orders = Orders.of((Part(msgspec.Raw(msgspec.json.encode(case.order))),), context, as_of=case.as_of)
    return judgement.judge(received, orders.order, case.as_of, rules, context)


def _parts_of(resources: Iterable[Mapping[str, Any]], answer: Answer) -> tuple[Part, ...]:
    """A section that was omitted, failed or is not kept brings nothing, whatever the case lists in it."""
    if not answer.brings_data:
        return ()
    return tuple(Part(msgspec.Raw(msgspec.json.encode(resource))) for resource in resources)


_OTHERS = {kind: section for section, kind in RESOURCE_TYPE.items() if section not in MEASURES}


def section_of_kind(kind: object) -> Section:
    """The section that holds resources of a type; observations whose code is not looked at come with the findings of images."""
    return _OTHERS.get(str(kind), Section.CONDITIONS)


def section_of(resource: Mapping[str, Any], know: Knowledge) -> Section:
    """The section that would bring a resource; for an observation the one that asks for its code."""
    kind = resource.get("resourceType", "")
    if kind == "Observation":
        for system, code in fitted(resource.get("code"), Term).codes:
            for name in know.index.of_code(know.index.system(system), code) & SECTION_OF.keys():
                return SECTION_OF[name]
    return section_of_kind(kind)


def grouped(case: Case, know: Knowledge) -> dict[Section, list[Mapping[str, Any]]]:
    """The resources of a case, the patient among them, by the section that would bring them."""
    found: dict[Section, list[Mapping[str, Any]]] = {section: [] for section in Section}
    for resource in (*case.resources, *([case.patient] if case.patient else [])):
        found[section_of(resource, know)].append(resource)
    return found
