"""Invitations: one tap each way, the engine decides, refusals go to the next best."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    make_availability,
    make_invitation,
    make_person,
    make_shift,
    make_sign_up,
    post_of,
)
from tests.support import login
from volunteer_hub.core.errors import NotFound
from volunteer_hub.matching import asking, invitations, inviting
from volunteer_hub.matching.models import (
    Availability,
    Away,
    Invitation,
    InvitationKind,
    InvitationState,
    MatchRun,
    MatchWish,
    PostOutcome,
    RunState,
)
from volunteer_hub.notifications.models import Notice
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts import leaving, scheduling
from volunteer_hub.shifts.models import SignUp, SignUpStatus

A_DAY = timedelta(days=1)


def invite(session, shift, person, now, **fields):
    return inviting.invite(
        session,
        shift_id=shift.id,
        post_id=post_of(session, shift).id,
        person_id=person.id,
        kind=InvitationKind.MATCH,
        why=[],
        now=now,
        **fields,
    )


def state(session, invitation_id):
    session.expire_all()
    return session.get(Invitation, invitation_id).state


def place(session, shift, person):
    return session.scalar(
        select(SignUp.status).where(SignUp.shift_id == shift.id, SignUp.person_id == person.id)
    )


def test_an_invitation_is_told_once_and_holds_no_place(session, bob, now):
    shift = make_shift(session, capacity=1)
    first = invite(session, shift, bob, now)
    assert invite(session, shift, bob, now) is None
    assert session.scalars(select(Notice.kind)).all() == ["invited"]
    assert post_of(session, shift).taken == 0
    assert state(session, first) == InvitationState.OPEN


@pytest.mark.parametrize(
    ("ahead", "life"),
    [
        (timedelta(days=9), timedelta(hours=48)),
        (timedelta(days=3), timedelta(hours=24)),
        (timedelta(hours=20), timedelta(hours=4)),
        (timedelta(hours=4), timedelta(hours=1)),
    ],
)
def test_the_nearer_the_start_the_shorter_an_invitation_waits(session, bob, now, ahead, life):
    shift = make_shift(session, starts_at=now + ahead)
    row = session.get(Invitation, invite(session, shift, bob, now))
    assert row.expires_at == now + life


def test_no_invitation_ends_at_night(session, bob, now):
    evening = now.replace(hour=11)  # 19:00; four hours later everybody sleeps
    shift = make_shift(session, starts_at=evening + timedelta(hours=20))
    row = session.get(Invitation, invite(session, shift, bob, evening))
    assert row.expires_at == evening.replace(day=24, hour=1)  # nine in the morning


def test_invitations_that_are_due_end_a_few_at_a_time(session, now, monkeypatch):
    monkeypatch.setattr(invitations, "AT_ONCE", 2)
    shift = make_shift(session, starts_at=now + timedelta(days=9), capacity=5)
    asked = [invite(session, shift, make_person(session), now) for _ in range(3)]
    due = now + timedelta(days=3)
    assert [invitations.end_due(session, due) for _ in range(3)] == [2, 1, 0]
    assert {state(session, one) for one in asked} == {InvitationState.EXPIRED}


def test_what_cannot_wait_until_the_morning_ends_the_evening_before(session, bob, now):
    half_past_nine, ten = now.replace(hour=13, minute=30), now.replace(hour=14, minute=0)
    first, second = (
        make_shift(session, starts_at=now.replace(hour=22, minute=50)) for _ in range(2)
    )
    row = session.get(Invitation, invite(session, first, bob, half_past_nine))
    assert row.expires_at == ten
    assert invite(session, second, bob, ten) is None


def test_nobody_is_asked_when_there_is_no_time_left_to_answer(session, bob, now):
    shift = make_shift(session, starts_at=now + timedelta(hours=2))
    assert invite(session, shift, bob, now) is None


def test_declining_after_accepting_says_where_the_place_is_given_back(client, session, bob):
    shift = make_shift(session)
    invitation = make_invitation(session, shift, bob)
    login(client, bob)
    client.post(f"/invitations/{invitation.id}/accept", data={"risk_accepted": "1"})
    answer = client.post(f"/invitations/{invitation.id}/decline?lang=en")
    assert answer.status_code == 409
    assert f'href="/shifts/{shift.id}"' in answer.text
    assert place(session, shift, bob) == SignUpStatus.CONFIRMED
    assert state(session, invitation.id) == InvitationState.ACCEPTED


def test_a_full_shift_offers_its_waitlist_instead_of_a_yes(client, session, bob, charlie):
    shift = make_shift(session, capacity=1)
    invitation = make_invitation(session, shift, bob)
    make_sign_up(session, shift, charlie)
    page = login(client, bob).get("/invitations?lang=en").text
    assert "Join the waitlist there" in page
    assert f"/invitations/{invitation.id}/accept" not in page
    assert f"/invitations/{invitation.id}/decline" in page


def test_an_urgent_call_stands_out_on_the_home_page(client, session, bob):
    make_invitation(session, make_shift(session), bob)
    login(client, bob)
    assert "1 invitation waits for your answer" in client.get("/?lang=en").text
    make_invitation(session, make_shift(session), bob, kind=InvitationKind.CALL_OUT)
    assert "Urgent: a place is free and you could help." in client.get("/?lang=en").text


def test_accepting_is_a_sign_up_with_the_risk_acknowledged(client, session, bob):
    shift = make_shift(session, capacity=2)
    invitation = make_invitation(session, shift, bob)
    login(client, bob)
    page = client.get("/invitations")
    assert "大厅人多" in page.text
    answer = client.post(f"/invitations/{invitation.id}/accept", data={"risk_accepted": "1"})
    assert (answer.status_code, answer.location) == (303, f"/shifts/{shift.id}")
    entry = session.scalars(select(SignUp)).one()
    assert (entry.status, entry.person_id) == (SignUpStatus.CONFIRMED, bob.id)
    assert entry.risk_accepted_at is not None
    assert state(session, invitation.id) == InvitationState.ACCEPTED
    assert post_of(session, shift).taken == 1


def test_accepting_twice_is_one_place(session, bob, now):
    shift = make_shift(session)
    invitation = make_invitation(session, shift, bob)
    for _ in range(2):
        invitations.accept(
            session, invitation_id=invitation.id, person_id=bob.id, risk_accepted=True, now=now
        )
    assert post_of(session, shift).taken == 1


def test_without_the_risk_notice_nothing_happens(client, session, bob):
    invitation = make_invitation(session, make_shift(session), bob)
    login(client, bob)
    answer = client.post(f"/invitations/{invitation.id}/accept", data={"risk_accepted": "0"})
    assert answer.status_code == 422
    assert session.scalars(select(SignUp)).all() == []
    assert state(session, invitation.id) == InvitationState.OPEN


def test_a_full_post_says_so_and_nobody_lands_in_a_line_unasked(client, session, bob, charlie):
    shift = make_shift(session, capacity=1)
    invitation = make_invitation(session, shift, bob)
    make_sign_up(session, shift, charlie)
    login(client, bob)
    answer = client.post(
        f"/invitations/{invitation.id}/accept?lang=en", data={"risk_accepted": "1"}
    )
    assert answer.status_code == 409
    assert "Just filled up." in answer.text
    assert place(session, shift, bob) is None
    assert post_of(session, shift).taken == 1


def test_a_rule_that_has_come_up_is_told_in_the_engines_words(client, session, bob, now):
    shift = make_shift(session)
    invitation = make_invitation(session, shift, bob)
    make_sign_up(session, make_shift(session), bob)
    login(client, bob)
    answer = client.post(
        f"/invitations/{invitation.id}/accept?lang=en", data={"risk_accepted": "1"}
    )
    assert answer.status_code == 409
    assert "At that time you already have another place" in answer.text


def test_the_last_place_ends_the_other_invitations_and_they_are_told_why(
    client, session, bob, charlie
):
    shift = make_shift(session, capacity=1)
    first, second = (make_invitation(session, shift, person) for person in (bob, charlie))
    login(client, bob)
    client.post(f"/invitations/{first.id}/accept", data={"risk_accepted": "1"})
    assert state(session, second.id) == InvitationState.WITHDRAWN
    login(client, charlie)
    answer = client.post(f"/invitations/{second.id}/accept?lang=en", data={"risk_accepted": "1"})
    assert answer.status_code == 409
    assert "The place is taken" in answer.text


def test_declining_is_one_tap_without_any_trace_but_never_again(client, session, bob, now):
    make_availability(session, bob)
    shift = make_shift(session)
    invitation = make_invitation(session, shift, bob)
    login(client, bob)
    assert client.post(f"/invitations/{invitation.id}/decline").status_code == 303
    assert state(session, invitation.id) == InvitationState.DECLINED
    assert client.post(f"/invitations/{invitation.id}/decline").status_code == 303
    who = {"shift_id": shift.id, "post_id": post_of(session, shift).id, "person_id": bob.id}
    assert asking.kept_from(session, **who, now=now) == asking.ASKED_BEFORE
    # Another day of the same project may be proposed.
    other = make_shift(session, starts_at=now + 5 * A_DAY)
    who = {"shift_id": other.id, "post_id": post_of(session, other).id, "person_id": bob.id}
    assert asking.kept_from(session, **who, now=now) is None


def test_somebody_elses_invitation_is_not_there(client, session, bob, charlie, now):
    """S14."""
    invitation = make_invitation(session, make_shift(session), bob)
    login(client, charlie)
    for verb in ("accept", "decline"):
        assert client.post(f"/invitations/{invitation.id}/{verb}").status_code == 404
    assert "第" not in client.get("/invitations").text.split("<main")[1].split("</main")[0]
    with pytest.raises(NotFound):
        invitations.decline(session, invitation_id=invitation.id, person_id=charlie.id, now=now)


# ---------------------------------------------------------------- the next best


@pytest.fixture
def planned(session, bob, now):
    """Bob is invited by a plan; three others stand behind him."""
    shift = make_shift(session, capacity=1)
    run = MatchRun(
        first_day=shift.day, last_day=shift.day, reward=0, state=RunState.SENT, asked_at=now
    )
    session.add(run)
    session.flush()
    others = [make_person(session) for _ in range(3)]
    for person in (bob, *others):
        make_availability(session, person)
    session.add(
        PostOutcome(
            run_id=run.id,
            post_id=post_of(session, shift).id,
            places=1,
            filled=1,
            reserves=[[person.id, [["walk", 4]]] for person in others],
        )
    )
    invitation = make_invitation(session, shift, bob, run_id=run.id)
    return shift, invitation, others


def asked(session, shift):
    session.expire_all()
    query = select(Invitation.person_id).where(
        Invitation.shift_id == shift.id, Invitation.state == str(InvitationState.OPEN)
    )
    return session.scalars(query.order_by(Invitation.id)).all()


def test_a_refusal_goes_to_the_next_best_at_once(session, bob, planned, now):
    shift, invitation, others = planned
    invitations.decline(session, invitation_id=invitation.id, person_id=bob.id, now=now)
    assert asked(session, shift) == [others[0].id]
    (told,) = session.scalars(select(Notice).where(Notice.person_id == others[0].id))
    assert told.kind == "invited"


def test_silence_goes_to_the_next_best_when_time_is_up(session, planned, now):
    shift, invitation, others = planned
    assert invitations.end_due(session, invitation.expires_at - timedelta(minutes=1)) == 0
    assert invitations.end_due(session, invitation.expires_at) == 1
    assert state(session, invitation.id) == InvitationState.EXPIRED
    assert asked(session, shift) == [others[0].id]


def test_whoever_cannot_come_any_more_is_passed_over(session, bob, planned, now):
    shift, invitation, others = planned
    session.add(Away(person_id=others[0].id, first_day=shift.day, last_day=shift.day))
    make_sign_up(session, make_shift(session), others[1])
    session.commit()
    invitations.decline(session, invitation_id=invitation.id, person_id=bob.id, now=now)
    assert asked(session, shift) == [others[2].id]


def test_nobody_is_asked_about_a_place_that_is_taken(session, bob, charlie, planned, now):
    shift, invitation, _others = planned
    make_sign_up(session, shift, charlie)
    invitations.decline(session, invitation_id=invitation.id, person_id=bob.id, now=now)
    assert asked(session, shift) == []


def test_a_shift_that_is_called_off_asks_nobody(session, alice, organisation, planned, now):
    shift, invitation, _others = planned
    session.get_one(Project, shift.project_id).organisation_id = organisation.id
    session.commit()
    scheduling.cancel_shift(
        session,
        shift_id=shift.id,
        organisation_ids=[organisation.id],
        reason="雨",
        actor_id=alice.id,
        now=now,
    )
    invitations.end_due(session, now)
    assert state(session, invitation.id) == InvitationState.WITHDRAWN
    assert asked(session, shift) == []


# ---------------------------------------------------------------- whom one may ask


@pytest.mark.parametrize(
    ("prepare", "why_not"),
    [
        ("nothing", None),
        ("no standby", asking.NOT_ON_STANDBY),
        ("another hour", asking.NOT_FREE),
        ("away", asking.NOT_FREE),
        ("the week is full", asking.WEEK_IS_FULL),
        ("asked about that hour", asking.ASKED_BEFORE),
        ("ruled out", asking.ASKED_BEFORE),
        ("too young", "too_young"),
        ("full", "full"),
    ],
)
def test_only_who_is_free_and_fits_may_be_asked(session, bob, alice, now, prepare, why_not):
    shift = make_shift(session, capacity=1)
    make_availability(
        session,
        bob,
        standby=prepare != "no standby",
        weekly_limit=1,
        free={2: (0, 60)} if prepare == "another hour" else None,
    )
    if prepare == "away":
        session.add(Away(person_id=bob.id, first_day=date(2026, 11, 20), last_day=shift.day))
    if prepare == "the week is full":
        make_sign_up(session, make_shift(session, starts_at=shift.starts_at + A_DAY), bob)
    if prepare == "asked about that hour":
        make_invitation(session, make_shift(session, starts_at=shift.starts_at), bob)
        session.get_one(Availability, bob.id).weekly_limit = 7
    if prepare == "ruled out":
        session.add(
            MatchWish(
                shift_id=shift.id, person_id=bob.id, kind="forbid", made_by=alice.id, made_at=now
            )
        )
    if prepare == "too young":
        bob.birth_date = date(2015, 1, 1)
    if prepare == "full":
        make_sign_up(session, shift, make_person(session))
    session.commit()
    who = {"shift_id": shift.id, "post_id": post_of(session, shift).id, "person_id": bob.id}
    assert asking.kept_from(session, **who, now=now) == why_not


def test_a_place_somebody_waits_for_is_nobody_elses(session, bob, charlie, now):
    shift = make_shift(session, capacity=1)
    post = post_of(session, shift)
    seated = make_sign_up(session, shift, make_person(session))
    make_sign_up(session, shift, charlie, status=SignUpStatus.WAITLISTED)
    make_availability(session, bob)
    leaving.cancel(session, sign_up_id=seated.id, person_id=seated.person_id, reason="", now=now)
    who = {"shift_id": shift.id, "post_id": post.id, "person_id": bob.id}
    assert asking.kept_from(session, **who, now=now) == asking.FULL
