"""Attendance keeps which times its confirmed minutes stand for."""

from __future__ import annotations

from alembic import op

revision = "0012_counted_times"
down_revision = "0011_certificates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE attendance ADD COLUMN counted JSON")


def downgrade() -> None:
    op.execute("ALTER TABLE attendance DROP COLUMN counted")
