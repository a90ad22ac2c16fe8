"""Reads the families of danger from their files, and checks what they name."""

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from msgspec import field

from cds_service.chart import Section
from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.families import Cleared, Effect, Fading, Families, Family, Listed
from cds_service.knowledge.files import Table, Text, refer

FAMILIES = "families"
"""The folder, in the knowledge, of the families and of the titles of their codes."""
COMMON, TITLES = "common", "titles.tsv"
_SYSTEMS = ("icd-10-cm", "icd-10")
_NEVER = 0


class _Entry(Table, frozen=True, kw_only=True):
    """Codes and words of one list."""

    cm: tuple[Text, ...] = field(name="icd-10-cm", default=())
    who: tuple[Text, ...] = field(name="icd-10", default=())
    words: tuple[Text, ...] = ()

    @property
    def codes(self) -> Mapping[str, tuple[str, ...]]:
        """The codes by the key of their system."""
        return dict(zip(_SYSTEMS, (self.cm, self.who), strict=True))


class _Clear(_Entry, frozen=True, kw_only=True):
    """What is no member, and why."""

    reason: Text


class _Lesser(_Clear, frozen=True, kw_only=True):
    """What weighs less, and why; days that are not given are those of the family."""

    effect: Effect = Effect.RELATIVE
    undated_effect: Effect | None = None
    full_days: int | None = None
    caution_days: int | None = None


class _CommonClear(_Clear, frozen=True, kw_only=True):
    """What is no member of any family; `leading` words say so only of what follows them."""

    leading: tuple[Text, ...] = ()


class _Common(Table, frozen=True):
    source: Text
    reviewed: date
    clear: tuple[_CommonClear, ...]


class _Family(_Entry, frozen=True, kw_only=True):
    title: Text
    purpose: Text
    rule: Text
    judged: tuple[Text, ...]
    section: Literal["conditions", "allergies"] = "conditions"
    effect: Effect
    clock: Fading
    full_days: int = _NEVER
    caution_days: int = _NEVER
    source: Text
    reviewed: date
    lesser: tuple[_Lesser, ...] = ()
    clear: tuple[_Clear, ...] = ()


def load(directory: Path, value_sets: Collection[str]) -> Families:
    """All families of a folder. Raises `KnowledgeError` for a value set that is none, and for a family that fades without days."""
    common = files.read(directory / f"{COMMON}.toml", _Common)
    paths = sorted(path for path in directory.glob("*.toml") if path.stem != COMMON)
    families = [_family(path, files.read(path, _Family), value_sets) for path in paths]
    return Families(families, [_cleared(item, item.leading) for item in common.clear], _titles(directory / TITLES))


def _family(path: Path, table: _Family, value_sets: Collection[str]) -> Family:
    for name in table.judged:
        refer(files.name(path), "judged", name, value_sets, "value set")
    if (table.clock is Fading.PERMANENT) is bool(table.full_days and table.caution_days):
        raise KnowledgeError(files.name(path), "clock", "needs full_days and caution_days, or to be permanent")
    own = Listed(table.codes, table.words, "", table.effect, table.effect, table.full_days, table.caution_days)
    return Family(
        id=path.stem,
        title=table.title,
        purpose=table.purpose,
        rule=table.rule,
        judged=frozenset(table.judged),
        section=Section(table.section),
        clock=table.clock,
        source=table.source,
        reviewed=table.reviewed,
        lists=(own, *[_lesser(item, table) for item in table.lesser]),
        cleared=tuple([_cleared(item) for item in table.clear]),
    )


def _lesser(item: _Lesser, table: _Family) -> Listed:
    return Listed(
        item.codes,
        item.words,
        item.reason,
        item.effect,
        item.undated_effect or item.effect,
        table.full_days if item.full_days is None else item.full_days,
        table.caution_days if item.caution_days is None else item.caution_days,
    )


def _cleared(item: _Clear, leading: tuple[str, ...] = ()) -> Cleared:
    return Cleared(item.codes, item.words, item.reason, leading)


def _titles(path: Path) -> list[tuple[str, str]]:
    """The code and the title of each line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"{FAMILIES}/{path.name}", "", f"cannot be read ({error})") from error
    return [(code, title) for code, _, title in (line.partition("\t") for line in lines)]
