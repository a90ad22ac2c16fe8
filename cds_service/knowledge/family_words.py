"""Finds the stems of a family in words: what is denied or belongs to another time or person is passed over first."""

import re
from collections.abc import Iterable, Sequence

_DENIAL = re.compile(
    r"\b(?P<lists>without|not specified as|negative for|absence of|no|denie[sd]|(?P<alone>not|never))\b"
    r"(?! (?:improv|respon|change|relief|resol|longer|better))(?P<denied>(?:(?!\b(?:due to|because|but|with|in)\b)[^;.:()])*)"
)
"""A denial, as far as it could go: `without obstruction or gangrene`."""
_OR = re.compile(r"\bn?or\b")
_STATEMENT = re.compile(r"[;,]|(?<!\b\w)\. |\b(?:but|now|due to|with (?:acute|new|active|current))\b")
_CLAUSE = re.compile(
    r"[;,()]|(?<!\b\w)\. |\b(?:but|and|with|due to|caused by|secondary to|complicated by|after|since|following|despite|during)\b"
)


def _undenied(text: str) -> str:
    """A text without what it denies: past a comma only in a list that ends with `or` (`no fever, cough or infection`)."""
    return _DENIAL.sub(_left, text)


def _left(denial: re.Match[str]) -> str:
    """What follows a denial that ends at a comma: `never a smoker, infected ulcer`."""
    denied = denial["denied"]
    last = 0 if denial["alone"] else max((found.start() for found in _OR.finditer(denied)), default=0)
    comma = denied.find(",", last)
    return " " if comma < 0 else denied[comma:]


_WORD = re.compile(r"\b[^\W\d_]\w+")


class WordStems:
    """Stems of words, looked for at the start of a word, the longest first."""

    def __init__(self, stems: Iterable[str]) -> None:
        ordered = sorted(stems, key=len, reverse=True)
        self._pattern = re.compile(rf"\b(?:{'|'.join(ordered)})", re.IGNORECASE) if ordered else None

    def are_in(self, text: str) -> bool:
        """Whether one of them is in a text."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def ahead_of(self, text: str) -> str:
        """What of a text comes before the first of them: all of it if none is in it, nothing if no other word follows that one."""
        found = self._pattern.search(text) if self._pattern else None
        if found is None:
            return text
        return text[: found.start()] if _WORD.search(text, found.end()) else ""

    def left_out_of(self, text: str) -> str:
        """A text without them."""
        return self._pattern.sub(" ", text) if self._pattern else text


class Stems:
    """The stems of the lists of one family, and what clears a clause of it; `leading` clears what follows in its statement."""

    def __init__(self, lists: Sequence[Sequence[str]], cleared: Iterable[Sequence[str]], leading: WordStems) -> None:
        self._full, *self._lesser = map(WordStems, lists)
        self._any = WordStems(stem for stems in lists for stem in stems)
        self._cleared = WordStems(stem for stems in cleared for stem in stems)
        self._leading = leading

    def of(self, text: str) -> int | None:
        """The number of the gravest list of which a folded text has a stem; None if it has none."""
        if not self._any.are_in(text):
            return None  # nearly every text
        stated = (self._leading.ahead_of(part) for part in _STATEMENT.split(_undenied(text)))
        clauses = (clause for part in stated for clause in _CLAUSE.split(part) if not self._cleared.are_in(clause))
        return min((listed for clause in clauses if (listed := self._listed(clause)) is not None), default=None)

    def _listed(self, clause: str) -> int | None:
        """By what the lesser lists leave of it: a word of one may hold a stem of the family."""
        found = [number for number, stems in enumerate(self._lesser, 1) if stems.are_in(clause)]
        for number in found:
            clause = self._lesser[number - 1].left_out_of(clause)
        return 0 if self._full.are_in(clause) else min(found, default=None)
