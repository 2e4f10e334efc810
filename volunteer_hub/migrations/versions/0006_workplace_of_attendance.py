"""Give attendance from before these columns the company and building known today."""

from __future__ import annotations

from alembic import op

revision = "0006_workplace_of_attendance"
down_revision = "0005_attendance_keeps_workplace"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("enterprise_id", "building_id"):
        op.execute(
            f"UPDATE attendance SET {name} ="  # noqa: S608
            f" (SELECT person.{name} FROM person WHERE person.id = attendance.person_id)"
        )


def downgrade() -> None:
    op.execute("UPDATE attendance SET enterprise_id = NULL, building_id = NULL")
