"""Finds drug names in text: whole words, the longest name first, and not where the words around deny them."""

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from cds_service.knowledge.folding import folded

_WORD = re.compile(r"[^\W_]+")
_BRAND = re.compile(r"\[[^\[\]]*\]")
_MEASURE = re.compile(r"\d.*|mg|mcg|g|ml|hr|h|unt|units?")
_SALTS = frozenset(
    (
        "alcohol",
        "calcium",
        "chloride",
        "copper",
        "glucose",
        "hydrochloride",
        "iron",
        "lysine",
        "magnesium",
        "phosphate",
        "potassium",
        "sodium",
        "sulfate",
        "water",
        "zinc",
    )
)
"""Words that are drugs in first place, and in second place only say in which salt or liquid another drug comes."""

Match = tuple[tuple[str, ...], frozenset[str]]


def plain(text: str) -> str:
    """Text as names and guards see it: without accents and case."""
    return folded(text).casefold()


def generic(text: str) -> str:
    """A normalised RxNorm name without its brand, which stands last in brackets."""
    return _BRAND.sub(" ", text)


class NamedDrug(Struct, frozen=True):
    """What a text names: ingredients of ours by slug, and whether it names any drug at all."""

    slugs: frozenset[str] = frozenset()
    known: bool = False


class Surroundings(Struct, frozen=True):
    """Patterns of the words around a name: what denies it before or after, and what looks like one and is none."""

    before: tuple[re.Pattern[str], ...] = ()
    after: tuple[re.Pattern[str], ...] = ()
    lookalike: tuple[re.Pattern[str], ...] = ()
    local: tuple[re.Pattern[str], ...] = ()

    def denies(self, text: str, start: int, end: int) -> bool:
        """Whether the name from `start` to `end` is one that the text says is not taken."""
        return any(pattern.search(text[:start]) for pattern in self.before) or any(
            pattern.search(text[end:]) for pattern in self.after
        )


class DrugNames:
    """Our names (a brand may stand for several ingredients), and names of drugs that are none of ours."""

    def __init__(self, ours: Mapping[str, Iterable[str]], others: Iterable[str], surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        names: dict[tuple[str, ...], frozenset[str]] = {_split(name): frozenset() for name in others}
        mine: dict[tuple[str, ...], frozenset[str]] = {}
        for slug, listed in ours.items():
            for name in listed:
                mine[_split(name)] = mine.get(_split(name), frozenset()) | {slug}
        self._by_first: dict[str, list[Match]] = {}
        for name_words, slugs in (names | mine).items():
            if name_words:
                self._by_first.setdefault(name_words[0], []).append((name_words, slugs))
        for matches in self._by_first.values():
            matches.sort(key=lambda match: -len(match[0]))

    @property
    def all(self) -> Iterator[str]:
        """Every name, as it is compared."""
        return (" ".join(words) for matches in self._by_first.values() for words, _ in matches)

    def find(self, text: str) -> NamedDrug:
        """What `text` names. Of a normalised RxNorm name, `ingredient strength form [Brand]`, the ingredients decide.

        A brand covers products of different content, so it is read only where the rest of the text names nothing.
        """
        unbranded = generic(text)
        named = self._scan(plain(unbranded))
        return named if named.known or unbranded == text else self._scan(plain(text))

    def exactly(self, text: str) -> frozenset[str]:
        """The slugs of ours whose name is this whole text."""
        words = _split(text)
        return (
            next((slugs for name, slugs in self._by_first.get(words[0], ()) if name == words), frozenset())
            if words
            else frozenset()
        )

    def _scan(self, text: str) -> NamedDrug:
        lookalike = [found.span() for pattern in self._surroundings.lookalike for found in pattern.finditer(text)]
        local = [found.span() for pattern in self._surroundings.local for found in pattern.finditer(text)]
        slugs: frozenset[str] = frozenset()
        known = bool(local)
        for found, start, end in self._matches(text):
            if found and _within(start, end, lookalike):
                continue
            known = True
            if not _within(start, end, local) and not self._surroundings.denies(text, start, end):
                slugs |= found
        return NamedDrug(slugs, known)

    def _matches(self, text: str) -> Iterator[tuple[frozenset[str], int, int]]:
        found = list(_WORD.finditer(text))
        words = tuple(word[0] for word in found)
        place, leading = 0, True
        while place < len(words):
            match = self._longest(words, place)
            if match and (leading or len(match[0]) > 1 or words[place] not in _SALTS):
                last = place + len(match[0]) - 1
                yield match[1], found[place].start(), found[last].end()
                place, leading = last, False
            leading = leading and bool(_MEASURE.fullmatch(words[place]))
            place += 1

    def _longest(self, words: tuple[str, ...], place: int) -> Match | None:
        for match in self._by_first.get(words[place], ()):
            if words[place : place + len(match[0])] == match[0]:
                return match
        return None


def _split(name: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(plain(name)))


def _within(start: int, end: int, spans: list[tuple[int, int]]) -> bool:
    return any(first < end and start < last for first, last in spans)
