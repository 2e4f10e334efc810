"""Memberships and moves of branches leave the days of closed months as they are."""

from __future__ import annotations

from alembic import op

revision = "0018_books_that_stand"
down_revision = "0017_matching"
branch_labels = None
depends_on = None

REASON = "the month is closed"
NEVER = "'9999-12-31'"
# What a row may not touch: the days of the last closed month and all before it.
OPEN_FROM = {
    "sqlite": "(SELECT date(max(month), '+1 month') FROM month_close)",
    "postgresql": "(SELECT (max(month) + interval '1 month')::date FROM month_close)",
}
_CHANGED = (
    "(NEW.person_id <> OLD.person_id OR NEW.branch_id <> OLD.branch_id"
    " OR NEW.is_party_member <> OLD.is_party_member)"
)


def _moves_closed_days(engine: str) -> dict[tuple[str, str], str]:
    """Return by table and verb when a change would move figures of closed days (else NULL)."""
    least = "min" if engine == "sqlite" else "least"
    never = NEVER if engine == "sqlite" else f"date {NEVER}"
    old, new = (f"coalesce({row}.ended_on, {never})" for row in ("OLD", "NEW"))
    since = OPEN_FROM[engine]
    until = f"date({since}, '-1 day')" if engine == "sqlite" else f"({since} - 1)"
    return {
        ("branch_membership", "INSERT"): f"NEW.started_on < {since}",
        ("branch_membership", "DELETE"): f"OLD.started_on < {since}",
        ("branch_membership", "UPDATE"): (
            f"({_CHANGED} AND OLD.started_on < {since})"
            f" OR (NEW.started_on <> OLD.started_on"
            f" AND {least}(NEW.started_on, OLD.started_on) < {since})"
            f" OR ({old} <> {new} AND {least}({old}, {new}) < {until})"
        ),
        ("branch_move", "INSERT"): f"NEW.moved_on < {since}",
        ("branch_move", "DELETE"): f"OLD.moved_on < {since}",
        ("branch_move", "UPDATE"): f"{least}(NEW.moved_on, OLD.moved_on) < {since}",
    }


def upgrade() -> None:
    engine = op.get_bind().dialect.name
    for (table, verb), condition in _moves_closed_days(engine).items():
        name = f"{table}_closed_{verb.lower()}"
        if engine == "sqlite":
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {table} WHEN {condition}"
                f" BEGIN SELECT RAISE(ABORT, '{REASON}'); END"
            )
            continue
        # PostgreSQL allows no subquery in WHEN.
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF {condition} THEN RAISE EXCEPTION '{REASON}'; END IF;"
            f" RETURN {'OLD' if verb == 'DELETE' else 'NEW'}; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )


def downgrade() -> None:
    engine = op.get_bind().dialect.name
    for table, verb in _moves_closed_days(engine):
        name = f"{table}_closed_{verb.lower()}"
        if engine == "postgresql":
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
        else:
            op.execute(f"DROP TRIGGER {name}")
