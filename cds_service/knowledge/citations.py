"""The sources that findings cite: a label for the card, a title and an address for the reader."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from msgspec.structs import asdict

from cds_service.knowledge.files import Table, Text, read


class _Listed(Table, frozen=True, kw_only=True):
    """A source as the file has it."""

    label: Text
    title: Text
    year: int
    seen: Text
    reviewed: date
    url: str = ""


class Citation(_Listed, frozen=True, kw_only=True):
    """One source. `label` is short enough for a card, such as `SIR 2019`; `seen` says how its text was seen; `url` may be empty."""

    id: str


def load(path: Path) -> Mapping[str, Citation]:
    """All citations by id. Raises `KnowledgeError`."""
    return {name: Citation(id=name, **asdict(table)) for name, table in read(path, dict[str, _Listed]).items()}
