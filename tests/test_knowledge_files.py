"""Every key of every knowledge file: misspelt, or holding what does not belong there, it is named; and numbers lie where they are read."""

import ast
import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from msgspec import inspect

from cds_service import cases, rule_page
from cds_service.errors import KnowledgeError
from cds_service.findings import Rule
from cds_service.knowledge import (
    _Version,
    citations,
    drug_files,
    family_files,
    files,
    generate,
    hold_files,
    levels,
    load,
    orderables,
    parameters,
    systems,
    units,
    value_sets,
)
from cds_service.report_text import language, legibility, modifier_table, phrases
from cds_service.rules import catalogue

SCHEMAS = {
    "tables/citations.toml": dict[str, citations._Listed],
    "tables/systems.toml": dict[str, systems._System],
    "tables/levels.toml": levels._Vertebrae,
    "tables/drugs.toml": drug_files._File,
    "tables/version.toml": _Version,
    "tables/report_phrases.toml": phrases._File,
    "tables/units.toml": units._File,
    "tables/report_languages.toml": legibility._File,
    "tables/orderables.toml": orderables._File,
    "tables/modifiers.toml": modifier_table._File,
    "tables/languages.toml": language._File,
    "shared/holds.toml": hold_files._File,
    "families/common.toml": family_files._Common,
}
FILES = sorted(path.relative_to(files.DIRECTORY).as_posix() for path in files.DIRECTORY.rglob("*.toml"))
every_file = pytest.mark.parametrize("file", FILES)
every_rule = pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.id)
Path_ = tuple[str | int, ...]


def read(file: str) -> tuple[dict[str, Any], Any]:
    """A file's tables and its schema; of a value set without its codes, whose keys are data."""
    tables = files.tables(files.DIRECTORY / file)
    if not file.startswith("valuesets/"):
        other = family_files._Family if file.startswith("families/") else parameters._File
        return tables, SCHEMAS.get(file, other)
    listed = load().index.systems.patterns
    return {key: item for key, item in tables.items() if key not in listed}, value_sets._Described


def keys(here: Any, kind: inspect.Type, above: Path_ = ()) -> Iterator[Path_]:
    """The keys that the schema names, at each place of it once: of tables with free keys and of lists the first entry."""
    match kind:
        case inspect.StructType(fields=fields) if isinstance(here, dict):
            for field in fields:
                if field.encode_name in here:
                    yield (*above, field.encode_name)
                    yield from keys(here[field.encode_name], field.type, (*above, field.encode_name))
        case inspect.DictType(value_type=below) if here:
            first = next(iter(here))
            yield from keys(here[first], below, (*above, first))
        case inspect.VarTupleType(item_type=below) if here and isinstance(here, list):
            yield from keys(here[0], below, (*above, 0))
        case inspect.UnionType(types=types):
            for option in types:
                yield from keys(here, option, above)


def shown(path: Path_) -> str:
    return "".join(f" (entry {step + 1})" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def inside(tables: dict[str, Any], path: Path_) -> Any:
    found: Any = tables
    for step in path:
        found = found[step]
    return found


@every_file
def test_a_misspelt_key_is_named_with_the_one_that_is_meant(file: str) -> None:
    tables, schema = read(file)
    listed = tuple(keys(tables, inspect.type_info(schema)))
    assert listed
    for path in listed:
        broken, name = deepcopy(tables), str(path[-1])
        table = inside(broken, path[:-1])
        table[f"{name}x"] = table.pop(name)
        with pytest.raises(KnowledgeError) as raised:
            files.fit(file, broken, schema)
        assert (raised.value.file, raised.value.key) == (file, shown((*path[:-1], f"{name}x")))
        assert f"is not a known key; did you mean {name!r}?" in str(raised.value)


@every_file
def test_a_value_of_another_kind_is_named(file: str) -> None:
    tables, schema = read(file)
    for path in keys(tables, inspect.type_info(schema)):
        broken = deepcopy(tables)
        table = inside(broken, path[:-1])
        table[path[-1]] = "seven" if isinstance(table[path[-1]], (int, float)) else 7
        with pytest.raises(KnowledgeError) as raised:
            files.fit(file, broken, schema)
        assert (raised.value.file, raised.value.key) == (file, shown(path))
        assert str(raised.value).endswith(" belongs")


@every_rule
def test_a_rule_reads_its_own_numbers_and_those_that_no_rule_owns(rule: Rule) -> None:
    """So that retiring a rule takes no number from another."""
    found = rule_page.read(rule, load(), cases.load(cases.FIXTURES / "rules" / f"{rule.id}.json"))
    places = {number.key.partition(".")[0] for number in found.numbers}
    assert {place for place in places if not place.startswith(f"{files.SHARED}/")} <= {rule.id}


@pytest.mark.parametrize("package", ["facts", "knowledge"])
def test_facts_and_knowledge_name_no_rule(package: str) -> None:
    rules = {rule.id for rule in catalogue()}
    named = [
        f"{path.name}:{line}: {text}"
        for path in (files.DIRECTORY.parent / package).rglob("*.py")
        for line, text in strings(path)
        if text.partition(".")[0] in rules
    ]
    assert named == []


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """The strings of a module that are no docstrings, with their lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def test_every_shared_number_is_read_by_a_rule() -> None:
    """What nothing reads is no knowledge. How long a review lasts is read by the command that lists what is due."""
    seen = {number.key for rule in catalogue() for number in read_by(rule).numbers}
    listed = {
        number.key
        for place, item in load().rules.items()
        if place.startswith(f"{files.SHARED}/") and place != hold_files.PLACE
        for number in item.parameters.values()
    }
    assert listed - seen - {"shared/reviews.review_within"} == set()


def read_by(rule: Rule) -> rule_page.Read:
    return rule_page.read(rule, load(), cases.load(cases.FIXTURES / "rules" / f"{rule.id}.json"))


def test_a_page_shows_the_value_sets_that_its_cases_ask_for() -> None:
    """Asked of the chart, looked for in a concept, or by which the reader knows an imaging study; nothing is listed by hand."""
    shown = {rule.id: {item.id for item in read_by(rule).value_sets} for rule in catalogue()}
    assert shown["pregnancy"] >= {"pregnancy", "pregnancy-ended", "pregnancy-test", "result-positive"}
    assert shown["malignant_fracture"] >= {"fracture-neoplastic", "vertebral-neoplasm"}
    assert shown["radiograph_only"] >= {"modality-mri", "spine-region"}
    assert shown["aftercare"] == {"vertebral-augmentation"}


def test_the_names_of_value_sets_are_those_of_their_files() -> None:
    """If not: run `python -m cds_service.knowledge.generate`."""
    assert generate.MODULE.read_text(encoding="utf-8") == generate.text(generate.names())


def test_a_value_set_that_the_program_does_not_name_stops_the_start_and_so_does_one_that_is_gone(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "knowledge"
    shutil.copytree(files.DIRECTORY, copy)
    (copy / "valuesets" / "smoking.toml").rename(copy / "valuesets" / "vaping.toml")
    for name, says in (("smoking", "is missing"), ("vaping", "does not name")):
        with pytest.raises(KnowledgeError, match=says) as raised:
            load(copy)
        assert raised.value.file == f"valuesets/{name}.toml"
        (copy / "valuesets" / "smoking.toml").write_bytes((files.DIRECTORY / "valuesets" / "smoking.toml").read_bytes())


@pytest.mark.parametrize("package", ["facts", "rules", "fhir", "chart"])
def test_a_value_set_is_looked_for_by_its_name_and_not_by_a_string(package: str) -> None:
    """Where mypy cannot tell: `"pregnancy" in concept.sets` would pass, and so would "pregnency"."""
    found = []
    for path in (files.DIRECTORY.parent / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Compare)
                and isinstance(node.left, ast.Constant)
                and isinstance(node.left.value, str)
            ):
                names = [ast.unparse(item).rpartition(".")[2] for item in node.comparators]
                found += [f"{path.name}:{node.lineno}" for name in names if name in ("sets", "reasons")]
    assert found == []
