"""Finds a term by its exact title: words that are the title of a listed code mean what that code means."""

import re
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from cds_service.errors import KnowledgeError
from cds_service.knowledge.folding import folded, untagged

OFFICIAL = "icd-10-cm-titles.bin"
_WORD = re.compile(r"[^\W_]+")


def key(text: str) -> str:
    """A title as it is compared: its words alone, folded, without the semantic tag of SNOMED CT."""
    return " ".join(_WORD.findall(untagged(folded(text).casefold())))


class TitleIndex:
    """What each title means, by exact wording; a title of several codes means what all of them do."""

    def __init__(self, titles: Iterable[tuple[str, frozenset[str]]]) -> None:
        self._meanings: dict[str, frozenset[str]] = {}
        for title, sets in titles:
            plain = key(title)
            self._meanings[plain] = self._meanings.get(plain, frozenset()) | sets

    def of(self, text: str) -> frozenset[str]:
        """What the title that this whole text is means; empty if it is none, or if it is put in question."""
        return frozenset() if "?" in text else self._meanings.get(key(text), frozenset())


class OfficialTitles:
    """The titles that ICD-10-CM gives its codes, as digests: enough to tell that the words beside a code only repeat it."""

    def __init__(self, digests: bytes = b"") -> None:
        self._digests = array("Q", digests)
        if sys.byteorder == "big":
            self._digests.byteswap()

    def repeats(self, code: str, text: str) -> bool:
        """Whether a text is the official title of a code."""
        wanted = digest(code, text)
        place = bisect_left(self._digests, wanted)
        return place < len(self._digests) and self._digests[place] == wanted


def digest(code: str, title: str) -> int:
    """What stands for a code with its title among the official ones."""
    plain = f"{code.replace('.', '').upper()} {key(title)}"
    return int.from_bytes(blake2b(plain.encode(), digest_size=8).digest(), "little")


def load_official(path: Path) -> OfficialTitles:
    """The official titles from their file. Raises `KnowledgeError`."""
    try:
        return OfficialTitles(path.read_bytes())
    except (OSError, ValueError) as error:
        raise KnowledgeError(f"{path.parent.name}/{path.name}", "", f"cannot be read ({error})") from error
