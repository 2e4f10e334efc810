"""Skills, trainings, the way between places, insurance, and fair release."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.factories import (
    NOW,
    make_category,
    make_person,
    make_place,
    make_project,
    make_shift,
    make_sign_up,
    post_of,
)
from volunteer_hub.accounts.models import PersonQualification, Qualification
from volunteer_hub.core.i18n import speaking
from volunteer_hub.shifts import signing
from volunteer_hub.shifts.models import PostNeed, SignUpStatus
from volunteer_hub.shifts.reasons import CannotSignUp, Reason


def sign(session, shift, person, *, now=NOW, post=None):
    return signing.sign_up(
        session,
        shift_id=shift.id,
        person_id=person.id,
        post_id=post.id if post else None,
        risk_accepted=True,
        now=now,
    )


def refused(session, shift, person, **more):
    with pytest.raises(CannotSignUp) as no, speaking("en"):
        sign(session, shift, person, **more)
    return no.value


@pytest.fixture
def ask(session):
    """Let a post ask for a qualification of a kind; returns it."""

    def ask(shift, kind, *, position=0):
        wanted = Qualification(
            kind=kind,
            key=f"{kind}-{shift.id}-{position}",
            name_zh="导医培训",
            name_en="Guide course",
        )
        session.add(wanted)
        session.flush()
        session.add(
            PostNeed(post_id=post_of(session, shift, position).id, qualification_id=wanted.id)
        )
        session.commit()
        return wanted

    return ask


def give(session, person, qualification, *, expires_on=None):
    session.add(
        PersonQualification(
            person_id=person.id,
            qualification_id=qualification.id,
            since=date(2026, 1, 1),
            expires_on=expires_on,
        )
    )
    session.commit()


@pytest.mark.parametrize("kind", ["skill", "language"])
def test_who_lacks_a_skill_or_language_is_led_to_the_profile(session, ask, kind):
    shift, person = make_shift(session), make_person(session)
    wanted = ask(shift, kind)
    no = refused(session, shift, person)
    assert (no.reason, no.link) == (Reason(kind), f"/me/profile?next=/shifts/{shift.id}#skills")
    give(session, person, wanted)
    assert sign(session, shift, person).status is SignUpStatus.CONFIRMED


def test_a_missing_training_names_the_next_induction_and_what_it_opens(session, ask):
    shift, person = make_shift(session, starts_at=NOW + timedelta(days=5)), make_person(session)
    wanted = ask(shift, "training")
    another = make_shift(session, starts_at=NOW + timedelta(days=6))
    session.add(PostNeed(post_id=post_of(session, another).id, qualification_id=wanted.id))
    starts_at = NOW + timedelta(days=1, hours=2, minutes=15)
    lesson = make_shift(
        session,
        project=make_project(session, teaches_id=wanted.id),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
    )
    no = refused(session, shift, person)
    assert (no.reason, no.link) == (Reason.TRAINING, f"/shifts/{lesson.id}")
    assert no.way_out == "A 30-minute induction on Tue 12:15 opens 2 shifts"


def test_a_training_counts_up_to_its_last_day(session, ask):
    shift, person = make_shift(session), make_person(session)
    give(session, person, ask(shift, "training"), expires_on=shift.day)
    assert sign(session, shift, person).status is SignUpStatus.CONFIRMED


def test_a_training_that_runs_out_before_the_shift_is_named_with_its_date(session, ask):
    shift, person = make_shift(session), make_person(session)
    give(session, person, ask(shift, "training"), expires_on=shift.day - timedelta(days=1))
    no = refused(session, shift, person)
    assert no.reason is Reason.TRAINING_EXPIRED
    assert "24 Nov 2026" in str(no.message)


def test_what_one_post_asks_for_does_not_close_the_other(session, ask):
    posts = [{"capacity": 1, "name_zh": "导医"}, {"capacity": 1, "name_zh": "引导"}]
    shift, person = make_shift(session, posts=posts), make_person(session)
    ask(shift, "training", position=0)
    assert refused(session, shift, person, post=post_of(session, shift, 0))
    done = sign(session, shift, person, post=post_of(session, shift, 1))
    assert done.status is SignUpStatus.CONFIRMED


def test_the_way_between_two_places_counts_and_the_same_place_does_not(session):
    near, far = make_place(session), make_place(session, lat=31.30, lng=121.60)
    first = make_shift(session, place=near)
    soon = first.ends_at + timedelta(minutes=15)
    person = make_person(session)
    make_sign_up(session, first, person)
    no = refused(session, make_shift(session, place=far, starts_at=soon), person)
    assert no.reason is Reason.TRAVEL
    assert no.link == f"/shifts/{first.id}"
    there = make_shift(session, place=near, starts_at=soon)
    assert sign(session, there, person).status is SignUpStatus.CONFIRMED


def test_the_way_counts_before_a_shift_too_and_over_midnight(session):
    near, far = make_place(session), make_place(session, lat=31.30, lng=121.60)
    midnight = NOW.replace(hour=16) + timedelta(days=2)
    later = make_shift(session, place=near, starts_at=midnight + timedelta(minutes=10))
    person = make_person(session)
    make_sign_up(session, later, person)
    before = make_shift(
        session, place=far, starts_at=midnight - timedelta(minutes=90), ends_at=midnight
    )
    assert refused(session, before, person).reason is Reason.TRAVEL


def test_hazardous_work_without_insurance_takes_nobody(session):
    project = make_project(session, category=make_category(session, hazardous=True), insurance="")
    assert refused(session, make_shift(session, project=project), make_person(session)).reason is (
        Reason.NO_INSURANCE
    )


def test_places_open_in_steps_half_at_seven_days_and_the_rest_at_two(session):
    project = make_project(session, early_percent=50)
    shift = make_shift(session, project=project, capacity=4, starts_at=NOW + timedelta(days=9))
    people = [make_person(session) for _ in range(4)]
    assert refused(session, shift, people[0]).reason is Reason.NOT_OPEN_YET
    week = shift.starts_at - timedelta(days=7)
    states = [sign(session, shift, person, now=week).status for person in people]
    assert states == ["confirmed", "confirmed", "waitlisted", "waitlisted"]
    passer_by = make_person(session)
    late = sign(session, shift, passer_by, now=shift.starts_at - timedelta(hours=48))
    # The line comes first when the rest opens.
    assert late.status is SignUpStatus.WAITLISTED
    assert post_of(session, shift).taken == 4


def test_a_share_is_kept_for_newcomers_until_a_day_before(session):
    project = make_project(session, newcomer_percent=50)
    shift = make_shift(session, project=project, capacity=2, starts_at=NOW + timedelta(days=4))
    old_hands = [make_person(session) for _ in range(3)]
    past = make_shift(session, starts_at=NOW - timedelta(days=3))
    for person in old_hands:
        make_sign_up(session, past, person)
    assert sign(session, shift, old_hands[0]).status is SignUpStatus.CONFIRMED
    assert sign(session, shift, old_hands[1]).status is SignUpStatus.WAITLISTED
    assert sign(session, shift, make_person(session)).status is SignUpStatus.CONFIRMED
    another = make_shift(session, project=project, capacity=2, starts_at=NOW + timedelta(days=6))
    day_before = another.starts_at - timedelta(hours=24)
    states = [sign(session, another, person, now=day_before).status for person in old_hands[:2]]
    assert states == ["confirmed", "confirmed"]
