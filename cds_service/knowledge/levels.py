"""Which vertebra a code names: body structures, level-specific fracture codes and ICD-10-CM prefixes."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from cds_service.chart import Level
from cds_service.knowledge.files import Table, read
from cds_service.knowledge.systems import bare


class LevelTable(Struct, frozen=True):
    """Levels by system key and code; an ICD-10-CM code is found by its longest known prefix."""

    exact: Mapping[tuple[str, str], frozenset[Level]]
    prefixes: Mapping[tuple[str, str], frozenset[Level]]

    def of(self, system: str, code: str) -> frozenset[Level]:
        """The levels that a code names (S22.05 names two); empty if it names none."""
        plain = bare(system, code)
        found = self.exact.get((system, plain))
        if found is not None:
            return found
        for length in range(len(plain), 2, -1):
            above = self.prefixes.get((system, plain[:length]))
            if above:
                return above
        return frozenset()


class _Vertebrae(Table, frozen=True, kw_only=True):
    """The vertebrae that a code can mean, by system and code; a code that ends in `-` stands for all below it."""

    snomed: dict[str, tuple[Level, ...]]
    icd_10_cm: dict[str, tuple[Level, ...]] = field(name="icd-10-cm")
    icd_10: dict[str, tuple[Level, ...]] = field(name="icd-10")
    icd_10_gm: dict[str, tuple[Level, ...]] = field(name="icd-10-gm")


def load(path: Path) -> LevelTable:
    """The table of `levels.toml`. Raises `KnowledgeError` for a level that is none."""
    exact: dict[tuple[str, str], frozenset[Level]] = {}
    prefixes: dict[tuple[str, str], frozenset[Level]] = {}
    file = read(path, _Vertebrae)
    tables = {
        "snomed": file.snomed,
        "icd-10-cm": file.icd_10_cm,
        "icd-10": file.icd_10,
        "icd-10-gm": file.icd_10_gm,
    }
    for system, table in tables.items():
        for code, levels in table.items():
            target = prefixes if code.endswith("-") else exact
            target[system, bare(system, code.removesuffix("-"))] = frozenset(levels)
    return LevelTable(exact, prefixes)
