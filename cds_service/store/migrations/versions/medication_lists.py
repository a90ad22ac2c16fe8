"""When each caller last answered each medication list that it keeps."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the table; calls before are not in it."""
    op.create_table(
        "medication_list",
        sa.Column("client", sa.String(200), primary_key=True),
        sa.Column("section", sa.String(60), primary_key=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_table("medication_list")
