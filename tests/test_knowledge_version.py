"""Rules and knowledge files change only together with the knowledge version and a line in CHANGELOG."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.knowledge_version import COMMAND, ROOT, digest, following, renew, stored, with_line


def test_what_changed_has_a_version_of_its_own() -> None:
    """The digest beside the version is that of the rules and knowledge files as they are."""
    assert stored()["digest"] == digest(), f"rules or knowledge changed since {stored()['version']}. Run: {COMMAND}"


def test_changelog_names_the_version() -> None:
    """Whoever reads a card's version finds what it changed."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"nowledge {stored()['version']}" in changelog, f"write a line in CHANGELOG. Run: {COMMAND}"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the rules and the knowledge files, with the CHANGELOG and a few expected responses."""
    for name in ("cds_service", "fixtures/expected", "fixtures/requests", "fixtures/rules"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "CHANGELOG.md", tmp_path)
    return tmp_path


_RULE = "cds_service/rules/fracture/young_patient.py"
_NUMBERS = "cds_service/knowledge/shared/fracture.toml"


@pytest.mark.parametrize(
    ("file", "text", "by", "counts"),
    [
        (_RULE, "from 18 to 49", "from 18 to 50", True),
        (_RULE, "years.least >= limit", "years.least > limit", True),
        (_RULE, "    yield from gaps", "    # the gaps, last\n\n    yield from gaps", False),
        (_NUMBERS, "value = 50", "value = 55", True),
        (_NUMBERS, "value = 50", "value    = 50 # years", False),
        ("cds_service/knowledge/tables/other_drugs.txt", "\n", "\nunheard-of\n", True),
        ("cds_service/knowledge/tables/drug_products.csv", "\n", "\n1,2,3\n", True),
        ("cds_service/knowledge/valuesets/inr.toml", "[loinc]", '[loinc]\n"1-8" = "x"', True),
        ("cds_service/knowledge/files.py", "\n", "\nx = 1\n", False),
    ],
)
def test_what_counts_is_what_is_said(copy: Path, file: str, text: str, by: str, counts: bool) -> None:
    """A number, a sentence or a condition counts; a comment, a space and the code that reads the files do not."""
    path = copy / file
    before = path.read_text(encoding="utf-8")
    assert text in before
    path.write_text(before.replace(text, by, 1), encoding="utf-8")
    assert (digest(copy) != digest()) == counts


def test_the_next_version_is_written_once(copy: Path) -> None:
    """The version, its digest, the line in CHANGELOG and the expected responses, by one command that needs to be told what changed."""
    assert renew(copy, "", date(2026, 11, 30)) == stored()["version"], "nothing changed"
    path = copy / _NUMBERS
    path.write_text(path.read_text(encoding="utf-8").replace("value = 50", "value = 55"), encoding="utf-8")
    with pytest.raises(SystemExit, match="make knowledge-version"):
        renew(copy, "", date(2026, 11, 30))
    version = renew(copy, "young means below 55.", date(2030, 1, 31))
    assert version == "2030.01.0"
    assert stored(copy) == {"version": version, "digest": digest(copy)}
    assert "- Knowledge 2030.01.0: young means below 55.\n" in (copy / "CHANGELOG.md").read_text(encoding="utf-8")
    expected = (copy / "fixtures/expected/active-discitis.json").read_text(encoding="utf-8")
    assert '"knowledge": "2030.01.0"' in expected
    assert renew(copy, "again", date(2030, 2, 1)) == version


@pytest.mark.parametrize(
    ("version", "today", "next_one"),
    [
        ("2026.11.1", date(2026, 11, 30), "2026.11.2"),
        ("2026.11.9", date(2026, 11, 30), "2026.11.10"),
        ("2026.11.1", date(2026, 12, 1), "2026.12.0"),
        ("2026.12.3", date(2027, 1, 1), "2027.01.0"),
        ("2026.12.3", date(2026, 11, 30), "2026.12.4"),
    ],
)
def test_versions_count_up(version: str, today: date, next_one: str) -> None:
    """By month; a clock that is behind never leads back."""
    assert following(version, today) == next_one


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "# C\n\n## [Unreleased]\n\n### Added\n\n- a\n",
            "# C\n\n## [Unreleased]\n\n### Added\n\n- a\n\n### Changed\n\n- x\n",
        ),
        (
            "## [Unreleased]\n\n### Changed\n\n- a\n\n### Fixed\n\n- b\n\n## [1.0.0]\n\n### Changed\n\n- c\n",
            "## [Unreleased]\n\n### Changed\n\n- a\n- x\n\n### Fixed\n\n- b\n\n## [1.0.0]\n\n### Changed\n\n- c\n",
        ),
        (
            "## [Unreleased]\n\n### Changed\n\n- a\n\n## [1.0.0]\n",
            "## [Unreleased]\n\n### Changed\n\n- a\n- x\n\n## [1.0.0]\n",
        ),
    ],
    ids=["no section yet", "before another section", "before a release"],
)
def test_the_line_stands_under_what_changed_and_is_not_released(before: str, after: str) -> None:
    assert with_line(before, "x") == after
