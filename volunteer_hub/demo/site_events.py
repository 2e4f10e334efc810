"""The events on site behind each attendance, as if somebody had tapped them."""

from __future__ import annotations

from volunteer_hub.attendance.events import KIND_OF
from volunteer_hub.attendance.models import (
    Attendance,
    AttendanceStatus,
    EventKind,
    SiteEvent,
)
from volunteer_hub.demo.people import People, standing
from volunteer_hub.demo.plan import Plan, Row
from volunteer_hub.shifts.models import Shift


def build(plan: Plan, people: People) -> None:
    """Collect arrivals, departures and absences in the order in which they were recorded."""
    for row in plan.rows[Attendance]:
        status = AttendanceStatus(row["status"])
        if status is AttendanceStatus.NO_SHOW:
            day = plan.rows[Shift][row["shift_id"] - 1]["day"]
            was = standing(plan, people, row["person_id"], day)
            row["missed_path"], row["missed_as_member"] = was["branch_path"], was["is_party_member"]
        if status is not AttendanceStatus.PRESENT:
            _add(plan, row, KIND_OF[status], "recorded_at")
            continue
        _add(plan, row, EventKind.CHECK_IN, "check_in_at")
        if row["check_out_at"]:
            _add(plan, row, EventKind.CHECK_OUT, "check_out_at")


def _add(plan: Plan, row: Row, kind: EventKind, moment: str) -> None:
    plan.add(
        SiteEvent,
        shift_id=row["shift_id"],
        person_id=row["person_id"],
        kind=str(kind),
        at=row[moment],
        method=row["method"],
        actor_id=row["recorded_by"],
        recorded_at=row["recorded_at"],
    )
