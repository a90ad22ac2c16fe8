"""What of a population is understood: counted by system, code, words, unit and drug; no patient is ever named."""

import csv
import gzip
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cds_service.cli import main
from cds_service.coverage import CoverageCount
from cds_service.fhir.understanding import Outcome
from cds_service.knowledge import load
from tests.fhir_servers import sekmet

LOCAL = "http://hospital.example/diagnoses"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"


def condition(number: int, system: str, code: str, words: str = "", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": f"{system[7:9]}{code.replace('.', '-')}-{number}",
        "subject": {"reference": f"Patient/secret-{number}"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": system, "code": code, **({"display": words} if words else {})}]},
        **more,
    }


def platelets(number: int, unit: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"p{number}",
        "status": "final",
        "subject": {"reference": f"Patient/secret-{number}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
        "valueQuantity": {"value": 15, "unit": unit},
    }


def drug(number: int, words: str) -> dict[str, Any]:
    return {
        "resourceType": "MedicationStatement",
        "id": f"m{number}",
        "status": "active",
        "subject": {"reference": f"Patient/secret-{number}"},
        "medicationCodeableConcept": {"text": words},
    }


CHARTS = [
    *(condition(number, LOCAL, "M46.46") for number in range(6)),
    *(condition(number, ICD, "M46.46", "Discitis") for number in range(6)),
    condition(7, ICD, "H26.9", "Unspecified cataract"),
    condition(8, LOCAL, "x-9", "Qwrtzlich des Zzyx"),
    condition(9, ICD, "Z99.9", "Gone", verificationStatus={"coding": [{"code": "entered-in-error"}]}),
    platelets(1, "10*4/uL"),
    platelets(2, "furlongs"),
    drug(1, "apixaban 5 mg"),
    drug(2, "Zzyxolin 5 mg"),
    {"resourceType": "Patient", "id": "secret-1", "name": [{"family": "Secretname"}]},
    {"resourceType": "Nonesuch", "id": "z"},
]


def coverage(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["coverage", *map(str, arguments)])


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A request, a Bundle and compressed lines that hold the charts together."""
    third = len(CHARTS) // 3
    entry = [{"resource": item} for item in CHARTS[third : 2 * third]]
    folder = tmp_path / "charts"
    folder.mkdir()
    bundle = {"resourceType": "Bundle", "entry": [*entry, {"fullUrl": "urn:x"}]}
    (folder / "bundle.json").write_text(json.dumps(bundle))
    prefetch = {"conditions": {"resourceType": "Bundle", "entry": [{"resource": item} for item in CHARTS[:third]]}}
    (folder / "request.json").write_text(json.dumps({"hook": "order-sign", "prefetch": prefetch}))
    lines = "".join(json.dumps(item) + "\n" for item in CHARTS[2 * third :])
    (folder / "rest.ndjson.gz").write_bytes(gzip.compress(lines.encode()))
    return folder


def test_each_thing_ends_in_one_way_and_is_counted():
    found = CoverageCount(load())
    for item in CHARTS:
        found.add(json.dumps(item).encode())
    ends = {(row.what.system, row.what.code or row.what.words): (row.what.outcome, row.patients) for row in found.seen}
    assert ends == {
        (LOCAL, "M46.46"): (Outcome.NOT_UNDERSTOOD, 6),
        (ICD, "M46.46"): (Outcome.MEANS, 6),
        (ICD, "H26.9"): (Outcome.OF_NO_CONCERN, 1),
        (LOCAL, "x-9"): (Outcome.NOT_UNDERSTOOD, 1),
        ("http://loinc.org", "777-3"): (Outcome.MEANS, 2),
        ("unit", "10*4/uL"): (Outcome.MEANS, 1),
        ("unit", "furlongs"): (Outcome.NOT_UNDERSTOOD, 1),
        ("", "apixaban 5 mg"): (Outcome.MEANS, 1),
        ("", "Zzyxolin 5 mg"): (Outcome.NOT_UNDERSTOOD, 1),
    }
    assert found.patients == 9
    assert found.unreadable == 1
    gain = found.gains[0]
    assert (gain.address, gain.entries, gain.patients) == (LOCAL, 6, 6)
    assert gain.system.startswith("icd-10")


def test_rare_words_are_counted_only_and_no_patient_is_named(files: Path):
    told = coverage(files)
    assert told.exit_code == 0, told.output
    assert f"code_systems: {LOCAL} = icd-10" in told.output
    assert "In fewer patients than are named: 3 entries not-understood" in told.output
    assert "Zzyx" not in told.output
    everything = coverage(files, "--all")
    assert "Zzyxolin" in everything.output
    assert "furlongs" in everything.output
    assert "ecret" not in told.output + everything.output


def test_csv_and_json_say_the_same(files: Path):
    rows = list(csv.DictReader(StringIO(coverage(files, "--all", "--format", "csv").output)))
    written = json.loads(coverage(files, "--all", "--format", "json").output)
    assert [int(row["entries"]) for row in rows] == [row["entries"] for row in written["seen"]]
    assert {row["mapping"] for row in rows if row["system"] == LOCAL} == {written["gains"][0]["system"]}
    assert written["patients"] == 9
    rarer = list(csv.DictReader(StringIO(coverage(files, "--format", "csv").output)))[-1]
    assert rarer["words"] == "(rarer)"


def test_a_spreadsheet_runs_nothing(tmp_path: Path):
    (tmp_path / "x.json").write_text(json.dumps(drug(1, "=2+2")))
    assert "'=2+2" in coverage(tmp_path, "--all", "--format", "csv").output


def test_a_server_is_asked_page_by_page(tmp_path: Path):
    with sekmet(tmp_path) as server:
        server.load(item for item in CHARTS if item["resourceType"] in ("Condition", "Observation"))
        told = coverage("--url", server.base, "--all")
    assert told.exit_code == 0, told.output
    assert f"code_systems: {LOCAL}" in told.output
    assert "furlongs" in told.output


@pytest.mark.parametrize("arguments", [(), ("--url", "ftp://x"), ("--url", "http://127.0.0.1:9")], ids=str)
def test_what_cannot_be_read_is_said(arguments: tuple[str, ...]):
    told = coverage(*arguments)
    assert told.exit_code != 0
    assert "Error" in told.output


@pytest.mark.parametrize(("name", "content"), [("x.json", b"{"), ("x.ndjson.gz", b"\x1f\x8bxx")])
def test_so_is_a_file_that_cannot_be_read(name: str, content: bytes, tmp_path: Path):
    (tmp_path / name).write_bytes(content)
    told = coverage(tmp_path)
    assert told.exit_code == 1
    assert name in told.output
