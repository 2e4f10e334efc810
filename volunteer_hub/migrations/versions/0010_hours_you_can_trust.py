"""Events on site, versioned crediting rules, star levels, claims and flags."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0010_hours_you_can_trust"
down_revision = "0009_first_qualifications"
branch_labels = None
depends_on = None

APPEND_ONLY = ("site_event", "crediting_rule")
TABLES = ("site_event", "hours_claim", "hours_flag", "star_level", "crediting_rule")
# Source: product.md, rule 5. The name is in the ledger since the first entry.
FIRST_RULE = {
    "version": "2026-1",
    "valid_from": date(2000, 1, 1),
    "early_minutes": 15,
    "late_minutes": 30,
    "day_cap": 480,
}
# Hours of one to five stars, as the country's volunteers know them.
STARS = (100, 300, 600, 1000, 1500)


def upgrade() -> None:
    _create_event()
    _create_claim_and_flag()
    _create_rules()
    op.execute("ALTER TABLE attendance ADD COLUMN stays JSON")
    _events_of_known_attendance()
    for table in APPEND_ONLY:
        _refuse_change(table)


def downgrade() -> None:
    for table in APPEND_ONLY:
        _allow_change(table)
    op.execute("ALTER TABLE attendance DROP COLUMN stays")
    for table in TABLES:
        op.drop_table(table)


def _create_event() -> None:
    op.create_table(
        "site_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("voids_id", sa.Integer(), nullable=True),
        sa.Column("code_step", sa.Integer(), nullable=True),
        sa.Column("device", sa.String(), nullable=True),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'void') = (voids_id IS NOT NULL)", name=op.f("ck_site_event_voids")
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_site_event_actor_id")),
        sa.ForeignKeyConstraint(
            ["link_id"], ["leader_link.id"], name=op.f("fk_site_event_link_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_site_event_person_id")),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_site_event_shift_id")),
        sa.ForeignKeyConstraint(
            ["voids_id"], ["site_event.id"], name=op.f("fk_site_event_voids_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_event")),
        sa.UniqueConstraint("voids_id", name=op.f("uq_site_event_voids_id")),
    )
    op.create_index("ix_site_event_person_id", "site_event", ["person_id"])
    op.create_index("ix_site_event_shift_id_person_id", "site_event", ["shift_id", "person_id"])
    op.create_index(
        "uq_site_event_scan",
        "site_event",
        ["shift_id", "person_id", "kind", "code_step"],
        unique=True,
        sqlite_where=sa.text("code_step IS NOT NULL"),
        postgresql_where=sa.text("code_step IS NOT NULL"),
    )


def _create_claim_and_flag() -> None:
    op.create_table(
        "hours_claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("check_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("check_out_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("witness", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)", name=op.f("ck_hours_claim_decided")
        ),
        sa.CheckConstraint("check_out_at > check_in_at", name=op.f("ck_hours_claim_order")),
        sa.CheckConstraint(
            "decided_by <> asked_by AND decided_by <> person_id",
            name=op.f("ck_hours_claim_two_people"),
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_hours_claim_asked_by")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_hours_claim_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_hours_claim_person_id")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_hours_claim_post_id")),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_hours_claim_shift_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_claim")),
    )
    op.create_index("ix_hours_claim_person_id", "hours_claim", ["person_id"])
    op.create_index(
        "uq_hours_claim_open",
        "hours_claim",
        ["shift_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "hours_flag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_by", sa.Integer(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_hours_flag_person_id")),
        sa.ForeignKeyConstraint(["seen_by"], ["person.id"], name=op.f("fk_hours_flag_seen_by")),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_hours_flag_shift_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_flag")),
    )
    op.create_index("ix_hours_flag_shift_id", "hours_flag", ["shift_id"])


def _create_rules() -> None:
    rules = op.create_table(
        "crediting_rule",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("early_minutes", sa.Integer(), nullable=False),
        sa.Column("late_minutes", sa.Integer(), nullable=False),
        sa.Column("day_cap", sa.Integer(), nullable=False),
        sa.CheckConstraint("day_cap BETWEEN 1 AND 480", name=op.f("ck_crediting_rule_day_cap")),
        sa.CheckConstraint(
            "early_minutes BETWEEN 0 AND 120", name=op.f("ck_crediting_rule_early_minutes")
        ),
        sa.CheckConstraint(
            "late_minutes BETWEEN 0 AND 120", name=op.f("ck_crediting_rule_late_minutes")
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_crediting_rule")),
        sa.UniqueConstraint("valid_from", name=op.f("uq_crediting_rule_valid_from")),
    )
    op.bulk_insert(rules, [FIRST_RULE])
    levels = op.create_table(
        "star_level",
        sa.Column("stars", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("stars", name=op.f("pk_star_level")),
        sa.UniqueConstraint("minutes", name=op.f("uq_star_level_minutes")),
    )
    op.bulk_insert(
        levels,
        [{"stars": number, "minutes": hours * 60} for number, hours in enumerate(STARS, start=1)],
    )


def _events_of_known_attendance() -> None:
    """Write down as events what the roster knew before events were kept."""
    for kind, moment, came in (
        ("check_in", "check_in_at", "status = 'present' AND check_in_at IS NOT NULL"),
        ("check_out", "check_out_at", "status = 'present' AND check_out_at IS NOT NULL"),
        ("no_show", "recorded_at", "status = 'no_show'"),
        ("excused", "recorded_at", "status = 'excused'"),
    ):
        op.execute(
            "INSERT INTO site_event"  # noqa: S608
            " (shift_id, person_id, kind, at, method, actor_id, recorded_at)"
            f" SELECT shift_id, person_id, '{kind}', {moment}, method, recorded_by, recorded_at"
            f" FROM attendance WHERE {came} ORDER BY id"
        )


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


def _allow_change(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        return
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER {table}_no_{verb}")
