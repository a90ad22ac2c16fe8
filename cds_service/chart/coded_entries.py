"""Entries of a section by their value sets, and what the section lacks."""

from collections.abc import Iterable
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from cds_service.chart.entries import Concept, Unreadable
from cds_service.chart.reading import Reading
from cds_service.chart.sections import Missing, Reason, Section, Unknown


class _HasConcept(Protocol):
    @property
    def concept(self) -> Concept: ...


Entry = TypeVar("Entry", bound=_HasConcept)


class Lack(Struct, frozen=True):
    """What a section lacks: the reason why it was not answered whole, if it was not, and the resources that could not be read."""

    section: Section
    unanswered: tuple[Missing, ...]
    unread: tuple[Unreadable, ...]

    def missing(self, sets: Iterable[str]) -> tuple[Missing, ...]:
        """What is missing; with `sets`, an unread resource counts only if its code is illegible or names one of them."""
        wanted = frozenset(sets)
        unread = [item for item in self.unread if not wanted or item.sets is None or not wanted.isdisjoint(item.sets)]
        if not unread:
            return self.unanswered
        says = "; ".join(dict.fromkeys([item.says for item in unread if item.says]))
        return (*self.unanswered, Missing(self.section, Reason.UNREADABLE, says))

    def reading(self, found: tuple[Entry, ...], what: str, sets: tuple[str, ...]) -> Reading[Entry]:
        """What was found of some value sets, and the gap `what` if something of them is missing."""
        missing = self.missing(sets)
        return Reading(found, (Unknown(what, *missing),) if missing else ())


NOTHING: Reading[Any] = Reading()
"""No entries, and no gap."""


def by_set(entries: Iterable[Entry]) -> dict[str, Reading[Entry]]:
    """Entries by value set, in their own order."""
    index: dict[str, list[Entry]] = {}
    for entry in entries:
        for name in entry.concept.sets:
            index.setdefault(name, []).append(entry)
    return {name: Reading(tuple(found)) for name, found in index.items()}


class CodedEntries(Generic[Entry]):
    """The coded entries of one section. `whether` says what a gap leaves open; `lack` is the gap, None if the section has none."""

    def __init__(self, entries: tuple[Entry, ...], whether: str, lack: Lack | None) -> None:
        self._entries = entries
        self._whether = whether
        self._lack = lack
        self._by_set = by_set(entries)

    def of(self, sets: tuple[str, ...]) -> Reading[Entry]:
        """The entries of any of the value sets, and the gap if the section has one that could hide more of them."""
        found: Reading[Entry] = self._by_set.get(sets[0], NOTHING) if len(sets) == 1 else self._of_any(sets)
        return found if self._lack is None else self._lack.reading(found.values, self._whether, sets)

    def _of_any(self, sets: tuple[str, ...]) -> Reading[Entry]:
        if self._by_set.keys().isdisjoint(sets):
            return NOTHING
        wanted = frozenset(sets)
        return Reading(tuple([entry for entry in self._entries if not wanted.isdisjoint(entry.concept.sets)]))
