"""Reads what a visitor pastes: a hook request, a Bundle or resources as JSON, or one resource on each line as Bulk Data has them."""

import json
from typing import Any, NoReturn

from cds_service.errors import RequestError

_AFTER_A_VALUE = "Extra data"
_PROBLEMS = {
    _AFTER_A_VALUE: "something follows after the end",
    "Expecting value": "a value is expected",
    "Expecting ',' delimiter": "a comma is expected",
    "Expecting ':' delimiter": "a colon is expected",
    "Expecting property name enclosed in double quotes": "a name in double quotes is expected",
    "Unterminated string starting at": "a text begins here and does not end",
    "Invalid control character at": "a line break or a control character stands inside a text",
}
"""What the decoder says, in words for everyone; other messages are shown as they are."""


def read(text: str) -> Any:
    """The JSON value, or a list of those on the lines. Raises RequestError with the line and the column at which it cannot be read."""
    text = text.removeprefix("\ufeff").rstrip()
    try:
        return _value(text)
    except json.JSONDecodeError as error:
        if error.msg != _AFTER_A_VALUE or "\n" in text[: error.pos].strip():
            raise _unreadable(error) from None
    found = []
    for number, line in enumerate(text.split("\n")):
        if line.strip():
            try:
                found.append(_value(line))
            except json.JSONDecodeError as error:
                raise _unreadable(error, lines_before=number) from None
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise RequestError("What was pasted cannot be read: its elements lie too deep in one another") from None
    except ValueError:
        raise RequestError("What was pasted cannot be read: it holds a number with too many digits") from None


def _no_number(name: str) -> NoReturn:
    raise RequestError(f"What was pasted is not JSON: it holds {name}, which is no number")


def _unreadable(error: json.JSONDecodeError, lines_before: int = 0) -> RequestError:
    problem = "it ends here, too early" if error.pos >= len(error.doc) else _PROBLEMS.get(error.msg, error.msg)
    place = f"line {error.lineno + lines_before}, column {error.colno}"
    return RequestError(f"What was pasted is not JSON: {place}: {problem}", code="structure")
