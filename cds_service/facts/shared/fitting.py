"""Makes words fit where they stand: a line of a card, a summary, the beginning of a sentence, a list in one."""

from collections.abc import Sequence
from datetime import datetime

from cds_service.findings.date_style import in_words

_LINE_WORDS, _SUMMARY_SIGNS = 19, 100
"""A line of a card has 22 words, three of which say that it is a reason and where in the chart it was read."""


def for_a_line(as_of: datetime, *wordings: str) -> str:
    """The first of at most 19 words, dates written out; the last if none is."""
    return next((text for text in wordings if len(in_words(text, as_of).split()) <= _LINE_WORDS), wordings[-1])


def for_a_summary(as_of: datetime, *wordings: str) -> str:
    """The first of at most 100 characters, dates written out; the last if none is."""
    return next((text for text in wordings if len(in_words(text, as_of)) <= _SUMMARY_SIGNS), wordings[-1])


def listed(names: Sequence[str], last: str = "and") -> str:
    """Names as a sentence lists them: `a, b and c`."""
    return f" {last} ".join([*filter(None, [", ".join(names[:-1])]), *names[-1:]])


def begun(text: str) -> str:
    """A text as a sentence begins: with a capital, unless it is an abbreviation such as `eGFR`."""
    return text if text[1:2].isupper() else f"{text[:1].upper()}{text[1:]}"
