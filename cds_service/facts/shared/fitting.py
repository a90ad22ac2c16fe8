"""Chooses, of several wordings of one thing, the first for which a line of a card or its summary has room."""

from datetime import datetime

from cds_service.findings.date_style import in_words

_LINE_WORDS, _SUMMARY_SIGNS = 22, 100


def for_a_line(as_of: datetime, *wordings: str) -> str:
    """The first of at most 22 words, dates written out; the last if none is."""
    return next((text for text in wordings if len(in_words(text, as_of).split()) <= _LINE_WORDS), wordings[-1])


def for_a_summary(as_of: datetime, *wordings: str) -> str:
    """The first of at most 100 characters, dates written out; the last if none is."""
    return next((text for text in wordings if len(in_words(text, as_of)) <= _SUMMARY_SIGNS), wordings[-1])


def begun(text: str) -> str:
    """A text as a sentence begins: with a capital, unless it is an abbreviation such as `eGFR`."""
    return text if text[1:2].isupper() else f"{text[:1].upper()}{text[1:]}"
