"""A call-out asks few, free, fitting people near by; the first yes has the place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    make_availability,
    make_invitation,
    make_person,
    make_place,
    make_project,
    make_shift,
    make_sign_up,
    make_walk,
    post_of,
)
from tests.support import count_queries, login
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import NotFound
from volunteer_hub.matching import call_outs, invitations
from volunteer_hub.matching.models import Invitation, InvitationKind, InvitationState
from volunteer_hub.notifications.models import Notice
from volunteer_hub.shifts.models import SignUp

HOUR = timedelta(hours=1)


@pytest.fixture
def shift(session, organisation, now):
    project = make_project(session, organisation=organisation)
    return make_shift(session, project=project, capacity=1, starts_at=now + 4 * HOUR)


def standby(session, count, **fields):
    people = [make_person(session) for _ in range(count)]
    for person in people:
        make_availability(session, person, **fields)
    return people


def prepare(session, shift, organisation, now):
    return call_outs.prepare(
        session,
        post_id=post_of(session, shift).id,
        organisation_ids=[organisation.id],
        now=now,
    )


def call(session, shift, organisation, alice, now):
    return call_outs.call_out(
        session,
        post_id=post_of(session, shift).id,
        organisation_ids=[organisation.id],
        actor_id=alice.id,
        now=now,
    )


def states(session):
    session.expire_all()
    return session.scalars(select(Invitation.state).order_by(Invitation.id)).all()


def test_three_are_asked_for_a_place_at_once_and_told(session, shift, organisation, alice, now):
    standby(session, 6)
    assert call(session, shift, organisation, alice, now) == 3
    assert states(session) == [InvitationState.OPEN] * 3
    assert session.scalars(select(Notice.kind)).all() == ["called_out"] * 3
    assert session.scalars(select(Invitation.expires_at)).first() == now + 2 * HOUR


def test_the_first_yes_has_the_place_and_the_others_are_free_again(
    session, shift, organisation, alice, now
):
    people = standby(session, 3)
    call(session, shift, organisation, alice, now)
    rows = session.scalars(select(Invitation).order_by(Invitation.id)).all()
    second = next(row for row in rows if row.person_id == people[1].id)
    invitations.accept(
        session, invitation_id=second.id, person_id=people[1].id, risk_accepted=True, now=now
    )
    assert sorted(states(session)) == ["accepted", "withdrawn", "withdrawn"]
    assert session.scalars(select(SignUp.person_id)).all() == [people[1].id]


def test_notices_of_a_call_that_is_over_ask_for_nothing_any_more(
    session, shift, organisation, alice, now
):
    standby(session, 3)
    call(session, shift, organisation, alice, now)
    first = session.scalars(select(Invitation).order_by(Invitation.id)).first()
    invitations.accept(
        session, invitation_id=first.id, person_id=first.person_id, risk_accepted=True, now=now
    )
    unread = select(Notice.person_id).where(Notice.kind == "called_out", Notice.read_at.is_(None))
    assert set(session.scalars(unread)) <= {first.person_id}


def test_those_who_are_free_but_cannot_be_asked_are_counted(
    client, session, shift, organisation, alice, now
):
    (busy,) = standby(session, 1)
    make_invitation(session, shift, busy, state=InvitationState.DECLINED)
    assert prepare(session, shift, organisation, now).others == 1
    page = login(client, alice).get(f"/console/shifts/{shift.id}/call-out?lang=en").text
    assert "Nobody can be asked right now" in page
    assert "1 more on standby is free then" in page


def test_at_dawn_the_few_who_may_be_called_are_found_among_many_who_may_not(
    session, organisation, now
):
    dawn = now.replace(hour=21, minute=50)  # 05:50
    shift = make_shift(
        session,
        project=make_project(session, organisation=organisation),
        capacity=1,
        starts_at=dawn + HOUR,
    )
    standby(session, 12, called_from=7 * 60)
    early = standby(session, 2, called_from=330)
    with count_queries(db.engine) as queries:
        found = prepare(session, shift, organisation, dawn)
    assert {one.person_id for one in found.callees} == {person.id for person in early}
    assert found.quiet == 12
    assert queries.count < 30


def test_calling_again_asks_others(session, shift, organisation, alice, now):
    people = standby(session, 5)
    call(session, shift, organisation, alice, now)
    for row in session.scalars(select(Invitation)):
        invitations.decline(session, invitation_id=row.id, person_id=row.person_id, now=now)
    assert call(session, shift, organisation, alice, now) == 2
    asked = session.scalars(select(Invitation.person_id)).all()
    assert sorted(asked) == sorted(person.id for person in people)


def test_while_enough_are_asked_nobody_else_is(session, shift, organisation, alice, now):
    standby(session, 6)
    call(session, shift, organisation, alice, now)
    with pytest.raises(call_outs.NotNow):
        call(session, shift, organisation, alice, now)


@pytest.mark.parametrize(("ahead", "why"), [(-HOUR, "has begun"), (50 * HOUR, "still time")])
def test_only_shifts_close_to_their_start_are_called_out_for(
    session, organisation, now, ahead, why
):
    project = make_project(session, organisation=organisation)
    shift = make_shift(session, project=project, starts_at=now + ahead)
    with pytest.raises(call_outs.NotNow):
        prepare(session, shift, organisation, now)
    assert why


def test_quiet_hours_are_each_persons_own(session, organisation, now):
    before_six = now.replace(day=23, hour=21, minute=50)  # 05:50 of the 24th in Shanghai
    project = make_project(session, organisation=organisation)
    shift = make_shift(session, project=project, capacity=1, starts_at=before_six + HOUR)
    early, late = standby(session, 1, called_from=330), standby(session, 2)
    found = prepare(session, shift, organisation, before_six)
    assert [one.person_id for one in found.callees] == [early[0].id]
    assert found.quiet == len(late)


def test_nobody_is_called_at_night(session, organisation, now):
    night = now.replace(hour=14, minute=30)  # 22:30
    project = make_project(session, organisation=organisation)
    shift = make_shift(session, project=project, starts_at=night + 9 * HOUR)
    standby(session, 2, called_from=330)
    found = prepare(session, shift, organisation, night)
    assert (found.callees, found.quiet) == ((), 2)


def test_nobody_is_called_more_often_than_they_said(session, shift, organisation, now):
    never, once, twice = (standby(session, 1, calls_a_month=most)[0] for most in (0, 1, 2))
    for days in (5, 20, 40):
        old = make_shift(session, starts_at=now - timedelta(days=days))
        for person in (once, twice):
            make_invitation(
                session,
                old,
                person,
                kind=InvitationKind.CALL_OUT,
                state=InvitationState.DECLINED,
                made_at=now - timedelta(days=days if person is once else 2 * days),
            )
    found = prepare(session, shift, organisation, now)
    assert [one.person_id for one in found.callees] == [twice.id]
    assert found.often == 1
    assert never.id not in {one.person_id for one in found.callees}


def test_who_knows_the_project_and_is_near_comes_first(session, shift, organisation, building, now):
    far, near, knows = (make_person(session, building_id=building.id) for _ in range(3))
    other = make_person(session)
    place = session.get_one(type(make_place(session)), shift.place_id)
    make_walk(session, building, place, 6)
    for person in (far, near, knows, other):
        make_availability(session, person, farthest_walk=5 if person is far else 30)
    old = make_shift(
        session,
        project=session.get_one(type(make_project(session)), shift.project_id),
        starts_at=now - timedelta(days=9),
    )
    make_sign_up(session, old, knows)
    found = prepare(session, shift, organisation, now)
    assert [one.person_id for one in found.callees] == [knows.id, near.id, other.id]


def test_a_stranger_cannot_call_out(session, shift, alice, now):
    with pytest.raises(NotFound):
        call_outs.prepare(
            session, post_id=post_of(session, shift).id, organisation_ids=[999], now=now
        )


def test_the_desk_shows_who_would_be_asked_and_asks_in_one_tap(
    client, session, shift, alice, bob, charlie
):
    make_availability(session, bob)
    login(client, alice)
    assert f"/console/shifts/{shift.id}/call-out" in client.get(f"/console/shifts/{shift.id}").text
    page = client.get(f"/console/shifts/{shift.id}/call-out?lang=en").text
    assert "1 person would be asked" in page
    assert "Bob" in page
    assert "Charlie" not in page
    data = {"post": post_of(session, shift).id}
    assert client.post(f"/console/shifts/{shift.id}/call-out", data=data).status_code == 303
    again = client.post(f"/console/shifts/{shift.id}/call-out", data=data)
    assert again.status_code == 409
    assert "Bob" in client.get(f"/console/shifts/{shift.id}/call-out").text
    login(client, charlie)
    assert client.get(f"/console/shifts/{shift.id}/call-out").status_code == 404
    assert client.post(f"/console/shifts/{shift.id}/call-out", data=data).status_code == 404
