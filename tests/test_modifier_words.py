"""Words that deny, doubt or date a problem reach the name beside them, in every language that is read, and nothing else."""

import itertools
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.errors import KnowledgeError
from cds_service.knowledge import files, load
from cds_service.report_text.modifier_table import FILE, compile_modifiers
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
    found = next((item.wording for item in namings([says], INDEX) if value_set in item.sets), None)
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


TABLE = tomllib.loads((files.TABLES / FILE).read_text(encoding="utf-8"))["language"]
NAMES = {
    "english": "discitis", "german": "Spondylodiszitis", "french": "spondylodiscite", "spanish": "espondilodiscitis",
    "italian": "spondilodiscite", "portuguese": "espondilodiscite", "dutch": "spondylodiscitis", "swedish": "spondylodiskit",
    "norwegian": "spondylodiskitt", "danish": "spondylodiscitis",
}  # fmt: skip
LEVELS = ("", " L3", " L3/4")


def written(phrase: str) -> Iterator[str]:
    """A phrase of the table as texts have it: without optional words, and with the whole of them, each by every alternative."""
    for parts in (
        [part for part in phrase.split() if part[0] != "("],
        phrase.replace("(", "").replace(")", "").split(),
    ):
        yield from (" ".join(words) for words in itertools.product(*(part.split("|") for part in parts)))


def rows(*kinds: str) -> list[tuple[str, str, str, str]]:
    """Language, kind, direction and words of every phrase of some kinds, each once."""
    found = {
        (language, row["kind"], row["direction"], words)
        for language, item in TABLE.items()
        for row in item["modifiers"]
        if row["kind"] in kinds
        for phrase in row["phrases"]
        for words in written(phrase)
    }
    return sorted(found)


def test_every_modifier_reaches_the_name_beside_it():
    """In its own language, on its side, with a level between or none."""
    wrong = []
    for language, kind, direction, words in rows("denied", "past", "doubtful", "another"):
        name, expected = NAMES[language], "past" if kind == "past" else kind
        for level in LEVELS:
            texts = [] if direction == "backward" else [f"{words} {name}{level}"]
            texts += [] if direction == "forward" else [f"{name}{level} {words}", f"{name}{level}, {words}"]
            wrong += [(text, said) for text in texts if (said := said_of("spinal-infection", text)) != expected]
    assert not wrong


@pytest.mark.law
def test_a_denial_never_makes_a_finding_and_nothing_reaches_across_a_sentence():
    for language, kind, direction, words in rows("denied", "past", "doubtful", "another"):
        name = NAMES[language]
        beside = f"{words} {name}" if direction != "backward" else f"{name} {words}"
        if kind == "denied":
            assert said_of("spinal-infection", beside) == "denied"
        for text in (f"Pneumonia; {beside}", f"{beside}; pneumonia", f"Pneumonia. {beside.capitalize()}"):
            assert said_of("other-infection", text) == "present", text


def test_an_odd_table_is_refused():
    good = tomllib.loads((files.TABLES / FILE).read_text(encoding="utf-8"))
    compile_modifiers(good)
    row = {"kind": "past", "direction": "forward", "reach": 1, "phrases": ["without"]}
    with pytest.raises(KnowledgeError, match="in another row"):
        compile_modifiers(
            good
            | {
                "language": {
                    "english": good["language"]["english"]
                    | {"modifiers": [*good["language"]["english"]["modifiers"], row]}
                }
            }
        )
    with pytest.raises(KnowledgeError, match="cannot be understood"):
        compile_modifiers(
            good | {"language": {"english": good["language"]["english"] | {"modifiers": [row | {"phrases": ["a*b"]}]}}}
        )
