"""Turns the markup and line breaks of a report into paragraphs of sentences, leaving out sections that hold no findings.

Indication, history, technique and comparison say what was asked or done, not what was seen.
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import Enum

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
_QUOTES = {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'}
# The dotted capital I is the one letter that grows when lowered; fraction slash and line separators get plain forms.
_OTHER = {0x0130: "I", 0x2044: "/", 0x2028: "\n", 0x2029: "\n", 0x000B: "\n", 0x000C: "\n", 0x0085: "\n", 0x00BF: "?"}
_DROPPED = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_TRANSLATION: dict[int, str | None] = {**_DASHES, **_QUOTES, **_OTHER, **_DROPPED}


_NARROWEST_WRAP = 50
_BULLET = re.compile(r"^(?:[-*•·▪◦‣●○>+]+\s*(?=\S)|\(?\d{1,2}[.)]\s+|\(?[a-h][.)]\s+)")
_LABEL = re.compile(r"(?:^|(?<=[.;?!]\s))\s*(?P<label>[A-Za-z][A-Za-z /&()'-]{1,60}?)\s*:(?=\s|$|[A-Z?])")
_UPPER_START = re.compile(r"[A-Z0-9(]")
_LEVEL_START = re.compile(r"(?:Th|[CTDL]) ?\d{1,2}(?:[-/][CTDL]?\d{1,2})?\s*:", re.IGNORECASE)
_UNFINISHED = re.compile(
    r"(?:[,(/&-]|\b(?:of|the|and|or|nor|with|without|no|not|a|an|at|in|into|to|for|is|are|was|were|be|been|from|by|on|any|cannot"
    r"|acute|marrow|bone|vertebral|compression|possible|suspected|probable|evidence|this|these|which|that|significant|has|have))$",
    re.IGNORECASE,
)
_END = re.compile(r"(?<![.!?])[.!?]++[\"')\]]*+(?=\s|$)|(?<=[a-z)])\.(?=[A-Z][a-z])")
_ABBREVIATION = re.compile(
    r"(?<!\w)(?:approx|appx|ca|cf|vs|dr|mr|mrs|prof|fig|figs|img|ser|incl|resp|max|min|est|sag|cor|ant|post|sup|inf|e\.g|i\.e|eg|ie"
    r")$",
    re.IGNORECASE,
)


# Python orders a run of accents in time that grows with its square; no letter has so many.
_ACCENTS = re.compile(r"([^\w\s!-~]{30})[^\w\s!-~]+")


def normalise(text: str) -> str:
    """The text in one spelling: compatibility characters, dashes, quotes, fractions and line ends made plain."""
    text = text if text.isascii() else _ACCENTS.sub(r"\1", text)
    text = unicodedata.normalize("NFKC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text.translate(_TRANSLATION)


class Label(Enum):
    """What the words before a colon open: a section to read, one to leave out, or a statement about that anatomy."""

    READ = "read"
    SILENT = "silent"
    ANATOMY = "anatomy"


class Sections:
    """Which labels ("Findings:", "Indication:", "Canal:") open what."""

    def __init__(self, read: tuple[str, ...], silent: tuple[str, ...], anatomy: tuple[str, ...]) -> None:
        self._kinds = {
            **dict.fromkeys(anatomy, Label.ANATOMY),
            **dict.fromkeys(silent, Label.SILENT),
            **dict.fromkeys(read, Label.READ),
        }

    def kind(self, label: str) -> Label | None:
        """What a label opens; None where it is no label of a section."""
        words = re.findall(r"[a-z]+", label.lower())
        kinds = {self._kinds[word] for word in words if word in self._kinds} if len(words) <= 7 else set()
        return next((kind for kind in Label if kind in kinds), None)


def paragraphs(text: str, sections: Sections) -> Iterator[tuple[str, ...]]:
    """The sentences of a normalised report, one tuple a paragraph, whitespace collapsed to single spaces."""
    lines = [" ".join(line.split()) for line in text.split("\n")]
    labelled = [list(_labels(line, sections)) for line in lines]
    last_read = max(
        (index for index, labels in enumerate(labelled) if any(kind is not Label.SILENT for _, _, kind in labels)),
        default=-1,
    )
    widths = _widths(lines)
    reading = True
    blocks: list[list[str]] = [[]]
    silent_content = False

    for index, line in enumerate(lines):
        previous = lines[index - 1] if index else ""
        broken = _is_deliberate_break(previous, line, widths[index])
        if not reading and index > last_read and (not line or (broken and silent_content)):
            reading = True
        if not line or _BULLET.match(line) or broken:
            blocks.append([])
        if not line:
            yield from _paragraph(blocks)
            blocks = [[]]
            continue
        position = 0
        for start, end, kind in [*labelled[index], (len(line), len(line), None)]:
            piece = _BULLET.sub("", line[position:start].strip()) if position == 0 else line[position:start].strip()
            silent_content = silent_content or bool(piece)
            if reading and piece:
                blocks[-1].append(piece)
            if kind is not None:
                yield from _paragraph(blocks)
                blocks, reading, silent_content = [[]], kind is not Label.SILENT, False
            position = end
    yield from _paragraph(blocks)


def _labels(line: str, sections: Sections) -> Iterator[tuple[int, int, Label]]:
    """Start, end and kind of the section labels in one line; a line that is nothing but a label needs no colon."""
    bare = line.rstrip(":- ")
    if (
        bare
        and len(bare) <= 60
        and _is_bare_label(bare, line)
        and (kind := sections.kind(bare)) not in (None, Label.ANATOMY)
    ):
        yield 0, len(line), kind
        return
    for match in _LABEL.finditer(line):
        if (kind := sections.kind(match["label"])) is not None:
            yield match.start(), match.start() if kind is Label.ANATOMY else match.end(), kind


def _is_bare_label(bare: str, line: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z /&'-]*", bare)) and (line.endswith(":") or len(bare.split()) <= 3)


def _widths(lines: list[str]) -> list[int]:
    """For each line, the longest line of its run of non-empty lines: the width at which that run was wrapped."""
    widths = [0] * len(lines)
    start = 0
    for index in range(len(lines) + 1):
        if index == len(lines) or not lines[index]:
            widest = max(map(len, lines[start:index]), default=0)
            widths[start:index] = [widest] * (index - start)
            start = index + 1
    return widths


def _is_deliberate_break(previous: str, line: str, width: int) -> bool:
    """Whether the writer ended a statement at the line break, or a printer merely ran out of width."""
    if not previous or not line:
        return False
    if previous.endswith((".", ";", "!")) or _LEVEL_START.match(line):
        return not _ABBREVIATION.search(previous[:-1]) if previous.endswith(".") else True
    room = width < _NARROWEST_WRAP or len(previous) + 1 + len(line.split(" ", 1)[0]) <= width
    return bool(room and _UPPER_START.match(line) and not _UNFINISHED.search(previous))


def _paragraph(blocks: list[list[str]]) -> Iterator[tuple[str, ...]]:
    sentences = tuple(sentence for block in blocks for sentence in _sentences(" ".join(block)))
    if sentences:
        yield sentences


def _sentences(block: str) -> Iterator[str]:
    start = 0
    for match in _END.finditer(block):
        before = block[max(start, match.start() - 12) : match.start()]
        leading_query = match[0].startswith("?") and (not before or before.endswith((" ", "(")))
        following = block[match.end() : match.end() + 3]
        open_query = match[0] == "?" and following[1:2].islower()
        if leading_query or open_query or _ABBREVIATION.search(before) or _is_numbered(before, match[0], following):
            continue
        if sentence := block[start : match.end()].strip():
            yield sentence
        start = match.end()
    if sentence := block[start:].strip():
        yield sentence


def _is_numbered(before: str, stop: str, following: str) -> bool:
    """ "No. 3" and "Th. 12" go on after the full stop when a number follows."""
    return (
        stop == "."
        and bool(re.match(r"\s\d", following))
        and bool(re.search(r"(?<!\w)(?:no|nos|th)$", before, re.IGNORECASE))
    )
