"""The index that tells, for a code or a text, which value sets it belongs to."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from cds_service.digest_cache import digest_cached
from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.folding import folded
from cds_service.knowledge.systems import Systems, bare
from cds_service.knowledge.titles import TitleIndex
from cds_service.knowledge.value_sets import Past, ValueSet

LONGEST_TERM = 500
"""Characters. What is longer is no name of anything, and each pattern would be looked for in all of it."""


def read_part(text: str) -> str:
    """A term as patterns see it, as far as the longest name of anything is."""
    return folded(text[:LONGEST_TERM])[:LONGEST_TERM]


class Match(Struct, frozen=True):
    """Where a text, as `read_part` gives it, names something, in whole words, and the value sets of what it names.

    One that `is_title` is the exact title of a listed code: it means that whatever its words sound like.
    """

    sets: frozenset[str]
    start: int
    end: int
    is_title: bool = False


class CodeIndex:
    """Built once at start: which value sets a code or a text belongs to."""

    def __init__(self, value_sets: Mapping[str, ValueSet], systems: Systems) -> None:
        self.value_sets = value_sets
        self.systems = systems
        self.timed = frozenset(name for name, item in value_sets.items() if item.timed)
        self._exact: dict[tuple[str, str], frozenset[str]] = {}
        self._above: dict[tuple[str, str], tuple[frozenset[str], frozenset[str]]] = {}
        self._longest: dict[str, int] = {}
        self._titles: dict[tuple[str, str], str] = {}
        wider = _wider(value_sets)
        for item in value_sets.values():
            ids = wider[item.id]
            for system, listed in item.codes.items():
                for code, title in listed.items():
                    self._add(system, code, ids, frozenset())
                    self._titles.setdefault((system, bare(system, code.removesuffix("-"))), title)
            for system, listed in item.carved_out.items():
                for code in listed:
                    self._add(system, code, frozenset(), ids)
        self.with_past = {
            past: frozenset(item.id for item in value_sets.values() if item.past is past) for past in Past
        }
        self._patterns = [
            (wider[item.id], item.pattern, item.exception) for item in value_sets.values() if item.pattern
        ]
        self._by_title = TitleIndex(_titles(value_sets, wider))
        self._listed = frozenset(system for item in value_sets.values() for system in item.codes)
        self.titles = frozenset(self._titles.values())
        self.matches = digest_cached(16384)(self._matches)

    def _add(self, system: str, code: str, adds: frozenset[str], removes: frozenset[str]) -> None:
        key = (system, bare(system, code.removesuffix("-")))
        # National versions of ICD-10 add digits to its codes, so each stands for those below it as well.
        if not code.endswith("-") and system not in _WITH_ALL_BELOW and adds:
            self._exact[key] = self._exact.get(key, frozenset()) | adds
            return
        before = self._above.get(key, (frozenset(), frozenset()))
        self._above[key] = (before[0] | adds, before[1] | removes)
        self._longest[system] = max(self._longest.get(system, 0), len(key[1]))

    def system(self, address: str) -> str:
        """The key of a code system's address, or the empty string for a system that is not ours."""
        return self.systems.key(address)

    def lists(self, system: str) -> bool:
        """Whether a value set lists codes of a system, or of the one whose codes it shares."""
        return system in self._listed or self.systems.above.get(system, ("", ""))[0] in self._listed

    def title(self, system: str, code: str) -> str:
        """The title of a code in a system (by key), else that of the narrowest listed group of codes; empty if neither is listed."""
        return next(filter(None, (self._title(*reading) for reading in self.systems.readings(system, code))), "")

    def _title(self, system: str, code: str) -> str:
        plain = bare(system, code)
        groups = ((system, plain[:length]) for length in range(min(len(plain), self._longest.get(system, 0)), 0, -1))
        titles = (self._titles.get(group, "") for group in groups if group in self._above)
        return self._titles.get((system, plain)) or next(filter(None, titles), "")

    def of_code(self, system: str, code: str) -> frozenset[str]:
        """The value sets of a code in a system (by key)."""
        return frozenset().union(*(self._sets(*reading) for reading in self.systems.readings(system, code)))

    def _sets(self, system: str, code: str) -> frozenset[str]:
        """The value sets of a code as it is listed; the longest prefix decides."""
        plain = bare(system, code)
        found: frozenset[str] = frozenset()
        for length in range(1, min(len(plain), self._longest.get(system, 0)) + 1):
            above = self._above.get((system, plain[:length]))
            if above:
                found = (found | above[0]) - above[1]
        return found | self._exact.get((system, plain), frozenset())

    def of_text(self, text: str) -> frozenset[str]:
        """The value sets that a text names, however it speaks of them."""
        return frozenset().union(*(match.sets for match in self.matches(text)))

    def _matches(self, text: str) -> tuple[Match, ...]:
        """What a text names: as the title of a listed code, then by the patterns of the value sets, in their order."""
        plain = read_part(text)
        titled = self._by_title.of(plain)
        found = [Match(titled, 0, len(plain), is_title=True)] if titled else []
        for ids, pattern, exception in self._patterns:
            if pattern.search(plain) and not (exception and exception.search(plain)):
                found += [Match(ids, *_whole(plain, *match.span())) for match in pattern.finditer(plain)]
        return tuple(found)

    def beside(self, coded: frozenset[str], written: frozenset[str]) -> frozenset[str]:
        """Those of the value sets of a text that count beside the value sets of the codes: what is too grave to pass over."""
        sets = self.value_sets
        return frozenset(
            name for name in written - coded if (outside := sets[name].outside) and coded.isdisjoint(outside)
        )


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """A place widened to whole words."""
    while start and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end


_WITH_ALL_BELOW = frozenset(("icd-10", "icd-10-gm"))
"""Systems of which each listed code stands for those below it as well."""
_UNTITLED = frozenset(("loinc", "dicom"))
"""Systems whose titles are no terms that people write in a chart."""


def _titles(
    value_sets: Mapping[str, ValueSet], wider: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, frozenset[str]]]:
    """The titles of all listed codes, each with what it means."""
    for item in value_sets.values():
        for system, listed in item.codes.items():
            if system not in _UNTITLED:
                yield from ((title, wider[item.id]) for title in listed.values())


def _wider(value_sets: Mapping[str, ValueSet]) -> dict[str, frozenset[str]]:
    """For each value set, itself and all that include it, directly or not."""
    parents: dict[str, set[str]] = {name: set() for name in value_sets}
    for item in value_sets.values():
        for included in item.includes:
            parents[files.refer(f"{files.VALUE_SETS}/{item.id}.toml", "includes", included, parents, "value set")].add(
                item.id
            )

    def closure(name: str, seen: frozenset[str]) -> frozenset[str]:
        if name in seen:
            raise KnowledgeError(f"{files.VALUE_SETS}/{name}.toml", "includes", "includes itself")
        seen |= {name}
        return frozenset({name}).union(*(closure(parent, seen) for parent in parents[name]))

    return {name: closure(name, frozenset()) for name in value_sets}
