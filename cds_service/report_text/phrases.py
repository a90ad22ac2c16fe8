"""Loads the words by which imaging reports state, deny, doubt and date a finding, from `knowledge/tables/report_phrases.toml`."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from cds_service.chart.imaging import ImagingSign
from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.report_text.lexicon import Lexicon, Phrase, any_of, expand

FILE = "report_phrases.toml"
CUE = "cue"
"""The owner of every phrase that is no sign's: cues never overlap each other."""

Band = tuple[float, float]
"""Lowest and highest, in percent."""

REACHES = ("clause", "sentence", "paragraph")
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


@cache
def phrase_table() -> PhraseTable:
    """The table that the package carries. Raises `KnowledgeError` where the file is broken."""
    return compile_table(files.read(files.TABLES / FILE))


def compile_table(table: Mapping[str, Any]) -> PhraseTable:
    """Compiles the parsed file. Raises `KnowledgeError` naming what is missing or malformed."""
    try:
        return _compile(table)
    except KeyError as error:
        raise KnowledgeError(FILE, str(error.args[0]), "is missing") from error
    except (AttributeError, TypeError, ValueError, re.error) as error:
        raise KnowledgeError(FILE, "", f"cannot be understood ({error})") from error


def _compile(table: Mapping[str, Any]) -> PhraseTable:
    cues, clauses, sections = table["cues"], table["clauses"], table["sections"]
    signs = {sign.value: _sign(sign, table["signs"][sign.value]) for sign in ImagingSign}
    if unknown := table["signs"].keys() - signs.keys():
        raise KnowledgeError(FILE, f"signs.{min(unknown)}", "is no sign")
    return PhraseTable(
        signs=signs,
        lexicon=Lexicon([*_sign_phrases(table["signs"]), *_cue_phrases(cues)]),
        labelled=tuple(
            (f"{kind}_after", re.compile(rf"(?<=[:=-]) ?{any_of(directions['labelled'])}(?! \w)"))
            for kind, directions in cues.items()
            if "labelled" in directions
        ),
        elsewhere=re.compile(any_of(table["places"]["elsewhere"])),
        breaks=re.compile(any_of(clauses["breaks"])),
        exceptions=re.compile(any_of(clauses["exceptions"])),
        absences=re.compile(any_of(clauses["absences"])),
        presences=re.compile(any_of(clauses["presences"])),
        crossed=re.compile(any_of(clauses["crossed"])),
        opens=re.compile(any_of(clauses["opens"])),
        others=re.compile(any_of(clauses["others"])),
        stops=re.compile(any_of(clauses["stops"])),
        grades=_bands(table["grades"]),
        fractions=_bands(table["fractions"]),
        read_labels=tuple(sections["read"]),
        silent_labels=tuple(sections["silent"]),
        anatomy_labels=tuple(sections["anatomy"]),
    )


def _sign(sign: ImagingSign, entry: Mapping[str, Any]) -> SignRule:
    if entry["level"] not in REACHES:
        raise KnowledgeError(FILE, f"signs.{sign}.level", f"is none of {', '.join(REACHES)}")
    patterns = (re.compile(any_of(entry[key])) if key in entry else None for key in ("never-with", "unplaced-needs"))
    return SignRule(sign, entry["level"], entry.get("needs-vertebra", False), *patterns)


def _sign_phrases(signs: Mapping[str, Any]) -> Iterator[Phrase]:
    for name, entry in signs.items():
        for kind, rank in _RANK.items():
            for words in entry.get(kind, ()):
                yield Phrase(words, name, (kind,), rank)


def _cue_phrases(cues: Mapping[str, Mapping[str, list[str]]]) -> Iterator[Phrase]:
    """Cues compete by length alone, so that "cannot be excluded" is never read as "excluded"; some work both ways."""
    kinds: dict[str, list[str]] = {}
    for kind, directions in cues.items():
        for direction in ("before", "after"):
            for phrase in directions.get(direction, ()):
                for words in expand(phrase):
                    kinds.setdefault(words, []).append(f"{kind}_{direction}")
    for words, found in kinds.items():
        yield Phrase(words, CUE, tuple(dict.fromkeys(found)))


def _bands(table: Mapping[str, list[float]]) -> tuple[tuple[re.Pattern[str], Band], ...]:
    return tuple((re.compile(any_of(key.split("|"))), (float(low), float(high))) for key, (low, high) in table.items())
