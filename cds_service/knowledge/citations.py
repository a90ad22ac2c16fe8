"""The sources that findings cite: a label for the card, a title and an address for the reader."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from msgspec import Struct

from cds_service.knowledge import files


class Citation(Struct, frozen=True):
    """One source. `label` is short enough for a card, such as `SIR 2019`; `seen` says how its text was seen; `url` may be empty."""

    id: str
    label: str
    title: str
    url: str
    year: int
    seen: str
    reviewed: date


_KEYS = frozenset(("label", "title", "url", "year", "seen", "reviewed"))


def load(path: Path) -> Mapping[str, Citation]:
    """All citations by id. Raises `KnowledgeError`."""
    found = {}
    for identifier, table in files.read(path).items():
        files.only(path.name, identifier, table, _KEYS)
        text = {name: files.member(path.name, identifier, table, name, str) for name in ("label", "title", "seen")}
        year = files.member(path.name, identifier, table, "year", int)
        reviewed = files.member(path.name, identifier, table, "reviewed", date)
        url = files.member(path.name, identifier, table, "url", str) if "url" in table else ""
        found[identifier] = Citation(id=identifier, year=year, reviewed=reviewed, url=url, **text)
    return found
