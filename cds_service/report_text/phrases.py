"""Loads the words by which imaging reports state, deny, doubt and date a finding, from `knowledge/tables/report_phrases.toml`."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal

from msgspec import Struct

from cds_service.chart.imaging import ImagingSign
from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.files import Table, Text
from cds_service.report_text.lexicon import Lexicon, Phrase, any_of, expand

FILE = "report_phrases.toml"
CUE = "cue"
"""The owner of every phrase that is no sign's: cues never overlap each other."""

Phrases = tuple[Text, ...]
Band = tuple[float, float]
"""Lowest and highest, in percent."""

_RANK = {
    "ignore": 0,
    "historical": 1,
    "absent": 1,
    "uncertain": 1,
    "denied": 1,
    "present": 2,
    "part": 2,
    "beside-fracture": 3,
}


class SignRule(Struct, frozen=True):
    """How a sign is read: how far back it may take its level from ("clause", "sentence" or "paragraph"), whether it is one of
    vertebrae alone (never of a disc space), which words in the same clause make it mean something else, and which words must
    stand beside it where no level does.
    """

    sign: ImagingSign
    reach: str
    needs_vertebra: bool
    never_with: re.Pattern[str] | None
    unplaced_needs: re.Pattern[str] | None


class PhraseTable(Struct, frozen=True):
    """The whole table, compiled once; its members are the sections of the file."""

    signs: Mapping[str, SignRule]
    lexicon: Lexicon
    labelled: tuple[tuple[str, re.Pattern[str]], ...]
    elsewhere: re.Pattern[str]
    breaks: re.Pattern[str]
    exceptions: re.Pattern[str]
    absences: re.Pattern[str]
    presences: re.Pattern[str]
    crossed: re.Pattern[str]
    opens: re.Pattern[str]
    others: re.Pattern[str]
    stops: re.Pattern[str]
    grades: tuple[tuple[re.Pattern[str], Band], ...]
    fractions: tuple[tuple[re.Pattern[str], Band], ...]
    read_labels: tuple[str, ...]
    silent_labels: tuple[str, ...]
    anatomy_labels: tuple[str, ...]


class _Sections(Table, frozen=True):
    read: Phrases
    silent: Phrases
    anatomy: Phrases


class _Places(Table, frozen=True):
    elsewhere: Phrases


class _Clauses(Table, frozen=True):
    breaks: Phrases
    exceptions: Phrases
    absences: Phrases
    presences: Phrases
    crossed: Phrases
    opens: Phrases
    others: Phrases
    stops: Phrases


class _Sign(Table, frozen=True, kw_only=True, rename="kebab"):
    """The phrases of one sign: by kind, and what decides whether they count."""

    level: Literal["clause", "sentence", "paragraph"]
    needs_vertebra: bool = False
    never_with: Phrases = ()
    unplaced_needs: Phrases = ()
    ignore: Phrases = ()
    historical: Phrases = ()
    absent: Phrases = ()
    uncertain: Phrases = ()
    denied: Phrases = ()
    present: Phrases = ()
    part: Phrases = ()
    beside_fracture: Phrases = ()


class _Cue(Table, frozen=True, kw_only=True):
    """The phrases of one cue, by where they stand beside a sign."""

    before: Phrases = ()
    after: Phrases = ()
    labelled: Phrases = ()


class _File(Table, frozen=True):
    """The whole of the file."""

    sections: _Sections
    places: _Places
    signs: dict[ImagingSign, _Sign]
    cues: dict[str, _Cue]
    clauses: _Clauses
    grades: dict[str, Band]
    fractions: dict[str, Band]


@cache
def phrase_table() -> PhraseTable:
    """The table that the package carries. Raises `KnowledgeError` where the file is broken."""
    return compile_table(files.tables(files.TABLES / FILE))


def compile_table(table: Mapping[str, Any]) -> PhraseTable:
    """Compiles the parsed file. Raises `KnowledgeError` naming what is missing or malformed."""
    file = files.fit(FILE, table, _File)
    if missing := set(ImagingSign) - file.signs.keys():
        raise KnowledgeError(FILE, f"signs.{min(missing)}", "is missing")
    try:
        return _compile(file)
    except (ValueError, re.error) as error:
        raise KnowledgeError(FILE, "", f"cannot be understood ({error})") from error


def _compile(file: _File) -> PhraseTable:
    clauses = file.clauses
    return PhraseTable(
        signs={sign.value: _sign(sign, item) for sign, item in file.signs.items()},
        lexicon=Lexicon([*_sign_phrases(file.signs), *_cue_phrases(file.cues)]),
        labelled=tuple(
            (f"{kind}_after", re.compile(rf"(?<=[:=-]) ?{any_of(cue.labelled)}(?! \w)"))
            for kind, cue in file.cues.items()
            if cue.labelled
        ),
        elsewhere=re.compile(any_of(file.places.elsewhere)),
        breaks=re.compile(any_of(clauses.breaks)),
        exceptions=re.compile(any_of(clauses.exceptions)),
        absences=re.compile(any_of(clauses.absences)),
        presences=re.compile(any_of(clauses.presences)),
        crossed=re.compile(any_of(clauses.crossed)),
        opens=re.compile(any_of(clauses.opens)),
        others=re.compile(any_of(clauses.others)),
        stops=re.compile(any_of(clauses.stops)),
        grades=_bands(file.grades),
        fractions=_bands(file.fractions),
        read_labels=file.sections.read,
        silent_labels=file.sections.silent,
        anatomy_labels=file.sections.anatomy,
    )


def _sign(sign: ImagingSign, item: _Sign) -> SignRule:
    never_with, unplaced_needs = (
        re.compile(any_of(phrases)) if phrases else None for phrases in (item.never_with, item.unplaced_needs)
    )
    return SignRule(sign, item.level, item.needs_vertebra, never_with, unplaced_needs)


def _sign_phrases(signs: Mapping[ImagingSign, _Sign]) -> Iterator[Phrase]:
    for sign, item in signs.items():
        for kind, rank in _RANK.items():
            for words in getattr(item, kind.replace("-", "_")):
                yield Phrase(words, sign.value, (kind,), rank)


def _cue_phrases(cues: Mapping[str, _Cue]) -> Iterator[Phrase]:
    """Cues compete by length alone, so that "cannot be excluded" is never read as "excluded"; some work both ways."""
    kinds: dict[str, list[str]] = {}
    for kind, cue in cues.items():
        for direction, phrases in (("before", cue.before), ("after", cue.after)):
            for phrase in phrases:
                for words in expand(phrase):
                    kinds.setdefault(words, []).append(f"{kind}_{direction}")
    for words, found in kinds.items():
        yield Phrase(words, CUE, tuple(dict.fromkeys(found)))


def _bands(table: Mapping[str, Band]) -> tuple[tuple[re.Pattern[str], Band], ...]:
    return tuple((re.compile(any_of(key.split("|"))), band) for key, band in table.items())
