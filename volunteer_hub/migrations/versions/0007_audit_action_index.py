"""An index for the kinds of act in the audit trail, and for the newest of one kind."""

from __future__ import annotations

from alembic import op

revision = "0007_audit_action_index"
down_revision = "0006_workplace_of_attendance"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_audit_entry_action_id"), "audit_entry", ["action", "id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_audit_entry_action_id"), table_name="audit_entry")
