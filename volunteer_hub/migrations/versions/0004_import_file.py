"""Sheets that wait between their preview and their import."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_import_file"
down_revision = "0003_first_content_version"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_import_file_owner_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_import_file_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_file")),
        sa.UniqueConstraint("owner_id", name=op.f("uq_import_file_owner_id")),
    )
    op.create_index(op.f("ix_import_file_created_at"), "import_file", ["created_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_import_file_created_at"), table_name="import_file")
    op.drop_table("import_file")
