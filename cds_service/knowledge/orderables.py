"""What a suggestion can order: a code out of a value set, or a referral in words."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.codes import CodeIndex

_KEYS = frozenset(("value_set", "system", "code", "text", "category", "awaited"))


class Orderable(Struct, frozen=True):
    """A service to order. `system` (an address), `code` and `display` are empty for what is ordered in words.

    An open order for anything of `value_set` counts as this service on order, for the time `awaited`.
    """

    id: str
    value_set: str
    system: str
    code: str
    display: str
    text: str
    category: str
    awaited: timedelta


def load(path: Path, index: CodeIndex) -> Mapping[str, Orderable]:
    """All orderables by id. Raises `KnowledgeError` for a value set that does not exist, or a code that it does not hold."""
    file = files.read(path)
    files.member(path.name, "", file, "reviewed", date)
    return {name: _orderable(path.name, name, table, index) for name, table in files.tables(file)}


def _orderable(file: str, name: str, table: Mapping[str, Any], index: CodeIndex) -> Orderable:
    files.only(file, name, table, _KEYS)
    value_set = files.member(file, name, table, "value_set", str)
    if value_set not in index.value_sets:
        raise KnowledgeError(file, f"{name}.value_set", f"{value_set!r} is no value set")
    system, code, display = table.get("system", ""), table.get("code", ""), ""
    if code:
        display = index.value_sets[value_set].codes.get(index.system(system), {}).get(code, "")
        if not display:
            raise KnowledgeError(file, f"{name}.code", f"{code!r} is not in the value set {value_set!r}")
    return Orderable(
        id=name,
        value_set=value_set,
        system=system,
        code=code,
        display=display,
        text=files.member(file, name, table, "text", str),
        category=files.member(file, name, table, "category", str),
        awaited=timedelta(days=files.member(file, name, table, "awaited", int)),
    )
