"""A rule is three files: nothing else names it, and once they are deleted the service runs on, or says at start which role is empty."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

import cds_service
from cds_service import cases, disposition, hook_policy, rule_page, rules
from cds_service.app import create_app
from cds_service.cards import compose
from cds_service.cli import main
from cds_service.errors import RoleError
from cds_service.findings import CRITERIA, Role, Rule
from cds_service.knowledge import load
from cds_service.rules import THEMES, catalogue
from cds_service.settings import Settings
from tests.fhir_servers import free_port

PACKAGE = Path(cds_service.__file__).parent
RULES = {rule.id: rule for rule in catalogue()}
NEEDED = dict.fromkeys((*disposition.NEEDED_ROLES, *hook_policy.NEEDED_ROLES, *compose.NEEDED_ROLES))


# ---- nothing else names a rule


def own_module(rule: Rule) -> Path:
    return PACKAGE / "rules" / rule.theme / f"{rule.id}.py"


def other_names() -> set[str]:
    """What words name beside rules: themes, value sets, and the members of our enumerations."""
    modules = [module for name, module in sys.modules.items() if name.startswith("cds_service.")]
    enumerations = [kind for module in modules for kind in vars(module).values() if isinstance(kind, type)]
    members = [item.value for kind in enumerations if issubclass(kind, Enum) for item in kind]
    return {*THEMES, *load().index.value_sets, *(item for item in members if isinstance(item, str))}


def strings(module: Path) -> Iterator[str]:
    """The string constants of a module, without its docstrings: those are for people, and pages link what they name."""
    tree = ast.parse(module.read_bytes())
    statements = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in statements:
            yield node.value


def named_in(module: Path, also: set[str]) -> set[str]:
    """The rules that a module names, its own apart: as a whole word, or before the name of a number."""
    found = set()
    for text in strings(module):
        words = set(re.findall(r"\w+", text))
        found |= {name for name in RULES.keys() & words if "_" in name or (text == name and name not in also)}
        found |= {name for name in RULES if text.startswith(f"{name}.")}
    return {name for name in found if own_module(RULES[name]) != module}


def test_no_module_names_a_rule_but_its_own() -> None:
    """What other modules need of a rule is a field of it, such as its role; what facts read are shared numbers."""
    also = other_names()
    found = {str(path.relative_to(PACKAGE)): named_in(path, also) for path in sorted(PACKAGE.rglob("*.py"))}
    assert {name: ids for name, ids in found.items() if ids} == {}


def test_no_module_imports_a_rule() -> None:
    """Rules are found, never imported."""
    own = {rule.judge.__module__ for rule in RULES.values()}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = [item.name for item in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            source = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            assert own.isdisjoint({source.rstrip("."), *(f"{source}{name}" for name in names)}), path


def test_no_template_or_script_names_a_rule() -> None:
    for path in (path for folder in ("templates", "static") for path in (PACKAGE / "web" / folder).rglob("*.*")):
        if path.suffix != ".png":
            words = set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
            assert not {name for name in RULES.keys() & words if "_" in name}, path


# ---- roles


def test_each_role_is_filled_and_each_criterion_says_what_it_is_without() -> None:
    assert {rule.role for rule in RULES.values()} == {*Role, None}
    assert all(rule.not_shown for rule in RULES.values() if rule.role in CRITERIA)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Role:
    """The catalogue without the rules of one role."""
    role: Role = request.param
    left = tuple(rule for rule in RULES.values() if rule.role is not role)
    monkeypatch.setattr(rules, "catalogue", lambda: left)
    return role


@pytest.mark.parametrize("without", NEEDED, indirect=True)
def test_an_empty_role_stops_the_start_by_name(without: Role) -> None:
    with pytest.raises(RoleError, match=f"no rule has the role '{without}', which the"):
        create_app(Settings())


@pytest.mark.parametrize("without", [Role.PAIN], indirect=True)
@pytest.mark.parametrize("command", ["config check", "serve"])
def test_an_empty_role_is_one_line_and_no_trace(without: Role, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_PORT", str(free_port()))
    told = CliRunner().invoke(main, command.split())
    assert told.exit_code == 1
    assert (
        told.output.splitlines()[-1] == f"Error: rules: no rule has the role '{without}', which the disposition needs"
    )
    assert told.output.count("Error: ") == 1


@pytest.mark.parametrize("without", [role for role in Role if role not in NEEDED], indirect=True)
def test_other_roles_may_be_empty(without: Role) -> None:
    client = create_app(Settings(database_url="sqlite://")).test_client()
    assert client.get("/cds-services").status_code == 200


# ---- three files


def test_a_page_links_the_rules_that_it_names_and_none_that_is_gone() -> None:
    first = next(iter(RULES.values()))
    page = replace(first, page=f"See `{first.id}` and `retired_long_ago`.")
    assert rule_page.text(page, lambda rule: f"[{rule.title}]") == f"See [{first.title}] and retired long ago."


_MAY_GO = [name for name, rule in RULES.items() if rule.role not in NEEDED]
RETIRED = [_MAY_GO[number * len(_MAY_GO) // 10] for number in range(10)]
"""Ten rules from all over the catalogue whose role, if they have one, nobody needs."""
_PAIRS = [",".join(pair) for pair in zip(RETIRED[:5], RETIRED[5:], strict=True)]
"""The same, two at a time that are far apart, to save time."""


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[str]]:
    """What goes wrong in a copy of the package without some rules, by their ids: two of the ten, or all of a needed role."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, copy / "cds_service")
    shutil.copytree(cases.FIXTURES, copy / "fixtures")
    tried = [*_PAIRS, *map(_of_role, NEEDED)]
    run = subprocess.run(
        [sys.executable, Path(__file__).with_name("retire.py"), copy, *tried],
        env=os.environ | {"PYTHONPATH": str(copy)},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    found: Mapping[str, list[str]] = json.loads(run.stdout)
    return found


def _of_role(role: Role) -> str:
    return ",".join(rule.id for rule in RULES.values() if rule.role is role)


@pytest.mark.slow
def test_a_rule_is_retired_by_deleting_three_files(problems: Mapping[str, list[str]]) -> None:
    assert {pair: problems[pair] for pair in _PAIRS} == {pair: [] for pair in _PAIRS}


@pytest.mark.slow
def test_a_rule_that_fills_a_needed_role_is_not_retired_in_silence(problems: Mapping[str, list[str]]) -> None:
    for role in NEEDED:
        (said,) = problems[_of_role(role)]
        assert said.startswith(f"start: rules: no rule has the role '{role}'")
