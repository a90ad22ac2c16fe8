"""Every card of every case is short, whole and well-formed; text from a chart is shown as text."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from cds_service import cases
from cds_service.cards import gaps, headlines, markdown, overrides, wording
from cds_service.cards.body import Point, quoted_once
from cds_service.cards.inputs import Manner
from cds_service.chart import Answer, Section
from cds_service.findings import Result, Status, Topic
from cds_service.knowledge import load
from cds_service.rules import catalogue
from cds_service.service import Site

from .client import Client
from .every_case import each_case
from .forbidden import FORBIDDEN

KNOW = load()
MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})
SITE = Site(KNOW, catalogue(), Manner(base_url="https://cds.example", key=b"k"))
HOSTILE = "<script>alert(1)</script> [x](http://evil.example) **b** | `c` <img src=x onerror=y> & www.evil.example"


def hostile(value: Any) -> Any:
    """The same JSON with markup in every text and display."""
    if isinstance(value, dict):
        return {
            name: f"{item} {HOSTILE}" if name in ("text", "display") and isinstance(item, str) else hostile(item)
            for name, item in value.items()
        }
    return [hostile(item) for item in value] if isinstance(value, list) else value


def empties(value: Any, path: str = "") -> Iterator[str]:
    """Paths of null and empty members; the list of cards may be empty."""
    if value is None or (value in ("", [], {}) and path != ".cards"):
        yield path
    if isinstance(value, dict):
        for name, item in value.items():
            yield from empties(item, f"{path}.{name}")
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from empties(item, f"{path}[{number}]")


@each_case
def test_a_response_is_well_formed(case: cases.Case) -> None:
    """No null, nothing empty, at most five cards, one a topic, most urgent first, each whole, whatever markup the chart holds."""
    if case.answers[Section.CONDITIONS] in (Answer.OMITTED, Answer.FAILED):
        return  # a whole request without a problem list is refused
    case = replace(case, resources=tuple(hostile(list(case.resources))))
    body = Client(cases.request(case, KNOW), SITE).call()
    assert list(empties(body)) == []
    cards = body["cards"]
    assert 1 <= len(cards) <= len(Topic)
    assert len({card["source"]["topic"]["code"] for card in cards}) == len(cards)
    urgency = [("critical", "warning", "info").index(card["indicator"]) for card in cards]
    assert urgency == sorted(urgency)
    labels = [item["label"] for card in cards for item in card.get("suggestions", ())]
    assert len(labels) == len(set(labels))
    for card in cards:
        _is_whole(card)
        _shows_text_as_text(card)
    _leads_with_the_hazard(body)


def _is_whole(card: dict[str, Any]) -> None:
    assert len(card["summary"]) < 140
    assert card["detail"]
    assert not FORBIDDEN.search(card["summary"] + card["detail"])
    assert not re.search(r"\{\w+\}", card["summary"] + card["detail"])
    offered = card.get("suggestions", [])
    assert ("selectionBehavior" in card) is bool(offered)
    if offered:
        assert card["selectionBehavior"] == ("any" if len(offered) > 1 else "at-most-one")
    for suggestion in offered:
        assert suggestion["uuid"] == suggestion["uuid"].lower()
        assert not FORBIDDEN.search(suggestion["label"])
        assert all(action["description"] for action in suggestion["actions"])
    for reason in card.get("overrideReasons", ()):
        assert reason.keys() == {"system", "code", "display"}
    for link in card["links"]:
        assert link["url"].startswith("https://")
        assert "appContext" not in link
    assert re.fullmatch("[0-9a-f]{64}", card["extension"]["org.vertebroplasty-cds.cardKey"])


def _leads_with_the_hazard(body: dict[str, Any]) -> None:
    """Where interrupting a drug is hazardous the card with its hold begins with that, however it is known."""
    assessment = body["extension"]["org.vertebroplasty-cds.assessment"]
    found = [
        item["short"].casefold()
        for item in assessment["findings"]
        if item["rule"] == "interruption_hazard" and item.get("effect", "information") != "information"
    ]
    if found and assessment["disposition"] in ("caution", "after-correction"):
        text = "\n".join(f"{card['summary']}\n{card['detail']}" for card in body["cards"]).casefold()
        holds = [
            item["short"].casefold()
            for item in assessment["findings"]
            if item["rule"] == "antithrombotic_hold" and "short" in item
        ]
        first = min(text.find(short) for short in found)
        assert first >= 0, text
        assert all(first < text.find(short) or short not in text for short in holds), text


def _shows_text_as_text(card: dict[str, Any]) -> None:
    """Markup of the chart reaches neither the rendered detail nor a tag in the summary."""
    shown = MARKDOWN.render(card["detail"])
    for markup in ("<script", "<img", "<code>", 'href="http://evil'):
        assert markup not in shown
    assert not re.search(r"<[A-Za-z/!?]", card["summary"])


@pytest.mark.parametrize("topic", Topic)
def test_override_reasons_are_coded_and_worded(topic: Topic) -> None:
    """Each card offers a few reasons, of HL7 or of our own, each once."""
    offered = overrides.reasons(topic)
    assert 3 <= len(offered) <= 6
    assert len({item.code for item in offered}) == len(offered)
    assert {item.system for item in offered} <= {overrides.HL7, overrides.OURS}


def test_no_sentence_of_ours_is_forbidden_or_blank() -> None:
    """All wording in one place, clean."""
    sentences = dict(wording.every())
    assert len(sentences) > 100
    names = re.findall(r"^([A-Z_]+) = ", Path(wording.__file__).read_text(), re.MULTILINE)
    assert len(names) == len(set(names))
    for text in sentences.values():
        assert text.strip()
        assert not FORBIDDEN.search(text)


@pytest.mark.parametrize(
    "text", ["mailto:help@evil.example", "a@b.example", "xmpp:a@b.example", "a\u061cb", "www.evil.example"]
)
def test_a_text_of_the_chart_becomes_no_link_and_turns_no_direction(text: str) -> None:
    """By a renderer that makes links of addresses, as GFM does."""
    shown = MarkdownIt("gfm-like", {"html": False, "linkify": True}).render(markdown.escaped(text))
    assert "<a " not in shown
    assert "\u061c" not in shown


def test_a_summary_is_one_thought_and_never_cut() -> None:
    """Two points at most, each in full if there is room, else in few words; the opening gives way before the first point."""
    openings = ("Percutaneous vertebroplasty T12, Tue 24 Nov: not yet", "Vertebroplasty: not yet")
    found = [("platelets 42 ×10⁹/L, 21 Nov; limit 50", "platelets 42 ×10⁹/L"), ("INR 1.9, 21 Nov", "INR 1.9"), ("c",)]
    both = "Platelets 42 ×10⁹/L, 21 Nov; limit 50; INR 1.9"
    assert headlines.summary(openings, found) == f"{openings[0]}. {both}"
    assert headlines.summary((), found) == both
    assert headlines.summary(openings, []) == openings[0]
    long = ("word " * 19).strip()
    assert headlines.summary(openings, [(long, "brief")]) == f"{openings[1]}. W{long[1:]}"
    assert headlines.summary(openings, [("word " * 60, "brief")]) == f"{openings[0]}. Brief"
    assert headlines.summary(openings, [("word " * 60,)]) == openings[0]


def test_an_opening_that_leaves_no_room_stands_alone() -> None:
    """The least of them, where nothing fits at all."""
    long = ("word " * 40).strip()
    assert headlines.summary((long, "Vertebroplasty: not yet"), [(long,)]) == "Vertebroplasty: not yet"
    assert headlines.summary((long,), [("point",)]) == wording.SERVICE


def test_a_sentence_of_a_report_is_quoted_once() -> None:
    """The reason that quotes it again is only named."""
    first = Point('Oedema, MRI 16 Nov: "T12 is broken."', "oedema")
    again = Point('Fracture, MRI 16 Nov: "T12 is broken."', "T12 fracture")
    assert quoted_once([first, again]) == ((first,), ("T12 fracture",))


def test_a_gap_without_a_part_says_itself_why() -> None:
    """There is something on record, but it leaves the question open."""
    rule = next(item for item in catalogue() if item.id == "severe_pain")
    says = "pain of >4 of 10 (2026-11-20 09:00) leaves the limit of 5 open"
    assert gaps.points([Result(rule, Status.UNKNOWN, unknown=says)]) == [(says, "pain score unknown")]
