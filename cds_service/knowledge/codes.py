"""Value sets and the index that tells, for a code or a text, which of them it belongs to."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct, field

from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.files import Table, Text

LONGEST_TERM = 500
"""Characters. What is longer is no name of anything, and each pattern would be looked for in all of it."""


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


class _System(Table, frozen=True):
    """A code system as the file has it."""

    title: Text
    addresses: tuple[Text, ...]
    pattern: re.Pattern[str]
    closed: bool = False


class _Texts(Table, frozen=True, kw_only=True):
    """How a text is recognised: by any of `patterns`, and none of `except`."""

    patterns: tuple[Text, ...] = ()
    but: tuple[Text, ...] = field(name="except", default=())


class _Described(Table, frozen=True, kw_only=True):
    """A value set's file but for its codes."""

    title: Text
    purpose: Text
    source: Text
    reviewed: date
    includes: tuple[Text, ...] = ()
    unit: str = ""
    text: _Texts = _Texts()


_Listed: TypeAlias = dict[str, Text | dict[str, Text]]
"""Codes of one system, each with its display; below `except` those that a prefix does not stand for."""


def load_systems(path: Path) -> Systems:
    """The code systems of `systems.toml`. Raises `KnowledgeError`."""
    keys: dict[str, str] = {}
    tables = files.read(path, dict[str, _System])
    for key, table in tables.items():
        for address in table.addresses:
            if keys.setdefault(address, key) != key:
                raise KnowledgeError(files.name(path), key, f"{address} is also an address of {keys[address]}")
    patterns = {key: table.pattern for key, table in tables.items()}
    return Systems(keys, patterns, frozenset(key for key, table in tables.items() if table.closed))


def load_value_set(path: Path, systems: Systems) -> ValueSet:
    """One value set. Raises `KnowledgeError` for an unknown system, a code that does not fit its system, or a bad pattern."""
    file, tables = files.name(path), files.tables(path)
    about = files.fit(file, {name: item for name, item in tables.items() if name not in systems.patterns}, _Described)
    listed = {name: item for name, item in tables.items() if name in systems.patterns}
    codes: dict[str, dict[str, str]] = {}
    carved_out: dict[str, dict[str, str]] = {}
    for key, table in files.fit(file, listed, dict[str, _Listed]).items():
        pattern = systems.patterns[key]
        apart = table.pop("except", {})
        codes[key] = {
            code: check_code(file, f"{key}.{code}", code, display, pattern) for code, display in table.items()
        }
        carved_out[key] = {
            code: check_code(file, f"{key}.except.{code}", code, display, pattern)
            for code, display in (apart.items() if isinstance(apart, dict) else ())
        }
    return ValueSet(
        id=path.stem,
        title=about.title,
        purpose=about.purpose,
        source=about.source,
        reviewed=about.reviewed,
        includes=about.includes,
        codes=codes,
        carved_out=carved_out,
        pattern=_any_of(file, "text.patterns", about.text.patterns),
        exception=_any_of(file, "text.except", about.text.but),
        unit=about.unit,
    )


def check_code(file: str, key: str, code: str, display: object, pattern: re.Pattern[str] | None) -> str:
    """The display. Raises `KnowledgeError` unless there is one and the code fits its system, or ends in `-`, for all codes below.

    A system without a pattern is a local one, of which only single codes can be listed.
    """
    if not isinstance(display, str) or not display:
        raise KnowledgeError(file, key, "has no display")
    all_below = code.endswith("-")
    if all_below if pattern is None else not (all_below or pattern.fullmatch(code)):
        raise KnowledgeError(file, key, "does not fit its code system")
    return display


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

    def title(self, system: str, code: str) -> str:
        """The title of a code in a system (by key), else that of the narrowest listed group of codes; empty if neither is listed."""
        plain = bare(system, code)
        groups = ((system, plain[:length]) for length in range(min(len(plain), self._longest.get(system, 0)), 0, -1))
        titles = (self._titles.get(group, "") for group in groups if group in self._above)
        return self._titles.get((system, plain)) or next(filter(None, titles), "")

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
            parents[files.refer(f"{files.VALUE_SETS}/{item.id}.toml", "includes", included, parents, "value set")].add(
                item.id
            )

    def closure(name: str, seen: frozenset[str]) -> frozenset[str]:
        if name in seen:
            raise KnowledgeError(f"{files.VALUE_SETS}/{name}.toml", "includes", "includes itself")
        seen |= {name}
        return frozenset({name}).union(*(closure(parent, seen) for parent in parents[name]))

    return {name: closure(name, frozenset()) for name in value_sets}


def _any_of(file: str, key: str, patterns: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern for all of them, None for none. Raises `KnowledgeError` if they are no regular expressions."""
    alternatives = "|".join(f"(?:{pattern})" for pattern in patterns)
    try:
        return files.compiled(alternatives) if alternatives else None
    except ValueError as error:
        raise KnowledgeError(file, key, str(error)) from error
