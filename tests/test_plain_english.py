"""What people read beside a finding's line is plain English: rule pages, steps, explanations, buttons, override reasons, help."""

import re
from collections.abc import Iterator
from typing import Any

import click
import pytest
from msgspec.structs import replace

from cds_service import cases
from cds_service.cards import wording
from cds_service.cli import main
from cds_service.findings import Rule
from cds_service.findings.date_style import in_words
from cds_service.knowledge import load
from cds_service.rules import catalogue

from .every_case import each_case
from .forbidden import FORBIDDEN, UNPLAIN

KNOW = load()
RULES = {rule.id: rule for rule in catalogue()}
_FOREIGN = re.compile(
    r"\bis none\.|\bis not asked (?:for|where|under)\b|\bask for (?:an? |the )?(?:allergies|infections?|bleeding disorders?|symptoms?)\b",
    re.IGNORECASE,
)
"""Grammar of another language: one asks about an infection, and for a test."""
_MOST_WORDS_OF_A_REASON = 10


def problem(text: str) -> str:
    """The word in a text that no reader should meet, or nothing."""
    found = FORBIDDEN.search(text) or UNPLAIN.search(text) or _FOREIGN.search(text)
    return f"{found[0]!r} in {text!r}" if found else ""


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_speaks_plainly_of_itself(rule: Rule) -> None:
    """Its page, its title, its nouns, and what a person can do."""
    for text in (" ".join(rule.page.split()), rule.title, rule.judges, rule.not_shown, rule.settle, *rule.steps):
        assert not problem(text)


@each_case
def test_explanations_are_whole_plain_sentences(case: cases.Case) -> None:
    """Each begins with a capital or a number and ends with a full stop."""
    for result in cases.judge(case, RULES[case.rule], KNOW):
        text = result.finding.explains if result.finding else ""
        assert not problem(text)
        assert not text or re.fullmatch(r"(?:[A-Z0-9]|eGFR|hCG).*[.?]", text, re.DOTALL), text


_FILLED = 12
_MORE_WORDS = "in the second and third part of the left side, again with much that belongs to it"
_MOST_WORDS_OF_A_LINE = 22


def wordy(value: Any, most: int | None) -> Any:
    """The same JSON with more words in every text and display, up to so many of them if a number is given."""
    if isinstance(value, dict):
        return {
            name: " ".join(f"{item} {_MORE_WORDS}".split()[:most])
            if name in ("text", "display") and isinstance(item, str)
            else wordy(item, most)
            for name, item in value.items()
        }
    return [wordy(item, most) for item in value] if isinstance(value, list) else value


@each_case
def test_a_line_has_room_for_the_words_of_any_chart(case: cases.Case) -> None:
    """However many words the chart has for a thing: as many as a sentence may quote, or more."""
    for most in (_FILLED, None):
        chart = replace(case, resources=tuple(wordy(list(case.resources), most)))
        for result in cases.judge(chart, RULES[case.rule], KNOW):
            if result.finding:
                for text in (result.finding.says, *result.finding.steps):
                    assert len(in_words(text, case.as_of).split()) <= _MOST_WORDS_OF_A_LINE, text


_REASONS = (*wording.OWN_REASONS.values(), *wording.HL7_REASONS.values())
_LABELS = (*wording.ORDER_LABELS.values(), wording.PLAN_LABEL, wording.MOVE_LABEL, wording.CANCEL_LABEL, *_REASONS)


def test_what_cards_add_is_plain() -> None:
    """Every sentence that cards add to the findings."""
    assert [name for name, text in wording.every() if problem(text)] == []


@pytest.mark.parametrize("label", _LABELS)
def test_buttons_and_reasons_are_plain(label: str) -> None:
    """They begin with a capital, do not end with a full stop, and a reason is read in two seconds."""
    assert not problem(label)
    assert label[0].isupper()
    assert not label.endswith(".")
    assert label not in _REASONS or len(label.split()) <= _MOST_WORDS_OF_A_REASON


def commands(command: click.Command, name: str = "cds-service") -> Iterator[tuple[str, click.Command]]:
    """A command and all below it, by what is typed."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for part in command.list_commands(context):
            below = command.get_command(context, part)
            if below is not None:
                yield from commands(below, f"{name} {part}")


@pytest.mark.parametrize("command", [item for _, item in commands(main)], ids=[name for name, _ in commands(main)])
def test_help_is_plain(command: click.Command) -> None:
    """What `--help` says of a command and of each option."""
    options = [item.help or "" for item in command.params if isinstance(item, click.Option)]
    for text in (command.help or "", *options):
        assert text
        assert not problem(text)
