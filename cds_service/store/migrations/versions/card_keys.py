"""The key by which the same card is known again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column; cards shown before have no key."""
    op.add_column("shown_card", sa.Column("card_key", sa.String(64), nullable=False, server_default=""))
    op.create_index("shown_card_card_key", "shown_card", ["card_key"])


def downgrade() -> None:
    """Drops it."""
    op.drop_index("shown_card_card_key", "shown_card")
    op.drop_column("shown_card", "card_key")
