"""Tells of a name in a short text whether it is stated, denied, doubted, of the past or of another person, by the words around it.

What is unclear is never a denial: a denial that would have to reach across a comma, "and" or "with" is only a doubt.
"""

import re
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from cds_service.report_text.modifier_table import NEAR, Direction, ModifierKind, ModifierRule, modifier_table, plain


class Standing(StrEnum):
    """How a text speaks of a thing that it names."""

    PRESENT = "present"
    PAST = "past"
    DENIED = "denied"
    ANOTHER = "another"
    """Another person's, or only a risk, a test for it or its prevention."""


class Wording(Struct, frozen=True):
    """How a text speaks of a thing that it names, and whether it leaves that open."""

    standing: Standing = Standing.PRESENT
    doubtful: bool = False


class _Modifier(Struct, frozen=True):
    rule: ModifierRule
    direction: str
    start: int
    end: int


class _Reach(Struct, frozen=True):
    """A modifier that reaches a name; `weak` if it is unclear whether it does."""

    kind: ModifierKind
    forward: bool
    start: int
    near: bool
    weak: bool


_STOP = re.compile(r"[;!]|(?<=\w\w\w)\.(?=\s)|(?<=\d)\.(?=\s)")
_QUERY = re.compile(r"\?")
_WORD = re.compile(r"[^\W_]+")
_PLACE = re.compile(r"\d+|(?:[ctdl]|th|[bl]wk)\d{1,2}|[a-z]", re.IGNORECASE)
"""Words of a gap that name no other thing: levels, numbers and single letters."""
_NEXT_WORD = re.compile(r",? ")
_ENDS = re.compile(r"\s*(?:$|[,;.)?])")
_QUERY_REACH = 6


class Modified:
    """A folded text with its modifiers, found once for all names in it."""

    def __init__(self, text: str) -> None:
        self._table = modifier_table()
        self._text = plain(text)
        self._modifiers = sorted(self._found(text), key=lambda item: item.start)
        self._stops = [match.start() for match in _STOP.finditer(text) if not self._is_abbreviation(match.start())]

    def wording(self, start: int, end: int) -> Wording:
        """How the text speaks of the name that stands from `start` up to `end`."""
        reaching = [reach for item in self._modifiers if (reach := self._reach(item, start, end))]
        strong = [reach for reach in reaching if not reach.weak]
        kinds = {reach.kind for reach in strong}
        doubts = [reach for reach in strong if reach.kind is ModifierKind.DOUBTFUL]
        doubtful = bool(doubts) or any(reach.kind is not ModifierKind.CURRENT for reach in reaching if reach.weak)
        if ModifierKind.ANOTHER in kinds:
            return Wording(Standing.ANOTHER)
        denials = [reach for reach in strong if reach.kind is ModifierKind.DENIED]
        if denials and (not doubts or _denies_the_doubt(denials, doubts)):
            return Wording(Standing.DENIED)
        pasts = [reach for reach in strong if reach.kind is ModifierKind.PAST]
        if any(not (reach.near and ModifierKind.CURRENT in kinds) for reach in pasts):
            return Wording(Standing.PAST, doubtful or bool(denials))
        return Wording(Standing.PRESENT, doubtful or bool(denials))

    def _found(self, text: str) -> Iterator[_Modifier]:
        """The modifiers, without those that stand inside a longer one: "excluded" in "cannot be excluded"."""
        hits = list(self._table.lexicon.find(self._text))
        for hit in hits:
            if not any(
                other.start <= hit.start and hit.end <= other.end and other.end - other.start > hit.end - hit.start
                for other in hits
            ):
                yield _Modifier(self._table.rules[int(hit.kinds[0])], hit.owner, hit.start, hit.end)
        for match in _QUERY.finditer(text):
            leads = (
                text[match.start() - 1 : match.start()] in ("", " ", "(")
                and text[match.end() : match.end() + 1].isalnum()
            )
            direction = Direction.FORWARD if leads else Direction.BACKWARD
            yield _Modifier(ModifierRule(ModifierKind.DOUBTFUL, _QUERY_REACH), direction, match.start(), match.end())

    def _is_abbreviation(self, stop: int) -> bool:
        """Whether a full stop belongs to a modifier such as "Z. n."."""
        return any(item.start < stop <= item.end for item in self._modifiers)

    def _reach(self, item: _Modifier, start: int, end: int) -> _Reach | None:
        """How a modifier reaches the name; None if it does not."""
        if item.rule.kind is ModifierKind.NONE:
            return None
        forward = item.direction == Direction.FORWARD
        if forward and start < item.start and item.end < end:  # inside the name: it changes what follows of it
            start = self._text.rfind(" ", item.end - 1, end) + 1
        elif forward and item.start < start < item.end <= end:  # "no [history of ...]"
            start = item.end
        first, last = (item.end, start) if forward else (end, item.start)
        if first > last or self._looks_the_other_way(item, forward=forward) or self._is_stopped(item.rule, first, last):
            return None
        words = _WORD.findall(self._text, first, last)
        others = [word for word in words if not _PLACE.fullmatch(word)]
        if len(others) > item.rule.reach:
            return None
        near = item.rule.reach <= NEAR
        apart = self._is_apart(item.rule, first, last, forward=forward)
        is_listed = forward and self._is_listed(item.rule, first, last, end)
        if apart and not is_listed and (near or item.rule.kind in (ModifierKind.DOUBTFUL, ModifierKind.CURRENT)):
            return None
        return _Reach(item.rule.kind, forward, item.start, near, apart and not is_listed)

    def _looks_the_other_way(self, item: _Modifier, *, forward: bool) -> bool:
        """Of a modifier that can look both ways: it looks back where its clause ends with it, and else forward."""
        twins = [other for other in self._modifiers if other.start == item.start and other.direction != item.direction]
        if not twins:
            return False
        tailed = any(joints.tails.match(self._text, item.end + 1) for joints in item.rule.joints)
        ends = tailed or _ENDS.match(self._text, item.end) is not None
        return item.start > 0 and ends if forward else not ends

    def _is_stopped(self, rule: ModifierRule, first: int, last: int) -> bool:
        return any(first <= stop < last for stop in self._stops) or any(
            joints.breaks.search(self._text, first, last) for joints in rule.joints
        )

    def _is_apart(self, rule: ModifierRule, first: int, last: int, *, forward: bool) -> bool:
        """Whether a comma, "and" or "with" lies between; what follows the name up to a comma is still of the name."""
        if any(joints.joins.search(self._text, first, last) for joints in rule.joints):
            return True
        comma = self._text.rfind(",", first, last)
        return comma >= 0 and (forward or bool(_WORD.search(self._text, comma, last)))

    def _is_listed(self, rule: ModifierRule, first: int, last: int, end: int) -> bool:
        """Whether an "or" carries what is said on to the name: "no A, B or NAME", "no A, NAME or B"."""
        following = _NEXT_WORD.match(self._text, end)
        place = following.end() if following else end
        return any(
            joints.alternatives.search(self._text, first, last) or joints.alternatives.match(self._text, place)
            for joints in rule.joints
        )


def _denies_the_doubt(denials: list[_Reach], doubts: list[_Reach]) -> bool:
    """ "No suspicion of" denies; "not excluded" doubts."""
    return any(denial.forward and all(denial.start < doubt.start for doubt in doubts) for denial in denials)
