"""What counts as shown, accepted and overridden: the only place that knows, in the terms of a query.

A card counts as shown if a client was sent it, and as accepted if any suggestion of it was accepted: a user who takes a suggestion and
then dismisses the card has acted on it. Else it counts as overridden, with the reason of the latest override.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, case, func, or_, select

from cds_service.store.records import CallOrigin, FeedbackOutcome
from cds_service.store.tables import feedback, shown_card

SHOWN = shown_card.c.origin == CallOrigin.CLIENT.value
"""Whether a card on record was sent to a client, rather than to one of our own tools."""


def what_became(cards: Select[tuple[UUID]] | None = None) -> Subquery:
    """One row for each card, of all or of some, that anything was said of: `card`, `outcome`, `reason`, `outcome_at`, `id`.

    The moment is that of the latest acceptance, or without any of the latest override, and `id` tells which of two was received later.
    """
    said = feedback.c
    accepted = or_(said.outcome == FeedbackOutcome.ACCEPTED.value, said.suggestions != ())
    order = (case((accepted, 0), else_=1), said.outcome_at.desc(), said.id.desc())
    rank = func.row_number().over(partition_by=said.card, order_by=order).label("rank")
    outcome = _unless(accepted, said.outcome, FeedbackOutcome.ACCEPTED.value).label("outcome")
    reason = _unless(accepted, said.reason_code, "").label("reason")
    entries = select(said.id, said.card, said.outcome_at, outcome, reason, rank)
    ranked = (entries if cards is None else entries.where(said.card.in_(cards))).subquery()
    return select(ranked).where(ranked.c.rank == 1).subquery()


def _unless(condition: ColumnElement[bool], column: ColumnElement[str], value: str) -> ColumnElement[str]:
    """The column, or the value in its place where the condition holds."""
    return case((condition, value), else_=column)
