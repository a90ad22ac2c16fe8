"""A text in a language that is not read here is told from one that is, so that its words are never taken for nothing."""

import tomllib
from pathlib import Path

import pytest

from cds_service.report_text.language import ANOTHER_SCRIPT, is_read, unread_language

DATA = Path(__file__).parent / "data"
PHRASES = tomllib.loads((DATA / "modifier_phrases.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("化膿性脊椎炎", ANOTHER_SCRIPT),
        ("骨セメント", ANOTHER_SCRIPT),
        ("第1腰椎圧迫骨折", ANOTHER_SCRIPT),
        ("骨折 L1", ANOTHER_SCRIPT),
        ("척추 골절", ANOTHER_SCRIPT),
        ("перелом позвонка", ANOTHER_SCRIPT),
        ("κάταγμα σπονδύλου", ANOTHER_SCRIPT),
        ("Selkärangan nikamamurtuma", "finnish"),
        ("Złamanie kręgosłupa", "polish"),
        ("Zlomenina obratle L1", "czech-and-slovak"),
        ("Csigolyatörés", "hungarian"),
        ("Omurga kırığı", "turkish"),
    ],
)
def test_a_language_that_is_not_read_shows_in_letters_or_words(text, language):
    assert unread_language(text) == language
    assert not is_read(text)


@pytest.mark.parametrize(
    "text", ["", "L1", "Kümmell disease", "Sjögren", "Morbus Behçet", "α-thalassaemia", "CO₂ 40 mmHg", "5 µg"]
)
def test_eponyms_and_signs_are_of_no_other_language(text):
    assert is_read(text)


@pytest.mark.parametrize("language", PHRASES)
def test_what_is_read_is_never_called_unread(language):
    assert not [says for rows in PHRASES[language].values() for says, _ in rows if not is_read(says)]
