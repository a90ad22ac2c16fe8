"""The geometry of charts: a column is one unit wide and as many high as it counts, and the page stretches the whole to its size."""

from collections.abc import Sequence

from msgspec import Struct

_GAP = 0.14  # of a column, on each side
_MOST_LINES = 5


class Columns(Struct, frozen=True):
    """A chart of stacked columns: the outline of each layer as an SVG path, from the bottom up, and the lines of its scale.

    `top` is its height, `lines` the heights at which a line is drawn, from zero up.
    """

    width: int
    top: int
    lines: tuple[int, ...]
    layers: tuple[str, ...]


def columns(*layers: Sequence[int]) -> Columns:
    """Columns stacked from `layers`, each of which counts the same columns."""
    heights = [sum(parts) for parts in zip(*layers, strict=True)]
    lines = scale(max(heights, default=0))
    top = lines[-1]
    below = [0] * len(heights)
    paths = []
    for layer in layers:
        paths.append(_outline(layer, below, top))
        below = [start + height for start, height in zip(below, layer, strict=True)]
    return Columns(len(heights), top, lines, tuple(paths))


def scale(most: int) -> tuple[int, ...]:
    """Round numbers from zero to at least `most`, at most six of them, with the same distance between them."""
    step = next(
        factor * 10**power
        for power in range(len(str(most)) + 1)
        for factor in (1, 2, 5)
        if factor * 10**power * _MOST_LINES >= most
    )
    return tuple(range(0, max(most, 1) + step, step))[: max(1, -(-most // step)) + 1]


def shade(number: int, most: int) -> int:
    """How dark the field of a table is that holds a number: 0 for none, else 1 to 4 by its share of the highest."""
    return min(4, 1 + 4 * (number - 1) // most) if number else 0


def _outline(heights: Sequence[int], below: Sequence[int], top: int) -> str:
    wide = 1 - 2 * _GAP
    return "".join(
        f"M{place + _GAP:g} {top - start}h{wide:g}v{-height}h{-wide:g}z"
        for place, (height, start) in enumerate(zip(heights, below, strict=True))
        if height
    )
