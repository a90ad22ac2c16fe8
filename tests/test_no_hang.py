"""No text holds a process up. A guard against hanging, not a measurement: each bound is many times what is needed."""

import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from cds_service import knowledge
from cds_service.cards import markdown
from cds_service.fhir import dates, numbers, units
from cds_service.knowledge.codes import LONGEST_TERM
from cds_service.report_text.language import is_read
from cds_service.report_text.levels import read_levels
from cds_service.report_text.markup import plain_text
from cds_service.report_text.namings import namings
from cds_service.report_text.reader import read_report

KNOW = knowledge.load()
LENGTH, SECONDS = 64_000, 8.0
REPEATED = [
    "history of ", ".", "!", " ", "\n", "\t", "1", "1.", "a", "a: ", "T12, ", "T1-", "no ", "no fracture of ",
    "fracture. ", "mg ", "{", "[", "(", "  per", "30% ", "retropulsion, ", "with ", "? ", "Findings: ", "1) ",
    "* ", "<", "<!--", "<a ", "</", "<?", "<a href='", "&", "<p>", "\u0300\u0316", "\ufdfa", "\u202e", "www.",
    "http://", "no sepsis ", "no sepsis, ", "sepsis? ", "sepsis excluded or ",
]  # fmt: skip
READERS: dict[str, Callable[[str], object]] = {
    "a report": read_report,
    "a report in HTML": lambda text: read_report(plain_text(text, "text/html")),
    "the words of a term": lambda text: namings([text], KNOW.index),
    "the language of a term": is_read,
    "the name of a drug": lambda text: KNOW.drugs.identify((), (text[:LONGEST_TERM],)),
    "levels": lambda text: read_levels(text[:LONGEST_TERM]),
    "a unit": lambda text: units.normalised("creatinine", 1.0, text, text, KNOW),
    "a date": lambda text: dates.read(text, ZoneInfo("UTC")),
    "a number": numbers.read,
    "what a card shows": lambda text: markdown.plain(markdown.escaped(text)),
}


@pytest.mark.parametrize("name", READERS)
def test_a_text_of_64_kb_is_read_at_once(name: str):
    for unit in REPEATED:
        for end in ("", "x", "\0>"):
            text = (unit * (LENGTH // len(unit) + 1))[:LENGTH] + end
            before = time.process_time()
            READERS[name](text)
            assert time.process_time() - before < SECONDS, (unit, end)


def test_the_words_of_a_value_set_take_no_time_in_a_term():
    """Each pattern on a text made of its own words, as long as one is read."""
    for item in KNOW.index.value_sets.values():
        for pattern in (item.pattern, item.exception):
            if pattern is None:
                continue
            words = "".join(letter if letter.isalnum() else " " for letter in pattern.pattern) + " "
            before = time.process_time()
            pattern.search((words * 500)[:LONGEST_TERM])
            assert time.process_time() - before < 2, item.id
