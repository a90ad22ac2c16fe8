"""Reads a knowledge file into its schema; whatever is wrong with it is an error that names the file and the key."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tomli
from msgspec import Meta, Struct, ValidationError, convert

from cds_service.errors import KnowledgeError
from cds_service.knowledge import faults

DIRECTORY = Path(__file__).parent
TABLES = DIRECTORY / "tables"
"""What is no rule's: sources, codes, drugs, units, words of reports."""
SHARED = "shared"
"""The folder, in the knowledge and in an overlay, of the numbers that no rule owns."""
VALUE_SETS = "valuesets"
_FOLDERS = (SHARED, VALUE_SETS, TABLES.name, "families")

Text = Annotated[str, Meta(min_length=1)]
"""Text that is not empty."""


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """The schema of a table in a knowledge file: its fields are the keys that the table may have, and a default makes one optional."""


Schema = TypeVar("Schema")


def read(path: Path, schema: type[Schema], shown: str = "") -> Schema:
    """A TOML file as its schema. Raises `KnowledgeError` for a key that is missing, misspelt or of another kind.

    `shown` is what errors call the file, by default its `name`.
    """
    return fit(shown or name(path), tables(path, shown), schema)


def name(path: Path) -> str:
    """What errors call a file: with its folder where that is one of the knowledge, for a rule and a value set may share a name."""
    return f"{path.parent.name}/{path.name}" if path.parent.name in _FOLDERS else path.name


def tables(path: Path, shown: str = "") -> dict[str, Any]:
    """The tables of a TOML file as they stand. Raises `KnowledgeError` if it cannot be read or is not TOML (a duplicate key included)."""
    shown = shown or name(path)
    try:
        return tomli.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KnowledgeError(shown, "", f"cannot be read ({error.strerror})") from error
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KnowledgeError(shown, "", f"is not valid TOML ({error})") from error


def fit(file: str, table: Mapping[str, Any], schema: type[Schema]) -> Schema:
    """A table as its schema. Raises `KnowledgeError` naming the file and the key that does not fit."""
    try:
        return convert(table, schema, str_keys=True, dec_hook=_pattern)
    except ValidationError as error:
        key, problem = faults.explained(table, schema, _pattern)
        raise KnowledgeError(file, key, problem) from error


def _pattern(_: type[Any], value: Any) -> re.Pattern[str]:
    """A regular expression, blind to case: the only type of a schema that msgspec does not know by itself."""
    if not isinstance(value, str):
        raise ValueError("is no text, where a regular expression belongs")
    return compiled(value)


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, blind to case. Raises ValueError if it is no regular expression."""
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error})") from error


def refer(file: str, key: str, named: str, known: Iterable[str], what: str) -> str:
    """The name itself, if it is one of those known. Raises `KnowledgeError` that it is no `what`, with the nearest name that is one."""
    if named not in known:
        raise KnowledgeError(file, key, f"{named!r} is no {what}{faults.hint(named, known)}")
    return named
