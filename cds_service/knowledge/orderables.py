"""What a suggestion can order: a code out of a value set, or a referral in words."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from cds_service.errors import KnowledgeError
from cds_service.knowledge.codes import CodeIndex
from cds_service.knowledge.files import Table, Text, name, read, refer


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


class _Listed(Table, frozen=True, kw_only=True):
    """A service as the file has it; `awaited` in days."""

    value_set: Text
    text: Text
    category: Text
    awaited: Annotated[int, Meta(ge=1)]
    system: str = ""
    code: str = ""


class _File(Table, frozen=True):
    reviewed: date
    orderable: dict[str, _Listed]


def load(path: Path, index: CodeIndex) -> Mapping[str, Orderable]:
    """All orderables by id. Raises `KnowledgeError` for a value set that does not exist, or a code that it does not hold."""
    return {item: _orderable(name(path), item, table, index) for item, table in read(path, _File).orderable.items()}


def _orderable(file: str, identifier: str, table: _Listed, index: CodeIndex) -> Orderable:
    key = f"orderable.{identifier}"
    value_set = refer(file, f"{key}.value_set", table.value_set, index.value_sets, "value set")
    display = ""
    if table.code:
        display = index.value_sets[value_set].codes.get(index.system(table.system), {}).get(table.code, "")
        if not display:
            raise KnowledgeError(file, f"{key}.code", f"{table.code!r} is not in the value set {value_set!r}")
    return Orderable(
        id=identifier,
        value_set=value_set,
        system=table.system,
        code=table.code,
        display=display,
        text=table.text,
        category=table.category,
        awaited=timedelta(days=table.awaited),
    )
