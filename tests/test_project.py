"""The project keeps its own promises: sizes, licences, docstrings, imports and continuous integration."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LARGEST_FILE = 1_000_000  # bytes
LONGEST_MODULE = 260  # lines

# Put together from parts, so that this file does not match itself.
CPT_AUGMENTATION_CODE = re.compile(r"(?<![\w.])225" + r"1[0-5](?![\w.])")
OUTSIDE_PATH = re.compile(r"\.\./" + r"shared|(?<!\w)/" + r"work/")


def project_files(suffix: str = "") -> list[Path]:
    """The files that git tracks, or would after `git add .`, whose name ends in `suffix`."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    files = [ROOT / name for name in listing.split("\0") if name.endswith(suffix)]
    return [file for file in files if file.is_file()]


def lines_matching(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}"
        for file in project_files()
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


def imported_modules(tree: ast.Module) -> Iterator[str]:
    """Dotted names a module imports; `from a import b` gives `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_the_project_is_seen():
    assert ROOT / "tests/test_project.py" in project_files(".py")


def test_no_large_file():
    large = [str(file.relative_to(ROOT)) for file in project_files() if file.stat().st_size > LARGEST_FILE]
    assert large == []


def test_no_cpt_code():
    assert lines_matching(CPT_AUGMENTATION_CODE) == []


def test_no_path_outside_the_project():
    assert lines_matching(OUTSIDE_PATH) == []


def test_each_module_starts_with_a_sentence():
    docstrings = {
        str(file.relative_to(ROOT)): ast.get_docstring(ast.parse(file.read_bytes())) or ""
        for file in project_files(".py")
    }
    assert [name for name, text in docstrings.items() if not text.partition("\n")[0].endswith(".")] == []


def test_no_long_module():
    lengths = {
        str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines())
        for file in project_files(".py")
        if file.is_relative_to(ROOT / "cds_service")
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_fhir_resources_is_imported_by_release():
    """The root of fhir.resources is R5 and refuses R4 orders."""
    root_imports = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in project_files(".py")
        for name in imported_modules(ast.parse(file.read_bytes()))
        if re.match(r"fhir\.resources(?!\.(R4B|STU3)\b)", name)
    ]
    assert root_imports == []


@pytest.mark.parametrize(
    ("ci", "test", "exit_code"),
    [
        ("true", "pytest.skip('no browser')", 1),
        ("true", "pass", 0),
        ("", "pytest.skip('no browser')", 0),
        ("true", "with subtests.test('a case'): pytest.skip('no browser')", 1),
    ],
)
@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_skip_fails_continuous_integration(tmp_path: Path, ci: str, test: str, exit_code: int, workers: str):
    shutil.copy(ROOT / "tests/conftest.py", tmp_path)
    (tmp_path / "test_sample.py").write_text(f"import pytest\ndef test_sample(subtests):\n    {test}\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "xdist", "-n", workers],
        cwd=tmp_path,
        env=os.environ | {"CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == exit_code, run.stdout
    assert ("ERROR skipped in continuous integration: test_sample.py" in run.stdout) == bool(exit_code)


_PRIVATE_WORDS = frozenset(
    (
        *(
            "arrived",
            "done",
            "door",
            "gathered",
            "glance",
            "glanced",
            "intact",
            "ledger",
            "lenient",
            "listing",
            "material",
        ),
        *("mended", "once", "opening", "published", "said", "shown", "skim", "skimmed", "told", "wire", "words"),
    )
)
"""What only we would understand; `CONTRIBUTING.md` has the words that stay and are not plain."""
_FHIR_TYPES = ("cds_service.fhir.decoding.resources", "cds_service.fhir.decoding.datatypes")
"""Classes named as FHIR names its types. Where the chart has an entry of that name, they are written with their module."""


def _defined() -> Iterator[tuple[str, str, bool]]:
    """The names of modules, and of classes and functions at their top, with their module, and whether it is a class."""
    for file in sorted((ROOT / "cds_service").rglob("*.py")):
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        yield file.stem, module, False
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                yield node.name, module, isinstance(node, ast.ClassDef)


def test_no_module_class_or_function_is_named_by_a_private_word():
    assert [f"{module}: {name}" for name, module, _ in _defined() if name.strip("_").lower() in _PRIVATE_WORDS] == []


def test_no_class_name_stands_for_two_things():
    modules: dict[str, set[str]] = {}
    for name, module, is_class in _defined():
        if is_class and not name.startswith("_") and module not in _FHIR_TYPES:
            modules.setdefault(name, set()).add(module)
    assert {name: where for name, where in modules.items() if len(where) > 1} == {}
