"""Takes the text out of a report that comes as plain text, HTML or XHTML."""

import re
from html.parser import HTMLParser

_BREAKS = {
    **dict.fromkeys(
        ("p", "div", "ul", "ol", "table", "tr", "section", "caption", "dl", "hr", "blockquote", "body", "pre"), "\n\n"
    ),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "\n\n"),
    **dict.fromkeys(("br", "dt", "dd"), "\n"),
    **dict.fromkeys(("td", "th"), " "),
    "li": "\n- ",
}
"""What an element begins with in text: a paragraph, a line, a cell or a bullet."""
_SILENT = frozenset(("script", "style", "head", "title"))


class _TextOfMarkup(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = self.preformatted = 0

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.silent += tag in _SILENT
        self.preformatted += tag == "pre"
        self.parts.append(_BREAKS.get(tag, ""))

    def handle_startendtag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.parts.append(_BREAKS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(0, self.silent - (tag in _SILENT))
        self.preformatted = max(0, self.preformatted - (tag == "pre"))
        self.parts.append("\n" if tag == "li" else _BREAKS.get(tag, ""))

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(data if self.preformatted else data.replace("\n", " "))


def plain_text(value: str | bytes, content_type: str) -> str:
    """The text of a report given as text/plain, HTML or XHTML: entities decoded, one line a block.

    Bytes are read as the charset that the content type names, else UTF-8, else Windows-1252. Other content types (PDF,
    RTF, images) give an empty string: they hold no text that is read here.
    """
    kind, _, parameters = content_type.lower().partition(";")
    kind = kind.strip()
    if not (kind.startswith("text/") or kind in ("", "application/xhtml+xml")) or kind == "text/rtf":
        return ""
    text = value if isinstance(value, str) else _decode(value, parameters)
    if kind in ("text/html", "application/xhtml+xml", "text/xhtml") or (kind == "" and text.lstrip().startswith("<")):
        return _strip_markup(text)
    return text


def _decode(value: bytes, parameters: str) -> str:
    named = re.search(r"charset\s*=\s*\"?([\w-]+)", parameters)
    for charset in (*([named[1]] if named else []), "utf-8-sig"):
        try:
            return value.decode(charset)
        except (LookupError, ValueError):
            continue
    return value.decode("cp1252", errors="replace")


def _strip_markup(text: str) -> str:
    parser = _TextOfMarkup()
    # No tag ends after the last ">": the parser would look for its end again and again.
    end = text.rfind(">") + 1
    try:
        parser.feed(text[:end] + text[end:].replace("<", "&lt;"))
        parser.close()
    except AssertionError:  # html.parser asserts on some broken declarations; what was read before them stands
        parser.parts.append("\n")
    lines = [" ".join(line.split()) for line in "".join(parser.parts).split("\n")]
    return "\n".join(line for line, above in zip(lines, ["", *lines], strict=False) if line or above).strip()
