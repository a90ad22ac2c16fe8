"""The first tables: shown cards, feedback, spent tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the three tables."""
    op.create_table(
        "shown_card",
        sa.Column("uuid", sa.Uuid, primary_key=True),
        sa.Column("hook_instance", sa.Uuid, nullable=False),
        sa.Column("hook", sa.String(60), nullable=False),
        sa.Column("service", sa.String(60), nullable=False),
        sa.Column("client", sa.String(200), nullable=False),
        sa.Column("topic", sa.String(60), nullable=False),
        sa.Column("indicator", sa.String(10), nullable=False),
        sa.Column("disposition", sa.String(60), nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("knowledge", sa.String(60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("shown_card_at", "shown_card", ["at"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("card", sa.Uuid, nullable=False),
        sa.Column("client", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("suggestions", sa.Text, nullable=False),
        sa.Column("reason_system", sa.String(300), nullable=False),
        sa.Column("reason_code", sa.String(300), nullable=False),
        sa.Column("reason_display", sa.String(300), nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("feedback_card", "feedback", ["card"])
    op.create_index("feedback_received_at", "feedback", ["received_at"])
    op.create_table(
        "spent_token",
        sa.Column("issuer", sa.String(300), primary_key=True),
        sa.Column("jti", sa.String(300), primary_key=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("spent_token_expires_at", "spent_token", ["expires_at"])


def downgrade() -> None:
    """Drops them."""
    for table in ("spent_token", "feedback", "shown_card"):
        op.drop_table(table)
