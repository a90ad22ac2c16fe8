"""The vertebrae, from head to foot."""

from collections.abc import Iterable
from enum import StrEnum


class Level(StrEnum):
    """A vertebra, from C1 down to S5; iteration runs from head to foot."""

    C1 = "C1"
    C2 = "C2"
    C3 = "C3"
    C4 = "C4"
    C5 = "C5"
    C6 = "C6"
    C7 = "C7"
    T1 = "T1"
    T2 = "T2"
    T3 = "T3"
    T4 = "T4"
    T5 = "T5"
    T6 = "T6"
    T7 = "T7"
    T8 = "T8"
    T9 = "T9"
    T10 = "T10"
    T11 = "T11"
    T12 = "T12"
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    L4 = "L4"
    L5 = "L5"
    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"
    S5 = "S5"


_PLACE = {level: place for place, level in enumerate(Level)}


def descending(levels: Iterable[Level]) -> list[Level]:
    """Levels from head to foot."""
    return sorted(levels, key=_PLACE.__getitem__)


def spoken(levels: Iterable[Level]) -> str:
    """Levels from head to foot, such as `T12, L1`."""
    return ", ".join(descending(levels))
