"""The latest result: which one counts, what makes it doubtful, and what a comparator proves."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from cds_service.chart import (
    Answer,
    Chart,
    Concept,
    Measurement,
    Missing,
    Quantity,
    Reason,
    ResultStatus,
    Section,
    Source,
    Unknown,
    Unreadable,
    ValueSets,
)
from cds_service.facts.shared import labs
from cds_service.facts.shared.labs import (
    Lab,
    above,
    at_least,
    at_most,
    below,
    latest,
    within,
)
from cds_service.fhir import dates
from cds_service.knowledge import Confidence, Parameter

AS_OF = datetime(2026, 11, 22, 9, tzinfo=UTC)
INR = Concept("INR", frozenset({"inr"}))
WEEK = Parameter("shared.week", 7, "d", "", "", "", Confidence.POLICY, date(2026, 11, 22))


def result(value: float | None, taken: str | None, comparator: str = "", absent: str = "", **more) -> Measurement:
    return Measurement(
        Source(f"Observation/{value}-{taken}"),
        INR,
        dates.read(taken, ZoneInfo("UTC")),
        more.pop("status", ResultStatus.FINAL),
        None if value is None else Quantity(value, "1", comparator),
        absent=absent or ("no value" if value is None else ""),
        **more,
    )


def chart(*results: Measurement, answer: Answer = Answer.WHOLE, **more) -> Chart:
    return Chart(AS_OF, answers={Section.COAGULATION: answer}, observations=results, **more)


def inr(*results: Measurement, **more) -> Lab:
    return latest(chart(*results, **more), ValueSets.INR, "INR").one()


def doubts(lab: Lab) -> list[tuple[str, tuple[Missing, ...]]]:
    return [(gap.what, gap.missing) for gap in lab.doubts()]


UNREAD = (Missing(Section.COAGULATION, Reason.UNREADABLE),)


def test_the_newest_result_counts() -> None:
    lab = inr(result(2.5, "2026-11-01"), result(1.1, "2026-11-20T07:00:00Z"), result(3, "2025"))
    assert lab.quantity == Quantity(1.1, "1")
    assert str(lab) == "1.1 (2026-11-20 07:00)"
    assert lab.evidence.source.reference == "Observation/1.1-2026-11-20T07:00:00Z"
    assert doubts(lab) == []


def test_a_result_of_today_counts_and_one_of_tomorrow_does_not() -> None:
    assert inr(result(1.1, "2026-11-22T18:00:00Z"), result(2.5, "2026-11-23")).quantity.value == 1.1


def test_a_preliminary_result_counts_and_is_said_to_be_preliminary() -> None:
    lab = inr(result(1.9, "2026-11-20", status=ResultStatus.PRELIMINARY), result(1.1, "2026-11-01"))
    assert str(lab) == "1.9 (2026-11-20, preliminary)"


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (result(None, "2026-11-21", absent="unit 'x' not understood"), "INR (of 2026-11-21: unit 'x' not understood)"),
        (result(None, "2026-11-20"), "INR (of 2026-11-20: no value)"),
        (result(None, "2026-11"), "INR (of 2026-11: no value)"),
        (result(None, None), "INR (without a date: no value)"),
        (result(2.5, None), "INR (without a date: 2.5)"),
    ],
)
def test_a_result_that_tells_nothing_makes_an_older_one_doubtful(other: Measurement, says: str) -> None:
    lab = inr(result(1.1, "2026-11-20"), other)
    assert lab.quantity.value == 1.1
    assert doubts(lab) == [(says, UNREAD)]


@pytest.mark.parametrize("taken", ["2026-11-19", "2026-10", "2026-11-23"])
def test_an_older_or_later_result_that_tells_nothing_does_not_matter(taken: str) -> None:
    assert doubts(inr(result(1.1, "2026-11-20"), result(None, taken))) == []


def test_an_answer_in_words_is_quoted() -> None:
    said = Measurement(Source("Observation/2"), INR, dates.read("2026-11-21", ZoneInfo("UTC")), ResultStatus.FINAL,
                       answer=Concept("clotted"))  # fmt: skip
    assert doubts(inr(result(1.1, "2026-11-20"), said)) == [("INR (of 2026-11-21: clotted)", UNREAD)]


def test_a_gap_in_the_section_hides_no_result_but_makes_it_doubtful() -> None:
    gap = (Missing(Section.COAGULATION, Reason.CUT),)
    assert doubts(inr(result(1.1, "2026-11-20"), answer=Answer.CUT)) == [("INR", gap)]
    other = Unreadable("Observation/x", "Observation", None)
    assert doubts(inr(result(1.1, "2026-11-20"), unreadable=(other,))) == [("INR", UNREAD)]


@pytest.mark.parametrize(
    ("results", "answer", "says", "reason"),
    [
        ((), Answer.WHOLE, "INR", Reason.NOT_MEASURED),
        ((), Answer.OMITTED, "INR", Reason.OMITTED),
        ((), Answer.FAILED, "INR", Reason.FAILED),
        ((result(None, "2026-11-20"),), Answer.WHOLE, "INR (of 2026-11-20: no value)", Reason.UNREADABLE),
        ((result(1.1, None),), Answer.WHOLE, "INR (without a date: 1.1)", Reason.UNREADABLE),
        ((result(1.1, "2026-12"),), Answer.WHOLE, "INR", Reason.NOT_MEASURED),
    ],
)
def test_no_result_is_unknown(results: tuple[Measurement, ...], answer: Answer, says: str, reason: Reason) -> None:
    with pytest.raises(Unknown) as raised:
        inr(*results, answer=answer)
    assert (raised.value.what, raised.value.missing) == (says, (Missing(Section.COAGULATION, reason),))


def test_the_order_of_arrival_does_not_count() -> None:
    results = (result(1.1, "2026-11-20"), result(2.5, "2026-11-20"), result(None, "2026-11-21"))
    one, other = inr(*results), inr(*results[::-1])
    assert (one.quantity, one.rivals, doubts(one)) == (other.quantity, other.rivals, doubts(other))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (("2026-11-20", 1.1), ("2026-11-20", 2.5), None),
        (("2026-11-20", 2.4), ("2026-11-20", 2.5), True),
        (("2026-11-20", 1.1), ("2026-11-20", 1.2), False),
        (("2026-11-20T08:00:00Z", 1.1), ("2026-11-20T08:00:00Z", 2.5), None),
        (("2026-11-20T08:00:00Z", 1.1), ("2026-11-20T07:00:00Z", 2.5), False),
        (("2026-11", 1.1), ("2026-11-20", 2.5), None),
        (("2026-11-20", 1.1), ("2026-11-19", 2.5), False),
    ],
)
def test_of_two_results_of_the_same_time_nobody_knows_the_later(
    first: tuple[str, float], second: tuple[str, float], expected: bool | None
) -> None:
    assert above(inr(result(first[1], first[0]), result(second[1], second[0])), 1.8) is expected


@pytest.mark.parametrize(
    ("judge", "comparator", "value", "limit", "expected"),
    [
        (above, "", 1.8, 1.8, False),
        (above, "", 1.9, 1.8, True),
        (above, ">", 1.8, 1.8, True),
        (above, ">", 1.5, 1.8, None),
        (above, ">=", 1.8, 1.8, None),
        (above, ">=", 1.9, 1.8, True),
        (above, "<", 1.8, 1.8, False),
        (above, "<", 1.9, 1.8, None),
        (above, "<=", 1.8, 1.8, False),
        (above, "<=", 1.9, 1.8, None),
        (at_most, "", 1.8, 1.8, True),
        (at_most, ">", 1.5, 1.8, None),
        (at_least, "", 5, 5, True),
        (at_least, ">=", 5, 5, True),
        (at_least, "<", 5, 5, False),
        (at_least, "<=", 5, 5, None),
        (at_least, "<=", 4, 5, False),
        (below, "<", 50, 50, True),
        (below, "", 50, 50, False),
        (below, "<", 51, 50, None),
        (below, ">", 40, 50, None),
        (below, ">", 50, 50, False),
    ],
)
def test_what_a_comparator_proves(
    judge: Callable[[Lab, float], bool | None], comparator: str, value: float, limit: float, expected: bool | None
) -> None:
    assert judge(inr(result(value, "2026-11-20", comparator)), limit) is expected


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ("2026-11-22", True),
        ("2026-11-15T09:00:00Z", True),
        ("2026-11-15T08:59:59Z", False),
        ("2026-11-15", False),
        ("2026-11", False),
    ],
)
def test_a_result_is_within_a_window_only_if_surely_so(taken: str, expected: bool) -> None:
    assert within(inr(result(1.1, taken)), AS_OF, WEEK) is expected


def test_history_runs_from_new_to_old_and_then_says_what_is_missing() -> None:
    (first, second), gaps = labs.history(
        chart(result(4, "2026-11-10"), result(3, "2026-11-20"), result(None, "2026-11-15"), answer=Answer.CUT),
        ValueSets.INR,
        "INR",
    )
    assert (first.quantity.value, second.quantity.value) == (3, 4)
    assert [len(doubts(first)), len(doubts(second))] == [1, 2]
    assert [gap.reasons for gap in gaps] == [{Reason.CUT}]
