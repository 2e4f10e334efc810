"""Sums kept for branches, lines of the tree by date, adoptions, closed months."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_branch_cockpit"
down_revision = "0012_counted_times"
branch_labels = None
depends_on = None

APPEND_ONLY = ("month_close", "month_sheet")
COLUMNS = {
    "hold": "adoption_id INTEGER CONSTRAINT fk_hold_adoption_id REFERENCES adoption (id)",
    "sub_district": "league BOOLEAN NOT NULL DEFAULT true",
}
TABLES = (
    "month_sheet", "month_close", "membership_request", "help_wanted", "adoption",
    "branch_person", "branch_people", "branch_line", "branch_hours",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "branch_hours",
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("axis", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("is_party_member", sa.Boolean(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("attendances", sa.Integer(), nullable=False),
        sa.Column("late_minutes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_branch_hours_branch_id")
        ),
        sa.PrimaryKeyConstraint(
            "branch_id", "axis", "day", "key", "is_party_member", name=op.f("pk_branch_hours")
        ),
    )
    op.create_table(
        "branch_line",
        sa.Column("ancestor_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ancestor_id"], ["branch.id"], name=op.f("fk_branch_line_ancestor_id")
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_branch_line_branch_id")
        ),
        sa.PrimaryKeyConstraint("ancestor_id", "branch_id", "since", name=op.f("pk_branch_line")),
    )
    op.create_index("ix_branch_line_branch_id_until", "branch_line", ["branch_id", "until"])

    op.create_table(
        "branch_people",
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("members", sa.String(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_branch_people_branch_id")
        ),
        sa.PrimaryKeyConstraint("branch_id", "quarter", "members", name=op.f("pk_branch_people")),
    )
    op.create_table(
        "adoption",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("review", sa.String(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("thanks", sa.String(), nullable=False),
        sa.Column("thanked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_adoption_days")),
        sa.CheckConstraint("places BETWEEN 1 AND 50", name=op.f("ck_adoption_places")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_adoption_branch_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_adoption_decided_by")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_adoption_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["person.id"], name=op.f("fk_adoption_proposed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adoption")),
    )
    op.create_index("ix_adoption_branch_id_state", "adoption", ["branch_id", "state"])
    op.create_index("ix_adoption_project_id_state", "adoption", ["project_id", "state"])

    op.create_table(
        "branch_person",
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("members", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("attendances", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_branch_person_branch_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_branch_person_person_id")
        ),
        sa.PrimaryKeyConstraint(
            "branch_id", "quarter", "members", "person_id", name=op.f("pk_branch_person")
        ),
    )
    op.create_table(
        "help_wanted",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_help_wanted_days")),
        sa.CheckConstraint("places BETWEEN 1 AND 50", name=op.f("ck_help_wanted_places")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_help_wanted_asked_by")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_help_wanted_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_wanted")),
    )
    op.create_index("ix_help_wanted_project_id", "help_wanted", ["project_id"])

    op.create_table(
        "membership_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("is_party_member", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["person.id"], name=op.f("fk_membership_request_answered_by")
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_membership_request_branch_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_membership_request_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_request")),
    )
    op.create_index("ix_membership_request_branch_id", "membership_request", ["branch_id"])
    op.create_index(
        "uq_membership_request_open",
        "membership_request",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )

    op.create_table(
        "month_close",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Integer(), nullable=False),
        sa.Column("last_entry_id", sa.Integer(), nullable=False),
        sa.Column("ledger_digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["closed_by"], ["person.id"], name=op.f("fk_month_close_closed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_month_close")),
        sa.UniqueConstraint("month", name=op.f("uq_month_close_month")),
    )
    op.create_table(
        "month_sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("close_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_month_sheet_branch_id")
        ),
        sa.ForeignKeyConstraint(
            ["close_id"], ["month_close.id"], name=op.f("fk_month_sheet_close_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_month_sheet")),
        sa.UniqueConstraint(
            "close_id", "branch_id", name=op.f("uq_month_sheet_close_id_branch_id")
        ),
        sa.UniqueConstraint("number", name=op.f("uq_month_sheet_number")),
    )
    op.create_index("ix_month_sheet_branch_id", "month_sheet", ["branch_id"])

    op.create_index(
        "ix_attendance_no_show_at",
        "attendance",
        ["shift_id", "person_id"],
        sqlite_where=sa.text("status = 'no_show'"),
        postgresql_where=sa.text("status = 'no_show'"),
    )
    op.create_index(
        "ix_attendance_no_show",
        "attendance",
        ["person_id", "shift_id"],
        sqlite_where=sa.text("status = 'no_show'"),
        postgresql_where=sa.text("status = 'no_show'"),
    )
    op.create_index(
        "ix_attendance_unconfirmed",
        "attendance",
        ["shift_id"],
        sqlite_where=sa.text("status = 'present' AND confirmed_at IS NULL"),
        postgresql_where=sa.text("status = 'present' AND confirmed_at IS NULL"),
    )

    for table, column in COLUMNS.items():
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    op.create_index("uq_hold_adoption", "hold", ["adoption_id", "post_id"], unique=True)
    for table in APPEND_ONLY:
        _refuse_change(table)


def downgrade() -> None:
    # Reserved places are free again.
    op.execute(
        "UPDATE post SET taken = taken - (SELECT coalesce(sum(places), 0) FROM hold"
        " WHERE post_id = post.id AND adoption_id IS NOT NULL)"
    )
    op.execute("DELETE FROM hold WHERE adoption_id IS NOT NULL")
    op.drop_index("uq_hold_adoption", "hold")
    for table, column in COLUMNS.items():
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column.split()[0]}")
    op.drop_index("ix_attendance_unconfirmed", "attendance")
    op.drop_index("ix_attendance_no_show", "attendance")
    op.drop_index("ix_attendance_no_show_at", "attendance")
    for table in TABLES:
        op.drop_table(table)


def _refuse_change(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
            f" ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
