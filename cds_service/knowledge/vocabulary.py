"""The words of terms that we can read: a term made of them alone says something, and what it says we would have found."""

import re
from collections.abc import Iterable
from pathlib import Path

from cds_service.errors import KnowledgeError
from cds_service.knowledge.folding import folded, untagged

VOCABULARY = "vocabulary"
"""The folder, in the knowledge, of the lists of words."""
_EMPTY = "-empty"
"""The end of the name of a list of words that say nothing alone."""
_LONG = re.compile(r"[^\W\d_]{4,}")
_SHORT = re.compile(r"[^\W\d_]{2,}")
_COMMENT = re.compile(r"^#.*$", re.MULTILINE)
_SPELLED = (("ae", "e"), ("oe", "e"), ("ph", "f"), ("our", "or"), ("z", "s"))
"""British and American spellings that are one word here."""


class Vocabulary:
    """The words that are known, each in one spelling."""

    def __init__(self, known: Iterable[str], empty: Iterable[str] = ()) -> None:
        self._known = frozenset(known)
        self._empty = frozenset(empty)

    def of(self, text: str) -> list[str]:
        """The words of a text, folded; without those that only stand where a name should be, if its long words are all such."""
        found = words_of(text)
        if not all(one_spelling(word) in self._empty for word in found):
            return found
        return [word for word in _SHORT.findall(plain(text)) if one_spelling(word) not in self._empty]

    def knows(self, word: str) -> bool:
        """Whether a folded word is known, in British or American spelling, in singular or plural."""
        known = one_spelling(word)
        return known in self._known or any(single in self._known for single in _singulars(known))


def words_of(text: str) -> list[str]:
    """The words of four letters and more, folded, without the semantic tag; of a text that has none, its shorter ones."""
    found = plain(text)
    return _LONG.findall(found) or _SHORT.findall(found)


def plain(text: str) -> str:
    """A text as its words are looked for: folded, without the semantic tag."""
    return untagged(folded(text)).casefold()


def one_spelling(text: str) -> str:
    """A folded text in the spelling in which its words are compared."""
    for british, american in _SPELLED:
        text = text.replace(british, american)
    return text


def _singulars(word: str) -> tuple[str, ...]:
    """What a word may be the plural of."""
    if word.endswith("ies"):
        return (f"{word[:-3]}y", word[:-1])
    return (word[:-1], word[:-2]) if word.endswith("es") else (word[:-1],) if word.endswith("s") else ()


def load_vocabulary(directory: Path, texts: Iterable[str]) -> Vocabulary:
    """The words of the files of a directory, and those of our own titles and drug names. Raises `KnowledgeError`."""
    lists = {path.stem: _COMMENT.sub("", _text(path)) for path in sorted(directory.glob("*.txt"))}
    empty = [text for name, text in lists.items() if name.endswith(_EMPTY)]
    listed = " ".join(lists.values()).split()
    own = _LONG.findall(" ".join([text if text.isascii() else folded(text) for text in texts]).casefold())
    # One replacement in all of them takes a tenth of the time of one in each.
    return Vocabulary(one_spelling(" ".join((*listed, *own))).split(), one_spelling(" ".join(empty)).split())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"{path.parent.name}/{path.name}", "", f"cannot be read ({error})") from error
