"""A new rule is three files, written by one command, and they pass as they are."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.knowledge_version import ROOT
from tests.new_rule import refusal, themes

_RULES = {"very_old_patient": "safety", "x": "fracture"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with two new rules in it."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("cds_service", "fixtures", "tests"):
        shutil.copytree(
            ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules", "browser")
        )
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, copy)
    for rule, theme in _RULES.items():
        run(copy, "tests.new_rule", rule, theme)
    return copy


def run(copy: Path, module: str, *arguments: str) -> str:
    """What a module of the copy prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy), "CI": ""},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_new_rule_passes_every_test_of_a_rule(copy: Path) -> None:
    """Its cases, its page, its laws, its knowledge version and the expected responses."""
    chosen = " or ".join(f"[{rule}" for rule in _RULES)
    files = ("tests/test_rules.py", "tests/test_laws.py", "tests/test_cards.py")
    assert " passed" in run(copy, "pytest", "-q", "-p", "no:cacheprovider", "-k", chosen, *files)
    versions = "what_changed_has or changelog_names or response_is_the_expected"
    others = ("tests/test_knowledge_version.py", "tests/test_requests.py")
    assert " passed" in run(copy, "pytest", "-q", "-p", "no:cacheprovider", "-k", versions, *others)
    changelog = (copy / "CHANGELOG.md").read_text(encoding="utf-8")
    assert all(f"the rule `{rule}`." in changelog for rule in _RULES)


@pytest.mark.slow
def test_a_new_rule_is_well_written(copy: Path) -> None:
    """Style, format and types, whatever the length of its name."""
    written = [f"cds_service/rules/{theme}/{rule}.py" for rule, theme in _RULES.items()]
    run(copy, "ruff", "check", *written)
    run(copy, "ruff", "format", "--check", *written)
    run(copy, "mypy", "--follow-imports=silent", *written)


@pytest.mark.parametrize(
    ("rule", "theme", "why"),
    [
        ("low_platelets", "safety", "low_platelets exists"),
        ("Very-old", "safety", "is no id"),
        ("very__old", "safety", "is no id"),
        ("a" * 41, "safety", "is no id"),
        ("", "", "is no id"),
        ("class", "safety", "is no id"),
        ("very_old", "rules", "is no theme: aftercare, bleeding"),
        ("very_old", "", "is no theme"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(rule: str, theme: str, why: str) -> None:
    """Nothing is written then."""
    said = refusal(rule, theme, ROOT)
    assert why in said
    assert "\n" not in said


def test_what_can_be_is_not_refused() -> None:
    assert not [theme for theme in themes(ROOT) if refusal("very_old", theme, ROOT)]
