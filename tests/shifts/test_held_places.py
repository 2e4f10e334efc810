"""Places for colleagues, shifts that move, and fewer places than people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    NOW,
    SHANGHAI,
    make_attendance,
    make_branch,
    make_enterprise,
    make_membership,
    make_person,
    make_place,
    make_shift,
    make_sign_up,
    post_of,
)
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.notifications.models import Notice
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts import holds, jobs, leaving, receipts, scheduling, signing
from volunteer_hub.shifts.cutting import Cut, TooFew, cut_places
from volunteer_hub.shifts.models import ChangeReceipt, Hold, Offer, SignUp, SignUpStatus
from volunteer_hub.shifts.plans import ShiftPlan
from volunteer_hub.shifts.posts import PostPlan
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


def kinds(session, person):
    return list(session.scalars(select(Notice.kind).where(Notice.person_id == person.id)))


# ---------------------------------------------------------------- for colleagues


@pytest.fixture
def office(session):
    return make_enterprise(session)


@pytest.fixture
def shift(session):
    return make_shift(session, capacity=4, starts_at=NOW + timedelta(days=5))


@pytest.fixture
def holder(session, office):
    return make_person(session, enterprise_id=office.id)


@pytest.fixture
def hold(session, shift, holder, office):
    def hold(places=2, phones=(), now=NOW):
        held = holds.hold(
            session,
            shift_id=shift.id,
            post_id=None,
            holder_id=holder.id,
            group=holds.Group(enterprise_id=office.id),
            places=places,
            phones=phones,
            led=(),
            now=now,
        )
        session.commit()
        return held

    return hold


def test_a_colleague_takes_a_held_place_even_when_the_shift_looks_full(
    session, shift, hold, office
):
    hold(places=4)
    colleague, stranger = make_person(session, enterprise_id=office.id), make_person(session)
    assert sign(session, shift, stranger).status is SignUpStatus.WAITLISTED
    assert sign(session, shift, colleague).status is SignUpStatus.CONFIRMED
    assert post_of(session, shift).taken == 4
    assert session.scalars(select(Hold.places)).all() == [3]


def test_a_named_colleague_gets_an_offer_and_decides(session, shift, hold, office):
    colleague = make_person(session, enterprise_id=office.id)
    hold(places=2, phones=[colleague.phone, "+8613900000009"])
    assert state(session, shift, colleague) == "offered"
    assert kinds(session, colleague) == ["offer_made"]
    assert session.scalars(select(Hold.places)).all() == [1]
    assert sign(session, shift, colleague).status is SignUpStatus.CONFIRMED
    assert post_of(session, shift).taken == 2


def test_somebody_of_another_company_is_not_invited_by_phone(session, shift, hold):
    stranger = make_person(session)
    hold(places=1, phones=[stranger.phone])
    assert state(session, shift, stranger) is None
    assert session.scalars(select(Offer.id)).all() == []


def test_what_is_left_48_hours_before_falls_back_to_the_line(session, shift, hold, holder):
    hold(places=4)
    waiting = make_person(session)
    sign(session, shift, waiting)
    jobs.pass_on_places(session, shift.starts_at - timedelta(hours=48))
    assert state(session, shift, waiting) == "offered"
    assert post_of(session, shift).taken == 1
    assert kinds(session, holder) == ["hold_fell_back"]


def test_held_places_are_given_back_in_one_tap(session, shift, hold, holder):
    hold(places=3)
    hold_id = session.scalars(select(Hold.id)).one()
    for _twice in range(2):
        holds.release(session, hold_id=hold_id, holder_id=holder.id, now=NOW)
    assert post_of(session, shift).taken == 0
    with pytest.raises(NotFound):
        holds.release(session, hold_id=hold_id, holder_id=make_person(session).id, now=NOW)


def test_nobody_holds_more_than_there_are_nor_too_many_nor_too_late(session, shift, hold):
    with pytest.raises(CannotSignUp):
        hold(places=5)
    session.rollback()
    with pytest.raises(InvalidInput):
        hold(places=11)
    with pytest.raises(CannotSignUp):
        hold(places=1, now=shift.starts_at - timedelta(hours=47))


def test_nobody_holds_places_for_somebody_elses_company(session, shift):
    with pytest.raises(NotFound):
        holds.hold(
            session,
            shift_id=shift.id,
            post_id=None,
            holder_id=make_person(session).id,
            group=holds.Group(enterprise_id=make_enterprise(session).id),
            places=1,
            phones=(),
            led=(),
            now=NOW,
        )


# ---------------------------------------------------------------- shifts that move


@pytest.fixture
def change(session, shift):
    """Change the shift as its coordinator would."""
    organisation_id = session.get_one(Project, shift.project_id).organisation_id
    coordinator = make_person(session)

    def change(*, cut=None, capacity=None, **fields):
        post = post_of(session, shift)
        plan = ShiftPlan(
            place_id=shift.place_id,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            posts=[PostPlan(capacity=capacity or post.capacity, id=post.id)],
            meeting_point=shift.meeting_point,
        )
        scheduling.change_shift(
            session,
            shift_id=shift.id,
            organisation_ids=[organisation_id],
            version=shift.version,
            plan=replace(plan, **fields),
            zone=SHANGHAI,
            actor_id=coordinator.id,
            now=NOW,
            cut=cut,
        )
        session.commit()

    return change


def test_everybody_sees_what_moved_and_is_asked_again(session, shift, change):
    seated, waiting = make_person(session), make_person(session)
    mine = make_sign_up(session, shift, seated)
    make_sign_up(session, shift, waiting, status=SignUpStatus.WAITLISTED)
    later = shift.starts_at + timedelta(hours=1)
    change(starts_at=later, ends_at=later + timedelta(hours=1))
    moved = receipts.asked(session, mine.id)
    assert set(moved.after) == {"starts_at", "ends_at"}
    assert moved.answer_by == NOW + timedelta(hours=48)
    assert kinds(session, seated) == kinds(session, waiting) == ["shift_changed"]
    for _twice in range(2):
        receipts.answer(session, sign_up_id=mine.id, person_id=seated.id, accepted=True, now=NOW)
    assert receipts.asked(session, mine.id) is None
    assert state(session, shift, seated) == "confirmed"


def test_more_places_alone_ask_nobody_again(session, shift, change):
    make_sign_up(session, shift, make_person(session))
    change(capacity=6)
    assert session.scalars(select(ChangeReceipt.id)).all() == []


def test_who_does_not_answer_in_time_gives_the_place_back_and_is_told(session, shift, change):
    person = make_person(session)
    make_sign_up(session, shift, person)
    change(place_id=make_place(session).id)
    assert jobs.lapse_changes(session, NOW + timedelta(hours=47)) == 0
    assert jobs.lapse_changes(session, NOW + timedelta(hours=48)) == 1
    assert state(session, shift, person) == "cancelled"
    assert kinds(session, person) == ["shift_changed", "change_lapsed"]


def test_a_move_that_collides_with_another_place_is_seen_at_once(session, shift, change):
    person = make_person(session)
    mine = make_sign_up(session, shift, person)
    later = shift.starts_at + timedelta(hours=3)
    make_sign_up(session, make_shift(session, starts_at=later), person)
    change(starts_at=later, ends_at=later + timedelta(hours=1))
    with pytest.raises(CannotSignUp) as refused:
        receipts.answer(session, sign_up_id=mine.id, person_id=person.id, accepted=True, now=NOW)
    assert refused.value.reason is Reason.OVERLAP
    session.rollback()
    receipts.answer(session, sign_up_id=mine.id, person_id=person.id, accepted=False, now=NOW)
    assert state(session, shift, person) == "cancelled"


# ---------------------------------------------------------------- fewer places than people


def test_cutting_below_the_people_asks_what_to_do(session, shift, change):
    for _ in range(3):
        make_sign_up(session, shift, make_person(session))
    with pytest.raises(TooFew):
        change(capacity=2)


def test_everybody_may_stay_while_the_places_fall_as_people_leave(session, shift, change):
    rows = [make_sign_up(session, shift, make_person(session)) for _ in range(3)]
    waiting = make_person(session)
    make_sign_up(session, shift, waiting, status=SignUpStatus.WAITLISTED)
    change(capacity=2, cut=Cut.SHRINK)
    post = post_of(session, shift)
    assert (post.capacity, post.taken) == (3, 3)
    leaving.cancel(session, sign_up_id=rows[0].id, person_id=rows[0].person_id, reason="", now=NOW)
    session.expire_all()
    assert (post.capacity, post.taken) == (2, 2)
    assert state(session, shift, waiting) == "waitlisted"


def test_the_latest_go_to_the_front_of_the_line_and_are_told(session, shift, change):
    people = [make_person(session) for _ in range(3)]
    for person in people:
        make_sign_up(session, shift, person)
    waiting = make_person(session)
    make_sign_up(session, shift, waiting, status=SignUpStatus.WAITLISTED)
    change(capacity=2, cut=Cut.BACK)
    assert state(session, shift, people[2]) == "waitlisted"
    assert kinds(session, people[2]) == ["back_in_line"]
    change(capacity=3)
    assert state(session, shift, people[2]) == "confirmed"
    assert state(session, shift, waiting) == "waitlisted"


def test_a_child_does_not_stay_without_the_guardian_who_is_sent_back(session):
    shift = make_shift(
        session,
        posts=[{"capacity": 2}, {"capacity": 2}],
        starts_at=NOW + timedelta(days=5),
    )
    here, there = post_of(session, shift, 0), post_of(session, shift, 1)
    make_sign_up(session, shift, make_person(session), post=here)
    guardian = make_person(session)
    child = make_person(session, birth_date=date(2014, 1, 1), guardian_id=guardian.id)
    make_sign_up(session, shift, guardian, post=here)
    make_sign_up(session, shift, child, post=there)
    next_ = make_person(session)
    make_sign_up(session, shift, make_person(session), post=there)
    make_sign_up(session, shift, next_, post=there, status=SignUpStatus.WAITLISTED)
    cut_places(session, here, wanted=1, position=0, cut=Cut.BACK, now=NOW)
    session.commit()
    session.expire_all()
    assert state(session, shift, guardian) == "waitlisted"
    assert state(session, shift, child) == "cancelled"
    assert kinds(session, child) == ["ward_left"]
    # The child's place is held for the first in line.
    assert (here.taken, there.taken, state(session, shift, next_)) == (1, 2, "offered")


def test_who_holds_places_of_a_shift_that_is_called_off_reads_just_that(
    session, shift, holder, hold
):
    hold(2)
    scheduling.cancel_shift(
        session,
        shift_id=shift.id,
        organisation_ids=[session.get_one(Project, shift.project_id).organisation_id],
        reason="下雨",
        actor_id=make_person(session).id,
        now=NOW,
    )
    session.commit()
    assert kinds(session, holder) == ["shift_cancelled"]
    acts = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert "hold:release" in acts


def test_a_shift_called_off_tells_everybody_once_and_counts_nobody_absent(session, shift):
    organisation_id = session.get_one(Project, shift.project_id).organisation_id
    people = [make_person(session) for _ in range(2)]
    make_sign_up(session, shift, people[0])
    make_sign_up(session, shift, people[1], status=SignUpStatus.WAITLISTED)
    for _twice in range(2):
        scheduling.cancel_shift(
            session,
            shift_id=shift.id,
            organisation_ids=[organisation_id],
            reason="下雨",
            actor_id=people[0].id,
            now=NOW,
        )
    assert [kinds(session, person) for person in people] == [["shift_cancelled"]] * 2
    assert state(session, shift, people[0]) == "confirmed"


# ---------------------------------------------------------------- at the edges


def test_places_held_for_a_branch_stay_in_the_branch(session, shift, holder):
    branch = make_branch(session)
    make_membership(session, holder, branch)
    holds.hold(
        session,
        shift_id=shift.id,
        post_id=None,
        holder_id=holder.id,
        group=holds.Group(branch_id=branch.id),
        places=4,
        phones=(),
        led=(),
        now=NOW,
    )
    stranger, comrade = make_person(session), make_person(session)
    make_membership(session, comrade, branch)
    assert sign(session, shift, stranger).status is SignUpStatus.WAITLISTED
    assert sign(session, shift, comrade).status is SignUpStatus.CONFIRMED


def test_named_colleagues_count_among_the_places_one_person_holds(session, office, holder):
    wide = make_shift(session, capacity=40, starts_at=NOW + timedelta(days=5))
    phones = [make_person(session, enterprise_id=office.id).phone for _ in range(10)]
    ask = {
        "shift_id": wide.id,
        "post_id": None,
        "holder_id": holder.id,
        "group": holds.Group(enterprise_id=office.id),
        "led": (),
        "now": NOW,
    }
    holds.hold(session, places=10, phones=phones, **ask)
    with pytest.raises(InvalidInput):
        holds.hold(session, places=1, phones=(), **ask)


def test_an_invited_colleague_who_was_sent_back_is_offered_a_place_and_not_given_one(
    session, shift, hold, office, change
):
    colleague = make_person(session, enterprise_id=office.id)
    hold(places=1, phones=[colleague.phone])
    for _ in range(2):
        make_sign_up(session, shift, make_person(session))
    change(capacity=2, cut=Cut.BACK)
    assert state(session, shift, colleague) == "waitlisted"
    change(capacity=4)
    assert state(session, shift, colleague) == "offered"


def test_a_shrinking_post_goes_on_shrinking_when_its_form_is_saved(session, shift, change):
    rows = [make_sign_up(session, shift, make_person(session)) for _ in range(4)]
    waiting = make_person(session)
    make_sign_up(session, shift, waiting, status=SignUpStatus.WAITLISTED)
    change(capacity=2, cut=Cut.SHRINK)
    change(capacity=2, meeting_point="西门")
    post = post_of(session, shift)
    assert (post.capacity, post.shrink_to) == (4, 2)
    for row in rows[:2]:
        leaving.cancel(session, sign_up_id=row.id, person_id=row.person_id, reason="", now=NOW)
    session.expire_all()
    assert (post.capacity, post.taken) == (2, 2)
    assert state(session, shift, waiting) == "waitlisted"


def test_whoever_has_come_has_answered_and_the_others_still_lapse(session, shift, change):
    early, silent = make_person(session), make_person(session)
    came = make_sign_up(session, shift, early)
    make_sign_up(session, shift, silent)
    change(place_id=make_place(session).id)
    make_attendance(session, shift, early, sign_up=came)
    assert jobs.lapse_changes(session, NOW + timedelta(hours=48)) == 1
    assert state(session, shift, early) == "confirmed"
    assert state(session, shift, silent) == "cancelled"


def test_a_child_whose_guardian_leaves_is_told(session, shift):
    guardian = make_person(session)
    child = make_person(session, birth_date=date(2014, 5, 1), guardian_id=guardian.id)
    mine = make_sign_up(session, shift, guardian)
    make_sign_up(session, shift, child)
    leaving.cancel(session, sign_up_id=mine.id, person_id=guardian.id, reason="", now=NOW)
    assert state(session, shift, child) == "cancelled"
    assert kinds(session, child) == ["ward_left"]


def test_a_deleted_account_keeps_no_places_held(session, shift, hold, holder):
    hold(places=3)
    leaving.leave_all(session, person_id=holder.id, now=NOW)
    assert post_of(session, shift).taken == 0


def test_a_shift_that_moves_is_reminded_of_again(session, shift, change):
    person = make_person(session)
    make_sign_up(session, shift, person)
    day_before = shift.starts_at - timedelta(hours=23)
    assert jobs.remind_the_day_before(session, day_before) == 1
    later = shift.starts_at + timedelta(days=7)
    change(starts_at=later, ends_at=later + timedelta(hours=1))
    assert jobs.remind_the_day_before(session, later - timedelta(hours=23)) == 1
