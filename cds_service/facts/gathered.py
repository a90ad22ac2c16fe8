"""Readings that end in a gap, gathered: what they gave, and the gap that a rule still has to tell."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from cds_service.chart import Unknown

Item = TypeVar("Item")


def gathered(readings: Iterable[Item]) -> tuple[tuple[Item, ...], tuple[Unknown, ...]]:
    """All that a reading gives before it ends or meets a gap; the gap, if there is one, comes beside it and is not raised."""
    found = []
    try:
        for item in readings:
            found.append(item)
    except Unknown as gap:
        return tuple(found), (gap,)
    return tuple(found), ()


def attempted(reading: Callable[[], Item]) -> tuple[tuple[Item, ...], tuple[Unknown, ...]]:
    """The value of one reading, or the gap that it meets, as `gathered` gives them."""
    try:
        return (reading(),), ()
    except Unknown as gap:
        return (), (gap,)
