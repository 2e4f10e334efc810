"""Work out the lines of the tree and the sums of branches from what is there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014_sums_of_the_ledger"
down_revision = "0013_branch_cockpit"
branch_labels = None
depends_on = None

EVER = date(1970, 1, 1)
HOURS = sa.table(
    "branch_hours", *map(sa.column, ("branch_id", "axis", "day", "key", "is_party_member")),
    *map(sa.column, ("minutes", "attendances", "late_minutes")),
)  # fmt: skip
PERSON = sa.table(
    "branch_person",
    *map(sa.column, ("branch_id", "quarter", "members", "person_id", "attendances")),
)
PEOPLE = sa.table("branch_people", *map(sa.column, ("branch_id", "quarter", "members", "people")))
LINE = sa.table("branch_line", *map(sa.column, ("ancestor_id", "branch_id", "since", "until")))
ENTRIES = sa.text(
    "SELECT branch_path, service_day, category_id, coalesce(building_id, 0) AS building,"
    " is_party_member, person_id, sum(minutes) AS minutes,"
    " sum(CASE WHEN reverses_id IS NULL THEN 1 ELSE -1 END) AS attendances,"
    " sum(CASE WHEN is_late_entry THEN minutes ELSE 0 END) AS late_minutes"
    " FROM ledger_entry WHERE branch_path <> '' GROUP BY 1, 2, 3, 4, 5, 6"
).columns(service_day=sa.Date, is_party_member=sa.Boolean)


def upgrade() -> None:
    lines = list(_lines())
    if lines:
        op.bulk_insert(LINE, lines)
    _sums()


def downgrade() -> None:
    for table in ("branch_line", "branch_hours", "branch_person", "branch_people"):
        op.execute(f"DELETE FROM {table}")  # noqa: S608


def _lines() -> Iterator[dict[str, Any]]:
    bind = op.get_bind()
    rows = bind.execute(sa.text("SELECT id, parent_id FROM branch ORDER BY id"))
    parents: dict[int, int | None] = {row.id: row.parent_id for row in rows}
    moves = bind.execute(
        sa.text(
            "SELECT branch_id, from_parent_id, moved_on FROM branch_move"
            " ORDER BY moved_on DESC, id DESC"
        ).columns(moved_on=sa.Date)
    ).all()
    days = [EVER, *sorted({move.moved_on for move in moves if move.moved_on > EVER})]
    known: dict[tuple[int, int], dict[str, Any]] = {}
    for since, following in zip(days, [*days[1:], None], strict=True):
        then = dict(parents)
        for move in moves:
            if move.moved_on > since:
                then[move.branch_id] = move.from_parent_id
        for branch in parents:
            step: int | None = branch
            while step is not None:
                row = known.get((step, branch))
                if row is None or row["until"] != since - timedelta(days=1):
                    if row:
                        yield row
                    row = {"ancestor_id": step, "branch_id": branch, "since": since}
                    known[step, branch] = row
                row["until"] = following - timedelta(days=1) if following else None
                step = then[step]
    yield from known.values()


def _sums() -> None:
    hours: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    person: Counter[tuple[Any, ...]] = Counter()
    for row in op.get_bind().execute(ENTRIES):
        day, month = row.service_day, row.service_day.replace(day=1)
        quarter = date(day.year, day.month - (day.month - 1) % 3, 1)
        axes = (
            ("quarter", quarter, 0),
            ("day", day, 0),
            ("category", month, row.category_id),
            ("building", month, row.building),
        )
        kind = "member" if row.is_party_member else "non_member"
        for branch in map(int, row.branch_path.strip("/").split("/")):
            for axis in axes:
                sums = hours[branch, *axis, row.is_party_member]
                sums[0] += row.minutes
                sums[1] += row.attendances
                sums[2] += row.late_minutes
            for members in ("all", kind):
                person[branch, quarter, members, row.person_id] += row.attendances
    people = Counter(key[:3] for key, count in person.items() if count > 0)
    _insert(HOURS, [key + tuple(sums) for key, sums in hours.items()])
    _insert(PERSON, [(*key, count) for key, count in person.items()])
    _insert(PEOPLE, [(*key, count) for key, count in people.items()])


def _insert(table: Any, rows: list[tuple[Any, ...]]) -> None:
    names = [column.name for column in table.columns]
    for start in range(0, len(rows), 5000):
        op.bulk_insert(
            table, [dict(zip(names, row, strict=True)) for row in rows[start : start + 5000]]
        )
