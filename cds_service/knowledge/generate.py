"""Writes the names of the value sets, `chart/value_sets.py`, anew from their folder: `python -m cds_service.knowledge.generate`."""

from collections.abc import Iterable
from pathlib import Path

from cds_service.knowledge.files import DIRECTORY, VALUE_SETS

MODULE = DIRECTORY.parent / "chart" / "value_sets.py"
_HEAD = '''"""The names of all value sets. Written by `python -m cds_service.knowledge.generate`: do not edit."""

from enum import StrEnum


class ValueSets(StrEnum):
    """Each value set by the name of its file, so that mypy refuses a misspelt one."""

'''


def text(names: Iterable[str]) -> str:
    """The module for these value sets."""
    members = (f'    {name.replace("-", "_").upper()} = "{name}"\n' for name in sorted(names))
    return _HEAD + "".join(members)


def names(directory: Path = DIRECTORY) -> tuple[str, ...]:
    """The value sets of a knowledge directory."""
    return tuple(sorted(path.stem for path in (directory / VALUE_SETS).glob("*.toml")))


if __name__ == "__main__":
    MODULE.write_text(text(names()), encoding="utf-8")
