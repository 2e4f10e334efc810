"""Attendance keeps company and building of the day, so that the ledger can freeze those."""

from __future__ import annotations

from alembic import op

revision = "0005_attendance_keeps_workplace"
down_revision = "0004_import_file"
branch_labels = None
depends_on = None

PARENTS = ("enterprise", "building")


def upgrade() -> None:
    for parent in PARENTS:
        # Both engines know this form; a batch would make SQLite drop a table the ledger points at.
        op.execute(
            f"ALTER TABLE attendance ADD COLUMN {parent}_id INTEGER"
            f" CONSTRAINT fk_attendance_{parent}_id REFERENCES {parent} (id)"
        )


def downgrade() -> None:
    for parent in PARENTS:
        op.execute(f"ALTER TABLE attendance DROP COLUMN {parent}_id")
