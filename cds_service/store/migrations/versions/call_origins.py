"""Who made the call that a card answered: a client, or one of our own tools."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column; of cards sent before it is not known, and they count as they did."""
    op.add_column("shown_card", sa.Column("origin", sa.String(20), nullable=False, server_default="client"))


def downgrade() -> None:
    """Drops it."""
    op.drop_column("shown_card", "origin")
