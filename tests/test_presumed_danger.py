"""What the card and the assessment say of entries that no rule judged or nobody understood, in a chart that is otherwise fine."""

import json
from typing import Any

import pytest

from .every_case import CASES
from .never_better import SERVICE, request_of
from .suitable_chart import added_to_a_suitable_chart

Json = dict[str, Any]
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
CASE = next(case for case in CASES if case.rule == "spinal_infection" and case.expect[0].get("status") == "met")
ACTIVE = {"coding": [{"code": "active"}]}
PATIENT = {"reference": "Patient/p"}


def problem(number: int, code: str, system: str = ICD) -> Json:
    """An active problem of last week."""
    return {
        "resourceType": "Condition",
        "id": f"x{number}",
        "subject": PATIENT,
        "clinicalStatus": ACTIVE,
        "recordedDate": "2026-11-14",
        "code": {"coding": [{"system": system, "code": code}]},
    }


def answered(key: str, *added: Json) -> tuple[str, list[Json], str]:
    """The disposition, the findings and the text of the cards for a suitable chart with more entries under a key."""
    request = json.loads(json.dumps(request_of(added_to_a_suitable_chart(CASE))))
    own = {resource["id"] for resource in CASE.resources}
    for value in request["prefetch"].values():
        if "entry" in value:
            value["entry"] = [entry for entry in value["entry"] if entry["resource"].get("id") not in own]
    request["prefetch"][key].setdefault("entry", []).extend({"resource": resource} for resource in added)
    body = SERVICE.call(json.dumps(request).encode()).body
    found = next(iter(body["extension"].values()))
    text = " ".join(f"{card['summary']} {card.get('detail', '')}" for card in body["cards"])
    return found["disposition"], found["findings"], text


def test_the_chart_is_fine_without_them() -> None:
    assert answered("conditions")[0] == "criteria-met"


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (["A82.9"], "On record, not judged: Rabies (A82.9)"),
        (["A82.9", "A20.9"], "Rabies (A82.9); Plague (A20.9)"),
        (["A82.9", "A20.9", "A87.9", "A37.90", "A22.9"], "more"),
    ],
)
def test_what_no_rule_judged_is_named_on_the_card(codes: list[str], said: str) -> None:
    """As many by name as the line holds; how many more there are is said."""
    disposition, findings, text = answered("conditions", *(problem(*item) for item in enumerate(codes)))
    assert disposition == "insufficient-data"
    assert said in text
    rows = [row for row in findings if any(gap["reason"] == "not-judged" for gap in row.get("missing", ()))]
    assert {(row["rule"], row["effect"]) for row in rows} == {("systemic_infection", "insufficient-data")}
    assert {item["reference"] for row in rows for item in row["evidence"]} == {
        f"Condition/x{number}" for number in range(len(codes))
    }


def test_a_procedure_that_nobody_understands_is_named_and_moves_nothing() -> None:
    done = {
        "resourceType": "Procedure",
        "id": "x",
        "subject": PATIENT,
        "status": "completed",
        "code": {"coding": [{"system": "http://local.example", "code": "4711"}]},
    }
    disposition, findings, _ = answered("procedures", done)
    assert disposition == "criteria-met"
    rows = [row for row in findings if any(gap["reason"] == "not-understood" for gap in row.get("missing", ()))]
    assert all("effect" not in row for row in rows)


def test_a_problem_that_nobody_understands_is_named_and_moves_the_answer() -> None:
    disposition, findings, text = answered("conditions", problem(1, "4711", "http://local.example"))
    assert disposition == "insufficient-data"
    assert "problem list partly not understood" in text.lower()
    assert any(row.get("effect") == "insufficient-data" for row in findings if row["status"] == "unknown")
