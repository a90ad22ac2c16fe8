"""Writes and reads the records: shown cards and feedback are only ever added, counted, and purged by date; tokens are spent once.

What counts as shown, accepted and overridden is said in `outcomes`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Insert, and_, delete, func, select

from cds_service import __version__
from cds_service.store.database import Database
from cds_service.store.inserts import insert, insert_new
from cds_service.store.outcomes import SHOWN, what_became
from cds_service.store.records import (
    CallOrigin,
    DisplayedCard,
    FeedbackEntry,
    FeedbackOutcome,
    OverrideReason,
    Showing,
    Tally,
)
from cds_service.store.tables import feedback, shown_card, spent_token

Columns = dict[str, Any]


def add_showings(database: Database, showings: Iterable[Showing]) -> None:
    """Keeps cards as sent. A card sent again with the same uuid, as after a retried call, is kept once.

    If a client was sent it, that is what is kept.
    """
    rows = [_displayed_row(showing, card) for showing in showings for card in showing.cards]
    if rows:
        with database.transaction() as connection:
            connection.execute(_note_card(connection), rows)


def add_feedback(database: Database, entries: Sequence[FeedbackEntry]) -> None:
    """Keeps all entries or none; when it returns they are on the disk."""
    if entries:
        with database.transaction() as connection:
            connection.execute(feedback.insert(), [_feedback_row(entry) for entry in entries])


def spend_token(database: Database, issuer: str, jti: str, expires_at: datetime, now: datetime) -> bool:
    """Whether the token is used for the first time; tokens that have expired are forgotten. A call waits for this, but not for the disk."""
    row = {"issuer": issuer, "jti": jti, "expires_at": expires_at}
    with database.transaction(on_disk=False) as connection:
        connection.execute(delete(spent_token).where(spent_token.c.expires_at < now))
        inserted = insert_new(connection, spent_token).values(row).returning(spent_token.c.jti)
        return connection.execute(inserted).first() is not None


def overridden(database: Database, client: str, keys: Collection[str], since: datetime) -> frozenset[str]:
    """Those of the keys whose card was shown to the client and overridden since a moment.

    Whoever accepts a suggestion and then dismisses the card has not overridden it. A card that was shown in several calls is overridden
    if it was in the last of them that was answered.
    """
    if not keys:
        return frozenset()
    cards = shown_card.c
    shown = select(cards.uuid).where(cards.card_key.in_(keys), cards.client == client, SHOWN)
    became = what_became(shown)
    query = (
        select(cards.card_key, became.c.outcome, became.c.outcome_at)
        .join(became, became.c.card == cards.uuid)
        .order_by(became.c.outcome_at, became.c.id)
    )
    with database.transaction() as connection:
        last = {key: (outcome, at) for key, outcome, at in connection.execute(query)}
    return frozenset(
        key for key, (outcome, at) in last.items() if outcome == FeedbackOutcome.OVERRIDDEN.value and at >= since
    )


def purge(database: Database, before: datetime) -> tuple[int, int]:
    """Deletes feedback received, and cards shown, before a moment; returns how many of each."""
    with database.transaction() as connection:
        said = connection.execute(delete(feedback).where(feedback.c.received_at < before)).rowcount
        shown = connection.execute(delete(shown_card).where(shown_card.c.at < before)).rowcount
    database.clear_journal()
    return said, shown


def tallies(database: Database, since: datetime | None = None, until: datetime | None = None) -> list[Tally]:
    """Cards shown from `since` on and before `until`, counted by day, rules, indicator, outcome and reason, oldest first."""
    became = what_became()
    cards = shown_card.c
    keys = (func.date(cards.at), cards.rules, cards.topic, cards.indicator, became.c.outcome, became.c.reason)
    query = (
        select(*keys, func.count())
        .select_from(shown_card.outerjoin(became, became.c.card == cards.uuid))
        .where(SHOWN)
        .group_by(*keys)
    )
    if since is not None:
        query = query.where(cards.at >= since)
    if until is not None:
        query = query.where(cards.at < until)
    with database.transaction() as connection:
        rows = connection.execute(query).all()
    counted = [
        Tally(
            date.fromisoformat(str(day)),
            rules,
            topic,
            indicator,
            FeedbackOutcome(outcome) if outcome else None,
            reason or "",
            number,
        )
        for day, rules, topic, indicator, outcome, reason, number in rows
    ]
    return sorted(counted, key=lambda tally: (tally.day, tally.topic, tally.rules, tally.outcome or ""))


def first_shown(database: Database) -> datetime | None:
    """When the oldest card on record was shown, None without any."""
    with database.transaction() as connection:
        oldest: datetime | None = connection.execute(select(func.min(shown_card.c.at)).where(SHOWN)).scalar_one()
    return oldest


def cards_of_trials(database: Database) -> int:
    """How many cards on record were sent to one of our own tools, and count nowhere as shown."""
    with database.transaction() as connection:
        return connection.execute(select(func.count()).select_from(shown_card).where(~SHOWN)).scalar_one()


def feedback_on_unknown_cards(database: Database) -> int:
    """How many entries name a card that is not on record, because it was purged, or never ours."""
    known = select(shown_card.c.uuid).where(shown_card.c.uuid == feedback.c.card).exists()
    with database.transaction() as connection:
        return connection.execute(select(func.count()).select_from(feedback).where(~known)).scalar_one()


def joined(database: Database) -> Iterator[Columns]:
    """Each feedback entry as it came, with the card that it is about, in the order received; a card not on record leaves its columns None.

    `card_outcome` is what the card counts as by all entries about it. Cards of every origin are among them.
    """
    said = [column.label(column.name) for column in feedback.c]
    card = [column.label(f"card_{column.name}") for column in shown_card.c if column.name != "uuid"]
    became = what_became()
    source = feedback.join(became, became.c.card == feedback.c.card)
    source = source.outerjoin(shown_card, shown_card.c.uuid == feedback.c.card)
    query = select(*said, became.c.outcome.label("card_outcome"), *card).select_from(source).order_by(feedback.c.id)
    with database.transaction() as connection:
        for row in connection.execution_options(yield_per=1000).execute(query).mappings():
            yield dict(row)


def _note_card(connection: Connection) -> Insert:
    """An insert; where the card is on record already, what a client was sent takes the place of what one of our tools was."""
    statement = insert(connection, shown_card)
    return statement.on_conflict_do_update(
        index_elements=shown_card.primary_key.columns,
        set_={column.name: statement.excluded[column.name] for column in shown_card.c},
        where=and_(~SHOWN, statement.excluded.origin == CallOrigin.CLIENT.value),
    )


def _displayed_row(showing: Showing, card: DisplayedCard) -> Columns:
    return {
        "uuid": card.uuid,
        "hook_instance": showing.instance,
        "hook": showing.hook,
        "service": showing.service,
        "client": showing.client,
        "topic": card.topic,
        "indicator": card.indicator,
        "disposition": card.disposition,
        "rules": card.rules,
        "knowledge": card.knowledge,
        "release": __version__,
        "card_key": card.key,
        "origin": showing.origin.value,
        "at": showing.at,
    }


def _feedback_row(entry: FeedbackEntry) -> Columns:
    reason = entry.reason or OverrideReason("", "")
    return {
        "card": entry.card,
        "client": entry.client,
        "outcome": entry.outcome.value,
        "suggestions": tuple(str(uuid) for uuid in entry.suggestions),
        "reason_system": reason.system,
        "reason_code": reason.code,
        "reason_display": reason.display,
        "comment": entry.comment,
        "outcome_at": entry.outcome_at,
        "received_at": entry.received_at,
    }
