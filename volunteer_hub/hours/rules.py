"""Which crediting rule holds on a service day, and what of a person's time is credited already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.attendance.events import stays_of
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.hours.crediting import Rule, Span, counted_times
from volunteer_hub.hours.models import CreditingRule
from volunteer_hub.shifts.models import Shift

# Longer than any shift with what counts around it: what began earlier cannot touch.
REACH = timedelta(hours=36)


def rule_of(session: Session, day: date) -> Rule:
    """Return the crediting rule of a service day."""
    row = session.scalars(
        select(CreditingRule)
        .where(CreditingRule.valid_from <= day)
        .order_by(CreditingRule.valid_from.desc())
        .limit(1)
    ).one()
    return Rule(row.version, row.early_minutes, row.late_minutes, row.day_cap)


def credited_elsewhere(
    session: Session, *, person_ids: Sequence[int], shift_id: int, planned: Span
) -> dict[int, list[Span]]:
    """Return, per person, the times near this plan that are in the ledger for other shifts."""
    rows = session.execute(
        select(
            Attendance.person_id,
            Attendance.check_in_at,
            Attendance.check_out_at,
            Attendance.stays,
            Attendance.counted,
            Attendance.minutes,
            Shift.starts_at,
            Shift.ends_at,
            Shift.day,
        )
        .join(Shift, Shift.id == Attendance.shift_id)
        .where(
            Attendance.person_id.in_(person_ids),
            Attendance.shift_id != shift_id,
            Attendance.minutes > 0,
            Shift.starts_at > planned.start - REACH,
            Shift.starts_at < planned.end + REACH,
        )
    )
    found: dict[int, list[Span]] = defaultdict(list)
    for row in rows:
        if row.counted is not None:
            found[row.person_id] += [Span(*map(datetime.fromisoformat, one)) for one in row.counted]
            continue
        # Confirmed before the column was there.
        found[row.person_id] += counted_times(
            stays_of(row.check_in_at, row.check_out_at, row.stays),
            Span(row.starts_at, row.ends_at),
            row.minutes,
            rule=rule_of(session, row.day),
        )
    return found
