"""Reads the vertebral levels that a text names: "T12", "L1-L3", "T11 and 12", "twelfth thoracic vertebra".

Disc spaces ("L4/5"), nerve roots ("L5 root") and MRI sequences ("T1 signal") are not vertebrae.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from cds_service.chart import Level
from cds_service.report_text.prose import normalise

LEVELS: tuple[Level, ...] = tuple(Level)
_INDEX = {level.value: index for index, level in enumerate(LEVELS)}
_ROMAN = {
    name: number
    for number, name in enumerate(["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"], start=1)
}
_ORDINALS = (
    [
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
        "eleventh",
        "twelfth",
    ],
    ["1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th", "11th", "12th"],
)
_ORDINAL = {word: number for words in _ORDINALS for number, word in enumerate(words, start=1)}
_REGION = {"c": "C", "t": "T", "th": "T", "d": "T", "l": "L", "s": "S", "hwk": "C", "bwk": "T", "lwk": "L"}
_REGION_WORD = {"cervical": "C", "thoracic": "T", "dorsal": "T", "lumbar": "L", "sacral": "S"}
_NUMBERED_WORD = {
    "hals": "C", "brust": "T", "lenden": "L",
    "cervical": "C", "dorsal": "T", "thoraci": "T", "toracic": "T", "lomb": "L", "lumb": "L",
}  # fmt: skip
"""How the region begins where a vertebra is counted: "1. Lendenwirbel", "12e vertèbre dorsale"."""


class LevelSpan(Struct, frozen=True):
    """One stretch of text that names places of the spine; `levels` is empty where it names only disc spaces."""

    start: int
    end: int
    levels: frozenset[Level]


_ATOM = re.compile(
    r"(?<![\w.])(?:(?P<letter>th|[hbl]wk|[tl])(?:[ -]|\. ?)?|(?P<tight>[cds]))(?P<number>\d{1,2})(?!\w|\.\d|,\d| ?(?:mm|cm)\b)"
    r"|(?<!\w)th[ -]?(?P<roman>x?i{1,3}|i?[vx]|vi{1,3}|xi{0,2})(?!\w)",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?P<number>\d{1,2})(?![\w%]|[./]\d)(?=\s*(?:[.,;:)&/-]|$|(?:and|or|to|through|vertebra\w*|fra[ck]t\w*|fx|levels?|compress\w*"
    r"|bod(?:y|ies)|show|are|have|with(?:out)?|demonstrate|disc|disk)\b))"
)
_TIGHT_BARE = re.compile(r"(?P<number>\d{1,2})(?![\w%]|[./]\d| ?(?:mm|cm|%))")
_JOINER = re.compile(
    r"\s*(?:(?P<range>-|\b(?:to|through|thru|bis|tot|till?|[aà])\b)(?:\s+the)?|(?P<disc>/)|(?P<list>&|\+|\bas well as\b|,?\s*\bor\b"
    r"|\b(?:und|sowie|et|y|e|en|och|og)\b"
    r"|,?\s*\band(?:,? (?:less|more|to a (?:lesser|greater)) \w+,?(?: at| in)?)?\b|,))\s*",
    re.IGNORECASE,
)
_SINGULAR_VERB = re.compile(r"\s+(?:shows|is|has|demonstrates|exhibits|appears|remains|was)\b", re.IGNORECASE)
_NOT_VERTEBRA_AFTER = re.compile(r"\s*(?:nerve|roots?\b|radicul|dermatom|myotom|N\d)", re.IGNORECASE)
_NOT_VERTEBRA_BEFORE = re.compile(r"(?:vitamin|free|stage|staging|grade)\s+$", re.IGNORECASE)
_DISC_WORD = re.compile(
    r"\b(?:dis[ck]s?\b|dis[ck](?:itis|al)|spondylodisc|interspace|interverteb|foramin|facet|herniat|protru|bulg|modic|\w*listhesis)",
    re.IGNORECASE,
)
_SEQUENCE_AFTER = re.compile(
    r"[\s/,-]*(?:w\b|weight|signal|hypo|hyper|iso|bright|dark|low|high|shorten|prolong|intens|sequence|imag|fat|fs\b|f?tse"
    r"|flair|stir|tirm|dixon|post|pre|sag|axial|relax|contrast|and t[12]\b|,? ?t[12]\b)",
    re.IGNORECASE,
)
_VERTEBRA_AFTER = re.compile(
    r"\s*(?:vertebra|body\b|bodies|compression|fracture|burst|wedge|level|pedicle|superior|inferior|endplate|:)",
    re.IGNORECASE,
)
_VERTEBRA_BEFORE = re.compile(r"(?:\bat|\bof|\bvertebra|\bvertebral body|\bbody|\blevels?(?: of)?)\s+$", re.IGNORECASE)
_ORDINAL_WORD = "|".join(sorted(_ORDINAL, key=len, reverse=True))
_SPELT = re.compile(
    rf"\b(?P<first>{_ORDINAL_WORD})(?:\s*(?P<joiner>and|to|through|-|,)\s*(?:the\s+)?(?P<last>{_ORDINAL_WORD}))?\s+"
    r"(?P<region>cervical|thoracic|dorsal|lumbar|sacral)\b(?!\s+(?:nerve|root|dis[ck]|rib))"
    r"|\b(?P<region_first>cervical|thoracic|dorsal|lumbar|sacral)\s+(?:vertebra[el]?(?:\s+body)?|level)\s+(?P<number>\d{1,2})(?![\w%]|\.\d)",
    re.IGNORECASE,
)


_COUNTED = r"\.|[eaoª°º]|re|[eè]re|[eè]me"
_NUMBERED = re.compile(
    rf"(?<![\w.,])(?P<first>\d{{1,2}})(?:{_COUNTED})?"
    rf"(?: ?(?P<joiner>und|et|y|e|en|-|bis) ?(?P<last>\d{{1,2}})(?:{_COUNTED})?)? ?"
    r"(?:(?P<german>hals|brust|lenden)wirbel"
    r"|v[eéè]rt[eè]br[aeis]{1,2} (?P<other>cervical|dorsal|thoraci|tor[aá]cic|lomb|lumb))",
    re.IGNORECASE,
)


def read_levels(text: str) -> frozenset[Level]:
    """The vertebrae that a text names, such as {T12, L1}; empty where it names none."""
    return frozenset().union(*(span.levels for span in level_spans(normalise(text))))


def level_spans(text: str) -> list[LevelSpan]:
    """Where the text names vertebrae or disc spaces, in order of appearance. Expects a normalised text."""
    return sorted([*_coded(text), *_spelt(text), *_numbered(text)], key=lambda span: span.start)


def _spelt(text: str) -> Iterator[LevelSpan]:
    for match in _SPELT.finditer(text):
        if match["number"]:
            levels = _named(f"{_REGION_WORD[match['region_first'].lower()]}{int(match['number'])}")
        else:
            region = _REGION_WORD[match["region"].lower()]
            first, last = (
                f"{region}{_ORDINAL[word.lower()]}" for word in (match["first"], match["last"] or match["first"])
            )
            is_list = match["joiner"] is not None and match["joiner"].lower() in ("and", ",")
            levels = _named(first, last) if is_list else _between(first, last)
        if levels:
            yield LevelSpan(match.start(), match.end(), levels)


def _numbered(text: str) -> Iterator[LevelSpan]:
    for match in _NUMBERED.finditer(text):
        region = _NUMBERED_WORD[(match["german"] or match["other"]).lower().replace("á", "a")]
        first, last = (f"{region}{int(number)}" for number in (match["first"], match["last"] or match["first"]))
        levels = _between(first, last) if match["joiner"] in ("-", "bis") else _named(first, last)
        if levels:
            yield LevelSpan(match.start(), match.end(), levels)


def _named(*names: str) -> frozenset[Level]:
    return frozenset(LEVELS[_INDEX[name]] for name in names if name in _INDEX)


def _between(first: str, last: str) -> frozenset[Level]:
    if first not in _INDEX or last not in _INDEX:
        return _named(first, last)
    low, high = sorted((_INDEX[first], _INDEX[last]))
    return frozenset(LEVELS[low : high + 1])


def _coded(text: str) -> Iterator[LevelSpan]:
    position = 0
    while match := _ATOM.search(text, position):
        chain = _Chain(text, match)
        position = chain.end
        yield from chain.spans()


class _Chain:
    """A run of levels joined by commas, "and", dashes or slashes, such as "T11, T12 and L1-3"."""

    def __init__(self, text: str, atom: re.Match[str]) -> None:
        self.text, self.start, self.end = text, atom.start(), atom.end()
        self.explicit = [atom]
        self.items: list[tuple[str, str, int, int]] = [("list", _name(atom, ""), atom.start(), atom.end())]
        while (joiner := _JOINER.match(text, self.end)) and (
            item := self._item(joiner.end(), tight=joiner[0] in ("-", "/"))
        ):
            name = _name(item, self.items[-1][1][:1])
            if name not in _INDEX:
                break
            # A German body is never a disc: "LWK 1/2" are two of them.
            is_disc = joiner.lastgroup == "disc" and not (atom["letter"] or "").lower().endswith("wk")
            kind = "disc" if is_disc else "range" if joiner.lastgroup == "range" else "list"
            self.items.append((kind, name, item.start(), item.end()))
            self.end = item.end()

    def _item(self, position: int, tight: bool) -> re.Match[str] | None:
        if atom := _ATOM.match(self.text, position):
            self.explicit.append(atom)
            return atom
        return (_TIGHT_BARE if tight else _BARE).match(self.text, position)

    def spans(self) -> Iterator[LevelSpan]:
        before, after = self.text[max(0, self.start - 24) : self.start], self.text[self.end : self.end + 24]
        if _NOT_VERTEBRA_AFTER.match(after) or _NOT_VERTEBRA_BEFORE.search(before) or self._is_sequence(before, after):
            return
        # "oedema at T12 and L1 shows ...": the last level is the subject of a clause of its own.
        own_clause = len(self.items) > 1 and self.items[-1][0] == "list" and _SINGULAR_VERB.match(after)
        groups = [self.items[:-1], self.items[-1:]] if own_clause else [self.items]
        for group in groups:
            levels = self._levels(group)
            if levels or any(kind != "list" for kind, *_ in group):
                yield LevelSpan(group[0][2], group[-1][3], levels)

    def _levels(self, group: list[tuple[str, str, int, int]]) -> frozenset[Level]:
        near_disc = (
            _DISC_WORD.search(self.text, max(0, self.start - 30), self.end + 40) or self.text[self.end :][:1] == ":"
        )
        levels: set[Level] = set()
        for index, (_, name, _, _) in enumerate(group):
            following = group[index + 1][0] if index + 1 < len(group) else "list"
            kind = group[index][0] if index else "list"
            if kind == "disc" or following == "disc" or name not in _INDEX:
                continue
            if following == "range":
                other = group[index + 1][1]
                if other.startswith("S") or (near_disc and abs(_INDEX[other] - _INDEX[name]) == 1):
                    continue
                levels |= _between(name, other)
            elif kind != "range":
                levels |= _named(name)
        return frozenset(levels)

    def _is_sequence(self, before: str, after: str) -> bool:
        """T1 and T2 are MRI sequences unless the words around them speak of a vertebra."""
        if any(atom["letter"] not in ("t", "T") or atom["number"] not in ("1", "2") for atom in self.explicit):
            return False
        if len(self.items) > len(self.explicit) and self.items[-1][1] not in ("T1", "T2"):
            return False
        if _SEQUENCE_AFTER.match(after):
            return True
        return not (_VERTEBRA_AFTER.match(after) or _VERTEBRA_BEFORE.search(before))


def _name(match: re.Match[str], region: str) -> str:
    groups = match.groupdict()
    if groups.get("roman"):
        return f"T{_ROMAN.get(groups['roman'].upper(), 0)}"
    prefix = groups.get("letter") or groups.get("tight")
    return f"{_REGION[prefix.lower()] if prefix else region}{int(match['number'])}"
