"""The tables, in SQLAlchemy's terms; `migrations` bring a database to them."""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, MetaData, String, Table, Text, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

REVISION = "0005"
"""The newest of the migrations, which makes these tables."""


class Instant(TypeDecorator[datetime]):
    """An aware moment, kept in UTC; SQLite keeps no zone, so it is added when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ShortText(TypeDecorator[tuple[str, ...]]):
    """Names without spaces, kept in one text so that any database can group by them."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str:  # noqa: ARG002
        """Joined by spaces."""
        return " ".join(value or ())

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:  # noqa: ARG002
        """Split at spaces."""
        return tuple((value or "").split())


metadata = MetaData()

shown_card = Table(
    "shown_card",
    metadata,
    Column("uuid", Uuid, primary_key=True),
    Column("hook_instance", Uuid, nullable=False),
    Column("hook", String(60), nullable=False),
    Column("service", String(60), nullable=False),
    Column("client", String(200), nullable=False),
    Column("topic", String(60), nullable=False),
    Column("indicator", String(10), nullable=False),
    Column("disposition", String(60), nullable=False),
    Column("rules", ShortText, nullable=False),
    Column("knowledge", String(60), nullable=False),
    Column("release", String(60), nullable=False, server_default=""),
    Column("card_key", String(64), nullable=False, server_default=""),
    Column("origin", String(20), nullable=False, server_default="client"),
    Column("at", Instant, nullable=False),
    Index("shown_card_at", "at"),
    Index("shown_card_card_key", "card_key"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("card", Uuid, nullable=False),
    Column("client", String(200), nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("suggestions", ShortText, nullable=False),
    Column("reason_system", String(300), nullable=False),
    Column("reason_code", String(300), nullable=False),
    Column("reason_display", String(300), nullable=False),
    Column("comment", Text, nullable=False),
    Column("outcome_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Index("feedback_card", "card"),
    Index("feedback_received_at", "received_at"),
)

spent_token = Table(
    "spent_token",
    metadata,
    Column("issuer", String(300), primary_key=True),
    Column("jti", String(300), primary_key=True),
    Column("expires_at", Instant, nullable=False),
    Index("spent_token_expires_at", "expires_at"),
)

medication_list = Table(
    "medication_list",
    metadata,
    Column("client", String(200), primary_key=True),
    Column("section", String(60), primary_key=True),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("answered_at", Instant, nullable=True),
)
