"""Statements, requests, administrations and dispenses of any FHIR version become uses of drugs, or one named unknown."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service import knowledge
from cds_service.chart import Basis, DrugUse, Order, Section, Source, UseStatus
from cds_service.fhir import read as chart_reader
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import repair, resources
from cds_service.fhir.decoding.bundle import Part, open_answer
from cds_service.fhir.readers.drug_identity import addressed
from cds_service.fhir.readers.medications import drug_uses
from tests import measure_drugs

CONTEXT = Context(knowledge.load(), UTC)
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ELIQUIS: dict[str, Any] = {
    "coding": [{"system": RXNORM, "code": "1364447", "display": "apixaban 5 MG Oral Tablet [Eliquis]"}]
}
APIXABAN: dict[str, Any] = {"medicationCodeableConcept": ELIQUIS}
UNKNOWN: dict[str, Any] = {"medicationCodeableConcept": {"text": "Little pink pill"}}
LISINOPRIL: dict[str, Any] = {"medicationCodeableConcept": {"text": "Lisinopril 10 mg"}}


def read(
    kind: str, medications: dict[str, Any] | None = None, *, drafted: bool = False, **members: Any
) -> tuple[DrugUse, ...]:
    """The uses in one resource; `medications` are Medication resources by the address of their Bundle entry."""
    resource, losses = repair.read(members, resources.TYPES[kind])
    assert isinstance(resource, resources.MedicationUse)
    known = []
    for full_url, item in (medications or {}).items():
        medication = repair.read(item, resources.Medication)[0]
        assert isinstance(medication, resources.Medication)
        known.append((medication, full_url))
    source = Source(f"{kind}/1", notes=tuple(f"{path} could not be read" for path in losses.dropped))
    return drug_uses(resource, source, addressed(known).beside(""), CONTEXT, drafted=drafted)


def one(kind: str, medications: dict[str, Any] | None = None, **members: Any) -> DrugUse:
    (use,) = read(kind, medications, **members)
    return use


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_a_statement_with_an_end_tells_the_last_dose():
    use = one(
        "MedicationStatement",
        status="active",
        **APIXABAN,
        effectivePeriod={"start": "2024-01-01", "end": "2026-11-23T12:00:00Z"},
        dateAsserted="2026-11-23",
    )
    assert (use.ingredient, use.drug_class, use.basis) == ("apixaban", "direct-oral-anticoagulant", Basis.CODE)
    assert use.status is UseStatus.TAKING
    assert use.last_dose == use.end
    assert use.last_dose
    assert use.last_dose.last == at(2026, 11, 23, 12)
    assert use.start
    assert use.start.start == at(2024, 1, 1)
    assert use.stated
    assert use.name == "apixaban 5 MG Oral Tablet [Eliquis]"


def test_the_time_of_a_statement_is_no_dose():
    use = one("MedicationStatement", status="active", **APIXABAN, effectiveDateTime="2026-11-23T12:00:00Z")
    assert use.last_dose is None
    assert use.stated
    assert use.stated.start == at(2026, 11, 23, 12)


STATUSES = [
    ("MedicationStatement", {"status": "active"}, UseStatus.TAKING),
    ("MedicationStatement", {"status": "intended"}, UseStatus.INTENDED),
    ("MedicationStatement", {"status": "on-hold"}, UseStatus.ON_HOLD),
    ("MedicationStatement", {"status": "stopped"}, UseStatus.STOPPED),
    ("MedicationStatement", {"status": "completed"}, UseStatus.COMPLETED),
    ("MedicationStatement", {"status": "not-taken"}, UseStatus.NOT_TAKEN),
    ("MedicationStatement", {"status": "unknown"}, UseStatus.UNCLEAR),
    # R5
    ("MedicationStatement", {"status": "recorded"}, UseStatus.UNCLEAR),
    (
        "MedicationStatement",
        {"status": "recorded", "adherence": {"code": {"coding": [{"code": "taking"}]}}},
        UseStatus.TAKING,
    ),
    (
        "MedicationStatement",
        {"status": "recorded", "adherence": {"code": {"coding": [{"code": "taking-not-as-directed"}]}}},
        UseStatus.TAKING,
    ),
    (
        "MedicationStatement",
        {"status": "recorded", "adherence": {"code": {"coding": [{"code": "not-taking"}]}}},
        UseStatus.NOT_TAKEN,
    ),
    (
        "MedicationStatement",
        {"status": "recorded", "adherence": {"code": {"coding": [{"code": "on-hold-as-directed"}]}}},
        UseStatus.ON_HOLD,
    ),
    (
        "MedicationUsage",
        {"status": "recorded", "adherence": {"code": {"coding": [{"code": "stopped"}]}}},
        UseStatus.STOPPED,
    ),
    ("MedicationRequest", {"status": "ended"}, UseStatus.ENDED),
    # STU3
    ("MedicationStatement", {"status": "active", "taken": "y"}, UseStatus.TAKING),
    ("MedicationStatement", {"status": "active", "taken": "n"}, UseStatus.NOT_TAKEN),
    ("MedicationStatement", {"status": "active", "taken": "unk"}, UseStatus.UNCLEAR),
    ("MedicationStatement", {"status": "active", "taken": "na"}, UseStatus.TAKING),
    ("MedicationStatement", {"status": "on-hold", "taken": "n"}, UseStatus.ON_HOLD),
    # DSTU2
    ("MedicationStatement", {"status": "completed", "wasNotTaken": True}, UseStatus.NOT_TAKEN),
    ("MedicationStatement", {"status": "active", "wasNotTaken": False}, UseStatus.TAKING),
    ("MedicationOrder", {"status": "active"}, UseStatus.TAKING),
    ("MedicationAdministration", {"status": "completed", "wasNotGiven": True}, UseStatus.NOT_TAKEN),
    # requests
    ("MedicationRequest", {"status": "active", "intent": "order"}, UseStatus.TAKING),
    ("MedicationRequest", {"status": "active", "intent": "plan"}, UseStatus.TAKING),
    ("MedicationRequest", {"status": "active", "intent": "proposal"}, UseStatus.INTENDED),
    ("MedicationRequest", {"status": "draft", "intent": "order"}, UseStatus.INTENDED),
    ("MedicationRequest", {"status": "on-hold"}, UseStatus.ON_HOLD),
    ("MedicationRequest", {"status": "stopped"}, UseStatus.STOPPED),
    ("MedicationRequest", {"status": "cancelled"}, UseStatus.NOT_TAKEN),
    ("MedicationRequest", {"status": "completed"}, UseStatus.COMPLETED),
    ("MedicationRequest", {"status": "unknown"}, UseStatus.UNCLEAR),
    # administrations and supply
    ("MedicationAdministration", {"status": "in-progress"}, UseStatus.TAKING),
    ("MedicationAdministration", {"status": "completed"}, UseStatus.COMPLETED),
    ("MedicationAdministration", {"status": "not-done"}, UseStatus.NOT_TAKEN),
    ("MedicationAdministration", {"status": "stopped"}, UseStatus.STOPPED),
    ("MedicationDispense", {"status": "completed"}, UseStatus.UNCLEAR),
    ("MedicationDispense", {"status": "cancelled"}, UseStatus.NOT_TAKEN),
]


@pytest.mark.parametrize(("kind", "members", "status"), STATUSES)
def test_the_status_of_every_version(kind: str, members: dict[str, Any], status: UseStatus):
    assert one(kind, **members, **APIXABAN).status is status


@pytest.mark.parametrize(
    "kind", ["MedicationStatement", "MedicationRequest", "MedicationAdministration", "MedicationDispense"]
)
@pytest.mark.parametrize(("status", "note"), [("aktiv", "FHIR version not understood"), (None, "no status is given")])
def test_a_status_of_no_version_is_unclear_and_said(kind: str, status: str | None, note: str):
    use = one(kind, status=status, **APIXABAN)
    assert use.status is UseStatus.UNCLEAR
    assert note in use.source.notes[0]


@pytest.mark.parametrize("members", [{"status": "entered-in-error"}, {"status": "active", "doNotPerform": True}])
def test_errors_and_prohibitions_are_no_use(members: dict[str, Any]):
    assert read("MedicationRequest", **members, **APIXABAN) == ()


def test_an_administration_tells_the_last_dose():
    use = one("MedicationAdministration", status="completed", **APIXABAN, effectiveDateTime="2026-11-22T08:00:00Z")
    assert use.last_dose
    assert use.last_dose.last == at(2026, 11, 22, 8)


@pytest.mark.parametrize(
    ("members", "last"),
    [
        (
            {
                "status": "completed",
                "effectivePeriod": {"start": "2026-11-22T08:00:00Z", "end": "2026-11-22T09:30:00Z"},
            },
            True,
        ),
        ({"status": "stopped", "effectiveTimePeriod": {"start": "2026-11-22", "end": "2026-11-22T09:30:00Z"}}, True),
        ({"status": "completed", "occurencePeriod": {"end": "2026-11-22T09:30:00Z"}}, True),
        ({"status": "completed", "occurenceDateTime": "2026-11-22T09:30:00Z"}, True),
        ({"status": "in-progress", "effectivePeriod": {"start": "2026-11-22T08:00:00Z"}}, False),
        ({"status": "not-done", "effectiveDateTime": "2026-11-22T09:30:00Z"}, False),
        ({"status": "completed"}, False),
    ],
)
def test_when_an_administration_ended(members: dict[str, Any], last: bool):
    use = one("MedicationAdministration", **members, **APIXABAN)
    assert (use.last_dose.last if use.last_dose else None) == (at(2026, 11, 22, 9, 30) if last else None)


def test_a_dispense_proves_supply_and_no_dose():
    use = one("MedicationDispense", status="completed", **APIXABAN, whenHandedOver="2026-11-01")
    assert use.last_dose is None
    assert use.stated
    assert use.stated.start == at(2026, 11, 1)


@pytest.mark.parametrize(
    ("reference", "medications"),
    [
        ("Medication/m", {"": {"id": "m", "code": ELIQUIS}}),
        ("Medication/m/_history/3", {"": {"id": "m", "code": ELIQUIS}}),
        ("https://ehr.example/fhir/Medication/m", {"": {"id": "m", "code": ELIQUIS}}),
        ("https://ehr.example/fhir/Medication/m", {"https://ehr.example/fhir/Medication/m": {"code": ELIQUIS}}),
        ("urn:uuid:6f4a", {"urn:uuid:6f4a": {"id": "m", "code": ELIQUIS}}),
        ("Medication/m", {"": {"id": "m", "ingredient": [{"itemCodeableConcept": ELIQUIS}]}}),
        ("Medication/m", {"": {"id": "m", "ingredient": [{"item": {"concept": ELIQUIS}}]}}),
        (
            "Medication/m",
            {"": {"id": "m", "code": {"text": "Ward mix"}, "ingredient": [{"itemCodeableConcept": ELIQUIS}]}},
        ),
    ],
)
@pytest.mark.parametrize("element", ["medicationReference", "medication"])
def test_references_resolve(reference: str, medications: dict[str, Any], element: str):
    value: dict[str, Any] = {"reference": reference}
    use = one(
        "MedicationRequest",
        medications,
        status="active",
        **{element: value if element != "medication" else {"reference": value}},
    )
    assert (use.ingredient, use.basis, use.source.notes) == ("apixaban", Basis.CODE, ())


def test_a_contained_medication_resolves():
    contained = [
        {"resourceType": "Medication", "id": "#med", "ingredient": [{"itemReference": {"reference": "#sub"}}]},
        {"resourceType": "Substance", "id": "sub", "code": ELIQUIS},
    ]
    use = one("MedicationStatement", status="active", contained=contained, medicationReference={"reference": "#med"})
    assert use.ingredient == "apixaban"


def test_an_unresolvable_reference_of_an_active_drug_is_one_named_unknown():
    use = one(
        "MedicationRequest",
        status="active",
        medicationReference={"reference": "Medication/9", "display": "Ward stock 9"},
    )
    assert (use.ingredient, use.name) == ("", "Ward stock 9")
    assert use.source.notes == ("Medication/9 could not be resolved",)
    assert (
        one("MedicationRequest", status="active", medicationReference={"reference": "Medication/9"}).name
        == "Medication/9"
    )
    ended = one("MedicationRequest", status="stopped", medicationReference={"reference": "Medication/9"})
    assert (ended.ingredient, ended.nameless) == ("", "Medication/9 could not be resolved")
    never = read("MedicationRequest", status="cancelled", medicationReference={"reference": "Medication/9"})
    assert never == ()


NAMELESS: dict[str, tuple[dict[str, Any], str]] = {
    "a masked drug": ({}, "no drug is named: FHIR version not understood"),
    "an empty reference": ({"medicationReference": {}}, "no drug is named: FHIR version not understood"),
    "a reference to nothing": ({"medicationReference": {"reference": "#m"}}, "#m could not be resolved"),
    "an identifier of nothing": ({"medicationReference": {"identifier": {"value": "7"}}}, "|7 could not be resolved"),
    "a Medication without a code": (
        {"contained": [{"resourceType": "Medication", "id": "m"}], "medicationReference": {"reference": "#m"}},
        "#m names no drug",
    ),
    "an ingredient that did not come": (
        {
            "contained": [
                {"resourceType": "Medication", "id": "m", "ingredient": [{"itemReference": {"reference": "#s"}}]}
            ],
            "medicationReference": {"reference": "#m"},
        },
        "an ingredient could not be resolved",
    ),
    "words that nobody knows": (UNKNOWN, ""),
    "a code that nobody knows": (
        {
            "contained": [{"resourceType": "Medication", "id": "m", "code": {"coding": [{"code": "XB-17"}]}}],
            "medicationReference": {"reference": "#m"},
        },
        "",
    ),
    "a drug that is known beside a reference to nothing": (APIXABAN | {"medicationReference": {"reference": "#m"}}, ""),
}


@pytest.mark.parametrize(("members", "nameless"), NAMELESS.values(), ids=NAMELESS)
def test_a_drug_whose_name_did_not_come_says_why(members: dict[str, Any], nameless: str):
    assert one("MedicationStatement", status="active", **members).nameless == nameless


def test_the_display_of_an_unresolvable_reference_is_read():
    use = one(
        "MedicationRequest",
        status="active",
        medicationReference={"reference": "Medication/9", "display": "Xarelto 20 mg"},
    )
    assert (use.ingredient, use.basis) == ("rivaroxaban", Basis.NAME)
    assert read("MedicationRequest", status="active", medicationReference={"display": "Metformin 1 g"}) == ()


def test_a_drug_that_nothing_identifies():
    assert one("MedicationStatement", status="active", **UNKNOWN).name == "Little pink pill"
    assert one("MedicationStatement", status="unknown", **UNKNOWN).ingredient == ""
    assert read("MedicationStatement", status="stopped", **UNKNOWN) == ()
    assert read("MedicationStatement", status="active", **LISINOPRIL) == ()


def test_a_resource_that_names_no_drug():
    use = one("MedicationStatement", status="active")
    assert use.ingredient == ""
    assert "FHIR version not understood" in use.source.notes[0]


def test_a_combination_gives_each_ingredient_and_only_ours():
    pack = {"text": "Clopidogrel 75 mg / aspirin 75 mg / paracetamol"}
    uses = read("MedicationRequest", status="active", medicationCodeableConcept=pack)
    assert [use.ingredient for use in uses if use.drug_class != "analgesic-adjunct"] == ["aspirin", "clopidogrel"]


@pytest.mark.parametrize(
    "members",
    [
        {"medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "1362060"}]}},
        {"medicationCodeableConcept": {"text": "Heparin lock flush 100 units/mL"}},
        {"medicationCodeableConcept": {"text": "Heparin"}, "dosageInstruction": [{"text": "to flush central line"}]},
        {"medicationCodeableConcept": {"text": "Ketorolac"}, "dosageInstruction": [{"route": {"text": "ophthalmic"}}]},
        {
            "medicationCodeableConcept": {"text": "Ketorolac"},
            "dosage": {"route": {"coding": [{"system": "http://snomed.info/sct", "code": "54485002"}]}},
        },
        {
            "medicationReference": {"reference": "#m"},
            "contained": [{"id": "m", "code": {"text": "Diclofenac"}, "form": {"text": "Gel"}}],
        },
    ],
)
def test_flushes_and_local_forms_are_no_use(members: dict[str, Any]):
    assert read("MedicationRequest", status="active", **members) == ()


DOSES = [
    ({"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}}, 12),
    ({"timing": {"repeat": {"frequency": 1, "period": 12, "periodUnits": "h"}}}, 12),
    ({"timing": {"repeat": {"frequency": "1", "period": 1, "periodUnit": "wk"}}}, 168),
    ({"timing": {"repeat": {"when": ["MORN", "CV"]}}}, 12),
    ({"timing": {"code": {"coding": [{"code": "BID"}]}}}, 12),
    ({"timing": {"code": {"text": "Q8H"}}}, 8),
    ({"timing": {"code": {"coding": [{"code": "QD"}]}}}, 24),
    ({"text": "5 mg PO bid"}, 12),
    ({"text": "5 mg twice daily"}, 12),
    ({"text": "take 1 tablet by mouth 2 times a day"}, 12),
    ({"text": "one tablet three times daily"}, 8),
    ({"text": "every 12 hours"}, 12),
    ({"text": "40mg SC daily"}, 24),
    ({"text": "500mg PO Q6H_PRN"}, 6),
    ({"text": "1 tablet every other day"}, 48),
    ({"text": "70mg PO weekly"}, 168),
    ({"text": "warfarin 5 daily"}, 24),
    ({"text": "at night"}, None),
    ({"timing": {"repeat": {"frequency": 1, "period": 0, "periodUnit": "d"}}}, None),
]


@pytest.mark.parametrize(("dosage", "hours"), DOSES)
def test_the_interval_between_doses(dosage: dict[str, Any], hours: float | None):
    assert (
        one("MedicationRequest", status="active", **APIXABAN, dosageInstruction=[dosage]).dosage.interval_hours == hours
    )


@pytest.mark.parametrize(
    ("dosage", "amount", "unit", "route"),
    [
        (
            {"doseAndRate": [{"doseQuantity": {"value": 40, "code": "mg"}}], "route": {"text": "SC"}},
            40,
            "mg",
            "subcutaneous",
        ),
        ({"doseAndRate": {"doseQuantity": {"value": "40", "unit": "mg"}}}, 40, "mg", ""),
        ({"doseAndRate": [{"doseRange": {"low": {"value": 1}, "high": {"value": 2, "unit": "mg"}}}]}, 2, "mg", ""),
        (
            {"dose": {"value": 5000, "unit": "units"}, "route": {"coding": [{"code": "34206005"}]}},
            5000,
            "[iU]",
            "subcutaneous",
        ),
        (
            {"doseQuantity": {"value": 1, "unit": "tab"}, "route": {"coding": [{"display": "Oral route"}]}},
            1,
            "tab",
            "oral",
        ),
        ({"text": "5,000 units SC q8h"}, 5000, "[iU]", "subcutaneous"),
        ({"text": "1 mg/kg SC bid"}, 1, "mg/kg", "subcutaneous"),
        ({"text": "heparin 18 units/kg/h IV"}, None, "", "intravenous"),
        ({"text": "as directed"}, None, "", ""),
    ],
)
def test_the_amount_of_a_dose(dosage: dict[str, Any], amount: float | None, unit: str, route: str):
    found = one("MedicationRequest", status="active", **APIXABAN, dosageInstruction=dosage).dosage
    assert (found.amount, found.unit, found.route) == (amount, unit, route)


@pytest.mark.parametrize(
    ("dosage", "as_needed"),
    [
        ([{"asNeededBoolean": True}], True),
        ([{"asNeededCodeableConcept": {"text": "pain"}}], True),
        ([{"asNeeded": True}], True),
        ([{"text": "650mg PO TID PRN"}], True),
        ([{"text": "5 mg bid", "asNeededBoolean": False}], False),
        ([{"text": "prn"}, {"text": "5 mg bid"}], False),
    ],
)
def test_as_needed(dosage: list[dict[str, Any]], as_needed: bool):
    assert one("MedicationStatement", status="active", **APIXABAN, dosage=dosage).dosage.as_needed is as_needed


def test_instructions_that_differ_leave_the_interval_open():
    dosage = [{"text": "10 mg bid"}, {"text": "5 mg daily"}]
    found = one("MedicationRequest", status="active", **APIXABAN, dosageInstruction=dosage).dosage
    assert (found.amount, found.interval_hours) == (10, None)


def test_the_reason_is_kept_by_value_set():
    use = one(
        "MedicationRequest",
        status="active",
        medicationCodeableConcept={"text": "Cefazolin"},
        reasonCode=[{"text": "Antibiotic prophylaxis before surgery"}],
    )
    assert "antibiotic-prophylaxis" in use.reasons


def test_a_draft_order_is_intended():
    (use,) = read("MedicationRequest", drafted=True, status="active", **APIXABAN)
    assert (use.status, use.drafted) == (UseStatus.INTENDED, True)


MEMBERS = sorted(set(resources.MedicationUse.__struct_fields__) - {"contained"})
KEYS = (
    "coding",
    "code",
    "system",
    "display",
    "text",
    "reference",
    "concept",
    "start",
    "end",
    "timing",
    "repeat",
    "frequency",
    "period",
    "periodUnit",
    "when",
    "route",
    "doseAndRate",
    "doseQuantity",
    "value",
    "unit",
    "id",
    "ingredient",
    "item",
    "itemReference",
    "itemCodeableConcept",
    "form",
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["#m", "active", "Eliquis", "2026-11-22"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from(
        sorted(name for name, shape in resources.TYPES.items() if issubclass(shape, resources.MedicationUse))
    ),
    st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=8),
    st.lists(JSON, max_size=2),
    JSON,
)
def test_no_json_raises(kind: str, members: dict[str, Any], contained: list[Any], medication: Any):
    named = medication if isinstance(medication, dict) else {}
    for use in read(kind, {"Medication/m": named}, **{**members, "contained": contained}):
        assert use.name


def test_a_chart_holds_drugs_of_its_bundles_and_of_the_drafts():
    included = {"fullUrl": "urn:uuid:med", "resource": {"resourceType": "Medication", "code": ELIQUIS}}
    request = {
        "resourceType": "MedicationRequest",
        "id": "1",
        "status": "active",
        "medicationReference": {"reference": "urn:uuid:med"},
    }
    other = {"resourceType": "MedicationRequest", "id": "2", "status": "active", "subject": {"reference": "Patient/q"}}
    entries = [{"resource": request}, included, {"resource": {**other, **APIXABAN}}]
    answer = open_answer(msgspec.Raw(msgspec.json.encode({"resourceType": "Bundle", "entry": entries})))
    drafts = [{**request, "status": "draft"}, {**other, "id": "3", "subject": {"reference": "Patient/p"}, **APIXABAN}]
    received = chart_reader.Received(
        {Section.MEDICATION_REQUESTS: answer},
        tuple(Part(msgspec.Raw(msgspec.json.encode(draft))) for draft in drafts),
        "p",
    )
    chart = chart_reader.chart(received, Order(), at(2026, 11, 22), CONTEXT)
    assert [(use.source.reference, use.ingredient, use.drafted) for use in chart.drugs] == [
        ("MedicationRequest/1", "apixaban", False),
        ("MedicationRequest/3", "apixaban", True),
    ]


@pytest.mark.parametrize(("missed", "status"), [("Xyzoparin", 1), ("Little pink pill", 0)])
def test_the_measurement_counts_by_how_a_drug_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], missed: str, status: int
):
    drugs = [
        {"coding": [{"system": RXNORM, "code": "1364430"}]},
        ELIQUIS,
        {"text": "Eliquis"},
        {"text": "Metformin"},
        {"text": missed},
    ]
    lines = [
        json.dumps({"resourceType": "MedicationRequest", "status": "active", "medicationCodeableConcept": drug})
        for drug in drugs
    ]
    (tmp_path / "MedicationRequest.ndjson.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    assert measure_drugs.main([tmp_path]) == status
    total = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("all "))
    assert total.split() == ["all", "1", "1", "1", "1", "1"]
