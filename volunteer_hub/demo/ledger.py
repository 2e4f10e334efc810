"""Turn confirmed attendance into chained ledger entries."""

from __future__ import annotations

from volunteer_hub.attendance.models import Attendance, AttendanceMethod
from volunteer_hub.demo.people import People, standing
from volunteer_hub.demo.plan import Plan, Row
from volunteer_hub.hours.chain import entry_digest
from volunteer_hub.hours.crediting import FIRST
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import Shift


def build(plan: Plan, people: People) -> None:
    """Collect one entry for each confirmed attendance, in the order of confirmation."""
    confirmed = [row for row in plan.rows[Attendance] if row["confirmed_at"]]
    confirmed.sort(key=lambda row: (row["confirmed_at"], row["id"]))
    digest = ""
    for attendance in confirmed:
        entry = plan.add(LedgerEntry, **_fields(plan, people, attendance))
        entry["digest"] = digest = entry_digest(digest, entry)


def _fields(plan: Plan, people: People, attendance: Row) -> Row:
    shift = plan.rows[Shift][attendance["shift_id"] - 1]
    project = plan.rows[Project][shift["project_id"] - 1]
    return {
        "person_id": attendance["person_id"],
        "attendance_id": attendance["id"],
        "shift_id": shift["id"],
        "project_id": project["id"],
        "category_id": project["category_id"],
        "organisation_id": project["organisation_id"],
        "service_day": shift["day"],
        "minutes": attendance["minutes"],
        "is_late_entry": attendance["method"] == AttendanceMethod.LATE_ENTRY,
        "rule": FIRST.version,
        "confirmed_by": attendance["confirmed_by"],
        "recorded_at": attendance["confirmed_at"],
        **standing(plan, people, attendance["person_id"], shift["day"]),
    }
