"""What outlives a forgotten wish: a "rather not", while the senior still wishes for something."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_pairing, make_project, make_request, make_shift, make_sign_up
from volunteer_hub.matching.one_to_one import jobs, on_site, reading
from volunteer_hub.matching.one_to_one.models import Pairing, RequestState
from volunteer_hub.matching.one_to_one.pairing import CannotPair

LONG_AGO, LATER = timedelta(days=95), timedelta(days=91)


@pytest.fixture
def project(session, organisation):
    return make_project(session, organisation=organisation, one_to_one=True)


@pytest.fixture
def coming(session, project, now):
    return make_shift(session, project=project, starts_at=now + timedelta(days=2), capacity=6)


@pytest.fixture
def wish(session, organisation, alice):
    def add(first=None, **fields):
        return make_request(
            session,
            organisation=organisation,
            entered_by=alice,
            first_id=first.id if first else None,
            **fields,
        )

    return add


@pytest.fixture
def ended(session, project, wish, now):
    """Add a wish that was met so long ago, with a pairing of each of these people."""

    def add(*people, first=None, ago=LONG_AGO, **answers):
        past = make_shift(session, project=project, starts_at=now - ago, capacity=6)
        found = wish(first=first, shift=past, state="served", state_at=now - ago)
        for person in people:
            sign_up = make_sign_up(session, past, person)
            made = make_pairing(session, found, sign_up, state="met", **answers)
        return found, made

    return add


def history(session, coming):
    return reading.read(session, coming.id).history


@pytest.mark.parametrize("side", ["volunteer_again", "senior_again"])
def test_a_no_holds_for_as_long_as_the_senior_wishes_for_something(
    session, bob, coming, wish, ended, now, side
):
    first, _made = ended(bob, **{side: False})
    later = wish(first, shift=coming)
    make_sign_up(session, coming, bob)
    assert jobs.forget_seniors(session, now) == 1
    assert (first.given_name, first.venue, first.building_id) == ("", "", None)
    assert history(session, coming).apart == {(later.id, bob.id)}


def test_without_a_no_a_forgotten_wish_is_nobodys_and_the_others_still_are_of_one_senior(
    session, bob, charlie, coming, wish, ended, now
):
    first, made = ended(bob, volunteer_again=True, senior_again=True)
    second, _made = ended(charlie, first=first, ago=timedelta(days=30), senior_again=False)
    third = wish(first, shift=coming)
    for person in (bob, charlie):
        make_sign_up(session, coming, person)
    jobs.forget_seniors(session, now)
    session.refresh(made)
    assert (made.volunteer_again, made.senior_again) == (None, None)
    assert first.id not in {second.first_id, third.first_id}
    found = history(session, coming)
    assert found.apart == {(third.id, charlie.id)}
    assert found.met == {(third.id, charlie.id): 1}


def test_of_a_later_yes_and_an_earlier_no_the_yes_still_counts(
    session, bob, coming, wish, ended, now
):
    first, _made = ended(bob, ago=timedelta(days=100), volunteer_again=False)
    ended(bob, first=first, volunteer_again=True, senior_again=True)
    wish(first, shift=coming)
    make_sign_up(session, coming, bob)
    assert jobs.forget_seniors(session, now) == 2
    assert not history(session, coming).apart


def test_with_the_last_wish_of_the_senior_all_of_it_goes(session, bob, wish, ended, now):
    first, _made = ended(bob, volunteer_again=False)
    later = wish(first, state="withdrawn", state_at=now)
    jobs.forget_seniors(session, now)
    assert later.first_id == first.id
    jobs.forget_seniors(session, now + LATER)
    assert later.forgotten_at is not None
    assert later.first_id is None
    session.expire_all()
    assert session.scalars(select(Pairing.volunteer_again)).all() == [None]


def test_a_no_counts_also_when_nobody_noted_that_the_two_had_met(
    session, bob, coming, project, wish, now
):
    past = make_shift(session, project=project, starts_at=now - timedelta(days=4), capacity=6)
    first = wish(shift=past)
    made = make_pairing(session, first, make_sign_up(session, past, bob))
    on_site.volunteer_says(session, pairing_id=made.id, person_id=bob.id, yes=False, now=now)
    jobs.settle_requests(session, now)
    assert first.state == RequestState.VERIFIED
    first.state, first.shift_id = RequestState.PLACED, coming.id
    make_sign_up(session, coming, bob)
    found = history(session, coming)
    assert found.apart == {(first.id, bob.id)}
    assert not found.met


def test_nobody_is_promised_anything_about_a_forgotten_senior(session, bob, ended, now):
    _first, made = ended(bob)
    jobs.forget_seniors(session, now)
    with pytest.raises(CannotPair):
        on_site.volunteer_says(session, pairing_id=made.id, person_id=bob.id, yes=False, now=now)


def test_what_cannot_be_decided_yet_holds_up_nothing_else(
    session, bob, charlie, project, wish, now, monkeypatch
):
    monkeypatch.setattr(jobs, "AT_ONCE", 1)
    over = make_shift(session, project=project, starts_at=now - timedelta(hours=6), capacity=6)
    unknown, alone = wish(shift=over), wish(shift=over)
    make_pairing(session, unknown, make_sign_up(session, over, bob))
    assert jobs.settle_requests(session, now) == 1
    assert unknown.state == RequestState.PLACED
    assert alone.state == RequestState.VERIFIED
