"""Which sources, numbers and value sets were reviewed too long ago."""

from collections.abc import Iterable, Iterator
from datetime import date

from msgspec import Struct

from cds_service.knowledge import Citation, Knowledge, Parameter, ValueSet


class Overdue(Struct, frozen=True):
    """One thing to review: what kind of thing, its id, and when it was last reviewed."""

    kind: str
    id: str
    reviewed: date


def overdue(know: Knowledge, day: date) -> tuple[Overdue, ...]:
    """What was last reviewed longer ago than `shared/reviews.review_within` on that day, the oldest first."""
    limit = know.parameter("shared/reviews.review_within").span
    late = (item for item in _all(know) if day - item.reviewed > limit)
    return tuple(sorted(late, key=lambda item: (item.reviewed, item.kind, item.id)))


def _all(know: Knowledge) -> Iterator[Overdue]:
    parameters = (number for rule in know.rules.values() for number in rule.parameters.values())
    kinds: tuple[tuple[str, Iterable[Citation | Parameter | ValueSet]], ...] = (
        ("source", know.citations.values()),
        ("number", parameters),
        ("value set", know.index.value_sets.values()),
    )
    for kind, items in kinds:
        for item in items:
            yield Overdue(kind, item.key if isinstance(item, Parameter) else item.id, item.reviewed)
