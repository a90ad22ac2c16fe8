"""Finds the signs and cues in a sentence and cuts it into pieces, each of which makes one statement about one place."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from msgspec import Struct

from cds_service.chart.imaging import ImagingSign
from cds_service.report_text.amounts import Amount, amounts
from cds_service.report_text.levels import LevelSpan
from cds_service.report_text.phrases import CUE, PhraseTable, SignRule

MEASURED = (ImagingSign.HEIGHT_LOSS, ImagingSign.CANAL_COMPROMISE)

_HARD_MARK = re.compile(r"[;]| - (?=no )")
_SOFT_MARK = re.compile(r"(?P<comma>,) (?:and )?|(?: -|:) | and | with ")
_LEAD_IN = re.compile(r"[\s,;]*(?:(?:and|but)\s+)?(?:(?:at|in|the)\s+)*")
_CLAUSE_END = re.compile(r"\s*(?:[.,;)]|$|(?:and|but|in appearance|in nature)\b)")
_VERTEBRA = re.compile(r"\bvertebra")
_DENIAL = re.compile(r"(?:no|without)\b")
_OR = re.compile(r" n?or ")
_QUERY = re.compile(r"\?")


class Mention(Struct, frozen=True):
    """Words that name a sign; `kind` is "present", or "absent" where they deny it by themselves: "heights are preserved"."""

    rule: SignRule
    start: int
    end: int
    kind: str


class Cue(Struct, frozen=True):
    """Words that deny, doubt or date what stands before or after them; kinds such as "absent_before"."""

    kinds: tuple[str, ...]
    start: int
    end: int


class Piece(Struct, frozen=True):
    """A stretch of a sentence, from `start` up to `end`."""

    start: int
    end: int

    def __contains__(self, unit: object) -> bool:
        """Whether a mention, cue, level span or amount begins in this piece."""
        start = getattr(unit, "start", unit)
        return isinstance(start, int) and self.start <= start < self.end


class Sentence:
    """One sentence with all that was found in it. `text` is the sentence, place by place, in lower case and without "?"."""

    def __init__(self, sentence: str, spans: list[LevelSpan], table: PhraseTable) -> None:
        self.spans, self.table = spans, table
        self.text = sentence.lower().replace("?", " ")
        self.queries = [match.start() for match in _QUERY.finditer(sentence)]
        self.mentions: list[Mention] = []
        self.cues: list[Cue] = []
        for hit in table.lexicon.find(self.text):
            if hit.owner == CUE:
                self.cues.append(Cue(hit.kinds, hit.start, hit.end))
            elif "ignore" not in hit.kinds:
                self.mentions.append(Mention(table.signs[hit.owner], hit.start, hit.end, hit.kinds[0]))
        self.mentions = [] if table.crossed.search(self.text) else [*filter(self._counts, self.mentions)]
        self.cues = sorted(self._with_marks(), key=lambda cue: cue.start) if self.mentions else []
        self.elsewhere = [match.start() for match in table.elsewhere.finditer(self.text)] if self.mentions else []

    def _counts(self, mention: Mention) -> bool:
        """ "Chronic" or "acute" alone speaks of a fracture if one is named and no other noun follows."""
        if mention.kind != "beside-fracture":
            return True
        fractures = any(other.rule.sign is ImagingSign.FRACTURE for other in self.mentions)
        return fractures and _CLAUSE_END.match(self.text, mention.end) is not None

    def amounts(self) -> list[Amount]:
        """The percentages and graded words of the sentence, if it has anything that they could measure."""
        measured = any(mention.rule.sign in MEASURED for mention in self.mentions)
        return list(amounts(self.text, self.table)) if measured else []

    def _with_marks(self) -> Iterator[Cue]:
        """The cues, with those that are marks: "Retropulsion: no", which denies nothing that follows, and question marks."""
        labelled = [
            Cue((kind,), match.start(), match.end())
            for kind, pattern in self.table.labelled
            for match in pattern.finditer(self.text)
        ]
        yield from labelled
        yield from (cue for cue in self.cues if not any(cue in Piece(label.start, label.end) for label in labelled))
        for at in self.queries:
            leads = self.text[at - 1 : at] in ("", " ", "(") and self.text[at + 1 : at + 2] not in ("", ")")
            yield Cue(("uncertain_before" if leads else "uncertain_after",), at, at + 1)

    def pieces(self) -> Iterator[Piece]:
        """The sentence cut at "but" and its like, and at those commas, "and" and "with" where a new statement opens."""
        if not self.mentions:
            return
        hard = [*_HARD_MARK.finditer(self.text), *self.table.breaks.finditer(self.text)]
        edges = sorted({0, len(self.text), *(match.start() for match in hard if not self._in_a_unit(match.start()))})
        soft = [match for match in _SOFT_MARK.finditer(self.text) if not self._in_a_unit(match.start())]
        for first, end in pairwise(edges):
            start = first
            candidates = [match for match in soft if first < match.start() < end]
            for index, match in enumerate(candidates):
                following = (later.start() for later in candidates[index + 1 :] if later[0] != " with ")
                right = Piece(match.start(), next(following, end))
                if self._opens_a_statement(match, Piece(start, match.start()), right, end):
                    yield Piece(start, match.start())
                    start = match.start()
            yield Piece(start, end)

    def _in_a_unit(self, position: int) -> bool:
        """Whether the position lies inside a list of levels, a phrase or a cue, which no break may cut."""
        return (
            any(span.start < position < span.end for span in self.spans)
            or any(mention.start < position < mention.end for mention in self.mentions)
            or any(cue.start < position < cue.end for cue in self.cues)
        )

    def _opens_a_statement(self, mark: re.Match[str], left: Piece, right: Piece, end: int) -> bool:
        both_placed = self.placed(left) and self.placed(right)
        if not self.has_mention(left):
            denial = (
                mark["comma"] and _DENIAL.match(self.text, mark.end()) and self.placed(left) and self.has_mention(right)
            )
            return bool(denial) or (both_placed and (mark[0] == " with " or bool(mark["comma"])))
        opening = self.table.opens.match(self.text, mark.end())
        if mark["comma"] and opening and (self.has_mention(right) or self.placed(right)):
            return True
        if not self.has_mention(right):
            return both_placed and self.elliptic(right) is not None
        negated = any("absent_before" in cue.kinds and cue in left for cue in self.cues)
        if mark[0] == " with " and negated:
            return "without" in self.text[left.start : left.end]
        if mark[0] == " and " and opening and opening[0] not in ("old", "chronic", "acute", "healed"):
            return True
        if negated and not self.placed(left) and _OR.search(self.text, right.start, end):
            return False  # "no oedema, retropulsion at L1 or ...": one list, all denied
        return both_placed

    def elliptic(self, piece: Piece) -> bool | None:
        """For a piece that only says whether, and where ("none at L1", "L1 normal", "except at T12"): True for present."""
        lead_in = _LEAD_IN.match(self.text, piece.start)
        position = lead_in.end() if lead_in else piece.start
        if self.table.exceptions.match(self.text, piece.start):
            return True
        after_level = next((span.end + 1 for span in self.spans if span.start == position), position)
        if self.table.absences.match(self.text, after_level):
            return False
        return True if self.table.presences.match(self.text, after_level) else None

    def has_mention(self, piece: Piece) -> bool:
        """Whether a sign is named in the piece."""
        return _any_in(self.mentions, piece)

    def placed(self, piece: Piece) -> bool:
        """Whether the piece says where: at vertebrae, at a disc space or outside the vertebral bodies."""
        return _any_in(self.spans, piece) or self.is_elsewhere(piece)

    def is_elsewhere(self, piece: Piece) -> bool:
        """Whether the piece names a bone or organ that is no vertebral body, and no vertebra beside it."""
        return _any_in(self.elsewhere, piece) and not _VERTEBRA.search(self.text, piece.start, piece.end)


def _any_in(units: Iterable[object], piece: Piece) -> bool:
    return any(unit in piece for unit in units)
