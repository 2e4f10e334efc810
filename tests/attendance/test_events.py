"""What happened on site is only ever added to, and the attendance is what it adds up to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_person, make_shift, make_sign_up
from volunteer_hub.attendance import events, services, times
from volunteer_hub.attendance.models import Attendance, AttendanceStatus, EventKind, SiteEvent

START = datetime(2026, 11, 23, 7, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
IN, OUT = EventKind.CHECK_IN, EventKind.CHECK_OUT


@pytest.fixture
def place(session, now):
    shift = make_shift(session, starts_at=now, ends_at=now + 60 * MINUTE)
    sign_up = make_sign_up(session, shift, make_person(session))
    return {"shift_id": shift.id, "person_id": sign_up.person_id}


@pytest.fixture
def leader(session):
    return make_person(session).id


def row_of(session, place) -> Attendance | None:
    session.flush()
    return session.scalar(sa.select(Attendance).filter_by(**place))


@given(st.lists(st.tuples(st.sampled_from([IN, OUT]), st.integers(0, 30)), max_size=8))
def test_stays_never_overlap_and_come_in_order(taps):
    found = events.stays((kind, START + MINUTE * minute) for kind, minute in taps)
    moments = [moment for stay in found for moment in stay if moment]
    assert moments == sorted(moments)
    assert all(stay.left_at for stay in found[:-1])
    arrivals = {minute for kind, minute in taps if kind is IN}
    assert {(stay.came_at - START) // MINUTE for stay in found} <= arrivals
    assert bool(found) == bool(arrivals)


def test_a_tick_that_is_corrected_leaves_every_step_behind(session, place, leader, now):
    for status in (AttendanceStatus.PRESENT, AttendanceStatus.EXCUSED, AttendanceStatus.PRESENT):
        services.mark(session, **place, status=status, actor_id=leader, now=now)
    services.mark(session, **place, status=None, actor_id=leader, now=now)
    kinds = session.scalars(sa.select(SiteEvent.kind).order_by(SiteEvent.id)).all()
    assert kinds == ["check_in", "void", "excused", "void", "check_in", "void"]
    assert row_of(session, place) is None


def test_who_leaves_and_comes_back_has_two_stays(session, place, leader, now):
    services.mark(session, **place, status=AttendanceStatus.PRESENT, actor_id=leader, now=now)
    row = row_of(session, place)
    source = events.Source(services.AttendanceMethod.ROSTER, leader)
    times.check_out(session, row, at=now + 10 * MINUTE, source=source, now=now + 10 * MINUTE)
    events.add(
        session, **place, kind=IN, at=now + 30 * MINUTE, source=source, now=now + 30 * MINUTE
    )
    events.settle(session, row)
    assert row.check_out_at is None
    times.check_out(session, row, at=now + 60 * MINUTE, source=source, now=now + 60 * MINUTE)
    session.commit()
    found = events.stays_of(row.check_in_at, row.check_out_at, row.stays)
    assert [((a - now) // MINUTE, (b - now) // MINUTE) for a, b in found] == [(0, 10), (30, 60)]


def test_corrected_times_keep_what_was_recorded_first(session, place, leader, now):
    services.mark(
        session, **place, status=AttendanceStatus.PRESENT, actor_id=leader, now=now + 5 * MINUTE
    )
    times.set_times(
        session,
        **place,
        check_in_at=now,
        check_out_at=now + 50 * MINUTE,
        actor_id=leader,
        now=now + 60 * MINUTE,
    )
    row = row_of(session, place)
    assert (row.check_in_at, row.check_out_at) == (now, now + 50 * MINUTE)
    first = session.scalars(sa.select(SiteEvent).order_by(SiteEvent.id)).first()
    assert (first.kind, first.at) == (IN, now + 5 * MINUTE)


@pytest.mark.parametrize(
    "verb", ["UPDATE site_event SET at = recorded_at", "DELETE FROM site_event"]
)
def test_events_are_never_changed_or_removed(session, place, leader, now, verb):
    services.mark(session, **place, status=AttendanceStatus.PRESENT, actor_id=leader, now=now)
    session.commit()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        session.execute(sa.text(verb))
    session.rollback()


def test_a_tap_that_waited_for_the_network_counts_from_when_it_was_tapped(
    session, place, leader, now
):
    later = now + 20 * MINUTE
    present = AttendanceStatus.PRESENT
    services.mark(session, **place, status=present, actor_id=leader, at=now, now=later)
    assert row_of(session, place).check_in_at == now


def test_a_tap_from_the_future_counts_from_now(session, place, leader, now):
    present = AttendanceStatus.PRESENT
    services.mark(session, **place, status=present, actor_id=leader, at=now + 60 * MINUTE, now=now)
    assert row_of(session, place).check_in_at == now
