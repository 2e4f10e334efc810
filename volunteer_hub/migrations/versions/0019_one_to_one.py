"""One to one: topics, seniors' requests, pairings, and the projects that pair."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019_one_to_one"
down_revision = "0018_books_that_stand"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
        sa.UniqueConstraint("name_zh", name=op.f("uq_topic_name_zh")),
    )
    op.create_table(
        "topic_helper",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_topic_helper_person_id")
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_topic_helper_topic_id")),
        sa.PrimaryKeyConstraint("person_id", "topic_id", name=op.f("pk_topic_helper")),
    )
    with op.batch_alter_table("topic_helper", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_helper_topic_id"), ["topic_id"], unique=False)

    op.create_table(
        "service_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("given_name", sa.String(), nullable=False),
        sa.Column("language_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("building_id", sa.Integer(), nullable=True),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=True),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=True),
        sa.Column("table_no", sa.Integer(), nullable=True),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "forgotten_at IS NULL OR given_name = ''", name=op.f("ck_service_request_forgotten")
        ),
        sa.CheckConstraint(
            "state NOT IN ('placed', 'served') OR shift_id IS NOT NULL",
            name=op.f("ck_service_request_shift"),
        ),
        sa.ForeignKeyConstraint(
            ["building_id"], ["building.id"], name=op.f("fk_service_request_building_id")
        ),
        sa.ForeignKeyConstraint(
            ["entered_by"], ["person.id"], name=op.f("fk_service_request_entered_by")
        ),
        sa.ForeignKeyConstraint(
            ["first_id"], ["service_request.id"], name=op.f("fk_service_request_first_id")
        ),
        sa.ForeignKeyConstraint(
            ["language_id"], ["qualification.id"], name=op.f("fk_service_request_language_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_service_request_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["shift_id"], ["shift.id"], name=op.f("fk_service_request_shift_id")
        ),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topic.id"], name=op.f("fk_service_request_topic_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_request")),
    )
    with op.batch_alter_table("service_request", schema=None) as batch_op:
        batch_op.create_index(
            "ix_service_request_ended",
            ["state_at"],
            unique=False,
            sqlite_where=sa.text("forgotten_at IS NULL"),
            postgresql_where=sa.text("forgotten_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_service_request_entered_by"), ["entered_by"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_service_request_first_id"), ["first_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_service_request_organisation_id_state"),
            ["organisation_id", "state"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_service_request_shift_id"), ["shift_id"], unique=False)

    op.create_table(
        "request_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_request_step_by_id")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["service_request.id"], name=op.f("fk_request_step_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_step")),
    )
    with op.batch_alter_table("request_step", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_request_step_request_id"), ["request_id"], unique=False
        )

    op.create_table(
        "request_window",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("window", sa.String(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_request_window_weekday")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["service_request.id"], name=op.f("fk_request_window_request_id")
        ),
        sa.PrimaryKeyConstraint("request_id", "weekday", "window", name=op.f("pk_request_window")),
    )
    op.create_table(
        "pairing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("sign_up_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("absent", sa.String(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("volunteer_again", sa.Boolean(), nullable=True),
        sa.Column("senior_again", sa.Boolean(), nullable=True),
        sa.CheckConstraint("(state = 'not_come') = (absent <> '')", name=op.f("ck_pairing_absent")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_pairing_made_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_pairing_person_id")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["service_request.id"], name=op.f("fk_pairing_request_id")
        ),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_pairing_shift_id")),
        sa.ForeignKeyConstraint(["sign_up_id"], ["sign_up.id"], name=op.f("fk_pairing_sign_up_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairing")),
    )
    with op.batch_alter_table("pairing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pairing_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pairing_request_id"), ["request_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pairing_sign_up_id"), ["sign_up_id"], unique=False)
        batch_op.create_index(
            "uq_pairing_request",
            ["shift_id", "request_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('planned', 'met')"),
            postgresql_where=sa.text("state IN ('planned', 'met')"),
        )
        batch_op.create_index(
            "uq_pairing_sign_up",
            ["shift_id", "sign_up_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('planned', 'met')"),
            postgresql_where=sa.text("state IN ('planned', 'met')"),
        )

    # In place: a rebuilt table would lose what points to it.
    op.execute("ALTER TABLE project ADD COLUMN one_to_one BOOLEAN DEFAULT false NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE project DROP COLUMN one_to_one")
    with op.batch_alter_table("pairing", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_pairing_sign_up",
            sqlite_where=sa.text("state IN ('planned', 'met')"),
            postgresql_where=sa.text("state IN ('planned', 'met')"),
        )
        batch_op.drop_index(
            "uq_pairing_request",
            sqlite_where=sa.text("state IN ('planned', 'met')"),
            postgresql_where=sa.text("state IN ('planned', 'met')"),
        )
        batch_op.drop_index(batch_op.f("ix_pairing_sign_up_id"))
        batch_op.drop_index(batch_op.f("ix_pairing_request_id"))
        batch_op.drop_index(batch_op.f("ix_pairing_person_id"))

    op.drop_table("pairing")
    op.drop_table("request_window")
    with op.batch_alter_table("request_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_request_step_request_id"))

    op.drop_table("request_step")
    with op.batch_alter_table("service_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_request_shift_id"))
        batch_op.drop_index(batch_op.f("ix_service_request_organisation_id_state"))
        batch_op.drop_index(batch_op.f("ix_service_request_first_id"))
        batch_op.drop_index(batch_op.f("ix_service_request_entered_by"))
        batch_op.drop_index(
            "ix_service_request_ended",
            sqlite_where=sa.text("forgotten_at IS NULL"),
            postgresql_where=sa.text("forgotten_at IS NULL"),
        )

    op.drop_table("service_request")
    with op.batch_alter_table("topic_helper", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_topic_helper_topic_id"))

    op.drop_table("topic_helper")
    op.drop_table("topic")
