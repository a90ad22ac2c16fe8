"""Whatever a client puts anywhere in a resource, the chart is read; what of other versions is plain is understood."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Raw

from cds_service.cases import FIXTURES
from cds_service.chart import Answer, Certainty, Chart, Order, Section, State
from cds_service.chart.sections import RESOURCE_TYPE
from cds_service.fhir import read
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.bundle import Answered, Part, open_answer
from cds_service.knowledge import load

CONTEXT = Context(load(), UTC)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
_SECTION = {kind: section for section, kind in RESOURCE_TYPE.items()}
RESOURCES: list[dict[str, Any]] = [
    entry["resource"]
    for name in ("apixaban-20h-before-slot", "stent-dual-antiplatelet-included-medication", "low-platelets-inpatient")
    for value in json.loads((FIXTURES / "requests" / f"{name}.json").read_text(encoding="utf-8"))["prefetch"].values()
    for entry in (value.get("entry", ()) if value["resourceType"] == "Bundle" else ({"resource": value},))
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def chart(*resources: dict[str, Any], patient: str = "vera") -> Chart:
    """The chart of resources, each in a section of its type."""
    parts: dict[Section, list[Part]] = {}
    for resource in resources:
        section = _SECTION.get(str(resource.get("resourceType")), Section.CONDITIONS)
        parts.setdefault(section, []).append(Part(Raw(json.dumps(resource).encode())))
    answers = {section: Answered(Answer.WHOLE, tuple(listed)) for section, listed in parts.items()}
    return read.chart(read.Received(answers, (), patient), Order(), NOW, CONTEXT)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, inner in items for place in places(inner, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    """The value with what lies at a place replaced."""
    if not path:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_json_value_anywhere_raises(data: st.DataObject) -> None:
    """Any value in place of any element of any resource, and any element beside the known ones."""
    resource = data.draw(st.sampled_from(RESOURCES))
    changed = replaced(resource, data.draw(st.sampled_from(places(resource)[1:])), data.draw(JSON))
    assert isinstance(chart(changed), Chart)


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"null", Answer.WHOLE),
        (b'{"resourceType": "Bundle", "type": "searchset"}', Answer.WHOLE),
        (b'{"resourceType": "Bundle", "type": "searchset", "total": 3}', Answer.CUT),
        (b'{"resourceType": "Bundle", "link": [{"relation": "next", "url": "x"}]}', Answer.CUT),
        (b'{"resourceType": "OperationOutcome"}', Answer.FAILED),
        (b'"?"', Answer.FAILED),
        (b"{", Answer.FAILED),
    ],
)
def test_what_a_prefetch_value_says(sent: bytes, answer: Answer) -> None:
    """Empty is known to be empty; an error and a part are not."""
    assert open_answer(Raw(sent)).answer is answer


def test_another_patients_resource_is_left_out_and_said() -> None:
    """Nobody else's discitis."""
    other = {"resourceType": "Condition", "id": "x", "subject": {"reference": "Patient/other"}}
    other["code"] = {"text": "Discitis"}
    found = chart(other)
    assert not found.conditions
    assert "another patient" in found.notes[0]


def problems(says: str) -> set[tuple[str, State, Certainty]]:
    """The value sets of a problem in words, each with the state and certainty of its entry."""
    found = chart({"resourceType": "Condition", "id": "c", "code": {"text": says}}).conditions
    return {(name, item.state, item.certainty) for item in found for name in item.concept.sets}


def test_one_problem_in_words_gives_an_entry_for_each_way_in_which_it_speaks() -> None:
    assert problems("Pneumonia, possible discitis, old L1 compression fracture; no sepsis") >= {
        ("other-infection", State.ACTIVE, Certainty.CONFIRMED),
        ("spinal-infection", State.ACTIVE, Certainty.POSSIBLE),
        ("fracture-compression", State.INACTIVE, Certainty.CONFIRMED),
    }
    assert "sepsis" not in {name for name, _, _ in problems("Pneumonia; no sepsis")}
    assert problems("Family history of discitis") == set()


def test_a_history_is_what_it_is_and_an_event_long_ago_is_another_thing() -> None:
    assert ("mechanical-valve", State.ACTIVE, Certainty.CONFIRMED) in problems(
        "Status post mechanical valve replacement"
    )
    assert problems("History of myocardial infarction") == {("vascular-disease", State.ACTIVE, Certainty.CONFIRMED)}
    assert {state for _, state, _ in problems("History of vertebral compression fracture")} == {State.INACTIVE}


@pytest.mark.parametrize(
    "condition",
    [
        {"clinicalStatus": {"coding": [{"code": "active"}]}, "verificationStatus": {"coding": [{"code": "confirmed"}]}},
        {"clinicalStatus": "active", "verificationStatus": "confirmed"},
        {"clinicalStatus": "active", "verificationStatus": "confirmed", "patient": {"reference": "Patient/vera"}},
    ],
    ids=["R4", "STU3", "DSTU2"],
)
def test_a_condition_of_any_version(condition: dict[str, Any]) -> None:
    """A code where later versions have a concept, `patient` where later ones have `subject`."""
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M46.46"}]}
    whose = {} if "patient" in condition else {"subject": {"reference": "Patient/vera"}}
    (found,) = chart({"resourceType": "Condition", "id": "c", "code": code, **whose, **condition}).conditions
    assert found.state is State.ACTIVE
    assert not found.source.notes
