"""Code systems: which one an address names, however it is spelled, and whether a code can be one of its own."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from msgspec import Struct

from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.files import Table, Text

LONGEST_ADDRESS = 300
"""Characters. What is longer is no address of a code system."""
_LONGEST_EXPRESSION = 1000
_EDITIONS = re.compile(r"snomed\.info/x?sct(/.*)?")
"""SNOMED CT by edition and version, and its space for experiments."""
_TERMS = re.compile(r"\|[^|]*\|")
"""What a SNOMED CT expression calls a concept."""
_DOTTED = frozenset(("icd-10-cm", "icd-10", "icd-10-gm", "icd-9-cm", "sks", "atc", "opcs-4"))
"""Systems in whose codes neither case nor dots nor the marks of ICD-10 tell codes apart."""
_MARKS = str.maketrans("", "", "+*†!# \t\n\r\u00a0\u200b\ufeff")
_DOTS_TOO = {**_MARKS, ord("."): None}


def bare(system: str, code: str) -> str:
    """A code as it is compared: those of ICD, ATC and OPCS-4 in capitals, without dots, white space and marks."""
    return code.translate(_DOTS_TOO).upper() if system in _DOTTED else code


def normalised(address: str) -> str:
    """An address by what all its spellings share: no scheme, `www.`, slash at the end or version, in lower case; an OID without `urn:`."""
    plain = address.partition("|")[0].strip().lower()
    for prefix in ("urn:oid:", "oid:", "https://", "http://", "www."):
        plain = plain.removeprefix(prefix)
    plain = plain.rstrip("/")
    return "snomed.info/sct" if _EDITIONS.fullmatch(plain) else plain


class Systems(Struct, frozen=True):
    """The code systems: address to key, key to the pattern of a well-formed code, and which lists are complete.

    `above` holds the system whose codes one shares, with the letters that it puts before them.
    """

    keys: Mapping[str, str]
    spellings: Mapping[str, str]
    patterns: Mapping[str, re.Pattern[str]]
    closed: frozenset[str]
    above: Mapping[str, tuple[str, str]] = {}

    def key(self, address: str) -> str:
        """The key of a code system's address in any spelling, or the empty string for a system that is not ours."""
        # Nothing is kept of an address that is not ours: it may hold a name.
        return self.keys.get(address) or (
            self.spellings.get(normalised(address), "") if 0 < len(address) <= LONGEST_ADDRESS else ""
        )

    def also(self, address: str, key: str) -> Self:
        """The same with one more address. Raises `ValueError` with the key of another system that has it already."""
        taken = self.key(address)
        if taken not in ("", key):
            raise ValueError(taken)
        more = {normalised(address): key, **self.spellings}
        return type(self)({**self.keys, address: key}, more, self.patterns, self.closed, self.above)

    def fits(self, system: str, code: str) -> bool:
        """Whether a code can be one of a system's; in ICD-10 with or without its dot and marks, and in small letters."""
        pattern = self.patterns.get(system)
        if pattern is None:
            return False
        if pattern.fullmatch(code) or system not in _DOTTED:
            return bool(pattern.fullmatch(code)) or (system == "snomed" and bool(_focus(code)))
        written = code.translate(_MARKS)
        plain = bare(system, code)
        head = 3 + len(self.above.get(system, ("", ""))[1])
        return written.count(".") < 2 and any(map(pattern.fullmatch, (plain, f"{plain[:head]}.{plain[head:]}")))

    def readings(self, system: str, code: str) -> Iterator[tuple[str, str]]:
        """The pairs of system and code by which a code is looked up: itself, that of the system which it shares, what an expression is."""
        if system == "snomed" and not code.isdigit():
            yield from ((system, concept) for concept in _focus(code))
            return
        yield system, code
        shared = self.above.get(system)
        if shared and (plain := bare(system, code)).startswith(shared[1]):
            yield shared[0], plain.removeprefix(shared[1])

    def sites(self, system: str, code: str) -> Iterator[tuple[str, str]]:
        """The concepts by which a SNOMED CT expression refines what it is, such as the finding site."""
        if system == "snomed" and not code.isdigit() and len(code) <= _LONGEST_EXPRESSION:
            _, *values = _TERMS.sub("", code).split("=")
            yield from (
                (system, found[1]) for value in values if (found := re.match(r"\s*([1-9][0-9]{5,17})\b", value))
            )


class _System(Table, frozen=True):
    """A code system as the file has it; `extends` names one whose codes it shares, behind the letters of `prefix`."""

    title: Text
    addresses: tuple[Text, ...]
    pattern: re.Pattern[str]
    closed: bool = False
    extends: str = ""
    prefix: str = ""


def load_systems(path: Path) -> Systems:
    """The code systems of `systems.toml`. Raises `KnowledgeError`."""
    keys: dict[str, str] = {}
    spellings: dict[str, str] = {}
    file, tables = files.name(path), files.read(path, dict[str, _System])
    for key, table in tables.items():
        if table.extends:
            files.refer(file, f"{key}.extends", table.extends, tables, "code system")
        for address in table.addresses:
            keys[address] = key
            if spellings.setdefault(normalised(address), key) != key:
                other = spellings[normalised(address)]
                raise KnowledgeError(file, key, f"{address} is also an address of {other}")
    return Systems(
        keys,
        spellings,
        patterns={key: table.pattern for key, table in tables.items()},
        closed=frozenset(key for key, table in tables.items() if table.closed),
        above={key: (table.extends, table.prefix) for key, table in tables.items() if table.extends},
    )


def _focus(expression: str) -> tuple[str, ...]:
    """The concepts that a SNOMED CT expression says something is; none if it is no expression."""
    if len(expression) > _LONGEST_EXPRESSION:
        return ()
    head = _TERMS.sub("", expression).partition(":")[0].strip()
    for definition in ("===", "<<<"):
        head = head.removeprefix(definition)
    concepts = tuple(part.strip() for part in head.split("+"))
    return concepts if all(re.fullmatch(r"[1-9][0-9]{5,17}", part) for part in concepts) else ()
