"""Readings that end in a gap, gathered: what they gave, and the gap that a rule still has to tell."""

from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

from cds_service.chart import Unknown

Item = TypeVar("Item")
Gathered: TypeAlias = tuple[tuple[Item, ...], tuple[Unknown, ...]]


def gathered(readings: Iterable[Item]) -> Gathered[Item]:
    """All that a reading gives before it ends or meets a gap; the gap, if there is one, comes beside it and is not raised."""
    if isinstance(readings, tuple):
        return readings, ()
    found = []
    try:
        for item in readings:
            found.append(item)
    except Unknown as gap:
        return tuple(found), (gap.untraced(),)
    return tuple(found), ()


def attempted(reading: Callable[[], Item]) -> Gathered[Item]:
    """The value of one reading, or the gap that it meets, as `gathered` gives them."""
    try:
        return (reading(),), ()
    except Unknown as gap:
        return (), (gap.untraced(),)
