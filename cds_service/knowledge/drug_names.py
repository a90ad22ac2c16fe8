"""Finds drug names in text: whole words, the longest name first, and not where the words around deny them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from cds_service.knowledge.drug_spellings import spelling, spellings, unsalted
from cds_service.knowledge.folding import folded

_WORD = re.compile(r"[ァ-ヶー]+|[^\W_]+")
"""Also a run of katakana, which is how Japanese writes the name of a drug before the name of its form."""
_BRAND = re.compile(r"\[[^\[\]]*\]")
_MEASURE = re.compile(r"\d.*|mg|mcg|g|ml|hr|h|unt|units?")
_STRENGTH = re.compile(r"\d ?(?:mg|mcg|ug|g|ml|iu|ie|ui|units?|unt|mmol|%)(?![a-z])")
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
    """Patterns of the words around a name: what denies it before or after, and what looks like one and is none.

    `supply` tells what is no drug at all, `harmless` (of a name in its common spelling) a class of which no rule speaks.
    """

    before: tuple[re.Pattern[str], ...] = ()
    after: tuple[re.Pattern[str], ...] = ()
    lookalike: tuple[re.Pattern[str], ...] = ()
    local: tuple[re.Pattern[str], ...] = ()
    supply: tuple[re.Pattern[str], ...] = ()
    harmless: tuple[re.Pattern[str], ...] = ()

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
        alone = [match for matches in self._by_first.values() for match in matches if len(match[0]) == 1]
        by_word = {match[0][0]: match[1] for match in sorted(alone, key=lambda match: bool(match[1]))}
        self._by_spelling = {form: by_word[word] for form, word in spellings(by_word).items()}

    @property
    def all(self) -> Iterator[str]:
        """Every name, as it is compared."""
        return (" ".join(words) for matches in self._by_first.values() for words, _ in matches)

    @property
    def harmless(self) -> tuple[re.Pattern[str], ...]:
        """The ends of names of classes of which no rule speaks."""
        return self._surroundings.harmless

    def find(self, text: str) -> NamedDrug:
        """What `text` names. Of a normalised RxNorm name, `ingredient strength form [Brand]`, the ingredients decide.

        A brand covers products of different content, so it is read only where the rest of the text names nothing; and the spellings
        of other countries only where no name is spelled as we have it.
        """
        unbranded, whole = plain(generic(text)), plain(text)
        named = self._scan(unbranded, self._longest)
        if not named.known and whole != unbranded:
            named = self._scan(whole, self._longest)
        if not named.known and not _STRENGTH.search(whole):
            named = NamedDrug(known=any(pattern.search(whole) for pattern in self._surroundings.supply))
        return named if named.known else self._scan(whole, self._spelled)

    def exactly(self, text: str) -> frozenset[str]:
        """The slugs of ours whose name is this whole text."""
        words = _split(text)
        return (
            next((slugs for name, slugs in self._by_first.get(words[0], ()) if name == words), frozenset())
            if words
            else frozenset()
        )

    def _scan(self, text: str, look: Callable[[tuple[str, ...], int], Match | None]) -> NamedDrug:
        lookalike = [found.span() for pattern in self._surroundings.lookalike for found in pattern.finditer(text)]
        local = [found.span() for pattern in self._surroundings.local for found in pattern.finditer(text)]
        slugs: frozenset[str] = frozenset()
        known = bool(local)
        for found, start, end in self._matches(text, look):
            if found and _within(start, end, lookalike):
                continue
            known = True
            if not _within(start, end, local) and not self._surroundings.denies(text, start, end):
                slugs |= found
        return NamedDrug(slugs, known)

    def _matches(
        self, text: str, look: Callable[[tuple[str, ...], int], Match | None]
    ) -> Iterator[tuple[frozenset[str], int, int]]:
        found = list(_WORD.finditer(text))
        words = tuple(word[0] for word in found)
        place, leading = 0, True
        while place < len(words):
            match = look(words, place)
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

    def _spelled(self, words: tuple[str, ...], place: int) -> Match | None:
        """The name that one word is in another country's spelling, with or without its salt."""
        word = words[place]
        forms = tuple(dict.fromkeys((spelling(word), spelling(unsalted(word)))))
        found = next((self._by_spelling[form] for form in forms if form in self._by_spelling), None)
        if found is None and any(pattern.search(form) for form in forms for pattern in self._surroundings.harmless):
            return (word,), frozenset()
        return None if found is None else ((word,), found)


def _split(name: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(plain(name)))


def _within(start: int, end: int, spans: list[tuple[int, int]]) -> bool:
    return any(first < end and start < last for first, last in spans)
