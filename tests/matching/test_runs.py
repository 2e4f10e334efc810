"""Plans: worked out once, sent piece by piece through the rules, kept close, no strangers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    make_availability,
    make_organisation,
    make_person,
    make_project,
    make_shift,
    make_sign_up,
    post_of,
)
from tests.support import login
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.matching import forgetting, invitations, inviting, runs, sending
from volunteer_hub.matching.models import (
    Invitation,
    InvitationState,
    MatchRun,
    MatchWish,
    PostOutcome,
    Proposal,
    RunState,
    WishKind,
)
from volunteer_hub.matching.planned import Pair, Planned, PostPlan
from volunteer_hub.notifications.models import Notice

TODAY = date(2026, 11, 23)


@pytest.fixture
def shift(session, organisation):
    return make_shift(session, project=make_project(session, organisation=organisation), capacity=2)


@pytest.fixture
def people(session):
    found = [make_person(session) for _ in range(4)]
    for person in found:
        make_availability(session, person)
    return found


def ask(session, organisation, alice, now, **changes):
    wanted = {"first_day": TODAY, "last_day": TODAY + timedelta(days=13), "reward": 50}
    return runs.ask(
        session,
        organisation_id=organisation.id,
        asked_by=alice.id,
        today=TODAY,
        now=now,
        **wanted | changes,
    )


def planned(session, shift, people, reserves=()):
    post_id = post_of(session, shift).id
    return Planned(
        pairs=[Pair(post_id, person.id, 1200, [["walk", 4]]) for person in people],
        posts=[
            PostPlan(
                post_id,
                2,
                len(people),
                reserves=[[person.id, [["walk", 9]]] for person in reserves],
            )
        ],
        value=2400,
        bound=2500,
        figures={"filled": len(people), "places": 2},
    )


@pytest.fixture
def ready(session, organisation, alice, shift, people, now):
    run = ask(session, organisation, alice, now)
    sending.keep(session, run.id, planned(session, shift, people[:2], people[2:]), now=now)
    session.commit()
    return run


def own(organisation, alice, now):
    return {"organisation_ids": [organisation.id], "actor_id": alice.id, "now": now}


def invited(session):
    session.expire_all()
    return session.scalars(select(Invitation.person_id).order_by(Invitation.id)).all()


def test_a_new_plan_puts_the_unsent_one_before_away(session, organisation, alice, ready, now):
    again = ask(session, organisation, alice, now)
    session.expire_all()
    assert (ready.state, again.state) == (RunState.PUT_AWAY, RunState.QUEUED)


def test_plans_for_other_days_live_side_by_side(session, organisation, alice, ready, now):
    days = {"first_day": TODAY + timedelta(days=14), "last_day": TODAY + timedelta(days=20)}
    ask(session, organisation, alice, now, **days)
    session.expire_all()
    assert ready.state == RunState.READY


def test_what_nobody_has_answered_is_taken_back_and_nobody_else_is_asked(
    session, organisation, alice, ready, shift, people, now
):
    runs.send(session, run_id=ready.id, **own(organisation, alice, now))
    sending.send_some(session, now)
    yes, open_one = session.scalars(select(Invitation).order_by(Invitation.id)).all()
    invitations.accept(
        session, invitation_id=yes.id, person_id=yes.person_id, risk_accepted=True, now=now
    )
    assert runs.take_back(session, run_id=ready.id, **own(organisation, alice, now)) == 1
    session.expire_all()
    assert (yes.state, open_one.state) == (InvitationState.ACCEPTED, InvitationState.WITHDRAWN)
    unread = select(Notice.person_id).where(Notice.kind == "invited", Notice.read_at.is_(None))
    assert open_one.person_id not in session.scalars(unread).all()
    inviting.ask_next(session, ready.id, shift.id, post_of(session, shift).id, now=now)
    assert len(invited(session)) == 2


def test_a_plan_that_was_not_sent_has_nothing_to_take_back(
    session, organisation, alice, ready, now
):
    with pytest.raises(runs.NotReady):
        runs.take_back(session, run_id=ready.id, **own(organisation, alice, now))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"last_day": TODAY - timedelta(days=1)}, "last_day"),
        ({"first_day": TODAY - timedelta(days=1)}, "first_day"),
        ({"last_day": TODAY + timedelta(days=28)}, "last_day"),
    ],
)
def test_days_that_cannot_be_planned_are_refused(session, organisation, alice, now, changes, field):
    with pytest.raises(InvalidInput) as refused:
        ask(session, organisation, alice, now, **changes)
    assert refused.value.field == field


def test_a_plan_is_worked_out_by_one_worker_alone_until_its_lease_ends(
    session, organisation, alice, now
):
    run = ask(session, organisation, alice, now)
    assert sending.claim(session, now=now).id == run.id
    assert sending.claim(session, now=now + timedelta(minutes=1)) is None
    assert sending.claim(session, now=now + sending.LEASE + timedelta(seconds=1)).id == run.id


def test_a_plan_that_was_put_away_meanwhile_is_not_kept(
    session, organisation, alice, shift, people, now
):
    run = ask(session, organisation, alice, now)
    runs.put_away(session, run_id=run.id, **own(organisation, alice, now))
    sending.keep(session, run.id, planned(session, shift, people), now=now)
    assert run.state == RunState.PUT_AWAY
    assert session.scalars(select(Proposal)).all() == []


def test_nobody_is_asked_before_the_plan_is_sent(session, ready, now):
    assert sending.send_some(session, now) == 0
    assert invited(session) == []


def test_a_sent_plan_invites_its_people_once(session, organisation, alice, ready, people, now):
    for _ in range(2):
        runs.send(session, run_id=ready.id, **own(organisation, alice, now))
        sending.send_some(session, now)
    assert invited(session) == [person.id for person in people[:2]]
    assert ready.state == RunState.SENT


def test_who_no_longer_fits_is_passed_over_for_the_next_best(
    session, organisation, alice, ready, people, now
):
    make_sign_up(session, make_shift(session), people[0])
    runs.send(session, run_id=ready.id, **own(organisation, alice, now))
    sending.send_some(session, now)
    assert sorted(invited(session)) == sorted([people[1].id, people[2].id])
    (passed,) = session.scalars(select(Proposal).where(Proposal.kept_out != ""))
    assert (passed.person_id, passed.kept_out) == (people[0].id, "overlap")


def test_no_more_people_are_asked_than_places_are_free(
    session, organisation, alice, ready, shift, people, now
):
    make_sign_up(session, shift, make_person(session))
    runs.send(session, run_id=ready.id, **own(organisation, alice, now))
    sending.send_some(session, now)
    assert invited(session) == [people[0].id]


def test_a_large_plan_goes_out_in_pieces(
    session, organisation, alice, shift, people, now, monkeypatch
):
    run = ask(session, organisation, alice, now)
    sending.keep(session, run.id, planned(session, shift, people[:2]), now=now)
    runs.send(session, run_id=run.id, **own(organisation, alice, now))
    monkeypatch.setattr(sending, "AT_ONCE", 1)
    assert [sending.send_some(session, now) for _ in range(4)] == [1, 1, 0, 0]
    assert run.state == RunState.SENT


def test_a_sent_plan_can_neither_be_put_away_nor_worked_out_again(
    session, organisation, alice, ready, now
):
    runs.send(session, run_id=ready.id, **own(organisation, alice, now))
    with pytest.raises(runs.NotReady):
        runs.put_away(session, run_id=ready.id, **own(organisation, alice, now))
    with pytest.raises(runs.NotReady):
        runs.ask_again(session, run_id=ready.id, today=TODAY, **own(organisation, alice, now))


def test_working_it_out_again_stays_close_to_what_was_proposed(
    session, organisation, alice, ready, now
):
    again = runs.ask_again(session, run_id=ready.id, today=TODAY, **own(organisation, alice, now))
    assert (again.again_of, again.reward, again.last_day) == (ready.id, 50, ready.last_day)


def wish(session, run, shift, person, kind, organisation, alice, now):
    runs.wish(
        session,
        run_id=run.id,
        post_id=post_of(session, shift).id,
        person_id=person.id,
        kind=kind,
        **own(organisation, alice, now),
    )


def test_pairs_are_kept_ruled_out_and_let_go_again(
    session, organisation, alice, ready, shift, people, now
):
    for kind in (WishKind.PIN, WishKind.FORBID):
        wish(session, ready, shift, people[0], kind, organisation, alice, now)
        kept = session.scalars(select(MatchWish)).one()
        assert (kept.kind, kept.person_id, kept.shift_id) == (kind, people[0].id, shift.id)
    wish(session, ready, shift, people[0], None, organisation, alice, now)
    assert session.scalars(select(MatchWish)).all() == []


def test_what_was_noted_is_let_go_where_the_plan_no_longer_proposes_it(
    session, organisation, alice, ready, shift, people, now
):
    wish(session, ready, shift, people[0], WishKind.FORBID, organisation, alice, now)
    again = runs.ask_again(session, run_id=ready.id, today=TODAY, **own(organisation, alice, now))
    sending.keep(session, again.id, planned(session, shift, people[1:2]), now=now)
    wish(session, again, shift, people[0], None, organisation, alice, now)
    assert session.scalars(select(MatchWish)).all() == []


def test_only_people_of_the_plan_can_be_wished_for(
    session, organisation, alice, ready, shift, people, now
):
    """S17: a plan is no way to look people up."""
    with pytest.raises(NotFound):
        wish(session, ready, shift, people[3], WishKind.PIN, organisation, alice, now)


def test_a_plan_of_another_organisation_is_not_there(session, alice, ready, now):
    other = {"organisation_ids": [make_organisation(session).id], "actor_id": alice.id, "now": now}
    for act in (runs.send, runs.put_away):
        with pytest.raises(NotFound):
            act(session, run_id=ready.id, **other)


def test_who_deletes_the_account_is_in_no_plan_any_more(
    client, session, organisation, alice, ready, shift, people, now
):
    wish(session, ready, shift, people[0], WishKind.PIN, organisation, alice, now)
    for person in (people[0], people[2]):
        forgetting.forget_person(session, person_id=person.id, today=TODAY)
    assert session.scalars(select(Proposal.person_id)).all() == [people[1].id]
    assert session.scalars(select(MatchWish)).all() == []
    reserves = session.scalars(select(PostOutcome.reserves)).one()
    assert [person_id for person_id, _why in reserves] == [people[3].id]


def test_people_of_plans_that_are_long_over_are_forgotten(session, ready, now):
    assert forgetting.forget_plans(session, now) == 0
    assert forgetting.forget_plans(session, now + timedelta(days=120)) == 2
    assert session.scalars(select(PostOutcome)).all() == []


def test_what_a_plan_says_of_a_person_is_in_their_data(client, session, ready, people):
    login(client, people[0])
    assert len(client.get("/me/data.json").json["proposals"]) == 1


def test_answers_of_a_deleted_account_are_taken_back(
    client, session, organisation, alice, ready, people, now
):
    runs.send(session, run_id=ready.id, **own(organisation, alice, now))
    sending.send_some(session, now)
    session.commit()
    login(client, people[0])
    assert client.post("/me/delete", data={"sure": "y"}).status_code == 303
    session.expire_all()
    states = session.scalars(select(Invitation.state).order_by(Invitation.id)).all()
    assert states[0] == InvitationState.WITHDRAWN
    assert session.get(MatchRun, ready.id) is not None
