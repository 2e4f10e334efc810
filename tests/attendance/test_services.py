"""Ticks on the roster."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_attendance, make_enterprise, make_person, make_shift, make_sign_up
from volunteer_hub.attendance.models import Attendance, AttendanceStatus
from volunteer_hub.attendance.rules import AlreadyConfirmed, NotOnRoster, RosterClosed
from volunteer_hub.attendance.services import mark, mark_all
from volunteer_hub.attendance.times import check_out_all, set_times
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.shifts.models import ShiftStatus, SignUpStatus

PRESENT, NO_SHOW, EXCUSED = AttendanceStatus


@pytest.fixture
def shift(session, now):
    return make_shift(session, starts_at=now, ends_at=now + timedelta(hours=1))


@pytest.fixture
def tick(session, shift, alice, now):
    def tick(person, status=PRESENT, after=timedelta(minutes=5)):
        mark(
            session,
            shift_id=shift.id,
            person_id=person.id,
            status=status,
            actor_id=alice.id,
            now=now + after,
        )
        session.commit()

    return tick


def rows(session):
    return session.scalars(select(Attendance).order_by(Attendance.id)).all()


def test_a_tick_keeps_where_the_person_works(session, shift, bob, charlie, building, tick, now):
    bob.enterprise_id = make_enterprise(session).id
    for person in (bob, charlie):
        make_sign_up(session, shift, person)
    tick(bob)
    mark_all(session, shift_id=shift.id, actor_id=bob.id, now=now)
    kept = [(row.enterprise_id, row.building_id) for row in rows(session)]
    assert kept == [(bob.enterprise_id, building.id), (None, None)]


def test_a_tick_during_the_shift_notes_the_arrival_and_leaves_the_departure_open(
    session, shift, bob, tick, now
):
    sign_up = make_sign_up(session, shift, bob)
    tick(bob)
    [row] = rows(session)
    assert (row.status, row.check_in_at, row.check_out_at) == (
        "present",
        now + timedelta(minutes=5),
        None,
    )
    assert (row.sign_up_id, row.post_id) == (sign_up.id, sign_up.post_id)


def test_a_tick_after_the_shift_takes_the_planned_times(session, shift, bob, tick):
    make_sign_up(session, shift, bob)
    tick(bob, after=timedelta(hours=3))
    [row] = rows(session)
    assert (row.check_in_at, row.check_out_at) == (shift.starts_at, shift.ends_at)


def test_two_taps_have_one_effect(session, shift, bob, tick, now):
    make_sign_up(session, shift, bob)
    tick(bob)
    tick(bob, after=timedelta(minutes=9))
    [row] = rows(session)
    assert row.check_in_at == now + timedelta(minutes=5)
    assert session.query(AuditEntry).count() == 1


def test_a_tick_can_be_taken_back_and_set_again(session, shift, bob, tick):
    make_sign_up(session, shift, bob)
    tick(bob)
    tick(bob, None)
    tick(bob, None)
    assert rows(session) == []
    tick(bob, EXCUSED)
    tick(bob, PRESENT)
    assert [row.status for row in rows(session)] == ["present"]


def test_a_no_show_has_no_times(session, shift, bob, tick):
    make_sign_up(session, shift, bob)
    tick(bob)
    tick(bob, NO_SHOW)
    [row] = rows(session)
    assert (row.status, row.check_in_at, row.check_out_at) == ("no_show", None, None)


def test_nobody_is_a_no_show_before_the_shift_starts(session, shift, bob, tick):
    make_sign_up(session, shift, bob)
    with pytest.raises(RosterClosed):
        tick(bob, NO_SHOW, after=-timedelta(minutes=10))


@pytest.mark.parametrize("status", [SignUpStatus.WAITLISTED, SignUpStatus.CANCELLED, None])
def test_only_people_with_a_confirmed_place_can_be_ticked(session, shift, bob, tick, status):
    if status:
        make_sign_up(session, shift, bob, status=status)
    with pytest.raises(NotOnRoster):
        tick(bob)


@pytest.mark.parametrize("status", [*AttendanceStatus, None])
def test_who_has_cancelled_after_a_tick_can_still_be_corrected(session, shift, bob, tick, status):
    sign_up = make_sign_up(session, shift, bob)
    tick(bob)
    sign_up.status = SignUpStatus.CANCELLED
    tick(bob, status)
    assert [row.status for row in rows(session)] == ([status] if status else [])


def test_the_roster_opens_two_hours_before_the_start(session, shift, bob, tick):
    make_sign_up(session, shift, bob)
    with pytest.raises(RosterClosed):
        tick(bob, after=-timedelta(hours=2, seconds=1))
    tick(bob, after=-timedelta(hours=2))
    assert len(rows(session)) == 1


def test_a_cancelled_shift_takes_no_ticks(session, shift, bob, tick):
    make_sign_up(session, shift, bob)
    shift.status = ShiftStatus.CANCELLED
    with pytest.raises(RosterClosed):
        tick(bob)


@pytest.mark.parametrize("status", [NO_SHOW, EXCUSED, None])
def test_confirmed_rows_do_not_change(session, shift, alice, bob, tick, now, status):
    make_attendance(
        session, shift, bob, minutes=60, confirmed_by=alice.id, confirmed_at=now + timedelta(days=1)
    )
    with pytest.raises(AlreadyConfirmed, match=r"更正|Correct"):
        tick(bob, status, after=timedelta(days=2))
    tick(bob, PRESENT, after=timedelta(days=2))
    assert [row.minutes for row in rows(session)] == [60]


def test_an_unknown_shift_is_not_found(session, alice, bob, now):
    with pytest.raises(NotFound):
        mark(session, shift_id=7, person_id=bob.id, status=PRESENT, actor_id=alice.id, now=now)


def test_everybody_came_ticks_only_those_about_whom_nothing_is_known(
    session, shift, alice, bob, charlie, tick, now
):
    for person in (bob, charlie, make_person(session)):
        make_sign_up(session, shift, person)
    make_sign_up(session, shift, make_person(session), status=SignUpStatus.WAITLISTED)
    tick(bob, NO_SHOW)
    count = [mark_all(session, shift_id=shift.id, actor_id=alice.id, now=now) for _ in range(2)]
    assert count == [2, 0]
    assert sorted(row.status for row in rows(session)) == ["no_show", "present", "present"]


def test_everybody_leaves_at_the_planned_end_when_that_has_passed(
    session, shift, alice, bob, charlie, tick, now
):
    for person in (bob, charlie):
        make_sign_up(session, shift, person)
        tick(person)
    early = now + timedelta(minutes=30)
    set_times(
        session,
        shift_id=shift.id,
        person_id=bob.id,
        check_in_at=now,
        check_out_at=early,
        actor_id=alice.id,
        now=early,
    )
    late = now + timedelta(hours=5)
    assert check_out_all(session, shift_id=shift.id, actor_id=alice.id, now=late) == 1
    assert [row.check_out_at for row in rows(session)] == [early, shift.ends_at]


def test_everybody_leaves_now_while_the_shift_goes_on(session, shift, alice, bob, tick, now):
    make_sign_up(session, shift, bob)
    tick(bob)
    moment = now + timedelta(minutes=40)
    check_out_all(session, shift_id=shift.id, actor_id=alice.id, now=moment)
    assert [row.check_out_at for row in rows(session)] == [moment]


@pytest.mark.parametrize(
    ("came", "left", "field"),
    [
        (-121, 60, "check_in"),
        (61, 62, "check_in"),
        (10, 9, "check_out"),
        (10, 60 + 241, "check_out"),
        (10, 60 + 239, "check_out"),
    ],
)
def test_times_that_cannot_be_are_refused(session, shift, alice, bob, tick, now, came, left, field):
    make_sign_up(session, shift, bob)
    tick(bob)
    with pytest.raises(InvalidInput) as refused:
        set_times(
            session,
            shift_id=shift.id,
            person_id=bob.id,
            check_in_at=now + timedelta(minutes=came),
            check_out_at=now + timedelta(minutes=left),
            actor_id=alice.id,
            now=now + timedelta(minutes=60 + 200),
        )
    assert refused.value.field == field


def test_times_of_somebody_who_is_not_ticked_are_refused(session, shift, alice, bob, now):
    make_sign_up(session, shift, bob)
    with pytest.raises(NotOnRoster):
        set_times(
            session,
            shift_id=shift.id,
            person_id=bob.id,
            check_in_at=now,
            check_out_at=None,
            actor_id=alice.id,
            now=now,
        )
