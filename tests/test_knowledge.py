"""A broken knowledge file stops the start, and names the file and the key."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cds_service.errors import KnowledgeError
from cds_service.knowledge import load
from cds_service.knowledge.files import DIRECTORY


@pytest.fixture
def broken(tmp_path: Path) -> Callable[[str, str, str], KnowledgeError]:
    """The error of a start with one text of one file replaced."""

    def start(file: str, text: str, by: str) -> KnowledgeError:
        copy = tmp_path / "knowledge"
        shutil.copytree(DIRECTORY, copy)
        path = copy / file
        before = path.read_text(encoding="utf-8")
        assert text in before
        path.write_text(before.replace(text, by, 1), encoding="utf-8")
        with pytest.raises(KnowledgeError) as raised:
            load(copy)
        return raised.value

    return start


@pytest.mark.parametrize(
    ("file", "text", "by", "key", "says"),
    [
        ("tables/citations.toml", "[asra-2018]", "[sir-2019]", "", "TOML"),
        ("tables/citations.toml", 'label = "SIR 2019"', "", "sir-2019.label", "missing"),
        (
            "severe_pain.toml",
            "[citations]\n",
            '[citations]\nnobody-1999 = "page 1"\n',
            "citations.nobody-1999",
            "is no source of citations.toml",
        ),
        ("recent_fracture.toml", "reviewed = 2026-11-22", "", "reviewed", "missing"),
        (
            "tables/orderables.toml",
            'value_set = "inr"',
            'value_set = "imr"',
            "orderable.inr.value_set",
            "'imr' is no value set; did you mean 'inr'?",
        ),
        ("shared/pain.toml", "locator = ", "lokator = ", ".lokator", "not a known key"),
        ("shared/pain.toml", 'confidence = "', 'confidence = "very ', ".confidence", "is none of"),
        ("valuesets/spinal-infection.toml", '"2304001" = ', '"230-40" = ', "snomed.230-40", "does not fit"),
        ("valuesets/inr.toml", "[loinc]", "[loincs]", "loincs", "not a known key"),
        ("tables/levels.toml", '["T1"]', '["T13"]', "snomed.", "is none of C1"),
        ("tables/systems.toml", "pattern = '", "pattern = '(", ".pattern", "no regular expression"),
    ],
)
def test_the_start_fails_with_file_and_key(
    broken: Callable[[str, str, str], KnowledgeError], file: str, text: str, by: str, key: str, says: str
) -> None:
    """Whatever is wrong, whoever edits the file is told where."""
    error = broken(file, text, by)
    assert error.file == file
    assert key in error.key
    assert says in str(error)


def test_a_missing_locator_is_refused(broken: Callable[[str, str, str], KnowledgeError]) -> None:
    """A number without a place in its source cannot be checked by anybody."""
    text = (DIRECTORY / "shared" / "pain.toml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("locator = "))
    assert "locator" in broken("shared/pain.toml", line, "").key
