"""Reads one sentence of a report: what it states, denies or doubts, and at which levels."""

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import Level
from cds_service.chart.imaging import Assertion, ImagingSign
from cds_service.report_text.amounts import Amount
from cds_service.report_text.assertions import judge
from cds_service.report_text.clauses import MEASURED, Mention, Piece, Sentence
from cds_service.report_text.phrases import Band, PhraseTable

_NEAR_WORD = 24
_PRONOUN = re.compile(r"\W*(?:(?:but|however|though|although|and)\W+)?(?:it|this|these|which|that|(?P<none>none))\b")
_AND_NO = re.compile(r",? and (?:no|without)\b")
NO_LEVELS = frozenset[Level]()
_CAREFUL_FIRST = (Assertion.UNCERTAIN, Assertion.PRESENT, Assertion.ABSENT, Assertion.HISTORICAL)


class Statement(Struct, frozen=True):
    """One finding in one sentence. `levels` is empty where none is named; `percent` is lowest and highest, 0 to 100."""

    sign: ImagingSign
    assertion: Assertion
    levels: frozenset[Level]
    percent: Band | None
    sentence: str


class StatementReader:
    """The judgement of one sentence."""

    def __init__(self, quote: str, sentence: Sentence, table: PhraseTable) -> None:
        self.quote, self.sentence, self.table, self.text = quote, sentence, table, sentence.text
        self.amounts, self.pieces = sentence.amounts(), list(sentence.pieces())

    def statements(self, carried: frozenset[Level]) -> Iterator[Statement]:
        """What it states, each sign once at each place; `carried` are the levels that the sentences before it named."""
        found: dict[tuple[ImagingSign, frozenset[Level]], Statement] = {}
        previous: list[Statement] = []
        levels = self._levels_ahead()
        for piece in self.pieces:
            own = self._named(piece)
            placed = self.sentence.placed(piece)
            levels = own if placed else levels
            inherited = {
                "clause": NO_LEVELS,
                "sentence": levels,
                "paragraph": levels or (NO_LEVELS if placed else carried),
            }
            current = list(self._piece_statements(piece, own, inherited, placed))
            if not self.sentence.has_mention(piece):
                current = list(self._retold(piece, own, previous))
                found |= {(statement.sign, statement.levels): statement for statement in current}
            for statement in current:
                key = statement.sign, statement.levels
                found[key] = _more_careful(found[key], statement) if key in found else statement
            previous = current or previous
        yield from found.values()

    def _piece_statements(
        self, piece: Piece, own: frozenset[Level], inherited: dict[str, frozenset[Level]], placed: bool
    ) -> Iterator[Statement]:
        for mention in self.sentence.mentions:
            if mention not in piece or self._is_void(mention, piece, own, placed):
                continue
            sign, assertion = mention.rule.sign, judge(self.sentence, mention, piece)
            if assertion is None or (assertion is Assertion.ABSENT and self._denies_another(mention, piece, own)):
                continue
            levels = own or inherited[mention.rule.reach]
            needed = mention.rule.unplaced_needs
            if needed and not levels and assertion is not Assertion.ABSENT and not needed.search(self.text):
                continue
            percent = None if assertion is Assertion.ABSENT else self._percent(mention, piece)
            yield self._statement(sign, assertion, levels, percent)

    def _levels_ahead(self) -> frozenset[Level]:
        """ "No fracture and no oedema at L5": what is denied before the level is named, is denied there and not everywhere."""
        if len(self.pieces) > 1 and not self.sentence.placed(self.pieces[0]):
            following = self.pieces[1]
            return self._named(following) if _AND_NO.match(self.text, following.start) else NO_LEVELS
        return NO_LEVELS

    def _named(self, piece: Piece) -> frozenset[Level]:
        return NO_LEVELS.union(*(span.levels for span in self.sentence.spans if span in piece))

    def _statement(
        self, sign: ImagingSign, assertion: Assertion, levels: frozenset[Level], percent: Band | None = None
    ) -> Statement:
        return Statement(sign, assertion, levels, percent, self.quote)

    # Whether a mention speaks of a vertebral body at all

    def _is_void(self, mention: Mention, piece: Piece, own: frozenset[Level], placed: bool) -> bool:
        if not own and (self.sentence.is_elsewhere(piece) or (placed and mention.rule.needs_vertebra)):
            return True
        never_with = mention.rule.never_with
        return never_with is not None and bool(never_with.search(self.text, piece.start, piece.end))

    def _denies_another(self, mention: Mention, piece: Piece, own: frozenset[Level]) -> bool:
        """ "No other fracture" and "no oedema elsewhere" leave the level open; "no acute fracture" denies the acuteness."""
        if not own and self.table.others.search(self.text, piece.start, piece.end):
            return True
        return mention.rule.sign is ImagingSign.FRACTURE and any(
            other.rule.sign in (ImagingSign.ACUTE_FRACTURE, ImagingSign.HEALING)
            and other.start < mention.end
            and mention.start < other.end
            for other in self.sentence.mentions
        )

    def _retold(self, piece: Piece, own: frozenset[Level], previous: list[Statement]) -> Iterator[Statement]:
        """What a piece without a sign of its own makes of the piece before: "none at L1", "but it cannot be excluded"."""
        if own:
            present = self.sentence.elliptic(piece)
            if present is not None:
                assertion = Assertion.PRESENT if present else Assertion.ABSENT
                yield from (self._statement(statement.sign, assertion, own) for statement in previous)
        elif pronoun := _PRONOUN.match(self.text, piece.start):
            kinds = {kind for cue in self.sentence.cues if cue in piece for kind in cue.kinds}
            doubted, denied = "uncertain_after" in kinds, bool(pronoun["none"]) or "absent_after" in kinds
            if doubted or denied:
                assertion = Assertion.UNCERTAIN if doubted else Assertion.ABSENT
                yield from (replace(statement, assertion=assertion) for statement in previous)

    def _percent(self, mention: Mention, piece: Piece) -> Band | None:
        """The amount that stands nearest in the piece, unless it stands nearer to another measure; a number before a word."""
        if mention.rule.sign not in MEASURED:
            return None
        rivals = [other for other in self.sentence.mentions if other.rule.sign in MEASURED and other in piece]
        near = [
            (amount.graded, _distance(amount, mention), amount.band)
            for amount in self.amounts
            if amount in piece
            and _distance(amount, mention) <= min(_distance(amount, rival) for rival in rivals)
            and not (amount.graded and mention.rule.sign is not ImagingSign.HEIGHT_LOSS)
            and not (amount.graded and _distance(amount, mention) > _NEAR_WORD)
        ]
        return min(near)[2] if near else None


def _distance(first: Amount, second: Mention) -> int:
    return max(0, first.start - second.end, second.start - first.end)


def _more_careful(first: Statement, second: Statement) -> Statement:
    """Of two statements of one sign at one place in one sentence: doubt before presence before denial before the past."""
    if first.sign is ImagingSign.FRACTURE and Assertion.PRESENT in (first.assertion, second.assertion):
        # "Wedged T8, probably an old fracture": the doubt is about its age.
        return first if first.assertion is Assertion.PRESENT else second
    kept, other = sorted((first, second), key=lambda statement: _CAREFUL_FIRST.index(statement.assertion))
    return replace(kept, percent=kept.percent or other.percent)
