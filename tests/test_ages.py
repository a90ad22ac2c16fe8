"""What is dated by the patient's age or in words is dated as far as that goes, and named where it does not."""

from typing import Any

import pytest

from cds_service.chart import Chart, State
from cds_service.chart.time import Precision
from tests.test_dating import PATIENT, chart, discitis, misdated

VERTEBROPLASTY = {"text": "Percutaneous vertebroplasty T12"}


def age(value: Any, code: str = "a", **more: Any) -> dict[str, Any]:
    return {"value": value, "system": "http://unitsofmeasure.org", "code": code, **more}


def treated(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Procedure", "status": "completed", "code": VERTEBROPLASTY, **more}


def noted(element: str, why: str) -> list[str]:
    return [f"Condition: {element} {why}, so it does not count"]


PLACED: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({"onsetAge": age(68)}, ("2015-05-02", "2016-05-01")),
    ({"onsetAge": age("68")}, ("2015-05-02", "2016-05-01")),
    ({"onsetAge": {"value": 68, "unit": "years"}}, ("2015-05-02", "2016-05-01")),
    ({"onsetAge": age(68.5)}, ("2015-11-02", "2016-11-01")),
    ({"onsetAge": age(79)}, ("2026-05-02", "2026-11-22")),
    ({"onsetAge": age(18, "mo")}, ("1948-11-02", "1948-12-01")),
    ({"onsetAge": age(2, "wk")}, ("1947-05-16", "1947-05-22")),
    ({"onsetAge": age(3, "d")}, ("1947-05-05", "1947-05-05")),
    ({"onsetAge": age(0)}, ("1947-05-02", "1948-05-01")),
    ({"onsetAge": age(60, comparator="<")}, ("1947-05-02", "2008-05-01")),
    ({"onsetAge": age(60, comparator=">=")}, ("2007-05-02", "2026-11-22")),
    ({"onsetRange": {"low": age(60), "high": age(62)}}, ("2007-05-02", "2010-05-01")),
    ({"onsetRange": {"low": age(60)}}, ("2007-05-02", "2026-11-22")),
    ({"onsetRange": {"high": age(62)}}, ("1947-05-02", "2010-05-01")),
    ({"onsetDateTime": "2026-11-10", "onsetAge": age(68)}, ("2026-11-10", "2026-11-10")),
    ({"onsetString": "2015-03-04"}, ("2015-03-04", "2015-03-04")),
    ({"onsetString": " 2015 "}, ("2015-01-01", "2015-12-31")),
    ({"onsetAge": age(90)}, ("2037-05-02", "2037-05-02")),  # still to come: the rules say so of an onset
]


@pytest.mark.parametrize(("more", "interval"), PLACED, ids=str)
def test_an_onset_by_age_is_as_wide_as_the_age_leaves_it_open(more: dict[str, Any], interval: tuple[str, str]) -> None:
    found = chart(discitis(**more))
    onset = found.conditions[0].onset
    assert onset is not None
    assert (str(onset.start.date()), str(onset.last.date())) == interval
    assert not misdated(found)


def test_an_age_is_shown_as_a_year() -> None:
    """The day in the year is not known."""
    onset = chart(discitis(onsetAge=age(68))).conditions[0].onset
    assert onset is not None
    assert (str(onset), onset.precision) == ("2015", Precision.YEAR)


def test_a_birthday_that_no_year_has_is_the_last_of_its_month() -> None:
    onset = chart(discitis(onsetAge=age(1)), patient=PATIENT | {"birthDate": "1948-02-29"}).conditions[0].onset
    assert onset is not None
    assert str(onset.start.date()) == "1949-02-28"


def test_an_age_after_a_placeholder_of_a_birthday_is_a_date() -> None:
    """That the patient was 23 on 1970-01-01 is no slip of a system."""
    onset = chart(discitis(onsetAge=age(23)), patient=PATIENT | {"birthDate": "1947-01-01"}).conditions[0].onset
    assert str(onset) == "1970"


@pytest.mark.parametrize(
    ("more", "element", "why"),
    [
        ({"onsetAge": age(68, "parsec")}, "onsetAge", "could not be read"),
        ({"onsetAge": {"value": 68}}, "onsetAge", "could not be read"),
        ({"onsetAge": {"code": "a"}}, "onsetAge", "could not be read"),
        ({"onsetAge": age(-1)}, "onsetAge", "could not be read"),
        ({"onsetAge": age(1e300)}, "onsetAge", "could not be read"),
        ({"onsetRange": {}}, "onsetRange", "could not be read"),
        ({"onsetRange": {"low": age(60), "high": age(5, "parsec")}}, "onsetRange", "could not be read"),
        ({"onsetString": "after the war"}, "onsetString", "could not be read"),
        ({"onsetString": "2015-02-30"}, "onsetDateTime", "could not be read"),
        ({"abatementString": "ongoing"}, "abatementString", "could not be read"),
        ({"abatementAge": age(90)}, "abatementAge", "is still to come"),
    ],
    ids=str,
)
def test_what_cannot_be_read_leaves_it_undated_and_is_named(more: dict[str, Any], element: str, why: str) -> None:
    """Nor is it over by words that nobody understands."""
    found = chart(discitis(**more))
    (condition,) = found.conditions
    assert (condition.onset, condition.abated, condition.state) == (None, None, State.ACTIVE)
    assert misdated(found) == noted(element, why)


@pytest.mark.parametrize("text", ["", " ", None])
def test_no_words_are_no_date(text: str | None) -> None:
    found = chart(discitis(onsetString=text))
    assert not misdated(found)


@pytest.mark.parametrize(
    ("more", "state", "abated"),
    [
        ({"abatementAge": age(70)}, State.RESOLVED, "2017"),
        ({"abatementRange": {"low": age(70), "high": age(71)}}, State.RESOLVED, "2017"),
        ({"abatementString": "2017-08"}, State.RESOLVED, "2017-08"),
        ({"abatementAge": age(70), "clinicalStatus": {"coding": [{"code": "active"}]}}, State.ACTIVE, "2017"),
        ({"abatementAge": age(70), "clinicalStatus": {"coding": [{"code": "remission"}]}}, State.INACTIVE, "2017"),
        ({"abatementAge": age(70), "onsetDateTime": "2026-11-10"}, State.ACTIVE, "None"),
    ],
    ids=str,
)
def test_an_age_at_the_end_says_that_it_is_over(more: dict[str, Any], state: State, abated: str) -> None:
    """Where no status says otherwise, and it did not end before it began."""
    (condition,) = chart(discitis(**more)).conditions
    assert (condition.state, str(condition.abated)) == (state, abated)
    says_both = "an end is on record, but the clinical status says that it is active" in condition.source.notes
    assert says_both is ("clinicalStatus" in more and state is State.ACTIVE)


def test_without_a_birth_an_age_is_no_date() -> None:
    """It is named; what ended at some age has ended all the same."""
    nobody: dict[str, Any] = PATIENT | {"birthDate": None}
    found = chart(discitis(onsetAge=age(60), abatementAge=age(70)), patient=nobody)
    (condition,) = found.conditions
    assert (condition.onset, condition.abated, condition.state) == (None, None, State.RESOLVED)
    assert misdated(found) == [
        *noted("onsetAge", "needs a birth date that is known"),
        *noted("abatementAge", "needs a birth date that is known"),
    ]


@pytest.mark.parametrize("stem", ["performed", "occurrence"])
def test_a_procedure_by_age(stem: str) -> None:
    """R4 and R5 call it differently."""
    found: Chart = chart(treated(**{f"{stem}Age": age(70)}), treated(**{f"{stem}String": "2016-03"}))
    assert [str(item.when) for item in found.procedures] == ["2017", "2016-03"]
