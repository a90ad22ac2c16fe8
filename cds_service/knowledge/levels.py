"""Which vertebra a code names: body structures, level-specific fracture codes and ICD-10-CM prefixes."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from cds_service.chart import Level
from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.codes import bare

_SYSTEMS = frozenset(("snomed", "icd-10-cm", "icd-10"))


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


def load(path: Path) -> LevelTable:
    """The table of `levels.toml`. Raises `KnowledgeError` for a level that is none."""
    exact: dict[tuple[str, str], frozenset[Level]] = {}
    prefixes: dict[tuple[str, str], frozenset[Level]] = {}
    file = files.read(path)
    for system in _SYSTEMS & file.keys():
        table = file[system]
        for code, names in table.items():
            unknown = [name for name in names if name not in Level.__members__]
            if unknown:
                raise KnowledgeError(path.name, f"{system}.{code}", f"{unknown[0]!r} is no vertebra")
            target = prefixes if code.endswith("-") else exact
            target[system, bare(system, code.removesuffix("-"))] = frozenset(Level(name) for name in names)
    return LevelTable(exact, prefixes)
