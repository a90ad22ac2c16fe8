"""Replaces halves of a character that stand alone in JSON text, which fit its grammar (RFC 8259, 8.2) but are no character."""

import re

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # both halves of a character
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"  # one alone
    rb"|\\.",  # any other escape: what follows an escaped backslash is none
    re.DOTALL,
)
_REPLACEMENT = rb"\ufffd"


def replaced(text: bytes) -> bytes:
    """The text with U+FFFD, the character for one that is not known, in place of each half that stands alone."""
    if not _HALF.search(text):
        return text
    return _ESCAPE.sub(lambda found: _REPLACEMENT if found[1] else found[0], text)
