"""The order that a chart is read for: what is to be done, at which levels, and when."""

from enum import StrEnum

from msgspec import Struct

from cds_service.chart.entries import Basis, Concept
from cds_service.chart.levels import Level
from cds_service.chart.time import When


class Augmentation(StrEnum):
    """The kinds of vertebral augmentation; unstated where an order names neither, or both."""

    VERTEBROPLASTY = "vertebroplasty"
    KYPHOPLASTY = "kyphoplasty"
    UNSTATED = "unstated"


class Order(Struct, frozen=True):
    """The order (or orders, or appointment) that is asked about: references, levels named, and the slot if one is stated.

    `words` are those in which it names the procedure; empty if a code alone names it, or if there are several orders. `modifier` says
    what of it changes its meaning and is not understood.
    """

    references: tuple[str, ...] = ()
    levels: frozenset[Level] = frozenset()
    level_count: int = 0
    planned: When | None = None
    planned_source: str = ""
    planned_note: str = ""
    procedure: Augmentation = Augmentation.UNSTATED
    words: str = ""
    basis: Basis = Basis.CODE
    prophylactic: bool = False
    reason_references: tuple[str, ...] = ()
    reasons: tuple[Concept, ...] = ()
    modifier: str = ""
