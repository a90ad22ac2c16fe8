"""Entries of a section by their value sets, and what the section lacks."""

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from cds_service.chart.entries import Concept, Unreadable
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

    def end(self, found: tuple[Entry, ...], what: str, sets: tuple[str, ...]) -> Iterable[Entry]:
        """What was found of some value sets, and then `Unknown(what)` if something of them is missing."""
        missing = self.missing(sets)
        return _ending(found, what, missing) if missing else found


def _ending(found: tuple[Entry, ...], what: str, missing: tuple[Missing, ...]) -> Iterator[Entry]:
    yield from found
    raise Unknown(what, *missing)


def by_set(entries: Iterable[Entry]) -> dict[str, tuple[Entry, ...]]:
    """Entries by value set, in their own order."""
    index: dict[str, list[Entry]] = {}
    for entry in entries:
        for name in entry.concept.sets:
            index.setdefault(name, []).append(entry)
    return {name: tuple(found) for name, found in index.items()}


class Listing(Generic[Entry]):
    """The coded entries of one section. `whether` says what a gap leaves open; `lack` is the gap, None if the section has none."""

    def __init__(self, entries: tuple[Entry, ...], whether: str, lack: Lack | None) -> None:
        self._entries = entries
        self._whether = whether
        self._lack = lack
        self._by_set = by_set(entries)

    def of(self, sets: tuple[str, ...]) -> Iterable[Entry]:
        """The entries of any of the value sets; then `Unknown` if the section has gaps."""
        found: tuple[Entry, ...] = ()
        if len(sets) == 1:
            found = self._by_set.get(sets[0], ())
        elif not self._by_set.keys().isdisjoint(sets):
            wanted = frozenset(sets)
            found = tuple([entry for entry in self._entries if not wanted.isdisjoint(entry.concept.sets)])
        return found if self._lack is None else self._lack.end(found, self._whether, sets)
