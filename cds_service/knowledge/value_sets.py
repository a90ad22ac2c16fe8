"""Value sets, read from their files and checked."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct, field

from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.files import Table, Text
from cds_service.knowledge.systems import Systems


class Past(StrEnum):
    """What words mean that say that something of a value set is past."""

    IS = "is"
    """It was so."""
    LASTS = "lasts"
    """Nothing: a history, a valve or an allergy is what it is."""
    IS_ANOTHER = "is-another"
    """It is none of it, but what another value set holds: an event long ago."""


class ValueSet(Struct, frozen=True):
    """A named list of codes: by system key, code to display (a trailing `-` stands for all codes below); `unit` is UCUM.

    A text belongs to it that `pattern` finds and `exception` does not; None if there is none. It counts also beside codes that are in
    none of the value sets `outside`; if that is empty, only where codes say nothing. What is `timed` means something else for the
    procedure as it grows old, such as an infection: rules judge it by its date. `past` says
    what its past is.
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
    outside: frozenset[str]
    unit: str
    timed: bool
    past: Past = Past.IS


class _Texts(Table, frozen=True, kw_only=True):
    """How a text is recognised: by any of `patterns`, and none of `except`; what its past is.

    It is read even beside codes, if those are in no set of `outside`.
    """

    patterns: tuple[Text, ...] = ()
    but: tuple[Text, ...] = field(name="except", default=())
    outside: tuple[Text, ...] = field(name="beside_codes_outside", default=())
    past: Past = Past.IS


class _Described(Table, frozen=True, kw_only=True):
    """A value set's file but for its codes."""

    title: Text
    purpose: Text
    source: Text
    reviewed: date
    includes: tuple[Text, ...] = ()
    unit: str = ""
    timed: bool = False
    text: _Texts = _Texts()


_Listed: TypeAlias = dict[str, Text | dict[str, Text]]
"""Codes of one system, each with its display; below `except` those that a prefix does not stand for."""


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
        outside=frozenset(about.text.outside),
        unit=about.unit,
        timed=about.timed,
        past=about.text.past,
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


def _any_of(file: str, key: str, patterns: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern for all of them, None for none. Raises `KnowledgeError` if they are no regular expressions."""
    at_words: list[str] = []
    elsewhere: list[str] = []
    for pattern in patterns:
        (at_words if _starts_a_word(pattern) else elsewhere).append(f"(?:{pattern})")
    # Asked once for all of them, whether a word begins spares most places of a text.
    alternatives = "|".join([*([rf"\b(?:{'|'.join(at_words)})"] if at_words else []), *elsewhere])
    try:
        return files.compiled(alternatives) if alternatives else None
    except ValueError as error:
        raise KnowledgeError(file, key, str(error)) from error


def _starts_a_word(pattern: str) -> bool:
    """Whether all that a pattern finds begins where a word does, or ends."""
    inner, outer = pattern, ""
    while inner != outer:
        inner, outer = re.sub(r"\([^()]*\)", "", inner), inner
    return pattern.startswith(r"\b") and "|" not in outer
