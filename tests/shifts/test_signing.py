"""The sign-up engine: seats, line, refusals."""

from __future__ import annotations

from datetime import date, timedelta

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
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.shifts import leaving, offers, rules, signing
from volunteer_hub.shifts.models import ShiftStatus, SignUp, SignUpStatus


def sign(session, shift, person, *, now=NOW, post_id=None, risk_accepted=True):
    return signing.sign_up(
        session,
        shift_id=shift.id,
        person_id=person.id,
        post_id=post_id,
        risk_accepted=risk_accepted,
        now=now,
    )


def status_of(session, shift, person):
    return session.scalars(
        select(SignUp.status)
        .where(SignUp.shift_id == shift.id, SignUp.person_id == person.id)
        .order_by(SignUp.id.desc())
    ).first()


def test_a_free_place_is_given_and_counted(session):
    shift, person = make_shift(session, capacity=2), make_person(session)
    outcome = sign(session, shift, person)
    session.commit()
    assert outcome.status is SignUpStatus.CONFIRMED
    assert post_of(session, shift).taken == 1


def test_the_acknowledged_risk_notice_is_kept_with_the_sign_up(session):
    project = make_project(session, risk_zh="地面湿滑", risk_en="Wet floor")
    shift, person = make_shift(session, project=project), make_person(session)
    outcome = sign(session, shift, person)
    row = session.get(SignUp, outcome.sign_up_id)
    assert row.risk_accepted_at == NOW
    assert row.risk_digest == offers.risk_digest("地面湿滑", "Wet floor")


def test_without_the_risk_notice_nobody_signs_up(session):
    shift, person = make_shift(session), make_person(session)
    with pytest.raises(InvalidInput) as refusal:
        sign(session, shift, person, risk_accepted=False)
    assert refusal.value.field == "risk_accepted"


def test_a_full_shift_waitlists_in_order(session):
    shift = make_shift(session, capacity=1)
    people = [make_person(session) for _ in range(3)]
    outcomes = [sign(session, shift, person) for person in people]
    assert [o.status for o in outcomes] == ["confirmed", "waitlisted", "waitlisted"]
    assert [o.position for o in outcomes] == [0, 1, 2]


def test_signing_up_twice_has_one_effect(session):
    shift, person = make_shift(session, capacity=5), make_person(session)
    first, second = sign(session, shift, person), sign(session, shift, person)
    session.commit()
    assert first == second
    assert post_of(session, shift).taken == 1


def test_an_overlapping_shift_is_refused_with_the_other_ones_name(session):
    person = make_person(session)
    mine = make_shift(session, project=make_project(session, title_zh="午间陪聊"))
    make_sign_up(session, mine, person)
    clash = make_shift(
        session,
        starts_at=mine.starts_at + timedelta(minutes=30),
        ends_at=mine.ends_at + timedelta(minutes=30),
    )
    with pytest.raises(rules.CannotSignUp, match="午间陪聊"):
        sign(session, clash, person)


def test_a_shift_that_begins_when_another_ends_is_no_conflict(session):
    person, mine = make_person(session), make_shift(session)
    make_sign_up(session, mine, person)
    after = make_shift(session, starts_at=mine.ends_at, ends_at=mine.ends_at + timedelta(hours=1))
    assert sign(session, after, person).status is SignUpStatus.CONFIRMED


def test_a_conflict_over_midnight_is_seen(session):
    person = make_person(session)
    night = make_shift(
        session, starts_at=NOW + timedelta(hours=12), ends_at=NOW + timedelta(hours=16)
    )
    make_sign_up(session, night, person)
    early = make_shift(
        session, starts_at=NOW + timedelta(hours=15), ends_at=NOW + timedelta(hours=17)
    )
    with pytest.raises(rules.CannotSignUp):
        sign(session, early, person)


@pytest.mark.parametrize("status", [ShiftStatus.CANCELLED])
def test_a_cancelled_shift_takes_nobody(session, status):
    shift, person = make_shift(session, status=status), make_person(session)
    with pytest.raises(rules.CannotSignUp):
        sign(session, shift, person)


def test_a_draft_does_not_exist_for_volunteers(session):
    shift, person = make_shift(session, status=ShiftStatus.DRAFT), make_person(session)
    with pytest.raises(NotFound):
        sign(session, shift, person)


def test_a_shift_that_has_started_takes_nobody(session):
    shift, person = make_shift(session), make_person(session)
    with pytest.raises(rules.CannotSignUp):
        sign(session, shift, person, now=shift.starts_at)


@pytest.mark.parametrize(
    ("birthday", "allowed"),
    [(date(2008, 11, 25), True), (date(2008, 11, 26), False), (None, True)],
)
def test_the_minimum_age_counts_on_the_day_of_the_shift(session, birthday, allowed):
    project = make_project(session, minimum_age=18)
    shift = make_shift(session, project=project)
    assert shift.day == date(2026, 11, 25)
    person = make_person(session, birth_date=birthday)
    if allowed:
        assert sign(session, shift, person).status is SignUpStatus.CONFIRMED
    else:
        with pytest.raises(rules.CannotSignUp):
            sign(session, shift, person)


def test_a_fifteen_year_old_needs_a_guardian(session):
    project = make_project(session, minimum_age=14)
    shift = make_shift(session, project=project)
    alone = make_person(session, birth_date=date(2011, 5, 4))
    with pytest.raises(rules.CannotSignUp, match=r"guardian|监护人"):
        sign(session, shift, alone)
    guardian = make_person(session)
    together = make_person(session, birth_date=date(2011, 5, 4), guardian_id=guardian.id)
    assert sign(session, shift, together).status is SignUpStatus.CONFIRMED


def test_a_child_comes_only_with_the_guardian_on_the_same_shift(session):
    project = make_project(session, minimum_age=8)
    shift, guardian = make_shift(session, project=project), make_person(session)
    child = make_person(session, birth_date=date(2014, 5, 4), guardian_id=guardian.id)
    with pytest.raises(rules.CannotSignUp):
        sign(session, shift, child)
    sign(session, shift, guardian)
    assert sign(session, shift, child).status is SignUpStatus.CONFIRMED


def test_with_several_posts_one_has_to_be_chosen(session):
    shift = make_shift(
        session, posts=[{"capacity": 1, "name_zh": "引导"}, {"capacity": 1, "name_zh": "轮椅"}]
    )
    person, other = make_person(session), make_person(session)
    with pytest.raises(InvalidInput):
        sign(session, shift, person)
    foreign = post_of(session, make_shift(session))
    with pytest.raises(InvalidInput):
        sign(session, shift, person, post_id=foreign.id)
    wheelchair = post_of(session, shift, 1)
    assert sign(session, shift, person, post_id=wheelchair.id).status == "confirmed"
    assert sign(session, shift, other, post_id=wheelchair.id).status == "waitlisted"


def test_cancelling_makes_a_held_offer_to_the_first_in_line(session):
    shift = make_shift(session, capacity=1)
    first, second, third = (make_person(session) for _ in range(3))
    outcome = sign(session, shift, first)
    sign(session, shift, second)
    sign(session, shift, third)
    leaving.cancel(session, sign_up_id=outcome.sign_up_id, person_id=first.id, reason="", now=NOW)
    session.commit()
    assert status_of(session, shift, second) == "offered"
    assert status_of(session, shift, third) == "waitlisted"
    assert post_of(session, shift).taken == 1


def test_whom_a_conflict_keeps_out_is_passed_over_and_stays_in_line(session):
    shift = make_shift(session, capacity=1)
    first, busy, free = (make_person(session) for _ in range(3))
    outcome = sign(session, shift, first)
    sign(session, shift, busy)
    sign(session, shift, free)
    make_sign_up(session, make_shift(session), busy)
    leaving.cancel(session, sign_up_id=outcome.sign_up_id, person_id=first.id, reason="", now=NOW)
    assert status_of(session, shift, busy) == "waitlisted"
    assert status_of(session, shift, free) == "offered"


def test_close_to_the_start_a_free_place_is_open_to_whoever_takes_it_first(session):
    shift = make_shift(session, capacity=1)
    first, waiting, passer_by = (make_person(session) for _ in range(3))
    outcome = sign(session, shift, first)
    sign(session, shift, waiting)
    late = shift.starts_at - timedelta(minutes=20)
    leaving.cancel(session, sign_up_id=outcome.sign_up_id, person_id=first.id, reason="", now=late)
    assert status_of(session, shift, waiting) == "waitlisted"
    assert sign(session, shift, waiting, now=late).status is SignUpStatus.CONFIRMED
    assert sign(session, shift, passer_by, now=late).status is SignUpStatus.WAITLISTED


def test_cancelling_twice_frees_one_place(session):
    shift, person = make_shift(session, capacity=3), make_person(session)
    make_sign_up(session, shift, make_person(session))
    outcome = sign(session, shift, person)
    for _ in range(2):
        leaving.cancel(
            session, sign_up_id=outcome.sign_up_id, person_id=person.id, reason="", now=NOW
        )
    session.commit()
    assert post_of(session, shift).taken == 1


def test_nobody_cancels_for_somebody_else(session):
    shift, person = make_shift(session), make_person(session)
    outcome = sign(session, shift, person)
    with pytest.raises(NotFound):
        leaving.cancel(
            session,
            sign_up_id=outcome.sign_up_id,
            person_id=make_person(session).id,
            reason="",
            now=NOW,
        )


def test_cancelling_works_until_the_very_start_and_not_after(session):
    shift, person = make_shift(session), make_person(session)
    outcome = sign(session, shift, person)
    with pytest.raises(leaving.CannotCancel):
        leaving.cancel(
            session,
            sign_up_id=outcome.sign_up_id,
            person_id=person.id,
            reason="",
            now=shift.starts_at,
        )
    leaving.cancel(
        session,
        sign_up_id=outcome.sign_up_id,
        person_id=person.id,
        reason="孩子生病",
        now=shift.starts_at - timedelta(minutes=1),
    )
    assert session.get(SignUp, outcome.sign_up_id).cancel_reason == "孩子生病"


def test_whoever_cancelled_may_come_back(session):
    shift, person = make_shift(session), make_person(session)
    outcome = sign(session, shift, person)
    leaving.cancel(session, sign_up_id=outcome.sign_up_id, person_id=person.id, reason="", now=NOW)
    assert sign(session, shift, person).status is SignUpStatus.CONFIRMED


def test_every_change_is_in_the_audit(session):
    shift, person = make_shift(session), make_person(session)
    outcome = sign(session, shift, person)
    leaving.cancel(session, sign_up_id=outcome.sign_up_id, person_id=person.id, reason="", now=NOW)
    actions = session.scalars(
        select(AuditEntry.action)
        .where(AuditEntry.object_id == outcome.sign_up_id, AuditEntry.object_type == "sign_up")
        .order_by(AuditEntry.id)
    ).all()
    assert actions == ["sign_up:confirmed", "sign_up:cancel"]


def test_leaving_all_gives_back_what_is_still_to_come(session):
    person = make_person(session)
    shift = make_shift(session, capacity=1)
    sign(session, shift, person)
    leaving.leave_all(session, person_id=person.id, now=NOW)
    session.commit()
    assert post_of(session, shift).taken == 0


def test_when_the_guardian_leaves_the_child_leaves_too(session):
    project = make_project(session, minimum_age=8)
    shift, guardian = make_shift(session, project=project, capacity=3), make_person(session)
    child = make_person(session, birth_date=date(2014, 5, 4), guardian_id=guardian.id)
    outcome = sign(session, shift, guardian)
    sign(session, shift, child)
    left = leaving.cancel(
        session, sign_up_id=outcome.sign_up_id, person_id=guardian.id, reason="", now=NOW
    )
    session.commit()
    assert left.wards == (child.name,)
    assert status_of(session, shift, child) == "cancelled"
    assert post_of(session, shift).taken == 0


def test_who_waits_for_one_post_takes_a_free_place_of_another(session):
    shift = make_shift(session, posts=[{"capacity": 1}, {"capacity": 1}])
    full, free = post_of(session, shift, 0), post_of(session, shift, 1)
    make_sign_up(session, shift, make_person(session), post=full)
    person = make_person(session)
    waiting = make_sign_up(session, shift, person, post=full, status=SignUpStatus.WAITLISTED)
    behind = make_person(session)
    make_sign_up(session, shift, behind, post=full, status=SignUpStatus.WAITLISTED)
    outcome = sign(session, shift, person, post_id=free.id)
    session.expire_all()
    assert (outcome.sign_up_id, outcome.status) == (waiting.id, SignUpStatus.CONFIRMED)
    assert (waiting.post_id, full.taken, free.taken) == (free.id, 1, 1)


def test_who_waits_keeps_the_place_in_line_when_the_other_post_is_full_too(session):
    shift = make_shift(session, posts=[{"capacity": 1}, {"capacity": 1}])
    first, second = post_of(session, shift, 0), post_of(session, shift, 1)
    for post in (first, second):
        make_sign_up(session, shift, make_person(session), post=post)
    person = make_person(session)
    waiting = make_sign_up(session, shift, person, post=first, status=SignUpStatus.WAITLISTED)
    outcome = sign(session, shift, person, post_id=second.id)
    session.expire_all()
    assert (outcome.status, outcome.position) == (SignUpStatus.WAITLISTED, 1)
    assert (waiting.post_id, second.taken) == (first.id, 1)
