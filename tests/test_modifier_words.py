"""Words that deny, doubt or date a problem reach the name beside them, in every language that is read, and nothing else."""

import tomllib
from pathlib import Path

import pytest

from cds_service.knowledge import load
from cds_service.report_text.modifiers import Standing
from cds_service.report_text.namings import namings

INDEX = load().index
LANGUAGES = tomllib.loads((Path(__file__).parent / "data" / "modifier_phrases.toml").read_text(encoding="utf-8"))
CASES = [
    (language, says, value_set, kind)
    for language, kinds in LANGUAGES.items()
    for kind, rows in kinds.items()
    for says, value_set in rows
]


def said_of(value_set: str, says: str) -> str:
    """How a text speaks of a value set, in the words of the cases; "nothing" where it does not name it."""
    found = next((item.assertion for item in namings([says], INDEX) if value_set in item.sets), None)
    if found is None:
        return "nothing"
    if found.standing is Standing.PRESENT and found.doubtful:
        return "doubtful"
    return found.standing.value


@pytest.mark.parametrize(("language", "says", "value_set", "kind"), CASES, ids=str)
def test_words_mean_what_a_clinician_reads_in_them(language, says, value_set, kind):
    assert said_of(value_set, says) == kind


def test_there_are_cases_of_every_kind_in_every_language():
    assert len(CASES) >= 250
    for kinds in LANGUAGES.values():
        assert kinds.keys() == {"present", "doubtful", "past", "denied", "another", "nothing"}
