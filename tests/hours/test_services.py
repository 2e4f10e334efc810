"""From attendance to the ledger and back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from tests.factories import (
    make_attendance,
    make_branch,
    make_building,
    make_enterprise,
    make_membership,
    make_person,
    make_project,
    make_shift,
)
from volunteer_hub.accounts.services import delete_account
from volunteer_hub.attendance.models import Attendance, AttendanceMethod, AttendanceStatus
from volunteer_hub.attendance.rules import AlreadyConfirmed
from volunteer_hub.attendance.services import mark
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.hours.reversing import CannotReverse, reverse
from volunteer_hub.hours.services import CannotConfirm, Result, confirm
from volunteer_hub.hours.verify import verify
from volunteer_hub.registry.models import BranchMove
from volunteer_hub.shifts.models import ShiftStatus

HOUR = timedelta(hours=1)


@pytest.fixture
def project(session, organisation):
    return make_project(session, organisation=organisation)


@pytest.fixture
def shift(session, project, now):
    """Two hours, over since yesterday."""
    return make_shift(session, project=project, starts_at=now - 26 * HOUR, ends_at=now - 24 * HOUR)


@pytest.fixture
def say(session, shift, alice, now):
    """Confirm rows of the shift as Alice."""

    def say(*rows, shift_id=None, at=None, by=None):
        result = confirm(
            session,
            shift_id=shift_id or shift.id,
            rows=rows,
            actor_id=(by or alice).id,
            now=at or now,
        )
        session.commit()
        return result

    return say


def entries(session):
    return session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)).all()


def test_confirmed_minutes_become_an_entry_with_everything_frozen(
    session, shift, project, alice, bob, branch, building, say, now
):
    bob.enterprise_id = make_enterprise(session).id
    row = make_attendance(session, shift, bob)
    assert say((row.id, 120)) == Result(added=1, already=0)
    [entry] = entries(session)
    assert (entry.person_id, entry.attendance_id, entry.shift_id) == (bob.id, row.id, shift.id)
    assert (entry.project_id, entry.category_id) == (project.id, project.category_id)
    assert entry.organisation_id == project.organisation_id
    assert (entry.service_day, entry.minutes) == (date(2026, 11, 22), 120)
    assert (entry.branch_id, entry.branch_path) == (branch.id, branch.path)
    assert (entry.enterprise_id, entry.building_id) == (bob.enterprise_id, building.id)
    assert (entry.is_party_member, entry.is_late_entry, entry.reverses_id) == (True, False, None)
    assert (entry.rule, entry.confirmed_by, entry.recorded_at) == ("2026-1", alice.id, now)
    assert (row.minutes, row.confirmed_by, row.confirmed_at) == (120, alice.id, now)
    assert session.scalar(select(func.count()).select_from(AuditEntry)) == 1


def test_company_and_building_of_the_service_day_count_whatever_the_profile_says_since(
    session, shift, bob, charlie, building, say, now
):
    bob.enterprise_id = make_enterprise(session).id
    kept = (bob.enterprise_id, building.id)
    charlie.enterprise_id, charlie.building_id = kept
    rows = [make_attendance(session, shift, person) for person in (bob, charlie)]
    bob.enterprise_id, bob.building_id = make_enterprise(session).id, make_building(session).id
    delete_account(session, person_id=charlie.id, today=date(2026, 11, 23), now=now)
    session.commit()
    say(*((row.id, 120) for row in rows))
    assert [(entry.enterprise_id, entry.building_id) for entry in entries(session)] == [kept] * 2


def test_who_is_in_no_branch_is_written_without_one(session, shift, charlie, say):
    row = make_attendance(session, shift, charlie)
    say((row.id, 120))
    [entry] = entries(session)
    assert (entry.branch_id, entry.branch_path, entry.is_party_member) == (None, "", False)


def test_the_branch_of_the_service_day_counts_not_that_of_today(session, shift, charlie, say):
    old, new = make_branch(session), make_branch(session)
    make_membership(session, charlie, old, ended_on=shift.day)
    make_membership(session, charlie, new, started_on=shift.day + timedelta(days=1))
    say((make_attendance(session, shift, charlie).id, 120))
    assert [entry.branch_id for entry in entries(session)] == [old.id]


def test_a_branch_that_moved_since_is_written_with_its_old_path(session, shift, charlie, say):
    old, new = make_branch(session), make_branch(session)
    child = make_branch(session, parent=new)
    grandchild = make_branch(session, parent=child)
    make_membership(session, charlie, grandchild)
    session.add(
        BranchMove(
            branch_id=child.id,
            from_parent_id=old.id,
            to_parent_id=new.id,
            moved_on=shift.day + timedelta(days=1),
        )
    )
    say((make_attendance(session, shift, charlie).id, 120))
    [entry] = entries(session)
    assert entry.branch_path == f"/{old.id}/{child.id}/{grandchild.id}/"


def test_confirming_again_adds_nothing(session, shift, bob, say):
    row = make_attendance(session, shift, bob)
    say((row.id, 120))
    assert say((row.id, 90, "other")) == Result(added=0, already=1)
    assert [entry.minutes for entry in entries(session)] == [120]


def test_a_row_that_is_named_twice_counts_once(session, shift, bob, say):
    row = make_attendance(session, shift, bob)
    assert say((row.id, 120), (row.id, 120)) == Result(added=1, already=0)
    assert [entry.minutes for entry in entries(session)] == [120]


def test_nobody_confirms_their_own_hours(session, shift, alice, bob, say):
    own, other = make_attendance(session, shift, alice), make_attendance(session, shift, bob)
    with pytest.raises(CannotConfirm):
        say((own.id, 120), (other.id, 120))
    session.rollback()
    assert entries(session) == []


def test_all_or_nothing(session, shift, bob, charlie, say):
    good, bad = make_attendance(session, shift, bob), make_attendance(session, shift, charlie)
    with pytest.raises(InvalidInput) as refused:
        say((good.id, 120), (bad.id, 100))
    assert refused.value.field == f"reason-{bad.id}"
    session.rollback()
    assert entries(session) == []
    assert good.minutes is None


def test_other_minutes_than_recorded_need_a_reason_which_is_kept(session, shift, bob, say):
    row = make_attendance(session, shift, bob)
    say((row.id, 100, " 提前离开 "))
    assert (row.minutes, row.note) == (100, "提前离开")


def test_without_a_departure_the_typed_minutes_count(session, shift, bob, say):
    row = make_attendance(session, shift, bob, check_out_at=None)
    with pytest.raises(InvalidInput) as asked:
        say((row.id, 110))
    assert asked.value.field == f"reason-{row.id}"
    say((row.id, 110, "队长看到离开"))
    assert [entry.minutes for entry in entries(session)] == [110]


@pytest.mark.parametrize("minutes", [-1, 166, 2**40])
def test_minutes_outside_the_window_are_refused(session, shift, bob, say, minutes):
    row = make_attendance(session, shift, bob)
    with pytest.raises(InvalidInput, match="165") as refused:
        say((row.id, minutes, "because"))
    assert refused.value.field == f"minutes-{row.id}"


def test_a_person_gets_eight_hours_a_day_at_most(session, project, bob, say, now):
    start = datetime(2026, 11, 21, 1, tzinfo=UTC)
    first, second = (
        make_shift(
            session,
            project=project,
            starts_at=start + n * 6 * HOUR,
            ends_at=start + (n + 1) * 6 * HOUR,
        )
        for n in (0, 1)
    )
    say((make_attendance(session, first, bob).id, 360), shift_id=first.id)
    row = make_attendance(session, second, bob)
    with pytest.raises(InvalidInput, match="120"):
        say((row.id, 121, "because"), shift_id=second.id)
    say((row.id, 120, "当天已有 6 小时"), shift_id=second.id)
    assert sum(entry.minutes for entry in entries(session)) == 480


def test_hours_wait_for_the_end_of_the_shift(session, shift, bob, say):
    row = make_attendance(session, shift, bob)
    with pytest.raises(CannotConfirm):
        say((row.id, 120), at=shift.ends_at - timedelta(seconds=1))
    say((row.id, 120), at=shift.ends_at)


def test_a_cancelled_shift_has_no_hours(session, shift, bob, say):
    row = make_attendance(session, shift, bob)
    shift.status = ShiftStatus.CANCELLED
    with pytest.raises(CannotConfirm):
        say((row.id, 120))


@pytest.mark.parametrize("status", [AttendanceStatus.NO_SHOW, AttendanceStatus.EXCUSED])
def test_who_did_not_come_gets_no_hours(session, shift, bob, say, status):
    row = make_attendance(session, shift, bob, status=status)
    with pytest.raises(CannotConfirm):
        say((row.id, 120))


def test_an_attendance_of_another_shift_is_not_taken(session, shift, bob, say):
    other = make_shift(session, starts_at=shift.starts_at)
    row = make_attendance(session, other, bob)
    with pytest.raises(CannotConfirm):
        say((row.id, 60))


def test_a_late_entry_is_marked(session, shift, bob, say):
    row = make_attendance(session, shift, bob, method=AttendanceMethod.LATE_ENTRY)
    say((row.id, 120))
    assert [entry.is_late_entry for entry in entries(session)] == [True]


def test_a_reversal_takes_back_and_opens_for_the_right_minutes(
    session, shift, alice, bob, charlie, say, now
):
    row = make_attendance(session, shift, bob)
    say((row.id, 120))
    [entry] = entries(session)
    reverse(session, entry_id=entry.id, reason="打错", actor_id=charlie.id, now=now)
    session.commit()
    assert (row.minutes, row.confirmed_at, row.note) == (None, None, "打错")
    with pytest.raises(CannotReverse):
        reverse(session, entry_id=entry.id, reason="again", actor_id=alice.id, now=now)
    say((row.id, 60, "只有一小时"))
    first, second, third = entries(session)
    assert [entry.minutes for entry in (first, second, third)] == [120, -120, 60]
    assert (second.reverses_id, second.branch_path) == (first.id, first.branch_path)
    with pytest.raises(CannotReverse):
        reverse(session, entry_id=second.id, reason="no", actor_id=alice.id, now=now)
    assert verify(session).problem == ""


def test_an_attendance_with_reversed_hours_stays_known(session, shift, alice, bob, say, now):
    row = make_attendance(session, shift, bob)
    say((row.id, 120))
    reverse(session, entry_id=entries(session)[0].id, reason="x", actor_id=alice.id, now=now)
    session.commit()
    said = {"shift_id": shift.id, "person_id": bob.id, "actor_id": alice.id, "now": now}
    with pytest.raises(AlreadyConfirmed):
        mark(session, status=None, **said)
    mark(session, status=AttendanceStatus.NO_SHOW, **said)
    session.commit()
    assert verify(session).problem == ""


def test_nobody_reverses_their_own_hours_or_without_a_reason(session, shift, alice, bob, say, now):
    say((make_attendance(session, shift, bob).id, 120))
    [entry] = entries(session)
    with pytest.raises(CannotReverse):
        reverse(session, entry_id=entry.id, reason="more", actor_id=bob.id, now=now)
    with pytest.raises(InvalidInput):
        reverse(session, entry_id=entry.id, reason=" ", actor_id=alice.id, now=now)
    with pytest.raises(NotFound):
        reverse(session, entry_id=entry.id + 1, reason="x", actor_id=alice.id, now=now)


# ---------------------------------------------------------------- the chain


def test_a_whole_ledger_verifies(session, shift, say):
    people = [make_person(session) for _ in range(5)]
    say(*((make_attendance(session, shift, person).id, 120) for person in people[:3]))
    say(*((make_attendance(session, shift, person).id, 120) for person in people[3:]))
    verdict = verify(session)
    assert (verdict.entries, verdict.problem) == (5, "")
    assert verdict.digest == entries(session)[-1].digest


def test_an_empty_ledger_is_whole(session):
    assert verify(session).entries == 0
    assert verify(session).problem == ""


@pytest.mark.parametrize(
    "column", ["minutes = 121", "branch_path = '/9/'", "is_party_member = true"]
)
def test_an_edit_behind_the_triggers_shows(session, shift, say, column):
    rows = [make_attendance(session, shift, make_person(session)) for _ in range(4)]
    say(*((row.id, 120) for row in rows))
    victim = entries(session)[2]
    behind_the_triggers(session, f"UPDATE ledger_entry SET {column} WHERE id = {victim.id}")
    assert f"entry {victim.id}:" in verify(session).problem


def test_a_removed_entry_shows_in_the_middle_and_at_the_end(session, shift, say):
    rows = [make_attendance(session, shift, make_person(session)) for _ in range(4)]
    say(*((row.id, 120) for row in rows))
    ids = [entry.id for entry in entries(session)]
    behind_the_triggers(session, f"DELETE FROM ledger_entry WHERE id = {ids[3]}")
    assert f"no entry: attendance {rows[3].id} says 120" in verify(session).problem
    behind_the_triggers(session, f"DELETE FROM ledger_entry WHERE id = {ids[1]}")
    assert f"entry {ids[2]}:" in verify(session).problem


def test_minutes_changed_in_the_attendance_show(session, shift, bob, say):
    row = make_attendance(session, shift, bob)
    say((row.id, 120))
    row.minutes = 150
    session.commit()
    assert f"attendance {row.id} says 150" in verify(session).problem


def behind_the_triggers(session, statement):
    """Do what somebody with the rights of the database's owner could do."""
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))
    else:
        for verb in ("update", "delete"):
            session.execute(text(f"DROP TRIGGER IF EXISTS ledger_entry_no_{verb}"))
    session.execute(text(statement))
    session.commit()


def test_the_database_refuses_to_change_or_remove_an_entry(session, shift, bob, say):
    say((make_attendance(session, shift, bob).id, 120))
    for statement in ("UPDATE ledger_entry SET minutes = 1", "DELETE FROM ledger_entry"):
        with pytest.raises(DBAPIError, match="append-only"):
            session.execute(text(statement))
        session.rollback()


def test_confirmations_at_the_same_moment_keep_one_chain(app, session, project, alice, bob, now):
    """Eight shifts of one person on one day, each confirmed twice, all at once."""
    rows = []
    for n in range(8):
        start = now - timedelta(days=2) + (2 * n - 9) * HOUR
        shift = make_shift(session, project=project, starts_at=start, ends_at=start + 2 * HOUR)
        rows.append((shift.id, make_attendance(session, shift, bob).id))
    session.commit()
    actor_id = alice.id

    def work(row):
        shift_id, attendance_id = row
        with app.app_context():
            try:
                return write_tx(
                    lambda: confirm(
                        db.session(),
                        shift_id=shift_id,
                        rows=[(attendance_id, 120)],
                        actor_id=actor_id,
                        now=now,
                    )
                ).added
            except DomainError:
                return 0

    with ThreadPoolExecutor(8) as pool:
        added = sum(pool.map(work, rows * 2))
    session.rollback()  # what the others wrote is newer than this session's view
    assert added == 4  # eight hours a day
    assert sum(entry.minutes for entry in entries(session)) == 480
    assert verify(session).problem == ""
    confirmed = select(func.count()).where(Attendance.minutes == 120)
    assert session.scalar(confirmed) == 4


def test_the_command_says_whether_the_ledger_is_whole(app, session, shift, bob, say):
    row = make_attendance(session, shift, bob)
    say((row.id, 120))
    good = app.test_cli_runner().invoke(args=["ledger", "verify"])
    assert (good.exit_code, "1 entries" in good.output) == (0, True)
    behind_the_triggers(session, "UPDATE ledger_entry SET minutes = 60")
    bad = app.test_cli_runner().invoke(args=["ledger", "verify"])
    assert bad.exit_code == 1
    assert f"entry {entries(session)[0].id}:" in bad.output
