"""The detail of a card: what to do, why, and the rest by name, as much of each as five seconds hold."""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cds_service.cards import budget, markdown, wording
from cds_service.cards.budget import word_count


class Point(Struct, frozen=True):
    """A step or a reason: its line, the few words that stand for it where there is no room, and the rules that it speaks for.

    A step that `stays` is left out by no want of room.
    """

    line: str
    short: str = ""
    rules: tuple[str, ...] = ()
    stays: bool = False


class Body(Struct, frozen=True):
    """What a detail says: steps, then reasons, each the most urgent first; findings only named; facts that stand as they are; remarks,
    the first to go; a table. `notes` on how the chart was read never go.
    """

    steps: tuple[Point, ...] = ()
    because: tuple[Point, ...] = ()
    also: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    table: str = ""

    @property
    def speaks(self) -> tuple[str, ...]:
        """The rules whose reasons stand as lines."""
        return tuple(rule for point in self.because for rule in point.rules)

    @property
    def lines(self) -> int:
        """How many lines it has; a table is one."""
        return len(self._lines) + bool(self.table)

    @property
    def _lines(self) -> list[str]:
        also = joined(self.also, budget.LONGEST_CLOSING_LINE - 1)
        return [
            *_led(wording.DO, self.steps),
            *_led(wording.BECAUSE, self.because),
            *(f"{wording.ALSO}{line}" for line in also),
            *self.facts,
            *self.notes,
            *self.remarks,
        ]

    def detail(self, small_print: str) -> str:
        """The markdown."""
        listed = markdown.bullets(markdown.as_sentence(line) for line in self._lines)
        return markdown.sections(listed, self.table, f"*{small_print}*")


def _led(word: str, points: Sequence[Point]) -> list[str]:
    """The lines of points, the first after a word."""
    lines = [item.line for item in points]
    return [f"{word}{markdown.lower_first(lines[0])}", *lines[1:]] if lines else []


def fitted(body: Body, small_print: str, most_words: int) -> Body:
    """The body within the budget of a card. What has no room as a line is named in the closing line: it loses its details, never its name.

    A line that quotes a report is the last reason to go; then steps go, whose findings are still named, remarks, and beside a table the
    count of the criteria.
    """
    body = _within_lines(body)
    while word_count(body.detail(small_print)) > most_words:
        shorter = _shorter(body)
        if shorter is None:
            return body
        body = shorter
    return body


def _within_lines(body: Body) -> Body:
    """The body with no more steps and reasons than a card has lines for."""
    while len(body.steps) > budget.MOST_STEPS and _can_spare_a_step(body):
        body = _without_a_step(body)
    while len(body.because) > 1 and (
        len(body.steps) + len(body.because) > budget.MOST_POINTS or body.lines > budget.MOST_LINES
    ):
        body = _without_a_reason(body)
    return body


def _shorter(body: Body) -> Body | None:
    """The body with one thing less that can be spared, or None."""
    if len(body.because) > 1:
        return _without_a_reason(body)
    if _can_spare_a_step(body):
        return _without_a_step(body)
    if body.remarks:
        return replace(body, remarks=body.remarks[:-1])
    return replace(body, facts=()) if body.table and body.facts else None


def _can_spare_a_step(body: Body) -> bool:
    """Whether there is a step, beside the first, that need not stay."""
    return any(not step.stays for step in body.steps[1:])


def _without_a_step(body: Body) -> Body:
    """The body with its least step left out, and named if it stands for a finding: the last that need not stay."""
    place = max(number for number, step in enumerate(body.steps) if not step.stays)
    left = (*body.steps[:place], *body.steps[place + 1 :])
    return replace(body, steps=left, also=_named(body.steps[place], body.also))


def _without_a_reason(body: Body) -> Body:
    """The body with its least reason only named: the last that quotes nothing, else the last."""
    plain = [number for number, item in enumerate(body.because) if number and '"' not in item.line]
    place = plain[-1] if plain else len(body.because) - 1
    left = (*body.because[:place], *body.because[place + 1 :])
    return replace(body, because=left, also=_named(body.because[place], body.also))


def _named(gone: Point, also: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([gone.short, *also])) if gone.short else also


def unrepeated(steps: Iterable[Point]) -> tuple[Point, ...]:
    """The steps, each once; one with whose words another begins is that one, and what only one of them says of itself, both say."""
    found: list[Point] = []
    for step in steps:
        place = next((number for number, other in enumerate(found) if _is_same(step, other)), None)
        if place is None:
            found.append(step)
        else:
            found[place] = _as_one(found[place], step)
    return tuple(found)


def _is_same(one: Point, other: Point) -> bool:
    return one.line.startswith(other.line) or other.line.startswith(one.line)


def _as_one(one: Point, other: Point) -> Point:
    line = max(one.line, other.line, key=len)
    return replace(one, line=line, short=one.short or other.short, stays=one.stays or other.stays)


def quoted_once(reasons: Iterable[Point]) -> tuple[tuple[Point, ...], tuple[str, ...]]:
    """The reasons, of those that quote the same words the first; and the few words of the others."""
    kept: list[Point] = []
    quotes: set[str] = set()
    left = []
    for reason in reasons:
        _, _, quote = reason.line.partition('"')
        words = quote.rpartition('"')[0]
        if words and words in quotes:
            left.append(reason.short)
        else:
            kept.append(reason)
            quotes.add(words)
    return tuple(kept), tuple(left)


def joined(texts: Sequence[str], most: int = budget.LONGEST_LINE) -> list[str]:
    """Short texts as lines, as many on each as a line holds."""
    lines: list[str] = []
    for text in texts:
        if lines and word_count(lines[-1]) + word_count(text) <= most:
            lines[-1] += f"; {text}"
        else:
            lines.append(text)
    return lines
