"""Everything clinical that is data: citations, parameters, value sets and drugs, checked once when the service starts."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from cds_service.errors import KnowledgeError
from cds_service.knowledge import citations, codes, drug_files, files, hold_files, levels, orderables, parameters, units
from cds_service.knowledge.changes import Change
from cds_service.knowledge.citations import Citation
from cds_service.knowledge.codes import CodeIndex, ValueSet
from cds_service.knowledge.drugs import DrugTable
from cds_service.knowledge.holds import DoseClass, Hold, HoldTable
from cds_service.knowledge.levels import LevelTable
from cds_service.knowledge.orderables import Orderable
from cds_service.knowledge.parameters import Confidence, Parameter, RuleKnowledge
from cds_service.knowledge.units import UnitTable

__all__ = [
    "Change",
    "Citation",
    "CodeIndex",
    "Confidence",
    "DoseClass",
    "DrugTable",
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

_EXTRA = {
    hold_files.RULE: hold_files.TABLES,
    "antithrombotic_restart": frozenset(("remarks",)),
    "payer_criteria": frozenset(("wiser_states",)),
}
"""What the files of some rules hold besides parameters, citations and value sets."""


class Knowledge(Struct, frozen=True, eq=False):
    """All clinical data, read-only, and equal only to itself. `version` names the reviewed state as a whole, such as `2026.11.0`.

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
    changes: tuple[Change, ...] = ()
    off: Mapping[str, Change] = field(default_factory=dict)

    def parameter(self, key: str) -> Parameter:
        """The parameter `<rule>.<name>`; a key that does not exist is a fault of the caller (KeyError)."""
        rule, _, name = key.partition(".")
        return self.rules[rule].parameters[name]

    def parameters(self, rule: str, *names: str) -> tuple[Parameter, ...]:
        """Several parameters of one rule."""
        own = self.rules[rule].parameters
        return tuple([own[name] for name in names])

    def citation(self, identifier: str) -> Citation:
        """One source by id."""
        return self.citations[identifier]


@cache
def load(directory: Path = files.DIRECTORY) -> Knowledge:
    """Read and check all knowledge files. Raises `KnowledgeError` naming the file and the key at fault."""
    tables = directory / "tables"
    sources = citations.load(tables / "citations.toml")
    systems = codes.load_systems(tables / "systems.toml")
    value_sets = {
        path.stem: codes.load_value_set(path, systems) for path in sorted((directory / "valuesets").glob("*.toml"))
    }
    rules = {}
    for path in sorted(directory.glob("*.toml")):
        rules[path.stem] = parameters.parse(path.stem, files.read(path), sources, _EXTRA.get(path.stem, frozenset()))
        for name in rules[path.stem].value_sets:
            if name not in value_sets:
                raise KnowledgeError(path.name, "value_sets", f"{name!r} is no value set")
    unit_table = units.load(tables / "units.toml")
    for item in value_sets.values():
        if item.unit and item.unit not in unit_table.codes:
            raise KnowledgeError(f"{item.id}.toml", "unit", f"{item.unit!r} is no unit of units.toml")
    drugs = drug_files.load(tables, systems)
    own = rules[hold_files.RULE]
    holds = hold_files.load(own, sources, drugs.ingredients)
    rules[hold_files.RULE] = replace(own, parameters={**own.parameters, **holds.parameters})
    version = files.read(tables / "version.toml")
    index = codes.CodeIndex(value_sets, systems)
    return Knowledge(
        version=files.member("version.toml", "", version, "version", str),
        citations=sources,
        rules=rules,
        index=index,
        levels=levels.load(tables / "levels.toml"),
        units=unit_table,
        drugs=drugs,
        holds=holds,
        orderables=orderables.load(tables / "orderables.toml", index),
    )
