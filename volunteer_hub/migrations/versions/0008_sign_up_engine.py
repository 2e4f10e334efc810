"""Offers, holds, change receipts, needs of posts, series, notices and their outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_sign_up_engine"
down_revision = "0007_audit_action_index"
branch_labels = None
depends_on = None

# Both engines know this form; a batch would make SQLite drop tables that others point at.
COLUMNS = {
    "person": ["email VARCHAR"],
    "post": ["shrink_to INTEGER"],
    "project": [
        "teaches_id INTEGER CONSTRAINT fk_project_teaches_id REFERENCES qualification (id)",
        (
            "early_percent INTEGER NOT NULL DEFAULT 100"
            " CONSTRAINT ck_project_early_percent CHECK (early_percent BETWEEN 1 AND 100)"
        ),
        (
            "newcomer_percent INTEGER NOT NULL DEFAULT 0"
            " CONSTRAINT ck_project_newcomer_percent CHECK (newcomer_percent BETWEEN 0 AND 50)"
        ),
    ],
    "shift": [
        "series_id INTEGER CONSTRAINT fk_shift_series_id REFERENCES series (id)",
        "series_day DATE",
    ],
    "sign_up": ["line_position INTEGER", "newcomer BOOLEAN NOT NULL DEFAULT false"],
}
TABLES = (
    "offer", "change_receipt", "post_need", "hold", "shift_change", "leader_link", "delivery",
    "series", "person_qualification", "notice", "qualification",
)  # fmt: skip


def upgrade() -> None:
    _create_tables()
    for table, columns in COLUMNS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    op.create_index("uq_shift_series_day", "shift", ["series_id", "series_day"], unique=True)
    _one_active_sign_up("'confirmed', 'waitlisted', 'offered'")


def downgrade() -> None:
    # Who holds an offer waits again; held places are free again.
    op.execute(
        "UPDATE post SET taken = taken"
        " - (SELECT count(*) FROM sign_up WHERE post_id = post.id AND status = 'offered')"
        " - (SELECT coalesce(sum(places), 0) FROM hold WHERE post_id = post.id)"
    )
    op.execute("UPDATE sign_up SET status = 'waitlisted' WHERE status = 'offered'")
    _one_active_sign_up("'confirmed', 'waitlisted'")
    op.drop_index("uq_shift_series_day", "shift")
    for table, columns in COLUMNS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column.split()[0]}")
    for table in TABLES:
        op.drop_table(table)


def _one_active_sign_up(states: str) -> None:
    op.drop_index("uq_sign_up_active", "sign_up")
    active = sa.text(f"status IN ({states})")
    op.create_index(
        "uq_sign_up_active",
        "sign_up",
        ["shift_id", "person_id"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )


def _create_tables() -> None:
    op.create_table(
        "qualification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("valid_months", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualification")),
        sa.UniqueConstraint("key", name=op.f("uq_qualification_key")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notice_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    op.create_index("ix_notice_person_id_id", "notice", ["person_id", "id"], unique=False)
    op.create_index(
        "ix_notice_unread",
        "notice",
        ["person_id"],
        unique=False,
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )

    op.create_table(
        "person_qualification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("qualification_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["person.id"], name=op.f("fk_person_qualification_confirmed_by")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_qualification_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["qualification_id"],
            ["qualification.id"],
            name=op.f("fk_person_qualification_qualification_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_qualification")),
        sa.UniqueConstraint(
            "person_id",
            "qualification_id",
            name=op.f("uq_person_qualification_person_id_qualification_id"),
        ),
    )
    op.create_index(
        "ix_person_qualification_qualification_id",
        "person_qualification",
        ["qualification_id"],
        unique=False,
    )

    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("skip_holidays", sa.Boolean(), nullable=False),
        sa.Column("workdays_only", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_series_created_by")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_series_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
    )
    op.create_index("ix_series_project_id", "series", ["project_id"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("useless_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_delivery_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("key", name=op.f("uq_delivery_key")),
    )
    op.create_index("ix_delivery_notice_id", "delivery", ["notice_id"], unique=False)
    op.create_index(
        "ix_delivery_waiting",
        "delivery",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL AND dropped_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND dropped_at IS NULL"),
    )

    op.create_table(
        "leader_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_leader_link_made_by")),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_leader_link_shift_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leader_link")),
    )
    op.create_index("ix_leader_link_shift_id", "leader_link", ["shift_id"], unique=False)

    op.create_table(
        "shift_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_shift_change_shift_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_change")),
    )
    op.create_index("ix_shift_change_shift_id", "shift_change", ["shift_id"], unique=False)

    op.create_table(
        "hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("enterprise_id", sa.Integer(), nullable=True),
        sa.Column("branch_id", sa.Integer(), nullable=True),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(enterprise_id IS NULL) <> (branch_id IS NULL)", name=op.f("ck_hold_one_group")
        ),
        sa.CheckConstraint("places >= 0", name=op.f("ck_hold_places")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_hold_branch_id")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_hold_enterprise_id")
        ),
        sa.ForeignKeyConstraint(["holder_id"], ["person.id"], name=op.f("fk_hold_holder_id")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_hold_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index("ix_hold_holder_id", "hold", ["holder_id"], unique=False)
    op.create_index("ix_hold_post_id", "hold", ["post_id"], unique=False)

    op.create_table(
        "post_need",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("qualification_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name=op.f("fk_post_need_post_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["qualification_id"], ["qualification.id"], name=op.f("fk_post_need_qualification_id")
        ),
        sa.PrimaryKeyConstraint("post_id", "qualification_id", name=op.f("pk_post_need")),
    )
    op.create_index(
        "ix_post_need_qualification_id", "post_need", ["qualification_id"], unique=False
    )

    op.create_table(
        "change_receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("sign_up_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["change_id"], ["shift_change.id"], name=op.f("fk_change_receipt_change_id")
        ),
        sa.ForeignKeyConstraint(
            ["sign_up_id"], ["sign_up.id"], name=op.f("fk_change_receipt_sign_up_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_receipt")),
    )
    op.create_index("ix_change_receipt_change_id", "change_receipt", ["change_id"], unique=False)
    op.create_index(
        "uq_change_receipt_asked",
        "change_receipt",
        ["sign_up_id"],
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )

    op.create_table(
        "offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sign_up_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["invited_by"], ["person.id"], name=op.f("fk_offer_invited_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_offer_person_id")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_offer_post_id")),
        sa.ForeignKeyConstraint(["sign_up_id"], ["sign_up.id"], name=op.f("fk_offer_sign_up_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
    )
    op.create_index(
        "ix_offer_due",
        "offer",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_offer_person_id", "offer", ["person_id"], unique=False)
    op.create_index("ix_offer_post_id", "offer", ["post_id"], unique=False)
    op.create_index(
        "uq_offer_open",
        "offer",
        ["sign_up_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
