"""The release of this service that made a card, beside the version of its knowledge."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column; cards shown before do not say."""
    op.add_column("shown_card", sa.Column("release", sa.String(60), nullable=False, server_default=""))


def downgrade() -> None:
    """Drops it."""
    op.drop_column("shown_card", "release")
