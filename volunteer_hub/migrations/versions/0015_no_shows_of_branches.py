"""No-shows keep the branch of their day, and branches a sum of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015_no_shows_of_branches"
down_revision = "0014_sums_of_the_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "branch_no_shows",
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("is_party_member", sa.Boolean(), nullable=False),
        sa.Column("no_shows", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_branch_no_shows_branch_id")
        ),
        sa.PrimaryKeyConstraint(
            "branch_id", "quarter", "is_party_member", name=op.f("pk_branch_no_shows")
        ),
    )
    op.add_column("attendance", sa.Column("missed_path", sa.String(), nullable=True))
    op.add_column(
        "attendance",
        sa.Column(
            "missed_as_member", sa.Boolean(), nullable=False, server_default=sa.text("false")
        ),
    )


def downgrade() -> None:
    op.drop_column("attendance", "missed_as_member")
    op.drop_column("attendance", "missed_path")
    op.drop_table("branch_no_shows")
