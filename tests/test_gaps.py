"""A gap stands beside the values, never in their place; facts and rules know one way to say it."""

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest

import cds_service
from cds_service.chart import (
    Answer,
    Certainty,
    Chart,
    Concept,
    Condition,
    Missing,
    Reading,
    Reason,
    Section,
    Source,
    State,
    Unknown,
    Unreadable,
    ValueSets,
)

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ROOT = Path(cds_service.__file__).parent
CUT = Unknown("more", Missing(Section.CONDITIONS, Reason.CUT))
NEVER = Unknown("INR", Missing(Section.COAGULATION, Reason.NOT_MEASURED))


def test_a_reading_is_neither_true_nor_false():
    for reading in (Reading(), Reading((1,)), Reading((), (CUT,))):
        with pytest.raises(TypeError):
            bool(reading)


@pytest.mark.parametrize(
    ("reading", "required", "one"),
    [
        (Reading(("a", "b")), ("a", "b"), "a"),
        (Reading(("a",), (CUT,)), None, "a"),
        (Reading((), (CUT, NEVER)), None, None),
    ],
)
def test_one_value_is_enough_for_one_and_a_gap_too_much_for_all(reading, required, one):
    for ask, expected in ((reading.require, required), (reading.one, one)):
        if expected is None:
            with pytest.raises(Unknown) as raised:
                ask()
            assert (raised.value.what, raised.value.missing) == (CUT.what, CUT.missing)
        else:
            assert ask() == expected


def test_a_gap_that_is_kept_is_not_the_one_that_is_raised():
    """Else its traceback would hold the chart for as long as the reading is kept."""
    with pytest.raises(Unknown):
        Reading((), (CUT,)).one()
    assert CUT.__traceback__ is None


def test_a_value_that_settles_the_question_lets_its_gaps_go():
    assert Reading((1, 2), (CUT,)).first() == Reading((1,))
    assert Reading((1, 2), (CUT,)).where(lambda value: value > 1) == Reading((2,), (CUT,))
    assert Reading((1, 2), (CUT,)).where(lambda value: value > 2).first() == Reading((), (CUT,))


def test_gaps_become_one_under_a_name():
    values, [gap] = Reading((1,), (CUT, NEVER, CUT)).or_gap("whether MRI is possible")
    assert (values, gap.what, gap.missing) == ((1,), "whether MRI is possible", CUT.missing + NEVER.missing)
    assert Reading((1,)).or_gap("nothing") == Reading((1,))


def test_never_measured_is_a_gap_only_for_who_asks_to_measure():
    assert Reading((), (NEVER, CUT)).if_measured() == Reading((), (CUT,))
    assert Reading((), (NEVER,)).if_supplied() == Reading((), (NEVER,))
    with pytest.raises(Unknown):
        Reading((), (NEVER, CUT)).if_supplied()


@pytest.mark.parametrize("answer", list(Answer))
def test_the_chart_gives_what_it_has_beside_what_it_lacks(answer):
    problem = Condition(
        Source("Condition/c"), Concept("Discitis", frozenset({"spinal-infection"})), State.ACTIVE, Certainty.CONFIRMED
    )
    chart = Chart(NOW, answers={Section.CONDITIONS: answer}, conditions=(problem,))
    for sets in (("spinal-infection",), ("sepsis", "spinal-infection")):
        found, gaps = chart.conditions_in(*sets)
        assert found == (problem,)
        assert bool(gaps) is (answer is not Answer.WHOLE)


def test_a_resource_that_cannot_be_read_is_a_gap_where_it_could_be_meant():
    unread = Unreadable("Condition/x", "Condition", frozenset({ValueSets.SEPSIS}))
    chart = Chart(NOW, answers={Section.CONDITIONS: Answer.WHOLE}, unreadable=(unread,))
    assert chart.conditions_in(ValueSets.PREGNANCY).gaps == ()
    assert [gap.reasons for gap in chart.conditions_in(ValueSets.SEPSIS).gaps] == [{Reason.UNREADABLE}]


@pytest.mark.parametrize("package", ["facts", "rules"])
def test_facts_and_rules_catch_no_gap(package):
    """They ask a reading for its gaps: an `Unknown` that is caught is one that somebody may forget to tell."""
    files = sorted((ROOT / package).rglob("*.py"))
    caught = [
        str(file)
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ExceptHandler)
    ]
    assert len(files) > 40
    assert caught == []
