"""Reads imaging report text: which finding a sentence states, denies, doubts or tells of the past, and where.

It reads for a card that quotes the sentence, so it rather says less: a sentence that it cannot place yields nothing.
"""

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart.imaging import Assertion, ImagingSign
from cds_service.digest_cache import digest_cached
from cds_service.report_text.clauses import Sentence
from cds_service.report_text.legibility import Unread, is_noise, legibility
from cds_service.report_text.levels import level_spans, read_levels
from cds_service.report_text.markup import plain_text
from cds_service.report_text.phrases import phrase_table
from cds_service.report_text.prose import Sections, normalise, paragraphs
from cds_service.report_text.statements import NO_LEVELS, Statement, StatementReader

__all__ = [
    "Assertion",
    "ImagingSign",
    "ReadReport",
    "Statement",
    "Unread",
    "plain_text",
    "read_levels",
    "read_report",
    "reading",
]

LONGEST_SENTENCE = 1000
"""Characters. What is longer is no sentence but lost punctuation, in which "no" might deny anything: it is not read."""


class ReadReport(Struct, frozen=True):
    """What a report states, in the order of its sentences, and why it, or a part of it, was not read; None if it was."""

    statements: tuple[Statement, ...] = ()
    unread: Unread | None = None


def read_report(text: str) -> tuple[Statement, ...]:
    """Every finding that a report states, in the order of its sentences. Never raises, whatever the text."""
    return reading(text).statements


def reading(text: str) -> ReadReport:
    """What a report states, and whether it could be read. Never raises, whatever the text.

    A report is read several times, also by the next hooks of a sitting; but its sentences are not kept beyond the call.
    """
    outline = _outline(text)
    if outline.places is None:
        return _read(text)
    if not outline.places:
        return ReadReport((), outline.unread)
    words = _in_one_line(text)
    quoted = (
        replace(statement, sentence=words[start:end])
        for statement, (start, end) in zip(outline.statements, outline.places, strict=True)
    )
    return ReadReport(tuple(quoted), outline.unread)


class _Outline(Struct, frozen=True):
    """A report read, without its sentences: only where they stand in its words in one line; None if one cannot be found there."""

    statements: tuple[Statement, ...]
    places: tuple[tuple[int, int], ...] | None
    unread: Unread | None


@digest_cached(4096)
def _outline(text: str) -> _Outline:
    read, words = _read(text), _in_one_line(text)
    places: list[tuple[int, int]] = []
    start = 0
    for statement in read.statements:
        start = words.find(statement.sentence, start)
        if start < 0:
            return _Outline((), None, None)
        places.append((start, start + len(statement.sentence)))
    return _Outline(tuple(replace(said, sentence="") for said in read.statements), tuple(places), read.unread)


def _in_one_line(text: str) -> str:
    return " ".join(normalise(text).split())


def _read(text: str) -> ReadReport:
    table, legible = phrase_table(), legibility()
    plain = normalise(text)
    if is_noise(plain):
        return ReadReport(unread=Unread.NOISE)
    foreign = legible.is_foreign(plain)
    statements: list[Statement] = []
    understood, left_out = False, Unread.PARTLY_FOREIGN if foreign else None
    for sentences in paragraphs(plain, Sections(table.read_labels, table.silent_labels, table.anatomy_labels)):
        if legible.is_foreign(" ".join(sentences), otherwise=foreign):
            left_out = Unread.PARTLY_FOREIGN
            continue
        carried = NO_LEVELS
        for sentence in sentences:
            if len(sentence) > LONGEST_SENTENCE:
                carried, left_out = NO_LEVELS, Unread.TOO_LONG
                continue
            spans = level_spans(sentence)
            found = tuple(StatementReader(sentence, Sentence(sentence, spans, table), table).statements(carried))
            statements.extend(found)
            understood = understood or bool(found) or legible.has_content(sentence)
            if spans:
                named = NO_LEVELS.union(*(span.levels for span in spans))
                carried = named if len(named) == 1 else NO_LEVELS
    if left_out is Unread.PARTLY_FOREIGN and not understood:
        left_out = Unread.FOREIGN
    return ReadReport(tuple(statements), left_out or (None if understood else Unread.NO_CONTENT))
