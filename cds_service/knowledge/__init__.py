"""Everything clinical that is data: citations, parameters, value sets and drugs, checked once when the service starts."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct, field

from cds_service.chart import ValueSets
from cds_service.errors import KnowledgeError
from cds_service.knowledge import (
    citations,
    drug_files,
    family_files,
    files,
    hold_files,
    levels,
    orderables,
    parameters,
    units,
)
from cds_service.knowledge.changes import Change
from cds_service.knowledge.citations import Citation
from cds_service.knowledge.codes import CodeIndex
from cds_service.knowledge.drugs import DrugTable
from cds_service.knowledge.families import Families
from cds_service.knowledge.files import Table, Text, refer
from cds_service.knowledge.holds import DoseClass, Hold, HoldTable
from cds_service.knowledge.levels import LevelTable
from cds_service.knowledge.orderables import Orderable
from cds_service.knowledge.parameters import Confidence, Parameter, RuleKnowledge
from cds_service.knowledge.systems import load_systems
from cds_service.knowledge.titles import OFFICIAL, OfficialTitles, load_official
from cds_service.knowledge.units import UnitTable
from cds_service.knowledge.value_sets import ValueSet, load_value_set
from cds_service.knowledge.vocabulary import VOCABULARY, Vocabulary, load_vocabulary

__all__ = [
    "Change",
    "Citation",
    "CodeIndex",
    "Confidence",
    "DoseClass",
    "DrugTable",
    "Families",
    "Hold",
    "HoldTable",
    "Knowledge",
    "LevelTable",
    "Orderable",
    "Parameter",
    "RuleKnowledge",
    "UnitTable",
    "ValueSet",
    "load",
]


class _Version(Table, frozen=True):
    version: Text
    digest: Text  # of all that rules and knowledge files say: a test refuses a change without a new version


class Knowledge(Struct, frozen=True, eq=False):
    """All clinical data, read-only, and equal only to itself. `version` names the reviewed state as a whole, such as `2026.11.0`.

    `rules` holds the numbers by file: `<id>` is a rule's own, `shared/<name>` what several rules read and none owns.
    `changes` are what a site made different, `off` the rules that it switched off.
    """

    version: str
    citations: Mapping[str, Citation]
    rules: Mapping[str, RuleKnowledge]
    index: CodeIndex
    levels: LevelTable
    units: UnitTable
    drugs: DrugTable
    holds: HoldTable
    orderables: Mapping[str, Orderable]
    vocabulary: Vocabulary
    official: OfficialTitles
    families: Families
    changes: tuple[Change, ...] = ()
    off: Mapping[str, Change] = field(default_factory=dict)

    def parameter(self, key: str) -> Parameter:
        """The parameter `<file>.<name>`; a key that does not exist is a fault of the caller (KeyError)."""
        file, _, name = key.partition(".")
        return self.rules[file].parameters[name]

    def parameters(self, file: str, *names: str) -> tuple[Parameter, ...]:
        """Several parameters of one file."""
        own = self.rules[file].parameters
        return tuple([own[name] for name in names])

    def citation(self, identifier: str) -> Citation:
        """One source by id."""
        return self.citations[identifier]


@cache
def load(directory: Path = files.DIRECTORY) -> Knowledge:
    """Read and check all knowledge files. Raises `KnowledgeError` naming the file and the key at fault."""
    tables = directory / "tables"
    sources = citations.load(tables / "citations.toml")
    systems = load_systems(tables / "systems.toml")
    value_sets = {
        path.stem: load_value_set(path, systems) for path in sorted((directory / files.VALUE_SETS).glob("*.toml"))
    }
    _check_names(value_sets)
    unit_table = units.load(tables / "units.toml")
    for item in value_sets.values():
        if item.unit:
            refer(f"{files.VALUE_SETS}/{item.id}.toml", "unit", item.unit, unit_table.codes, "unit of units.toml")
    drugs = drug_files.load(tables, systems)
    holds = hold_files.load(directory / f"{hold_files.PLACE}.toml", sources, drugs.ingredients)
    index = CodeIndex(value_sets, systems)
    return Knowledge(
        version=files.read(tables / "version.toml", _Version).version,
        citations=sources,
        rules=_numbers(directory, sources) | {hold_files.PLACE: holds.numbers},
        index=index,
        levels=levels.load(tables / "levels.toml"),
        units=unit_table,
        drugs=drugs,
        holds=holds,
        orderables=orderables.load(tables / "orderables.toml", index),
        vocabulary=load_vocabulary(directory / VOCABULARY, (*index.titles, *drugs.names)),
        official=load_official(directory / VOCABULARY / OFFICIAL),
        families=family_files.load(directory / family_files.FAMILIES, value_sets),
    )


def _check_names(value_sets: Mapping[str, ValueSet]) -> None:
    """Raise `KnowledgeError` unless the program names the value sets that there are."""
    for name in sorted(value_sets.keys() ^ set(ValueSets)):
        known = (
            "is missing, and the program names it"
            if name not in value_sets
            else "is a value set that the program does not name"
        )
        raise KnowledgeError(
            f"{files.VALUE_SETS}/{name}.toml", "", f"{known}: run python -m cds_service.knowledge.generate"
        )


def _numbers(directory: Path, sources: Mapping[str, Citation]) -> dict[str, RuleKnowledge]:
    """The files of the rules and those below `shared`, but for the holds."""
    found = {}
    for path in sorted((*directory.glob("*.toml"), *(directory / files.SHARED).glob("*.toml"))):
        place = path.relative_to(directory).with_suffix("").as_posix()
        if place == hold_files.PLACE:
            continue
        found[place] = parameters.load(path, place, sources)
    for place, item in found.items():
        for name in item.shows:
            refer(f"{place}.toml", "shows", name, {*found, hold_files.PLACE}, "file of numbers")
    return found
