"""Finds phrases, written in the small notation of `report_phrases.toml`, in a sentence in one pass over its words.

Every pattern takes time linear in the text: gaps and optional words are bounded, and no word can be read in two ways.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct

_GAP_WORDS = 6
_SEPARATOR = r"[ /:-]{1,2}"
_NEVER_IN_GAP = "but|however|although|though|whereas|while|with|without|no|except|and there"
_GAP = rf"(?:{_SEPARATOR}(?!(?:{_NEVER_IN_GAP})\b)[\w%'.]+){{0,{_GAP_WORDS}}}?"
_NAMED = {
    "<year>": r"(?:(?:\d{1,2} )?(?:[a-z]{3,9} |\d{1,2}/))?(?:19|20)\d\d",
    "<number>": r"\d{1,3}(?:\.\d{1,2})?",
    "<percent>": r"\d{1,3}(?:\.\d{1,2})?(?: ?- ?\d{1,3})? ?(?:%|percent|per cent)",
    "<level>": r"(?:th|[ctld])[ -]?\d{1,2}(?:(?: ?- ?| and | to |, |/)(?:th|[ctld])?\d{1,2}\b){0,4}",
}
_KEY_LENGTH = 4
_ANY_NUMBER = "<"


class Phrase(Struct, frozen=True):
    """One phrase, whose it is (a sign, or the cues) and what it says; of an owner's phrases the lowest rank goes first."""

    words: str
    owner: str
    kinds: tuple[str, ...]
    rank: int = 0


class Hit(Struct, frozen=True):
    """A phrase found in a sentence, from `start` up to `end`."""

    owner: str
    kinds: tuple[str, ...]
    start: int
    end: int


class Lexicon:
    """Many phrases at once: the first letters of a word lead to the few that may begin there."""

    _WORD = re.compile(r"\w+")

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        by_key: dict[str, dict[str, list[Phrase]]] = {}
        for phrase in phrases:
            for words in expand(phrase.words):
                expanded = Phrase(words, phrase.owner, phrase.kinds, phrase.rank)
                by_key.setdefault(_key(words), {}).setdefault(phrase.owner, []).append(expanded)
        self._by_key = {
            key: tuple(_Matcher(owner, found) for owner, found in owners.items()) for key, owners in by_key.items()
        }
        self._of_numbers = self._by_key.pop(_ANY_NUMBER, ())

    def find(self, text: str) -> Iterator[Hit]:
        """All phrases in a lower-case sentence, from left to right; those of one owner never overlap."""
        ends: dict[str, int] = {}
        for word in self._WORD.finditer(text):
            start, letters = word.start(), word[0]
            matchers = self._by_key.get(letters[:_KEY_LENGTH], ())
            if letters[0].isdigit() or letters[-1].isdigit():
                matchers += self._of_numbers
            for matcher in matchers:
                if start >= ends.get(matcher.owner, 0) and (hit := matcher.match(text, start)):
                    ends[matcher.owner] = hit.end
                    yield hit


class _Matcher:
    """The phrases of one owner that begin with the same letters, the longest first.

    There are hundreds, and a report needs a few: each is compiled when it is first needed, from words that were checked before.
    """

    def __init__(self, owner: str, phrases: list[Phrase]) -> None:
        self.owner = owner
        ordered = sorted(phrases, key=lambda phrase: (phrase.rank, *_shorter_last(phrase.words)))
        self._kinds = tuple(phrase.kinds for phrase in ordered)
        self._written = "|".join(rf"({_pattern(phrase.words)})(?!\w)" for phrase in ordered)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self._written)

    def match(self, text: str, position: int) -> Hit | None:
        found = self._pattern.match(text, position)
        return Hit(self.owner, self._kinds[(found.lastindex or 1) - 1], found.start(), found.end()) if found else None


def any_of(phrases: Iterable[str]) -> str:
    """A pattern for any of the phrases as whole words, the longest first. Raises ValueError for a malformed phrase."""
    expanded = dict.fromkeys(words for phrase in phrases for words in expand(phrase))
    return rf"(?<!\w)(?:{'|'.join(map(_pattern, sorted(expanded, key=_shorter_last)))})(?!\w)"


def expand(phrase: str) -> list[str]:
    """A phrase for each word that it may begin with, so that a first word is one word."""
    first, _, rest = phrase.partition(" ")
    if first.startswith("("):
        return [*expand(f"{first[1:-1]} {rest}"), *expand(rest)]
    return [f"{word} {rest}".strip() for word in first.split("|")]


def _key(words: str) -> str:
    first = words.split(" ", 1)[0]
    if first.endswith("*") and len(first) <= _KEY_LENGTH:
        raise ValueError(f"a first word needs {_KEY_LENGTH} letters before its star: {words!r}")
    return _ANY_NUMBER if first.startswith("<") else first.rstrip("*")[:_KEY_LENGTH]


def _shorter_last(words: str) -> tuple[int, int]:
    parts = words.split()
    return -sum(not part.startswith("(") for part in parts), -len(parts)


def _pattern(words: str) -> str:
    first, *rest = words.split() or [""]
    return _part(first) + "".join(_following(part) for part in rest)


def _following(part: str) -> str:
    if part == "...":
        return _GAP
    if part.startswith("("):
        return f"(?:{_SEPARATOR}{_part(part[1:-1])})?"
    return f"{_SEPARATOR}{_part(part)}"


def _part(part: str) -> str:
    """One place in a phrase: a word, "oedem*", a named one such as "<year>", or several of these as "a|b"."""
    words = [_word(word) for word in part.split("|")]
    return f"(?:{'|'.join(words)})" if len(words) > 1 else words[0]


def _word(word: str) -> str:
    if word in _NAMED:
        return _NAMED[word]
    if not re.fullmatch(r"[\w'/]+\*?", word):
        raise ValueError(f"malformed word in a phrase: {word!r}")
    return rf"{word[:-1]}\w*" if word.endswith("*") else rf"{word}\b"
