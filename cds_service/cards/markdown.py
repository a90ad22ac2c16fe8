"""Writes card detail in GitHub-flavoured markdown; every text that came from a chart is escaped first."""

import re
from collections.abc import Iterable

_SPECIAL = re.compile(r"([\\`*_\[\]|~#])")
_LITERAL = bytes(code for code in range(0x20, 0x7F) if chr(code) not in "\\`*_[]|~#&<>")
_LINK = re.compile(r"(?i)(https?|ftp)://|(www)\.")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


def plain(text: str) -> str:
    """Text on one line without control or direction characters, and without a tag that a client might obey."""
    if text.isprintable() and "<" not in text and "  " not in text:
        return text.strip()  # nearly every text; looking for what is not there costs more than the rest of a card
    return _TAG.sub("‹", " ".join(_INVISIBLE.sub(" ", text).split()))


def escaped(text: str) -> str:
    """Text that shows as it is: no markup, no HTML, no link of its own."""
    shown = text.strip() if _is_literal(text) else _marked(plain(text))
    shown = shown.replace("@", "&#64;")  # GFM makes a link of an address of mail
    return _LINK.sub(_broken, shown) if "://" in shown or "www." in shown.lower() else shown


def _is_literal(text: str) -> bool:
    """Whether markdown shows it as it is, which nearly every text is: one pass over its bytes finds that out sooner than a pattern."""
    return text.isascii() and not text.encode().translate(None, _LITERAL) and "  " not in text


def _marked(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _broken(found: re.Match[str]) -> str:
    return f"{found[1]}&#58;//" if found[1] else f"{found[2]}&#46;"


def lower_first(text: str) -> str:
    """A title as it reads inside a sentence; an abbreviation and a level keep their capitals."""
    return text if text[1:2].isupper() or text[1:2].isdigit() or text[1:2] == "-" else text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """A phrase as it reads at the start of a line; an abbreviation such as `eGFR` keeps its small letter."""
    return text if text[1:2].isupper() else text[:1].upper() + text[1:]


def as_sentence(text: str) -> str:
    """Text as a line of its own: it begins with a capital, ends with a full stop unless it has a sign of its own, and shows as it is."""
    shown = escaped(upper_first(text))
    return shown if shown.endswith((".", "?", "!", '."')) else f"{shown}."


def bullets(lines: Iterable[str]) -> str:
    """A list, one line each."""
    return "\n".join([f"- {line}" for line in lines])


def sections(*parts: str) -> str:
    """The parts that are not empty, a blank line between."""
    return "\n\n".join(filter(None, parts))
