"""Tells whether the text of a report can be read: English words about an image, and neither noise nor a mere pointer to the report."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from msgspec import Struct

from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.files import Table, Text
from cds_service.report_text.lexicon import any_of

FILE = "report_languages.toml"
_ENGLISH = "english"
_WORD = re.compile(r"[^\W\d_]+")
_CLAUSE = re.compile(r"[,;:.!?]\s|\s-\s|\n")
_ODD = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\uf8ff\ufffd]")
_LATIN = "\u024f"  # the last letter of the common Latin blocks
_MOSTLY = 0.5
_NOISE = 0.05
_ACRONYM = 2  # letters: "LE" is a leg and no French; one letter more where the rest is not in capitals


class Unread(StrEnum):
    """Why a report was not read, or not whole, as cards say it."""

    NO_TEXT = "an attached report is not text"
    NOISE = "a report holds bytes that are no words"
    FOREIGN = "a report is not in English"
    NO_CONTENT = "a report says nothing that is understood, or only where it is found"
    PARTLY_FOREIGN = "a report is partly not in English"
    TOO_LONG = "a sentence of a report is too long to be read"

    @property
    def partial(self) -> bool:
        """Whether the rest of the report was read."""
        return self in (Unread.PARTLY_FOREIGN, Unread.TOO_LONG)


class Legibility(Struct, frozen=True):
    """What tells texts apart, compiled once; its members are those of the file."""

    share: float
    paragraph: int
    names: re.Pattern[str]
    languages: Mapping[str, tuple[str, ...]]
    spine: re.Pattern[str]
    pointer: re.Pattern[str]
    content: re.Pattern[str]

    def is_foreign(self, text: str, otherwise: bool | None = None) -> bool:
        """Whether a normalised text is in another script, or has more small words of one other language than of English.

        With `otherwise`, which is the verdict on the whole, a part of it is judged apart only if it has some small words.
        """
        if not text.isascii() and is_of_another_script(text):
            return True
        words = _WORD.findall(self.names.sub(" ", text))
        longest = _ACRONYM if text.isupper() else _ACRONYM + 1
        words = [word for word in words if len(word) > longest or not word.isupper()]
        counts = Counter(name for word in words for name in self.languages.get(word.lower(), ()))
        english = counts.pop(_ENGLISH, 0)
        foreign = max(counts.values(), default=0)
        if otherwise is not None and english + foreign < self.paragraph:
            return otherwise
        return foreign > english and foreign >= self.share * len(words)

    def names_spine(self, text: str) -> bool:
        """Whether a word of any language names the spine."""
        return self.spine.search(text) is not None

    def has_content(self, sentence: str) -> bool:
        """Whether a sentence says anything of an image, apart from clauses that only tell where its report is."""
        clauses = _CLAUSE.split(sentence) if self.pointer.search(sentence) else [sentence]
        return any(self.content.search(clause) and not self.pointer.search(clause) for clause in clauses)


class _WordList(Table, frozen=True):
    words: tuple[str, ...]


class _Pointer(Table, frozen=True):
    phrases: tuple[str, ...]


class _File(Table, frozen=True):
    """The whole of the file."""

    source: Text
    reviewed: date
    share: float
    paragraph: int
    borrowed: tuple[str, ...]
    particles: tuple[str, ...]
    words: dict[str, tuple[str, ...]]
    spine: _WordList
    pointer: _Pointer
    content: _WordList


@cache
def legibility() -> Legibility:
    """What the package carries. Raises `KnowledgeError` where the file is broken."""
    return compile_legibility(files.tables(files.TABLES / FILE))


def compile_legibility(table: Mapping[str, Any]) -> Legibility:
    """Compiles the parsed file. Raises `KnowledgeError` naming what is missing or malformed."""
    file = files.fit(FILE, table, _File)
    try:
        return _compile(file)
    except re.error as error:
        raise KnowledgeError(FILE, "", f"cannot be understood ({error})") from error


def _compile(file: _File) -> Legibility:
    languages: dict[str, tuple[str, ...]] = {}
    for name, words in file.words.items():
        for word in words:
            languages[word] = (*languages.get(word, ()), name)
    particles = "|".join(map(re.escape, file.particles))
    return Legibility(
        share=file.share,
        paragraph=file.paragraph,
        names=re.compile(rf"\b(?i:{_either(file.borrowed)})\b|\b(?i:(?:{particles})\s){{1,2}}(?=[A-Z][a-z])"),
        languages=languages,
        spine=re.compile(rf"\b(?:{_either(file.spine.words)})", re.IGNORECASE),
        pointer=re.compile(rf"\b(?:{'|'.join(file.pointer.phrases)})\b", re.IGNORECASE),
        content=re.compile(any_of(file.content.words), re.IGNORECASE),
    )


def _either(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, words))


def is_of_another_script(text: str) -> bool:
    """Whether most letters of a text are of no Latin alphabet."""
    letters = _WORD.findall(text)
    others = sum("LATIN" not in unicodedata.name(letter, "") for word in letters for letter in word if letter > _LATIN)
    return others > _MOSTLY * sum(map(len, letters))


def is_noise(text: str) -> bool:
    """Whether a text is a PDF, or much of it control characters, private ones, or signs of a lost encoding."""
    return text.startswith("%PDF-") or len(_ODD.findall(text)) > _NOISE * len(text)
