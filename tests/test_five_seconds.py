"""Every card is read in five seconds: few words, plain ones, each fact once, and nothing that speaks against without its name."""

import html
import json
import re
from collections.abc import Iterator
from statistics import median
from typing import Any

from cds_service import cases
from cds_service.cards import budget
from cds_service.cards.assessment import EXTENSION
from cds_service.cards.budget import word_count
from cds_service.cards.inputs import Manner
from cds_service.chart import Answer, Section
from cds_service.findings import CONFIRM
from cds_service.findings.date_style import in_words
from cds_service.knowledge import load
from cds_service.rules import catalogue
from cds_service.service import Site

from .client import Client
from .every_case import CASES, each_case
from .forbidden import FORBIDDEN, UNPLAIN
from .suitable_chart import added_to_a_suitable_chart

KNOW = load()
SITE = Site(KNOW, catalogue(), Manner(base_url="https://cds.example", key=b"k"))
EXPECTED = sorted((cases.FIXTURES / "expected").glob("*.json"))
MOST_FAVOURABLE, MOST_MEDIAN, MOST = 75, 110, 220
"""Words of a whole response: `criteria-met`, the median of all others with cards, any."""

_MACHINE_DATE = re.compile(r"\b(?:19|20)\d\d-\d\d(?:-\d\d)?\b")
_NOT_AGAINST = ("indication", "information")


def answers_of(case: cases.Case) -> Iterator[dict[str, Any]]:
    """What is answered for the chart of a case alone, and for its fact added to a chart that is otherwise fine."""
    if case.answers[Section.CONDITIONS] in (Answer.OMITTED, Answer.FAILED):
        return  # a whole request without a problem list is refused
    for each in (case, added_to_a_suitable_chart(case)):
        yield Client(cases.request(each, KNOW), SITE).call()


def shown(card: dict[str, Any]) -> str:
    """What a reader sees of a card, before any button."""
    return f"{card['summary']}\n{card['detail']}"


def total(body: dict[str, Any]) -> int:
    return sum(word_count(shown(card)) for card in body["cards"])


@each_case
def test_a_card_is_read_in_five_seconds(case: cases.Case) -> None:
    """The budgets hold, no word is a private one, and each finding that speaks against is at least named."""
    for body in answers_of(case):
        _is_brief(body)
        _is_plain(body)
        _names_all_that_speaks_against(body, case)


def _is_brief(body: dict[str, Any]) -> None:
    disposition = body["extension"][EXTENSION]["disposition"]
    assert total(body) <= (MOST_FAVOURABLE if disposition == "criteria-met" else MOST), body["cards"]
    assert disposition != "criteria-met" or len(body["cards"]) == 1
    for card in body["cards"]:
        detail = card["detail"]
        lines = [line for line in detail.splitlines() if line.startswith("- ")]
        assert word_count(detail) <= budget.VERDICT_WORDS, detail
        assert len(lines) + ("| --" in detail) <= budget.MOST_LINES, detail
        for line in lines:
            most = budget.LONGEST_CLOSING_LINE if line.startswith("- Also: ") else budget.LONGEST_LINE
            assert word_count(line) <= most, line


def _is_plain(body: dict[str, Any]) -> None:
    for card in body["cards"]:
        for line in (card["summary"], *card["detail"].splitlines()):
            for pattern in (UNPLAIN, FORBIDDEN, _MACHINE_DATE):
                assert not pattern.search(line), line


def _names_all_that_speaks_against(body: dict[str, Any], case: cases.Case) -> None:
    """By its few words or its sentence; what is to be ordered, by its step or by a reason that rests on the same measured value."""
    text = html.unescape("\n".join(map(shown, body["cards"])).replace("\\", "")).casefold()
    rows = [
        row
        for row in body["extension"][EXTENSION]["findings"]
        if row["status"] == "met" and row["effect"] not in _NOT_AGAINST
    ]
    for row in rows:
        ways = [row["short"], row["says"].removeprefix(CONFIRM)]
        if row["effect"] == "workup":
            ways += [*row.get("steps", ()), *(other["short"] for other in rows if _values(other) & _values(row))]
        assert any(in_words(way, case.as_of).casefold() in text for way in ways), (row, text)


def _values(row: dict[str, Any]) -> set[str]:
    return {item["reference"] for item in row.get("evidence", ()) if item["path"] == "value"}


def _golden() -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for file in EXPECTED:
        body = json.loads(file.read_text())
        if body.get("cards"):
            disposition = body["assessment"]["disposition"]
            found.setdefault(disposition, []).append(total(body))
    return found


def test_the_golden_responses_are_brief() -> None:
    """The whole responses that the repository keeps: their median, and each."""
    found = dict(_golden())
    assert max(found.pop("criteria-met")) <= MOST_FAVOURABLE
    counts = [count for counts in found.values() for count in counts]
    assert median(counts) <= MOST_MEDIAN
    assert max(counts) <= MOST


def test_the_median_answer_is_brief() -> None:
    """The answers to every fifth case, alone and on a chart that is otherwise fine."""
    asked = CASES[::5]
    counts = [
        total(body)
        for case in asked
        for body in answers_of(case)
        if body["cards"] and body["extension"][EXTENSION]["disposition"] != "criteria-met"
    ]
    assert len(counts) > len(asked) // 2
    assert median(counts) <= MOST_MEDIAN
