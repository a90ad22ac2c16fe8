"""Writes card detail in GitHub-flavoured markdown; every text that came from a chart is escaped first."""

import re
from collections.abc import Iterable

from cds_service.cards.model import LONGEST_SUMMARY

_SPECIAL = re.compile(r"([\\`*_\[\]|~#])")
_LINK = re.compile(r"(?i)(https?|ftp)://|(www)\.")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


def plain(text: str) -> str:
    """Text on one line without control or direction characters."""
    return " ".join(_INVISIBLE.sub(" ", text).split())


def escaped(text: str) -> str:
    """Text that shows as it is: no markup, no HTML, no link of its own."""
    marked = _SPECIAL.sub(r"\\\1", plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return _LINK.sub(lambda found: f"{found[1]}&#58;//" if found[1] else f"{found[2]}&#46;", marked)


def summary(text: str) -> str:
    """At most 139 characters, cut between words."""
    line = plain(text)
    if len(line) <= LONGEST_SUMMARY:
        return line
    return line[: LONGEST_SUMMARY - 1].rpartition(" ")[0].rstrip(",;:") + "…"


def link(label: str, url: str) -> str:
    """A link to an address of ours or of a citation; the label alone if there is no address."""
    return f"[{escaped(label)}]({url})" if url else escaped(label)


def bullets(lines: Iterable[str]) -> str:
    """A list, one line each."""
    return "\n".join(f"- {line}" for line in lines)


def section(heading: str, body: str) -> str:
    """A heading in bold with its body; nothing if there is no body."""
    return f"**{heading}**\n\n{body}" if body else ""


def sections(*parts: str) -> str:
    """The parts that are not empty, a blank line between."""
    return "\n\n".join(part for part in parts if part)
