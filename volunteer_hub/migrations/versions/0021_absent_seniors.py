"""A senior who has no partner may stay away too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021_absent_seniors"
down_revision = "0020_first_topics"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "service_request", sa.Column("absent_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    with op.batch_alter_table("service_request") as batch:
        batch.drop_column("absent_at")
