"""Screening a population from Bulk Data files: the same answer as a hook call gives, one row a patient."""

import csv
import gzip
import json
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cds_service import cases
from cds_service.cases import Case
from cds_service.chart import Answer
from cds_service.chart.sections import RESOURCE_TYPE
from cds_service.cli import _population, main
from cds_service.disposition import assess
from cds_service.engine import evaluate
from cds_service.findings import Status
from cds_service.knowledge import load
from cds_service.rules import catalogue

KNOW = load()
AS_OF = "2026-11-22T09:00:00+00:00"
TYPES = sorted(set(RESOURCE_TYPE.values()))
FRACTURE = {
    "resourceType": "Condition",
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M80.08XA"}], "text": "T12 fracture"},
    "onsetDateTime": "2026-11-01",
}


def person(name: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": name, "gender": "female", "birthDate": "1948-03-02", **more}


def of(name: str, resource: dict[str, Any]) -> dict[str, Any]:
    whose = "patient" if resource["resourceType"] == "AllergyIntolerance" else "subject"
    return {"id": f"{name}-1", whose: {"reference": f"Patient/{name}"}, **resource}


def export(folder: Path, resources: list[Any], types: list[str] = TYPES) -> Path:
    """The files of a Bulk Data export, one a type, every other one compressed; types without a resource have an empty file."""
    folder.mkdir(exist_ok=True)
    for place, kind in enumerate([*types, "Medication"]):
        lines = [json.dumps(item) + "\n" for item in resources if item["resourceType"] == kind]
        text = "".join(lines).encode()
        name = f"{kind}.ndjson" if place % 2 else f"{kind}.000.ndjson.gz"
        (folder / name).write_bytes(text if place % 2 else gzip.compress(text))
    return folder


def screen(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["screen", *map(str, arguments)])


def rows(*arguments: object) -> dict[str, dict[str, str]]:
    told = screen(*arguments, "--as-of", AS_OF)
    assert told.exit_code == 0, told.output
    return {row["patient"]: row for row in csv.DictReader(StringIO(told.stdout))}


def test_a_row_is_what_a_hook_call_comes_to(tmp_path: Path):
    """Cases of all rules, each as a patient of one population with an order of its own."""
    listed = [case for rule in catalogue() for case in _whole(cases.FIXTURES / "rules" / f"{rule.id}.json")]
    at, _ = Counter(case.as_of for case in listed).most_common(1)[0]
    chosen = {f"p{place}": case for place, case in enumerate(item for item in listed if item.as_of == at)}
    assert len(chosen) > 100
    folder = export(tmp_path / "export", [item for name, case in chosen.items() for item in _resources(name, case)])
    told = screen(folder, "--json", "--as-of", at.strftime("%Y-%m-%dT%H:%M:%S%z"))
    found = {row["patient"]: row for row in map(json.loads, told.stdout.splitlines())}
    assert found.keys() == chosen.keys()
    for name, case in chosen.items():
        results = evaluate(cases.chart(case, KNOW), catalogue(), KNOW)
        row = found[name]
        assert row["disposition"] == assess(results).disposition, case
        for status in (Status.MET, Status.UNKNOWN, Status.ERROR):
            assert set(row[status]) == {item.rule.id for item in results if item.status is status}, case


def _whole(path: Path) -> list[Case]:
    """Cases with a patient and an open order of their own, in which every section was answered."""
    return [
        case
        for case in cases.load(path)
        if case.patient
        and set(case.answers.values()) == {Answer.WHOLE}
        and case.patient["id"] == cases.PATIENT_ID
        and case.order["status"] == "draft"
        and case.order["resourceType"] == "ServiceRequest"
        and all(item["resourceType"] in TYPES and _is_mine(item) for item in case.resources)
        and not any(item["resourceType"] == "ServiceRequest" for item in case.resources)
    ]


def _is_mine(resource: Any) -> bool:
    return f'"Patient/{cases.PATIENT_ID}"' in json.dumps(resource)


def _resources(name: str, case: Case) -> list[Any]:
    order = {**case.order, "subject": {"reference": f"Patient/{cases.PATIENT_ID}"}}
    text = json.dumps([*case.resources, order]).replace(f'"Patient/{cases.PATIENT_ID}"', f'"Patient/{name}"')
    return [*json.loads(text), {**(case.patient or {}), "id": name}]


def test_an_order_is_assumed_where_none_is_open(tmp_path: Path):
    order = {"resourceType": "ServiceRequest", "status": "active", "code": {"text": "Kyphoplasty T12"}}
    folder = export(
        tmp_path / "x",
        [
            *(person(name) for name in ("open", "done", "none")),
            of("open", order),
            of("done", {**order, "status": "completed"}),
        ],
    )
    assert {name: row["order"] for name, row in rows(folder).items()} == {
        "open": "ServiceRequest/open-1",
        "done": "assumed",
        "none": "assumed",
    }


def test_a_type_without_a_file_is_unknown_and_said(tmp_path: Path):
    whole = export(tmp_path / "whole", [person("a"), of("a", FRACTURE)])
    lacking = export(
        tmp_path / "lacking", [person("a"), of("a", FRACTURE)], [kind for kind in TYPES if kind != "AllergyIntolerance"]
    )
    assert "cement_allergy" not in rows(whole)["a"]["unknown"].split()
    assert "cement_allergy" in rows(lacking)["a"]["unknown"].split()
    assert "unknown for everybody: allergies" in screen(lacking).stderr


LISTS = {"medication-statements": "MedicationStatement", "medication-requests": "MedicationRequest"}


@pytest.mark.parametrize(
    ("held", "setting", "known", "says"),
    [
        (tuple(LISTS), (), True, "in these files: medication-statements, medication-requests\n"),
        (tuple(LISTS)[:1], (), True, "medication-statements; no MedicationRequest, which counts as not kept"),
        (tuple(LISTS)[1:], (), True, "medication-requests; no MedicationStatement, which counts as not kept"),
        (
            tuple(LISTS)[1:],
            tuple(LISTS)[1:],
            True,
            "medication-requests; no MedicationStatement, which counts as not kept",
        ),
        (tuple(LISTS), tuple(LISTS)[1:], True, "in these files: medication-statements, medication-requests\n"),
        (tuple(LISTS)[1:], tuple(LISTS)[:1], False, "no MedicationStatement, which medication_lists says is kept"),
        ((), (), False, "none, so which drugs are taken is unknown for everybody"),
        ((), tuple(LISTS)[1:], False, "none, so which drugs are taken is unknown for everybody"),
    ],
)
def test_the_medication_lists_are_those_that_the_files_hold(
    tmp_path: Path, held: tuple[str, ...], setting: tuple[str, ...], known: bool, says: str
):
    config = tmp_path / "site.toml"
    config.write_text(f"medication_lists = {list(setting)}\n" if setting else "")
    lacking = {kind for key, kind in LISTS.items() if key not in held}
    folder = export(tmp_path / "x", [person("a"), of("a", FRACTURE)], [kind for kind in TYPES if kind not in lacking])
    row = rows(folder, "--config", config)["a"]
    assert row["medication_lists"].split() == list(held)
    assert ("antithrombotic_hold" not in row["unknown"].split()) is known
    told = screen(folder, "--json", "--config", config)
    assert json.loads(told.stdout)["medication_lists"] == list(held)
    assert says in told.stderr
    assert known or "unknown for everybody: medication-" in told.stderr


def test_a_patient_is_one_row_though_only_one_resource_names_him(tmp_path: Path):
    folder = export(tmp_path / "x", [of("only", FRACTURE)])
    assert "vertebral_fracture" in rows(folder)["only"]["met"]
    alone = next(path for path in folder.iterdir() if path.name.startswith("Condition"))
    assert list(rows(alone)) == ["only"]


def test_a_medication_goes_to_those_whose_drugs_name_it(tmp_path: Path):
    drug = {"resourceType": "Medication", "id": "m1", "code": {"text": "Apixaban 5 mg tablet"}}
    taken = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "authoredOn": "2026-11-20",
        "medicationReference": {"reference": "Medication/m1"},
    }
    found = rows(export(tmp_path / "x", [person("a"), person("b"), of("a", taken), drug]))
    assert "antithrombotic_hold" in found["a"]["met"].split()
    assert "antithrombotic_hold" not in found["b"]["met"].split()


def test_many_groups_give_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = export(
        tmp_path / "x", [item for place in range(40) for item in (person(f"n{place}"), of(f"n{place}", FRACTURE))]
    )
    one = rows(folder)
    monkeypatch.setattr(_population, "_GROUP", 1000)
    assert rows(folder) == one
    population = _population.regroup(_population.files([folder]), tmp_path, lambda size: size)
    assert len(population.groups) > 5
    assert sorted(item.id for item in population.people()) == sorted(one)


def test_a_broken_line_is_a_gap_of_the_patient_that_it_names(tmp_path: Path):
    folder = export(tmp_path / "x", [person("a"), person("b")])
    with (folder / "more.ndjson").open("w") as file:
        file.write('{"resourceType": "Condition", "subject": {"reference": "Patient/a"}, "code": {"cod\n')
    found = rows(folder)
    assert found["a"]["disposition"] == "insufficient-data"
    assert found["b"]["disposition"] == "not-indicated"


def test_a_patient_is_one_row_however_resources_refer_to_him(tmp_path: Path):
    """By a `urn:uuid:`, too, as in exports that keep ids; an Observation of a Group is nobody's here."""
    references = ("Patient/a", "urn:uuid:a", "https://ehr.example/fhir/Patient/a/_history/2")
    listed = [FRACTURE | {"id": f"c{place}", "subject": {"reference": text}} for place, text in enumerate(references)]
    group = {"resourceType": "Observation", "id": "o", "status": "final", "subject": {"reference": "Group/g"}}
    found = rows(export(tmp_path / "x", [person("a"), *listed, group]))
    assert found.keys() == {"a"}
    assert "vertebral_fracture" in found["a"]["met"]


def test_lines_of_nobody_are_counted_and_fail_the_run(tmp_path: Path):
    folder = export(tmp_path / "x", [person("a"), {"resourceType": "Condition", "id": "c"}])
    (folder / "more.ndjson").write_text("\ufeff\nnonsense\n" + json.dumps({"resourceType": "Basic"}) + "\n")
    told = screen(folder)
    assert told.exit_code == 2
    assert "2 lines were left out" in told.stderr
    assert len(told.stdout.splitlines()) == 2


def test_a_file_that_ends_early_stops_the_run(tmp_path: Path):
    folder = export(tmp_path / "x", [person("a"), of("a", FRACTURE)])
    cut = next(path for path in folder.iterdir() if path.suffix == ".gz")
    cut.write_bytes(gzip.compress(b"x" * 5000)[:-8])
    output = tmp_path / "rows.csv"
    output.write_text("kept")
    told = screen(folder, "--output", output)
    assert (told.exit_code, output.read_text()) == (1, "kept")
    assert f"{cut} cannot be read to its end" in told.stderr


def test_an_empty_folder_is_said(tmp_path: Path):
    told = screen(tmp_path)
    assert told.exit_code == 1
    assert "no .ndjson" in told.stderr


def test_pseudonyms_tell_nothing_and_differ_between_runs(tmp_path: Path):
    order = {"resourceType": "ServiceRequest", "status": "active", "code": {"text": "Vertebroplasty T12"}}
    folder = export(tmp_path / "x", [person("jane-doe"), of("jane-doe", order)])
    first, second = (screen(folder, "--pseudonym").stdout for _ in range(2))
    assert "jane" not in first
    assert first != second
    assert first.splitlines()[1].split(",")[3] == "own"


def test_the_totals_and_the_time_of_judgement(tmp_path: Path):
    folder = export(tmp_path / "x", [person("a"), of("a", FRACTURE)])
    output = tmp_path / "rows.json"
    for day, recent in (("2026-11-22", True), ("2028-11-22", False)):
        told = screen(folder, "--json", "--output", output, "--as-of", day)
        row = json.loads(output.read_text())
        assert ("recent_fracture" in row["met"]) is recent
        assert f"1  {row['disposition']}" in told.stderr
    assert screen(folder, "--as-of", "soon").exit_code == 2


def test_a_type_that_fhir_does_not_have_is_a_gap_of_its_patient(tmp_path: Path):
    fracture = of("a", {"resourceType": "Condition", "id": "f", "code": {"text": "Compression fracture of T12"}})
    discitis = of("a", {"resourceType": "condition", "id": "d", "code": {"text": "Discitis"}})
    plain = rows(export(tmp_path / "plain", [person("a"), fracture]))["a"]
    odd = rows(export(tmp_path / "odd", [person("a"), fracture, discitis], [*TYPES, "condition"]))["a"]
    assert "spinal_infection" not in plain["unknown"]
    assert "spinal_infection" in odd["unknown"]


def test_what_is_about_no_patient_is_no_patient_and_said(tmp_path: Path):
    of_group = {"resourceType": "Observation", "id": "o", "subject": {"reference": "Group/g"}}
    folder = export(tmp_path, [person("a"), of_group])
    assert rows(folder).keys() == {"a"}
    told = screen(folder)
    assert "1 lines are about no patient" in told.stderr
    assert told.exit_code == 0


@pytest.mark.parametrize(
    ("severity", "code"), [("error", 2), ("fatal", 2), (None, 2), (5, 2), ("warning", 0), ("information", 0)]
)
def test_an_error_of_the_export_is_said_and_fails_the_run(tmp_path: Path, severity: Any, code: int):
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "exception"}]}
    told = screen(export(tmp_path, [person("a"), outcome], [*TYPES, "OperationOutcome"]))
    assert told.exit_code == code
    assert ("The export is not whole" in told.stderr) == (code == 2)


def test_a_subject_by_its_urn_and_half_a_character_are_read(tmp_path: Path):
    name = "0b6ff7a0-94bb-4a8e-a7d5-1b3c0a6c9d10"
    fracture = {"resourceType": "Condition", "id": "f", "code": {"text": "Compression fracture of T12"}}
    folder = export(tmp_path, [person(name), fracture | {"subject": {"reference": f"urn:uuid:{name}"}}])
    for file in folder.glob("*.ndjson"):
        file.write_text(file.read_text().replace("Compression", "\\ud83d Compression"))
    assert rows(folder).keys() == {name}
    assert "vertebral_fracture" in rows(folder)[name]["met"]
