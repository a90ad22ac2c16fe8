"""Observations become measurements: every kind of value, status and date, and no JSON value that raises."""

import copy
import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from cds_service import knowledge
from cds_service.chart import Basis, Measurement, Quantity, ResultStatus
from cds_service.chart.sections import SECTION_OF
from cds_service.fhir import numbers
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.bundle import Part
from cds_service.fhir.decoding.decode import DecodedResource, decode
from cds_service.fhir.numbers import WrittenNumber
from cds_service.fhir.readers.observations import measurements

CONTEXT = Context(knowledge.load(), ZoneInfo("America/New_York"))
INR = {"coding": [{"system": "http://loinc.org", "code": "6301-6"}]}
PLATELETS = {"coding": [{"system": "http://loinc.org", "code": "777-3"}]}
PAIN = {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]}
HCG = {"coding": [{"system": "http://loinc.org", "code": "2106-3"}]}
CULTURE = {"coding": [{"system": "http://loinc.org", "code": "600-7"}]}


def observation(code: Any, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "1",
        "status": "final",
        "code": code,
        "effectiveDateTime": "2026-11-20T08:00:00Z",
        **more,
    }


def read(resource: Any) -> tuple[Measurement, ...]:
    (item,) = decode([Part(Raw(json.dumps(resource).encode()))])
    assert isinstance(item, DecodedResource)
    assert isinstance(item.resource, resources.Observation)
    return measurements(item.resource, item.source, CONTEXT)


def only(resource: Any) -> Measurement:
    (found,) = read(resource)
    assert sum((found.quantity is not None, found.answer is not None, bool(found.absent))) == 1
    return found


def quantity(value: float, unit: str | None = None, **more: Any) -> dict[str, Any]:
    return {"value": value, **({} if unit is None else {"unit": unit}), **more}


def test_measures_are_value_sets() -> None:
    assert set(SECTION_OF) <= set(CONTEXT.know.index.value_sets)


def test_a_plain_result() -> None:
    found = only(observation(INR, valueQuantity=quantity(1.9)))
    assert found.concept.sets == {"inr"}
    assert found.quantity == Quantity(1.9, "1")
    assert found.status is ResultStatus.FINAL
    assert str(found.when) == "2026-11-20 03:00"
    assert found.source.reference == "Observation/1"
    assert not found.source.notes


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        (PLATELETS, {"valueQuantity": quantity(150_000, "/mm3")}, Quantity(150, "10*9/L")),
        (PLATELETS, {"valueQuantity": {**quantity(50, "K/uL"), "comparator": "<"}}, Quantity(50, "10*9/L", "<")),
        (PLATELETS, {"valueQuantity": {"value": "150", "unit": "K/uL"}}, Quantity(150, "10*9/L")),
        (PLATELETS, {"valueString": "150 x10E3/uL"}, Quantity(150, "10*9/L")),
        (PLATELETS, {"valueString": "<20 K/uL"}, Quantity(20, "10*9/L", "<")),
        (INR, {"valueString": "1,2"}, Quantity(1.2, "1")),
        (INR, {"valueString": "1.250"}, Quantity(1.25, "1")),  # an INR of 1250 is none
        (INR, {"valueString": "1,250"}, Quantity(1.25, "1")),
        (PLATELETS, {"valueString": "231.000 10*3/uL"}, Quantity(231, "10*9/L")),
        (INR, {"valueString": ">= 8"}, Quantity(8, "1", ">=")),
        (PAIN, {"valueInteger": 7}, Quantity(7, "1")),
        (PAIN, {"valueString": "7/10"}, Quantity(7, "1")),
        (PAIN, {"valueString": "7 out of 10"}, Quantity(7, "1")),
        (PAIN, {"valueQuantity": quantity(72, "mm")}, Quantity(7.2, "1")),
        (PAIN, {"valueQuantity": quantity(7, "{score}", code="{score}")}, Quantity(7, "1")),
        (PAIN, {"valueCodeableConcept": {"text": "7"}}, Quantity(7, "1")),
        (HCG, {"valueQuantity": quantity(31, "mIU/mL")}, Quantity(31, "[IU]/L")),
        ({"text": "PT/INR"}, {"valueQuantity": quantity(1.1)}, Quantity(1.1, "1")),
    ],
)
def test_a_number_in_any_form(code: Any, value: dict[str, Any], expected: Quantity) -> None:
    assert only(observation(code, **value)).quantity == expected


@pytest.mark.parametrize(
    ("code", "value", "says"),
    [
        (PLATELETS, {"valueQuantity": quantity(150)}, "has no unit"),
        (PLATELETS, {"valueInteger": 150}, "has no unit"),
        (PLATELETS, {"valueQuantity": quantity(150, "furlongs")}, "unit 'furlongs' not understood"),
        (PLATELETS, {"valueQuantity": quantity(150, "K/uL", comparator="ad")}, "value 'ad150 K/uL' not understood"),
        (PLATELETS, {"valueQuantity": {"value": "NaN", "unit": "K/uL"}}, "value 'nan K/uL' not understood"),
        (PLATELETS, {"valueString": "1.9 (H)"}, "unit '(H)' not understood"),
        (PAIN, {"valueQuantity": quantity(72, "{score}")}, "72 {score} is not possible: its unit or a digit is wrong"),
        (PAIN, {"valueString": "7-8/10"}, "unit '-8/10' not understood"),
        (INR, {"valueQuantity": quantity(-1)}, "-1 is not possible: its unit or a digit is wrong"),
        (INR, {}, "no value"),
        (INR, {"valueQuantity": {"unit": "1"}}, "no value"),
        (INR, {"valueString": "  "}, "no value"),
        (PLATELETS, {"valueString": "231.000/uL"}, "what is written can be 231 or 231000 /uL"),
        (PLATELETS, {"valueString": "231,000 /mm3"}, "what is written can be 231 or 231000 /mm3"),
        (PLATELETS, {"valueQuantity": {"value": "4_1", "unit": "K/uL"}}, "no value"),
        (INR, {"valueString": "4_1"}, "unit '_1' not understood"),
        (INR, {"valueQuantity": "high"}, "no value"),
        (INR, {"dataAbsentReason": {"text": "Specimen clotted"}}, "Specimen clotted"),
        (INR, {"dataAbsentReason": {"coding": [{"code": "not-performed"}]}}, "not-performed"),
    ],
)
def test_a_value_that_cannot_be_read_says_why(code: Any, value: dict[str, Any], says: str) -> None:
    assert only(observation(code, **value)).absent == says


@pytest.mark.parametrize(
    ("code", "value", "text", "sets"),
    [
        (HCG, {"valueString": "POSITIVE"}, "POSITIVE", {"result-positive"}),
        (HCG, {"valueString": "Not detected"}, "Not detected", {"result-negative"}),
        (HCG, {"valueCodeableConcept": {"coding": [{"display": "Negative"}]}}, "Negative", {"result-negative"}),
        (HCG, {"valueCodeableConcept": {"coding": [{"code": "POS"}]}}, "Positive", {"result-positive"}),
        (HCG, {"valueCodeableConcept": {"coding": [{"code": "local-7"}]}}, "local-7", set()),
        (HCG, {"valueBoolean": True}, "Yes", {"result-positive"}),
        (HCG, {"valueBoolean": False}, "No", {"result-negative"}),
        (HCG, {"interpretation": [{"coding": [{"code": "NEG"}]}]}, "Negative", {"result-negative"}),
        (HCG, {"interpretation": {"coding": [{"code": "IND"}]}}, "Indeterminate", set()),
        (HCG, {"valueString": "see report", "interpretation": [{"coding": [{"code": "POS"}]}]}, "see report",
         {"result-positive"}),
        (CULTURE, {"valueString": "No growth after 5 days"}, "No growth after 5 days", {"result-negative"}),
        (INR, {"interpretation": [{"coding": [{"code": "H"}]}]}, "High", set()),
        (PAIN, {"valueCodeableConcept": {"text": "7 - severe"}}, "7 - severe", set()),
    ],
)  # fmt: skip
def test_an_answer_in_words(code: Any, value: dict[str, Any], text: str, sets: set[str]) -> None:
    found = only(observation(code, **value))
    assert found.answer is not None
    assert found.answer.text == text
    assert found.answer.sets & {"result-positive", "result-negative"} == sets


def test_a_sentence_proves_less_than_a_label() -> None:
    label = only(observation(CULTURE, valueString="Positive"))
    sentence = only(observation(CULTURE, valueString="Staphylococcus aureus in two of two bottles"))
    assert label.answer is not None
    assert sentence.answer is not None
    assert (label.answer.basis, sentence.answer.basis) == (Basis.CODE, Basis.TEXT)


@pytest.mark.parametrize(
    ("status", "expected", "noted"),
    [
        ("final", ResultStatus.FINAL, False),
        ("amended", ResultStatus.FINAL, False),
        ("corrected", ResultStatus.FINAL, False),
        ("preliminary", ResultStatus.PRELIMINARY, False),
        ("registered", ResultStatus.PRELIMINARY, False),
        ("this_is_invalid", ResultStatus.PRELIMINARY, True),
        ("unknown", ResultStatus.PRELIMINARY, True),
        (None, ResultStatus.PRELIMINARY, True),
    ],
)
def test_a_status(status: str | None, expected: ResultStatus, noted: bool) -> None:
    found = only(observation(INR, status=status, valueQuantity=quantity(1.1)))
    assert found.status is expected
    assert any("status" in note for note in found.source.notes) is noted


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "Entered-In-Error "])
def test_what_was_never_a_result_is_not_there(status: str) -> None:
    assert read(observation(INR, status=status, valueQuantity=quantity(1.1))) == ()


@pytest.mark.parametrize(
    ("dated", "expected", "note"),
    [
        ({"effectiveDateTime": "2026-11"}, "2026-11", ""),
        ({"effectiveDateTime": "2026-11-20"}, "2026-11-20", ""),
        ({"effectiveInstant": "2026-11-20T08:00:00Z"}, "2026-11-20 03:00", ""),
        ({"effectivePeriod": {"start": "2026-11-18", "end": "2026-11-19"}}, "2026-11-19", ""),
        ({"effectivePeriod": {"start": "2026-11-18"}}, "2026-11-18", ""),
        ({"issued": "2026-11-21T08:00:00Z"}, "2026-11-21 03:00", "dated by when it was issued"),
        ({"effectiveDateTime": "yesterday"}, "None", ""),
        ({"effectiveTiming": {"event": ["2026-11-20", "2026-11-19"]}}, "2026-11-19", ""),
        ({}, "None", ""),
    ],
)
def test_a_date(dated: dict[str, Any], expected: str, note: str) -> None:
    found = only({**observation(INR, valueQuantity=quantity(1.1)), "effectiveDateTime": None, **dated})
    assert str(found.when) == expected
    assert found.source.notes == ((note,) if note else ())


def test_components_are_measurements_of_their_own() -> None:
    panel = observation(
        {"text": "Coagulation panel"},
        component=[
            {"code": INR, "valueQuantity": quantity(1.4)},
            {"code": PLATELETS, "dataAbsentReason": {"text": "clotted"}},
            {"code": {"text": "appearance"}, "valueString": "clear"},
        ],
    )
    first, second = read(panel)
    assert first.quantity == Quantity(1.4, "1")
    assert second.absent == "clotted"
    assert first.source == second.source


def test_a_panel_that_shares_the_name_of_its_component_is_no_unreadable_result() -> None:
    panel = observation(PAIN, component=[{"code": PAIN, "valueInteger": 4}])
    assert only(panel).quantity == Quantity(4, "1")


@pytest.mark.parametrize("code", [{"text": "Marrow oedema T12"}, {"coding": [{"code": "6301-6"}]}, None, {}])
def test_what_is_no_measure_is_left_alone(code: Any) -> None:
    assert read(observation(code, valueQuantity=quantity(1.1))) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<0.5", WrittenNumber(0.5, "<")),
        ("≤ 5 mg/L", WrittenNumber(5, "<=", "mg/L")),
        ("1,2", WrittenNumber(1.2)),
        ("0,125", WrittenNumber(0.125)),
        ("150,000", WrittenNumber(150, "", "", 150_000)),
        ("231.000/uL", WrittenNumber(231, "", "/uL", 231_000)),
        ("１２０", WrittenNumber(120)),
        ("＜１．５ｍｇ／Ｌ", WrittenNumber(1.5, "<", "mg/L")),
        ("−2.5", WrittenNumber(-2.5)),
        ("4_1", WrittenNumber(4, "", "_1")),
        ("1 200", WrittenNumber(1, "", "200")),
        ("1,250,000 /uL", WrittenNumber(1_250_000, "", "/uL")),
        ("1,250.5", WrittenNumber(1250.5)),
        ("1.250,5", WrittenNumber(1250.5)),
        ("7/10", WrittenNumber(7, "", "/10")),
        ("-2.5 SD", WrittenNumber(-2.5, "", "SD")),
        ("1e3", WrittenNumber(1000)),
        ("1e999", None),
        ("1.2.3", None),
        ("", None),
        ("high", None),
        ("9" * 400, None),
    ],
)
def test_a_written_number(text: str, expected: WrittenNumber | None) -> None:
    assert numbers.read(text) == expected


FULL = observation(
    {"coding": [{"system": "http://loinc.org", "code": "6301-6", "display": "INR"}], "text": "INR"},
    category=[{"text": "laboratory"}],
    subject={"reference": "Patient/1"},
    effectivePeriod={"start": "2026-11-18", "end": "2026-11-19"},
    issued="2026-11-21T08:00:00Z",
    valueQuantity={"value": 1.9, "comparator": "<", "unit": "INR", "system": "http://unitsofmeasure.org", "code": "1"},
    valueCodeableConcept={"text": "Positive", "coding": [{"code": "POS"}]},
    valueString="1.9",
    valueBoolean=True,
    valueInteger=2,
    dataAbsentReason={"text": "clotted"},
    interpretation=[{"coding": [{"code": "H"}]}],
    component=[{"code": INR, "valueQuantity": {"value": 1.9, "unit": "1"}, "interpretation": [{"text": "x"}]}],
    bodySite={"text": "arm"},
    derivedFrom=[{"reference": "ImagingStudy/1"}],
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["coding", "code", "value", "text", "x"]), inner),
    max_leaves=6,
)  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, inner in members for found in ((*at, key), *paths(inner, (*at, key)))]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_json_value_anywhere_raises(data: st.DataObject) -> None:
    resource = copy.deepcopy(FULL)
    for _ in range(data.draw(st.integers(1, 3))):
        places = [path for path in paths(resource) if path != ("resourceType",)]
        *above, last = data.draw(st.sampled_from(places))
        holder: Any = resource
        for key in above:
            holder = holder[key]
        holder[last] = data.draw(JSON)
    for item in decode([Part(Raw(json.dumps(resource).encode()))]):
        assert isinstance(item, DecodedResource)
        assert isinstance(item.resource, resources.Observation)
        for found in measurements(item.resource, item.source, CONTEXT):
            assert sum((found.quantity is not None, found.answer is not None, bool(found.absent))) == 1
