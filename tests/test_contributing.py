"""CONTRIBUTING tells the truth: its paths, targets and layers are those of the project, and its glossary stays short."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"`([^`]+)`", TEXT)
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
MOST_WORDS = 30


def test_the_paths_that_it_names_exist() -> None:
    """Files and folders, those in commands included; a name without a folder may be one at the top."""
    named = {word for quoted in QUOTED for word in quoted.split() if re.search(r"\w/|\.(py|toml|md|json)$", word)}
    named = {word if word.partition("/")[0] != "fhir" else f"cds_service/{word}" for word in named}
    assert len(named) > 10
    assert not [word for word in named if not word.startswith(".venv/") and not (ROOT / word).exists()]


def test_the_targets_that_it_names_exist() -> None:
    """Each `make` command, and each way to add something ends in one."""
    named = {quoted.split()[1] for quoted in QUOTED if quoted.startswith("make ")}
    assert {"fix", "test", "test-fast", "test-rule", "new-rule", "golden", "knowledge-version"} <= named
    assert named <= TARGETS
    adding = TEXT.partition("## How to add something\n")[2].partition("\n## ")[0]
    assert (
        adding.count("\n**")
        == adding.count("Check: `")
        == len(("rule", "finding", "hook", "setting", "column", "wording", "system"))
    )


def test_the_layers_are_those_that_are_checked() -> None:
    """The picture is the list that import-linter goes by."""
    drawn = [re.split(r"\s{2,}", line.strip())[0] for line in TEXT.splitlines() if line.startswith("    ")]
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ][0]
    assert drawn == [re.sub("[()]", "", layer) for layer in contract["layers"]]


def test_the_glossary_is_short() -> None:
    """At most thirty words, each once."""
    words = re.findall(r"^\| ([a-z][a-z ]+) \|", TEXT.partition("## Glossary\n")[2], re.MULTILINE)[1:]
    assert 0 < len(words) <= MOST_WORDS
    assert len(words) == len(set(words))
