"""Tells whether a short text is in a language whose words are read here: of a text that is not, nothing follows."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache

from msgspec import Struct

from cds_service.knowledge import files
from cds_service.knowledge.files import Table, Text
from cds_service.report_text.legibility import is_of_another_script

FILE = "languages.toml"
ANOTHER_SCRIPT = "another script"
_WORD = re.compile(r"[^\W\d_]+")


class _Marks(Table, frozen=True):
    letters: str
    words: tuple[Text, ...]


class _File(Table, frozen=True):
    """The whole of the file."""

    source: Text
    reviewed: date
    unread: dict[str, _Marks]


class _Language(Struct, frozen=True):
    name: str
    letters: frozenset[str]
    words: frozenset[str]


@cache
def _languages() -> tuple[_Language, ...]:
    return compile_languages(files.read(files.TABLES / FILE, _File).unread)


def compile_languages(unread: Mapping[str, _Marks]) -> tuple[_Language, ...]:
    """The languages that are not read, in the order of the file."""
    return tuple(_Language(name, frozenset(marks.letters), frozenset(marks.words)) for name, marks in unread.items())


def unread_language(text: str) -> str:
    """The language of a text that is not read here, or that it is in another script; empty where neither shows."""
    if not text.isascii() and is_of_another_script(text):
        return ANOTHER_SCRIPT
    lower = text.lower()
    words, letters = frozenset(_WORD.findall(lower)), frozenset(lower)
    found = (item.name for item in _languages() if letters & item.letters or words & item.words)
    return next(found, "")


def is_read(text: str) -> bool:
    """Whether the words of a text can be read here, as far as its letters and small words show."""
    return not unread_language(text)
