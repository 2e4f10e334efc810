"""The one row that counts changes of what lists show."""

from __future__ import annotations

from alembic import op

revision = "0003_first_content_version"
down_revision = "0002_append_only"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("INSERT INTO content_version (id, value) VALUES (1, 1)")


def downgrade() -> None:
    op.execute("DELETE FROM content_version")
