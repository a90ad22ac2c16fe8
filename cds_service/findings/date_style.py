"""Writes the dates of a sentence as people say them: `Wed 25 Nov 12:00` for what is to come, `21 Nov 07:30` for what is past."""

import re
from collections.abc import Iterator
from datetime import date, datetime

# A finding's texts hold dates as FHIR writes them, so that a program can read them and a page can choose its style.
_DATE = re.compile(r"(?<![\w.-])((?:19|20)\d\d)-(0[1-9]|1[0-2])(?:-(\d\d)(?:[ T](\d\d:\d\d))?)?(?![\w-]|\.\d)")

_TIME = slice(11, 16)  # of a moment as FHIR writes it
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
"""In English whatever the locale of the process."""


def in_words(text: str, as_of: datetime) -> str:
    """The text with its dates in words, in the zone of `as_of`; the year is left out if it is that of `as_of`."""
    return _DATE.sub(lambda found: _worded(found, as_of), text) if "-" in text else text


def pieces(text: str, as_of: datetime) -> Iterator[tuple[str, str]]:
    """What `in_words` makes of the text, in pieces: each with its date as the text has it, empty for what is none."""
    end = 0
    for found in _DATE.finditer(text):
        words = _worded(found, as_of)
        yield text[end : found.start()], ""
        yield words, found[0] if words != found[0] else ""
        end = found.end()
    yield text[end:], ""


def _worded(found: re.Match[str], as_of: datetime) -> str:
    year, month, day, time = found.groups()
    try:
        on = date(int(year), int(month), int(day or 1))
    except ValueError:
        return found[0]
    month = _MONTHS[on.month - 1]
    if day is None:
        return f"{month} {on.year}"
    at = f" {time}" if time else ""
    if on.year != as_of.year:
        return f"{on.day} {month} {on.year}{at}"
    lies_ahead = (on, time or "") >= (as_of.date(), as_of.isoformat()[_TIME] if time else "")
    return f"{f'{_WEEKDAYS[on.weekday()]} ' if lies_ahead else ''}{on.day} {month}{at}"
