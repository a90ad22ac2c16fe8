"""Loads the words that deny, doubt or date a name beside them, in every language that is read, from `knowledge/tables/modifiers.toml`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from msgspec import Struct, field

from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.files import Table, Text
from cds_service.knowledge.folding import folded
from cds_service.report_text.lexicon import Lexicon, Phrase, any_of, expand

FILE = "modifiers.toml"
NEAR = 3
"""Words: a modifier that reaches no further stays on its side of a comma."""
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_MARKS = str.maketrans({"'": " ", "’": " ", ".": " "})


class ModifierKind(StrEnum):
    """What a modifier says of the name that it reaches."""

    DENIED = "denied"
    PAST = "past"
    DOUBTFUL = "doubtful"
    ANOTHER = "another"
    CURRENT = "current"
    NONE = "none"


class Direction(StrEnum):
    """On which side of the modifier the name stands."""

    FORWARD = "forward"
    BACKWARD = "backward"
    BOTH = "both"


class Joints(Struct, frozen=True):
    """The words of a language between its names: they end a reach, weaken it, carry it on, or may follow a modifier that looks back."""

    breaks: re.Pattern[str]
    joins: re.Pattern[str]
    alternatives: re.Pattern[str]
    tails: re.Pattern[str]


class ModifierRule(Struct, frozen=True):
    """What one phrase says, over how many words, and the joints of the languages that it is of."""

    kind: ModifierKind
    reach: int
    joints: tuple[Joints, ...] = ()


class ModifierTable(Struct, frozen=True):
    """The whole table, compiled once: its phrases, and what each says, by the place that the phrase names as its kind."""

    lexicon: Lexicon
    rules: tuple[ModifierRule, ...]


class _Modifiers(Table, frozen=True):
    kind: ModifierKind
    direction: Direction
    reach: int
    phrases: tuple[Text, ...]


class _Language(Table, frozen=True):
    breaks: tuple[Text, ...]
    joins: tuple[Text, ...]
    tails: tuple[Text, ...]
    modifiers: tuple[_Modifiers, ...]
    alternatives: tuple[Text, ...] = field(name="or")


class _File(Table, frozen=True):
    """The whole of the file."""

    source: Text
    reviewed: date
    language: dict[str, _Language]


@cache
def modifier_table() -> ModifierTable:
    """The table that the package carries. Raises `KnowledgeError` where the file is broken."""
    return compile_modifiers(files.tables(files.TABLES / FILE))


def compile_modifiers(table: Mapping[str, Any]) -> ModifierTable:
    """Compiles the parsed file. Raises `KnowledgeError` naming what is missing, malformed, or means two things."""
    languages = files.fit(FILE, table, _File).language
    try:
        rules, phrases = _indexed(languages)
        return ModifierTable(Lexicon(phrases), rules)
    except (ValueError, re.error) as error:
        raise KnowledgeError(FILE, "", f"cannot be understood ({error})") from error


def _joints(item: _Language) -> Joints:
    parts = (item.breaks, item.joins, item.alternatives, item.tails)
    return Joints(*(re.compile(any_of(spelling for word in part for spelling in spellings(word))) for part in parts))


def _indexed(languages: Mapping[str, _Language]) -> tuple[tuple[ModifierRule, ...], list[Phrase]]:
    """Each phrase once a direction, with the widest reach that a language gives it; its kind is its rule's place."""
    found: dict[tuple[str, str], ModifierRule] = {}
    for language, item in languages.items():
        joints = _joints(item)
        for number, row in enumerate(item.modifiers):
            for key in _written(row):
                before = found.get(key, ModifierRule(row.kind, 0))
                if before.kind is not row.kind:
                    raise ValueError(f"{language}.modifiers[{number}]: {key[1]!r} is {before.kind} in another row")
                also = before.joints if joints in before.joints else (*before.joints, joints)
                found[key] = ModifierRule(row.kind, max(row.reach, before.reach), also)
    rules = tuple(dict.fromkeys(found.values()))
    places = {rule: str(place) for place, rule in enumerate(rules)}
    return rules, [Phrase(words, owner, (places[rule],)) for (owner, words), rule in found.items()]


def _written(row: _Modifiers) -> Iterator[tuple[str, str]]:
    """The phrases of a row in each of its directions and spellings, one for each word that it may begin with."""
    owners = (Direction.FORWARD, Direction.BACKWARD) if row.direction is Direction.BOTH else (row.direction,)
    for phrase in row.phrases:
        for spelling in spellings(phrase):
            for words in expand(spelling):
                yield from ((owner, words) for owner in owners)


def spellings(phrase: str) -> Iterable[str]:
    """A phrase as texts are read: without accents, and with its umlauts spelt out."""
    lower = phrase.lower()
    if lower.isascii():
        return (plain(lower),)
    return dict.fromkeys(plain(folded(written)) for written in (lower, lower.translate(_SPELT_OUT)))


def plain(text: str) -> str:
    """A folded text, place by place, as phrases are looked for in it: lower case, without full stops and apostrophes."""
    return text.lower().translate(_MARKS)
