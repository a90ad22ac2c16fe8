"""A Bundle from anywhere is a part of a chart, in `replay` and on the workbench: what it lacks is unknown unless it is said whole."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cds_service.cards.assessment import EXTENSION
from cds_service.cases import has_draft, request_about
from cds_service.cases.case import FIXTURES
from cds_service.cli import main

ASKED: dict[str, Any] = json.loads((FIXTURES / "requests" / "suitable-acute-fracture.json").read_text(encoding="utf-8"))
AS_OF = ASKED["extension"]


def _held() -> Iterator[dict[str, Any]]:
    for value in ASKED["prefetch"].values():
        for entry in value.get("entry", ()) if value["resourceType"] == "Bundle" else [{"resource": value}]:
            yield {"resource": entry["resource"]}


HELD = (*_held(), *({"resource": entry["resource"]} for entry in ASKED["context"]["draftOrders"]["entry"]))


def bundle(*more: Any, without: str = "", **members: Any) -> dict[str, Any]:
    kept = [entry for entry in copy.deepcopy(HELD) if entry["resource"]["resourceType"] != without]
    return {"resourceType": "Bundle", "type": "collection", "entry": [*kept, *more], **members}


def replay(folder: Path, value: Any, *options: str) -> dict[str, Any]:
    """The row that `replay --json` prints; the time of judgement is that of the fixture, as a Bundle names none."""
    asked = request_about(value if isinstance(value, list) else [value], complete="--complete" in options) | {
        "extension": AS_OF
    }
    file = folder / "bundle.json"
    file.write_text(json.dumps(asked))
    told = CliRunner().invoke(main, ["replay", "--json", str(file)])
    row: dict[str, Any] = json.loads(told.stdout.splitlines()[0])
    return row


def disposition(row: dict[str, Any]) -> str:
    return str(row["response"].get("extension", {}).get(EXTENSION, {}).get("disposition", row["status"]))


def test_the_whole_chart_is_answered_as_the_request_is(tmp_path: Path) -> None:
    assert disposition(replay(tmp_path, bundle(), "--complete")) == "criteria-met"


@pytest.mark.parametrize(
    "kind", sorted({entry["resource"]["resourceType"] for entry in HELD} - {"Patient", "ServiceRequest"})
)
def test_what_is_lacking_is_unknown_and_in_a_whole_chart_absent(tmp_path: Path, kind: str) -> None:
    """For each type in the chart: without it a partial Bundle never comes to criteria met."""
    partial = request_about([bundle(without=kind)])
    assert not {
        key
        for key, value in partial["prefetch"].items()
        for entry in value["entry"]
        if entry["resource"]["resourceType"] == kind
    }
    assert disposition(replay(tmp_path, bundle(without=kind))) != "criteria-met"
    whole = request_about([bundle(without=kind)], complete=True)
    assert len(whole["prefetch"]) > len(partial["prefetch"])


def test_a_result_answers_its_own_section_alone() -> None:
    inr = {
        "resourceType": "Observation",
        "id": "i",
        "code": {"coding": [{"system": "http://loinc.org", "code": "6301-6"}]},
    }
    glucose = {
        "resourceType": "Observation",
        "id": "g",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7"}]},
    }
    laboratory = [{"coding": [{"code": "laboratory"}]}]
    assert request_about([inr])["prefetch"].keys() == {"coagulation"}
    assert request_about([glucose | {"category": laboratory}])["prefetch"] == {}
    assert request_about([glucose | {"category": laboratory}, inr])["prefetch"].keys() == {"coagulation"}


@pytest.mark.parametrize(
    "odd",
    [
        {"resource": {"resourceType": "condition", "id": "d", "code": {"text": "Discitis"}}},
        {"fullUrl": "urn:uuid:1"},
        {"resource": 5},
        5,
    ],
    ids=str,
)
def test_what_is_no_resource_is_kept_to_be_named(odd: Any) -> None:
    entries = request_about([bundle(odd)])["prefetch"]["conditions"]["entry"]
    assert (odd if isinstance(odd, dict) else {"resource": odd}) in entries
    assert "conditions" not in request_about([bundle(odd, without="Condition")])["prefetch"]


@pytest.mark.parametrize("options", [(), ("--complete",)])
def test_a_type_that_fhir_does_not_have_leaves_problems_unknown(tmp_path: Path, options: tuple[str, ...]) -> None:
    discitis = {"resource": {"resourceType": "condition", "id": "d", "code": {"text": "Discitis"}}}
    row = replay(tmp_path, bundle(discitis), *options)
    assert disposition(row) == "insufficient-data"


def test_entries_keep_their_addresses_and_a_patient_without_an_id_has_that_of_its_entry() -> None:
    patient = {"fullUrl": "urn:uuid:abc", "resource": {"resourceType": "Patient"}}
    fracture = {
        "fullUrl": "urn:uuid:def",
        "resource": {"resourceType": "Condition", "subject": {"reference": "urn:uuid:abc"}},
    }
    for given in (
        [{"resourceType": "Bundle", "entry": [patient, fracture]}],
        [{"resourceType": "Bundle", "entry": [fracture]}],
    ):
        asked = request_about(given)
        assert asked["context"]["patientId"] == "abc"
        assert asked["prefetch"]["conditions"]["entry"] == [fracture]


@pytest.mark.parametrize(
    "more", [{"link": [{"relation": "next", "url": "https://ehr.example/2"}]}, {"total": 1000}], ids=str
)
def test_a_page_of_a_search_is_cut(tmp_path: Path, more: dict[str, Any]) -> None:
    for options in ((), ("--complete",)):
        assert disposition(replay(tmp_path, bundle(**more), *options)) == "insufficient-data"


def test_bundles_within_bundles_and_lists_are_opened() -> None:
    inner = {"resource": bundle()}
    for given in ([bundle()], [{"resourceType": "Bundle", "entry": [inner]}], [entry["resource"] for entry in HELD]):
        assert request_about(given) == request_about([bundle()])
        assert has_draft(given)


@pytest.mark.parametrize(
    "odd",
    [None, 5, [], "x", {"resourceType": []}, {"resourceType": "Bundle", "entry": 5}, {"resourceType": "Bundle", "entry": [None]},
     {"resourceType": "Patient", "id": []},
     {"resourceType": "Observation", "code": {"coding": [5, {"code": [], "system": {}}]}, "category": [5]},
     {"resourceType": "Condition", "subject": {"reference": 5}}, {"resourceType": "Bundle", "link": 5, "total": "x"}],
    ids=str,
)  # fmt: skip
def test_nothing_odd_stops_it(odd: Any) -> None:
    for complete in (False, True):
        assert request_about([odd], complete=complete)["hook"] == "order-sign"


def test_replay_says_so(tmp_path: Path) -> None:
    """By its own options, as of now."""
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps(bundle(without="Condition")))
    partial = CliRunner().invoke(main, ["replay", "--json", str(file)])
    row = json.loads(partial.stdout.splitlines()[0])
    assert (row["verdict"], row["status"], row["response"]["issue"][0]["expression"]) == (
        "refused",
        412,
        ["prefetch.conditions"],
    )
    whole = CliRunner().invoke(main, ["replay", "--complete", "--json", str(file)])
    assert json.loads(whole.stdout.splitlines()[0])["status"] == 200


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{",
        "\xff",
        '{"cases": 5}',
        '{"cases": [5]}',
        '{"cases": [{}]}',
        '{"cases": [{"name": "x", "asOf": 5}]}',
    ],
    ids=lambda text: text[:20],
)
def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text, encoding="latin-1")
    (tmp_path / "b.json").write_text(json.dumps(ASKED))
    told = CliRunner().invoke(main, ["replay", "--json", str(tmp_path)])
    verdicts = [json.loads(line)["verdict"] for line in told.stdout.splitlines() if line.startswith("{")]
    assert verdicts == ["unreadable", "answered, nothing expected"]
    assert told.exit_code == 2


def test_half_a_character_in_a_file_costs_nothing_else(tmp_path: Path) -> None:
    text = json.dumps(bundle({"resource": {"resourceType": "Patient", "id": "q", "name": [{"text": "@"}]}}))
    (tmp_path / "a.json").write_text(text.replace("@", "\\ud83d"))
    told = CliRunner().invoke(main, ["replay", "--json", str(tmp_path / "a.json")])
    assert json.loads(told.stdout.splitlines()[0])["status"] == 200
