"""Reads imaging report text: which finding a sentence states, denies, doubts or tells of the past, and where.

It reads for a card that quotes the sentence, so it rather says less: a sentence that it cannot place yields nothing.
"""

from functools import lru_cache

from msgspec import Struct

from cds_service.chart.imaging import Assertion, ImagingSign
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


@lru_cache(maxsize=256)
def reading(text: str) -> ReadReport:
    """What a report states, and whether it could be read. Never raises, whatever the text.

    Several hooks of one sitting bring the same reports, so the last few are remembered; they never leave the process.
    """
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
