"""Say of each no-show where the person was on that day, and add them up."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016_branches_of_no_shows"
down_revision = "0015_no_shows_of_branches"
branch_labels = None
depends_on = None

# The later of two memberships that touch on the day comes last, and counts.
MISSED = sa.text(
    "SELECT a.id, s.day, m.branch_id, m.is_party_member FROM attendance a"
    " JOIN shift s ON s.id = a.shift_id"
    " LEFT JOIN branch_membership m ON m.person_id = a.person_id AND m.started_on <= s.day"
    " AND (m.ended_on IS NULL OR m.ended_on >= s.day)"
    " WHERE a.status = 'no_show' ORDER BY m.started_on, m.id"
).columns(day=sa.Date, is_party_member=sa.Boolean)
LINES = sa.text('SELECT ancestor_id, branch_id, since, "until" FROM branch_line').columns(
    since=sa.Date, until=sa.Date
)
FREEZE = sa.text(
    "UPDATE attendance SET missed_path = :path, missed_as_member = :member WHERE id = :id"
)
Lines = defaultdict[int, list[Any]]
SUMS = sa.table(
    "branch_no_shows", *map(sa.column, ("branch_id", "quarter", "is_party_member", "no_shows"))
)


def upgrade() -> None:
    bind = op.get_bind()
    lines: Lines = defaultdict(list)
    for line in bind.execute(LINES):
        lines[line.branch_id].append(line)
    found = {row.id: row for row in bind.execute(MISSED)}
    sums: Counter[tuple[int, date, bool]] = Counter()
    rows = []
    for row in found.values():
        steps = _steps(lines, row.branch_id, row.day)
        member = bool(row.is_party_member)
        path = f"/{'/'.join(map(str, steps))}/" if steps else ""
        rows.append({"id": row.id, "path": path, "member": member})
        quarter = date(row.day.year, row.day.month - (row.day.month - 1) % 3, 1)
        sums.update((step, quarter, member) for step in steps)
    if rows:
        bind.execute(FREEZE, rows)
    names = [column.name for column in SUMS.columns]
    if sums:
        op.bulk_insert(
            SUMS, [dict(zip(names, (*key, count), strict=True)) for key, count in sums.items()]
        )


def downgrade() -> None:
    op.execute("DELETE FROM branch_no_shows")
    op.execute("UPDATE attendance SET missed_path = NULL, missed_as_member = false")


def _steps(lines: Lines, branch_id: int | None, day: date) -> list[int]:
    """Return the branches from the root down to this one, as they lay on the day."""
    above = _above(lines, branch_id, day) if branch_id else []
    return sorted(above, key=lambda step: len(_above(lines, step, day)))


def _above(lines: Lines, branch_id: int, day: date) -> list[int]:
    return [
        line.ancestor_id
        for line in lines[branch_id]
        if line.since <= day and (line.until is None or line.until >= day)
    ]
