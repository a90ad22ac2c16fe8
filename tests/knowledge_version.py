"""Moves the knowledge version on when rules or knowledge files say something else: `make knowledge-version SAYS='what changed'`.

The version stands in `knowledge/tables/version.toml` with a digest of what the rules and the knowledge files say, without comments and
formatting. When they say something else, this writes the next version with its digest, a line in CHANGELOG and the expected
responses.
"""

import ast
import csv
import os
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
COMMAND = "make knowledge-version SAYS='what changed, in one line'"
_VERSION = "cds_service/knowledge/tables/version.toml"
_UNRELEASED, _CHANGED = "## [Unreleased]\n", "### Changed\n"
_WIDTH = 140


def digest(root: Path = ROOT) -> str:
    """Sixteen hexadecimal digits over all that rules and knowledge files say, the same on every version of Python."""
    whole = sha256()
    for name, content in _contents(root / "cds_service"):
        whole.update(repr((name, content)).encode())
    return whole.hexdigest()[:16]


def _contents(package: Path) -> Iterator[tuple[str, Any]]:
    """What each file says, by its name; the Python that loads the knowledge files is no clinical content."""
    for path in sorted((*package.glob("rules/*/*.py"), *package.glob("knowledge/**/*.*"))):
        name = path.relative_to(package).as_posix()
        if name == "knowledge/tables/version.toml":
            continue
        if name.startswith("rules/"):
            yield name, _shape(ast.parse(path.read_bytes()))
        elif path.suffix == ".toml":
            yield name, tomllib.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".csv":
            yield name, list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
        elif path.suffix in (".txt", ".tsv"):
            yield name, path.read_text(encoding="utf-8").split("\n")
        elif path.suffix == ".bin":
            yield name, sha256(path.read_bytes()).hexdigest()


def _shape(node: Any) -> Any:
    """A syntax tree as plain data. What is empty is left out: newer versions of Python add members that stay empty."""
    if isinstance(node, ast.AST):
        members = ((name, _shape(value)) for name, value in ast.iter_fields(node) if value not in (None, []))
        return (type(node).__name__, *members)
    return [_shape(item) for item in node] if isinstance(node, list) else repr(node)


def stored(root: Path = ROOT) -> dict[str, str]:
    """The `version` and the `digest` that the file holds."""
    return tomllib.loads((root / _VERSION).read_text(encoding="utf-8"))


def following(version: str, today: date) -> str:
    """The version after this one: `2026.11.1` is followed by `2026.11.2` in November 2026, by `2026.12.0` in December."""
    month, _, number = version.rpartition(".")
    this_month = f"{today.year}.{today.month:02}"
    return f"{month}.{int(number) + 1}" if month >= this_month else f"{this_month}.0"


def with_line(changelog: str, line: str) -> str:
    """The text of CHANGELOG with a line more at the end of what changed and is not released."""
    before, unreleased, rest = changelog.partition(_UNRELEASED)
    body, older, released = rest.partition("\n## [")
    if _CHANGED not in body:
        body = f"{body.rstrip()}\n\n{_CHANGED}\n"
    start, heading, section = body.partition(_CHANGED)
    listed, following_heading, others = section.partition("\n### ")
    item = textwrap.fill(f"- {line}", _WIDTH, subsequent_indent="  ", break_long_words=False)
    listed = f"{listed.rstrip()}\n{item}\n" if listed.strip() else f"\n{item}\n"
    return "".join((before, unreleased, start, heading, listed, following_heading, others, older, released))


def renew(root: Path, says: str, today: date) -> str:
    """The version now: the next one, written with its line in CHANGELOG and the expected responses, if anything changed.

    Exits with one line if something changed and nobody says what.
    """
    found, now = stored(root), digest(root)
    if found.get("digest") == now:
        return found["version"]
    if not says.strip():
        raise SystemExit(f"Rules or knowledge changed since {found['version']}. Run: {COMMAND}")
    version = following(found["version"], today)
    (root / _VERSION).write_text(f'version = "{version}"\ndigest = "{now}"\n', encoding="utf-8")
    changelog = root / "CHANGELOG.md"
    changelog.write_text(
        with_line(changelog.read_text(encoding="utf-8"), f"Knowledge {version}: {says.strip()}"), encoding="utf-8"
    )
    subprocess.run(
        [sys.executable, "-m", "cds_service.cli", "replay", "--quiet", "--update", "fixtures/requests"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return version


if __name__ == "__main__":
    print(f"Knowledge {renew(ROOT, ' '.join(sys.argv[1:]), date.today())}")
