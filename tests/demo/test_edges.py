"""The edge rows that product.md wants the demo to hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

from tests.demo.conftest import TODAY, ZONE, by_id
from volunteer_hub.accounts.models import BranchMembership, Person
from volunteer_hub.attendance.models import Attendance, AttendanceStatus
from volunteer_hub.demo.edge_shifts import TENTH_DAY_NOTE, tenth_working_day
from volunteer_hub.demo.plan import Plan
from volunteer_hub.hours.models import ClaimKind, ClaimState, HoursClaim, LedgerEntry
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Branch, BranchMove, Enterprise
from volunteer_hub.shifts.models import Shift, ShiftStatus, SignUp, SignUpStatus


def test_a_full_shift_has_five_waiting(plan: Plan) -> None:
    lines = Counter(
        row["shift_id"] for row in plan.rows[SignUp] if row["status"] == SignUpStatus.WAITLISTED
    )
    assert list(lines.values()).count(5) == 1


def test_a_branch_has_three_members(plan: Plan) -> None:
    sizes = Counter(row["branch_id"] for row in plan.rows[BranchMembership])
    assert 3 in sizes.values()


def test_entries_from_before_a_move_keep_the_old_path(plan: Plan) -> None:
    (move,) = plan.rows[BranchMove]
    paths = defaultdict(set)
    for row in plan.rows[LedgerEntry]:
        if row["branch_id"] == move["branch_id"]:
            paths[row["service_day"] >= move["moved_on"]].add(row["branch_path"])
    branch = by_id(plan, Branch)[move["branch_id"]]
    assert paths[True] == {branch["path"]}
    assert len(paths[False]) == 1
    assert not paths[False] & paths[True]


def test_two_of_one_name_are_in_one_branch(plan: Plan) -> None:
    people = by_id(plan, Person)
    named = Counter(
        row["branch_id"]
        for row in plan.rows[BranchMembership]
        if people[row["person_id"]]["name"] == "王敏"
    )
    assert max(named.values()) >= 2


def test_a_shift_goes_over_midnight(plan: Plan) -> None:
    (shift,) = [row for row in plan.rows[Shift] if row["end_minute"] > 24 * 60]
    assert (shift["start_minute"], shift["end_minute"]) == (22 * 60 + 30, 24 * 60 + 30)


def test_a_fifteen_year_old_comes_with_a_guardian(plan: Plan) -> None:
    (child,) = [row for row in plan.rows[Person] if row["guardian_id"]]
    assert (TODAY - child["birth_date"]).days // 365.25 == 15
    places = defaultdict(set)
    for row in plan.rows[SignUp]:
        places[row["person_id"]].add(row["shift_id"])
    assert places[child["id"]]
    assert places[child["id"]] <= places[child["guardian_id"]]


def test_a_foreigner_uses_english(plan: Plan) -> None:
    (guest,) = [row for row in plan.rows[Person] if row["language"] == "en"]
    assert any(row["person_id"] == guest["id"] for row in plan.rows[LedgerEntry])
    assert any(row["person_id"] == guest["id"] for row in plan.rows[SignUp])


def test_a_shift_is_cancelled_for_rain(plan: Plan) -> None:
    (shift,) = [row for row in plan.rows[Shift] if row["status"] == ShiftStatus.CANCELLED]
    assert "暴雨" in shift["cancel_reason"]
    assert by_id(plan, Project)[shift["project_id"]]["outdoors"]


def test_hours_are_confirmed_on_the_tenth_working_day(plan: Plan) -> None:
    found = [row for row in plan.rows[Attendance] if row["note"] == TENTH_DAY_NOTE]
    assert found
    assert {row["confirmed_at"].astimezone(ZONE).date() for row in found} == {date(2026, 10, 15)}


def test_the_tenth_working_day_counts_swapped_workdays() -> None:
    # 28, 29, 30 September, 8, 9, Saturday 10, then 12 to 15 October 2026.
    assert tenth_working_day(TODAY) == (date(2026, 9, 24), date(2026, 10, 15))


def test_a_check_out_is_missing_and_a_late_entry_waits(plan: Plan) -> None:
    present = [row for row in plan.rows[Attendance] if row["status"] == AttendanceStatus.PRESENT]
    assert sum(row["check_out_at"] is None for row in present) == 1
    (late,) = plan.rows[HoursClaim]
    assert (late["kind"], late["state"]) == (ClaimKind.LATE_ENTRY, ClaimState.OPEN)
    assert late["reason"]
    assert late["evidence"]


def test_a_deleted_account_keeps_its_totals(plan: Plan) -> None:
    (gone,) = [row for row in plan.rows[Person] if row["deleted_at"]]
    assert not any(gone[key] for key in ("phone", "password_hash", "name", "enterprise_id"))
    entries = [row for row in plan.rows[LedgerEntry] if row["person_id"] == gone["id"]]
    assert entries
    assert all(row["branch_id"] and row["enterprise_id"] for row in entries)


def test_one_company_has_a_name_of_28_characters(plan: Plan) -> None:
    assert [len(row["name_zh"]) for row in plan.rows[Enterprise]].count(28) == 1
