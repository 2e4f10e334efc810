"""Held offers: made, accepted, declined, run out, in order; and the worker's jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    NOW,
    make_person,
    make_project,
    make_shift,
    make_sign_up,
    post_of,
)
from volunteer_hub.core.errors import NotFound
from volunteer_hub.notifications.models import Notice
from volunteer_hub.shifts import jobs, leaving, line, offers, signing
from volunteer_hub.shifts.models import Offer, SignUp, SignUpStatus
from volunteer_hub.shifts.odds import odds
from volunteer_hub.shifts.reasons import CannotSignUp, Reason


def sign(session, shift, person, *, now=NOW):
    return signing.sign_up(
        session, shift_id=shift.id, person_id=person.id, post_id=None, risk_accepted=True, now=now
    )


def state(session, shift, person):
    return session.scalars(
        select(SignUp.status)
        .where(SignUp.shift_id == shift.id, SignUp.person_id == person.id)
        .order_by(SignUp.id.desc())
    ).first()


def offer_of(session, person):
    return session.scalars(
        select(Offer).where(Offer.person_id == person.id).order_by(Offer.id.desc())
    ).first()


def kinds(session, person):
    return list(
        session.scalars(
            select(Notice.kind).where(Notice.person_id == person.id).order_by(Notice.id)
        )
    )


def accept(session, person, *, now=NOW):
    return offers.accept(
        session,
        offer_id=offer_of(session, person).id,
        person_id=person.id,
        risk_accepted=True,
        now=now,
    )


@pytest.fixture
def full(session):
    """A full shift in three days with two people in line, and the place given back."""
    shift = make_shift(session, capacity=1, starts_at=NOW + timedelta(days=3))
    holder, first, second = (make_person(session) for _ in range(3))
    mine = sign(session, shift, holder)
    sign(session, shift, first)
    sign(session, shift, second)

    def give_back(now=NOW):
        leaving.cancel(session, sign_up_id=mine.sign_up_id, person_id=holder.id, reason="", now=now)
        session.commit()

    return shift, first, second, give_back


def test_an_offer_is_told_and_keeps_the_place_from_everybody_else(session, full):
    shift, first, _second, give_back = full
    give_back()
    assert kinds(session, first) == ["offer_made"]
    assert post_of(session, shift).taken == 1
    assert sign(session, shift, make_person(session)).status is SignUpStatus.WAITLISTED


def test_accepting_confirms_and_accepting_again_changes_nothing(session, full):
    shift, first, second, give_back = full
    give_back()
    accept(session, first)
    accept(session, first)
    session.commit()
    assert state(session, shift, first) == "confirmed"
    assert state(session, shift, second) == "waitlisted"
    assert post_of(session, shift).taken == 1


def test_signing_up_again_while_an_offer_is_open_takes_it(session, full):
    shift, first, _second, give_back = full
    give_back()
    assert sign(session, shift, first).status is SignUpStatus.CONFIRMED
    assert offer_of(session, first).state == "accepted"


def test_declining_passes_the_place_to_the_next_without_any_penalty(session, full):
    shift, first, second, give_back = full
    give_back()
    offer = offer_of(session, first)
    for _twice in range(2):
        leaving.decline(session, offer_id=offer.id, person_id=first.id, now=NOW)
    assert state(session, shift, first) == "cancelled"
    assert state(session, shift, second) == "offered"
    assert sign(session, shift, first).status is SignUpStatus.WAITLISTED


def test_an_offer_that_has_run_out_goes_to_the_next_and_says_so(session, full):
    shift, first, second, give_back = full
    give_back()
    late = offer_of(session, first).expires_at
    with pytest.raises(CannotSignUp) as refused:
        accept(session, first, now=late)
    assert refused.value.reason is Reason.OFFER_GONE
    assert jobs.pass_on_places(session, late) == 1
    assert (state(session, shift, first), state(session, shift, second)) == (
        "cancelled",
        "offered",
    )
    assert kinds(session, first) == ["offer_made", "offer_expired"]
    assert post_of(session, shift).taken == 1
    assert jobs.pass_on_places(session, late) == 0


def test_without_a_worker_the_next_tap_passes_the_place_on(session, full):
    shift, first, second, give_back = full
    give_back()
    late = offer_of(session, first).expires_at
    assert sign(session, shift, make_person(session), now=late).status is SignUpStatus.WAITLISTED
    assert state(session, shift, second) == "offered"


def test_whom_a_conflict_has_come_to_keep_out_cannot_accept_and_sees_why(session, full):
    shift, first, _second, give_back = full
    give_back()
    make_sign_up(session, make_shift(session, starts_at=shift.starts_at), first)
    with pytest.raises(CannotSignUp) as refused:
        accept(session, first)
    assert refused.value.reason is Reason.OVERLAP
    assert refused.value.link


def test_an_offer_to_somebody_else_does_not_exist(session, full):
    _shift, first, second, give_back = full
    give_back()
    offer = offer_of(session, first)
    with pytest.raises(NotFound):
        offers.accept(session, offer_id=offer.id, person_id=second.id, risk_accepted=True, now=NOW)
    with pytest.raises(NotFound):
        leaving.decline(session, offer_id=offer.id, person_id=second.id, now=NOW)


def shanghai(hour, minute=0, day=23):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("ahead", "life"),
    [
        (timedelta(days=5), timedelta(hours=12)),
        (timedelta(hours=47), timedelta(hours=2)),
        (timedelta(hours=11), timedelta(minutes=30)),
        (timedelta(minutes=31), timedelta(minutes=10)),
    ],
)
def test_the_nearer_the_start_the_shorter_a_place_is_held(session, ahead, life):
    now = shanghai(9)
    assert offers.expiry(now + ahead, now=now) == now + life


def test_half_an_hour_before_the_start_places_are_open_to_all(session):
    now = shanghai(9)
    assert offers.expiry(now + timedelta(minutes=29), now=now) is None


def test_nobody_has_to_wake_up_for_an_offer(session):
    assert offers.expiry(shanghai(9, day=30), now=shanghai(13)) == shanghai(8, day=24)
    # It never ends later than an hour before the start.
    assert offers.expiry(shanghai(8, day=24), now=shanghai(23)) == shanghai(7, day=24)


def test_added_places_confirm_the_line_in_order_while_there_is_time(session, full):
    shift, first, second, _give_back = full
    post = post_of(session, shift)
    post.capacity = 2
    session.flush()
    line.settle(session, post.id, now=NOW, added=True)
    assert state(session, shift, first) == "confirmed"
    assert state(session, shift, second) == "waitlisted"
    assert kinds(session, first) == ["moved_up"]


def test_places_added_shortly_before_are_offered_and_confirm_nobody_unasked(session, full):
    shift, first, _second, _give_back = full
    post = post_of(session, shift)
    post.capacity = 2
    session.flush()
    line.settle(session, post.id, now=shift.starts_at - timedelta(hours=5), added=True)
    assert state(session, shift, first) == "offered"


def test_reminders_come_once_a_day_before_and_once_two_hours_before(session):
    shift, person = make_shift(session), make_person(session)
    make_sign_up(session, shift, person)
    early = shift.starts_at - timedelta(hours=23)
    assert jobs.remind_the_day_before(session, shift.starts_at - timedelta(hours=25)) == 0
    assert [jobs.remind_the_day_before(session, early) for _twice in range(2)] == [1, 0]
    soon = shift.starts_at - timedelta(minutes=90)
    assert [jobs.remind_soon(session, soon) for _twice in range(2)] == [1, 0]
    assert kinds(session, person) == ["reminder_day", "reminder_soon"]


def test_who_signed_up_an_hour_before_is_not_reminded(session):
    shift, person = make_shift(session), make_person(session)
    make_sign_up(session, shift, person, signed_up_at=shift.starts_at - timedelta(hours=1))
    assert jobs.remind_soon(session, shift.starts_at - timedelta(minutes=50)) == 0


def test_the_odds_count_what_became_of_the_same_place_in_line(session):
    project = make_project(session)
    for n in range(6):
        past = make_shift(session, project=project, starts_at=NOW - timedelta(days=n + 1))
        status = SignUpStatus.CONFIRMED if n < 4 else SignUpStatus.WAITLISTED
        make_sign_up(session, past, make_person(session), status=status, line_position=2)
    assert odds(session, project_id=project.id, position=2, now=NOW) == (4, 6)
    assert odds(session, project_id=project.id, position=1, now=NOW) is None
