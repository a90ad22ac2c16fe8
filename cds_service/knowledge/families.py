"""Tells, for a code or for words, which families of danger they belong to: broad nets around what a rule must not overlook.

A family is wider than the value sets that its rule judges by. See README, "Families of danger".
"""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from msgspec import Struct

from cds_service.chart import Section
from cds_service.knowledge.codes import LONGEST_TERM
from cds_service.knowledge.family_words import Stems, WordStems
from cds_service.knowledge.folding import folded
from cds_service.knowledge.systems import bare
from cds_service.knowledge.titles import key


class Fading(StrEnum):
    """How the age of a member is told, if it fades."""

    ACUTE = "acute"
    """By the latest of its dates."""
    ONSET = "onset"
    """By its onset, else by when it was recorded."""
    PERMANENT = "permanent"
    """It does not fade."""


class Effect(StrEnum):
    """What a member moves that its rule has not judged."""

    INSUFFICIENT_DATA = "insufficient-data"
    RELATIVE = "relative"


class Listed(Struct, frozen=True):
    """One list of a family, by system key: prefixes of codes, each for itself and all below it. `reason` is empty for the family as such.

    A member has `effect` for `full_days`, or `undated_effect` without a date; then it is a caution up to `caution_days`.
    """

    codes: Mapping[str, tuple[str, ...]]
    words: tuple[str, ...]
    reason: str
    effect: Effect
    undated_effect: Effect
    full_days: int
    caution_days: int


class Cleared(Struct, frozen=True):
    """What is no member, and why. `words` clear their clause; `leading` words only what follows them (`history of`)."""

    codes: Mapping[str, tuple[str, ...]]
    words: tuple[str, ...]
    reason: str
    leading: tuple[str, ...] = ()


class Family(Struct, frozen=True):
    """One kind of danger: the rule that answers it, the value sets that this rule judges by, and its lists, the family as such first."""

    id: str
    title: str
    purpose: str
    rule: str
    judged: frozenset[str]
    section: Section
    clock: Fading
    source: str
    reviewed: date
    lists: tuple[Listed, ...]
    cleared: tuple[Cleared, ...]


class Membership(Struct, frozen=True):
    """Whether a family has a term: in which of its lists, or cleared, so that the term is surely no member."""

    family: str
    listed: int = 0
    cleared: bool = False


class Families:
    """All families, and which of them a code or a text belongs to; `common` is cleared for every one of them."""

    def __init__(
        self, families: Iterable[Family] = (), common: Iterable[Cleared] = (), titles: Iterable[tuple[str, str]] = ()
    ) -> None:
        self.all = {item.id: item for item in families}
        self.common = tuple(common)
        self._by_rule: dict[str, tuple[Family, ...]] = {}
        self._prefixes: dict[tuple[str, str], dict[str, Membership]] = {}
        for cleared in self.common:
            for family in self.all:
                self._add(cleared.codes, Membership(family, cleared=True))
        for item in self.all.values():
            self._by_rule[item.rule] = (*self._by_rule.get(item.rule, ()), item)
            for number, listed in enumerate(item.lists):
                self._add(listed.codes, Membership(item.id, number))
            for cleared in item.cleared:
                self._add(cleared.codes, Membership(item.id, cleared=True))
        self._longest = max((len(prefix) for _, prefix in self._prefixes), default=0)
        self._titles: dict[str, tuple[str, ...]] = {}
        self._title_of: dict[str, str] = {}
        for code, title in titles:
            self._title_of[bare("icd-10-cm", code)] = title
            self._titles[key(title)] = (*self._titles.get(key(title), ()), code)
        leading = WordStems(word for item in self.common for word in item.leading)
        self._stems = {
            item.id: Stems(
                [listed.words for listed in item.lists], [c.words for c in (*item.cleared, *self.common)], leading
            )
            for item in self.all.values()
        }

    def _add(self, codes: Mapping[str, tuple[str, ...]], membership: Membership) -> None:
        for system, prefixes in codes.items():
            for prefix in prefixes:
                # What a family says of itself comes last, so that it counts before what is cleared for all of them.
                self._prefixes.setdefault((system, bare(system, prefix)), {})[membership.family] = membership

    def answered_by(self, rule: str) -> tuple[Family, ...]:
        """The families that a rule answers."""
        return self._by_rule.get(rule, ())

    def title(self, code: str) -> str:
        """The title that ICD-10-CM gives a code of a family; empty if it is of none."""
        return self._title_of.get(bare("icd-10-cm", code), "")

    def of_code(self, system: str, code: str) -> tuple[Membership, ...]:
        """What each family says of a code in a system (by key); its longest prefix decides."""
        plain = bare(system, code)
        found: dict[str, Membership] = {}
        for length in range(1, min(len(plain), self._longest) + 1):
            found |= self._prefixes.get((system, plain[:length]), {})
        if system == "icd-10-cm" and len(plain) == _WITH_EPISODE and plain.endswith(_SEQUELA):
            return tuple([Membership(family, cleared=True) for family in found])
        return tuple(found.values())

    def of_text(self, text: str) -> tuple[Membership, ...]:
        """What each family says of words: if they are the title of a code, what it says of that; else what their stems say."""
        plain = folded(text[:LONGEST_TERM])[:LONGEST_TERM].casefold()
        titled = [self.of_code("icd-10-cm", code) for code in self._titles.get(key(plain), ())]
        found: dict[str, Membership] = {}
        for membership in (each for memberships in titled for each in memberships):
            found[membership.family] = graver(membership, found.get(membership.family))
        if not titled:
            for family, stems in self._stems.items():
                listed = stems.of(plain)
                if listed is not None:
                    found[family] = Membership(family, listed)
        return tuple(found.values())


_WITH_EPISODE, _SEQUELA = 7, "S"


def graver(one: Membership, other: Membership | None) -> Membership:
    """That of two memberships of a family which weighs more."""
    if other is None or other.cleared:
        return one
    return other if one.cleared or other.listed <= one.listed else one
