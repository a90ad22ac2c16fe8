"""Reads a knowledge file; whatever is wrong with it is an error that names the file and the key."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli

from cds_service.errors import KnowledgeError

DIRECTORY = Path(__file__).parent
TABLES = DIRECTORY / "tables"
"""What is no rule's: sources, codes, drugs, units, words of reports."""


def read(path: Path, shown: str = "") -> dict[str, Any]:
    """The tables of a TOML file. Raises `KnowledgeError` if it cannot be read or is not TOML (a duplicate key included).

    `shown` is what errors call the file, by default its name.
    """
    shown = shown or path.name
    try:
        return tomli.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KnowledgeError(shown, "", f"cannot be read ({error.strerror})") from error
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KnowledgeError(shown, "", f"is not valid TOML ({error})") from error


def tables(file: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The tables of a file, without the plain members that describe it as a whole."""
    return ((name, value) for name, value in file.items() if isinstance(value, dict))


def member(file: str, key: str, table: Mapping[str, Any], name: str, kind: type[Any] | tuple[type[Any], ...]) -> Any:
    """A required member of a table, of the kind named. Raises `KnowledgeError` if it is missing, blank or of another kind."""
    value = table.get(name)
    if value is None or value == "":
        raise KnowledgeError(file, f"{key}.{name}" if key else name, "is missing")
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise KnowledgeError(file, f"{key}.{name}" if key else name, f"is a {type(value).__name__}, which does not fit")
    return value


def only(file: str, key: str, table: Mapping[str, Any], allowed: frozenset[str]) -> None:
    """Refuse a member that nothing reads: a misspelt key must not be silently ignored."""
    for name in table:
        if name not in allowed:
            raise KnowledgeError(file, f"{key}.{name}" if key else name, "is not a known key")
