"""Each row of `data/dispositions.toml` comes to its disposition, by what it says decides."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cds_service.chart import Missing, Reason, Section
from cds_service.disposition import Disposition, assess
from cds_service.findings import CRITERIA, Kind, Result, Rule, Status
from cds_service.rules import catalogue

RULES = {rule.id: rule for rule in catalogue()}
ROWS = tomllib.loads((Path(__file__).parent / "data" / "dispositions.toml").read_text(encoding="utf-8"))["row"]
CRITERIA_MET = {rule.id for rule in RULES.values() if rule.role in CRITERIA}


def result(rule: Rule, text: str) -> Result:
    """A result as a row writes it, such as `met relative` or `unknown omitted`."""
    status, _, more = text.partition(" ")
    if status == Status.MET:
        return Result(rule, Status.MET, effect=Kind(more) if more else rule.kind)
    if status == Status.UNKNOWN:
        section = rule.needs[0] if rule.needs else Section.PATIENT
        return Result(rule, Status.UNKNOWN, missing=(Missing(section, Reason(more)),))
    assert not more
    return Result(rule, Status(status))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["says"])
def test_row(row: dict[str, Any]) -> None:
    assert row["results"].keys() <= RULES.keys()
    told = {name: "met" if name in CRITERIA_MET else "not-met" for name in RULES} | row["results"]
    found = assess(
        result(RULES[name], text)
        for name, texts in told.items()
        for text in (texts if isinstance(texts, list) else [texts])
    )
    assert found.disposition == row["disposition"]
    assert [item.rule.id for item in found.because] == row["because"]
    assert list(found.requires) == row.get("requires", [])


def test_every_disposition_has_a_row() -> None:
    assert {row["disposition"] for row in ROWS} == set(Disposition)


def test_without_results_nothing_is_known() -> None:
    """A site that switched off the rules of the fracture gets no favourable answer."""
    assert assess(()).disposition is Disposition.INSUFFICIENT_DATA


def test_only_answers_that_let_it_go_ahead_are_favourable() -> None:
    favourable = [item for item in Disposition if item.favourable]
    assert favourable == [Disposition.CRITERIA_MET, Disposition.CAUTION, Disposition.AFTER_CORRECTION]
    assert [item for item in Disposition if item.discourages] == list(Disposition)[4:]
