"""Value sets and the index that tells, for a code or a text, which of them it belongs to."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from cds_service.errors import KnowledgeError
from cds_service.knowledge import files

LONGEST_TERM = 500
"""Characters. What is longer is no name of anything, and each pattern would be looked for in all of it."""

_META = frozenset(("title", "purpose", "source", "reviewed", "includes", "unit", "text"))


class ValueSet(Struct, frozen=True):
    """A named list of codes: by system key, code to display (a trailing `-` stands for all codes below); `unit` is UCUM.

    A text belongs to it that `pattern` finds and `exception` does not; None if there is none.
    """

    id: str
    title: str
    purpose: str
    source: str
    reviewed: date
    includes: tuple[str, ...]
    codes: Mapping[str, Mapping[str, str]]
    carved_out: Mapping[str, Mapping[str, str]]
    pattern: re.Pattern[str] | None
    exception: re.Pattern[str] | None
    unit: str


class Systems(Struct, frozen=True):
    """The code systems: address to key, key to the pattern of a well-formed code, and which lists are complete."""

    keys: Mapping[str, str]
    patterns: Mapping[str, re.Pattern[str]]
    closed: frozenset[str]


def load_systems(path: Path) -> Systems:
    """The code systems of `systems.toml`. Raises `KnowledgeError`."""
    keys: dict[str, str] = {}
    patterns = {}
    closed = set()
    for key, table in files.tables(files.read(path)):
        for address in files.member(path.name, key, table, "addresses", list):
            if keys.setdefault(address, key) != key:
                raise KnowledgeError(path.name, key, f"{address} is also an address of {keys[address]}")
        patterns[key] = compiled(path.name, f"{key}.pattern", files.member(path.name, key, table, "pattern", str))
        if table.get("closed", False):
            closed.add(key)
    return Systems(keys, patterns, frozenset(closed))


def load_value_set(path: Path, systems: Systems) -> ValueSet:
    """One value set. Raises `KnowledgeError` for an unknown system, a code that does not fit its system, or a bad pattern."""
    tables = files.read(path)
    files.only(path.name, "", tables, _META | systems.patterns.keys())
    codes: dict[str, dict[str, str]] = {}
    carved_out: dict[str, dict[str, str]] = {}
    for key in systems.patterns.keys() & tables.keys():
        table = dict(tables[key])
        for name, listed in (("except", table.pop("except", {})), ("", table)):
            for code, display in listed.items():
                check_code(path.name, ".".join(filter(None, (key, name, code))), code, display, systems.patterns[key])
        codes[key] = table
        carved_out[key] = tables[key].get("except", {})
    text = tables.get("text", {})
    return ValueSet(
        id=path.stem,
        title=files.member(path.name, "", tables, "title", str),
        purpose=files.member(path.name, "", tables, "purpose", str),
        source=files.member(path.name, "", tables, "source", str),
        reviewed=files.member(path.name, "", tables, "reviewed", date),
        includes=tuple(tables.get("includes", ())),
        codes=codes,
        carved_out=carved_out,
        pattern=_any_of(path.name, "text.patterns", text.get("patterns", ())),
        exception=_any_of(path.name, "text.except", text.get("except", ())),
        unit=tables.get("unit", ""),
    )


def check_code(file: str, key: str, code: str, display: Any, pattern: re.Pattern[str] | None) -> None:
    """Raise `KnowledgeError` unless the code has a display and fits its system, or ends in `-`, for all codes below.

    A system without a pattern is a local one, of which only single codes can be listed.
    """
    if not isinstance(display, str) or not display:
        raise KnowledgeError(file, key, "has no display")
    all_below = code.endswith("-")
    if all_below if pattern is None else not (all_below or pattern.fullmatch(code)):
        raise KnowledgeError(file, key, "does not fit its code system")


def compiled(file: str, key: str, pattern: str) -> re.Pattern[str]:
    """The pattern, blind to case. Raises `KnowledgeError` if it is no regular expression."""
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise KnowledgeError(file, key, f"is no regular expression ({error})") from error


def folded(text: str) -> str:
    """Text as patterns see it: compatibility forms and accents removed, white space single."""
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(text.split())


def bare(system: str, code: str) -> str:
    """A code as the index keys it: ICD and ATC codes in capitals and without dots."""
    return code.replace(".", "").upper() if system in ("icd-10-cm", "icd-10", "atc", "opcs-4") else code


class CodeIndex:
    """Built once at start: which value sets a code or a text belongs to."""

    def __init__(self, value_sets: Mapping[str, ValueSet], systems: Systems) -> None:
        self.value_sets = value_sets
        self.systems = systems
        self._exact: dict[tuple[str, str], frozenset[str]] = {}
        self._above: dict[tuple[str, str], tuple[frozenset[str], frozenset[str]]] = {}
        self._longest: dict[str, int] = {}
        wider = _wider(value_sets)
        for item in value_sets.values():
            ids = wider[item.id]
            for system, listed in item.codes.items():
                for code in listed:
                    self._add(system, code, ids, frozenset())
            for system, listed in item.carved_out.items():
                for code in listed:
                    self._add(system, code, frozenset(), ids)
        self._patterns = [
            (wider[item.id], item.pattern, item.exception) for item in value_sets.values() if item.pattern
        ]
        self.of_code = lru_cache(maxsize=65536)(self._of_code)
        self.of_text = lru_cache(maxsize=16384)(self._of_text)

    def _add(self, system: str, code: str, adds: frozenset[str], removes: frozenset[str]) -> None:
        key = (system, bare(system, code.removesuffix("-")))
        # National versions of ICD-10 add digits to its codes, so each stands for those below it as well.
        if not code.endswith("-") and system != "icd-10" and adds:
            self._exact[key] = self._exact.get(key, frozenset()) | adds
            return
        before = self._above.get(key, (frozenset(), frozenset()))
        self._above[key] = (before[0] | adds, before[1] | removes)
        self._longest[system] = max(self._longest.get(system, 0), len(key[1]))

    def system(self, address: str) -> str:
        """The key of a code system's address, or the empty string for a system that is not ours."""
        return self.systems.keys.get(address, "")

    def _of_code(self, system: str, code: str) -> frozenset[str]:
        """The value sets of a code in a system (by key); the longest prefix decides."""
        plain = bare(system, code)
        found: frozenset[str] = frozenset()
        for length in range(1, min(len(plain), self._longest.get(system, 0)) + 1):
            above = self._above.get((system, plain[:length]))
            if above:
                found = (found | above[0]) - above[1]
        return found | self._exact.get((system, plain), frozenset())

    def _of_text(self, text: str) -> frozenset[str]:
        """The value sets whose patterns a text meets, which is read as far as the longest name of anything is."""
        plain = folded(text[:LONGEST_TERM])[:LONGEST_TERM]
        found: frozenset[str] = frozenset()
        for ids, pattern, exception in self._patterns:
            if pattern.search(plain) and not (exception and exception.search(plain)):
                found |= ids
        return found


def _wider(value_sets: Mapping[str, ValueSet]) -> dict[str, frozenset[str]]:
    """For each value set, itself and all that include it, directly or not."""
    parents: dict[str, set[str]] = {name: set() for name in value_sets}
    for item in value_sets.values():
        for included in item.includes:
            if included not in parents:
                raise KnowledgeError(f"{item.id}.toml", "includes", f"{included!r} is no value set")
            parents[included].add(item.id)

    def closure(name: str, seen: frozenset[str]) -> frozenset[str]:
        if name in seen:
            raise KnowledgeError(f"{name}.toml", "includes", "includes itself")
        seen |= {name}
        return frozenset({name}).union(*(closure(parent, seen) for parent in parents[name]))

    return {name: closure(name, frozenset()) for name in value_sets}


def _any_of(file: str, key: str, patterns: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern for all of them, None for none. Raises `KnowledgeError` if they are no regular expressions."""
    alternatives = "|".join(f"(?:{pattern})" for pattern in patterns)
    return compiled(file, key, alternatives) if alternatives else None
