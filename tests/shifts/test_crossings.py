"""What crosses what: places that shrink, move, are held or called off while people come and go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Event

import pytest
from sqlalchemy import event, select

from tests.factories import (
    NOW,
    SHANGHAI,
    make_enterprise,
    make_person,
    make_project,
    make_shift,
    make_sign_up,
    post_of,
)
from tests.shifts.races.truth import Truth
from tests.shifts.test_race import at_once, signing_up
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.core.errors import DomainError, InvalidInput
from volunteer_hub.notifications.models import Notice
from volunteer_hub.shifts import holds, leaving, receipts, scheduling, signing
from volunteer_hub.shifts.cutting import Cut
from volunteer_hub.shifts.holds import Group
from volunteer_hub.shifts.models import IS_ACTIVE, ChangeReceipt, Hold, Offer, Shift, SignUp
from volunteer_hub.shifts.plans import ShiftPlan
from volunteer_hub.shifts.posts import PostPlan

FAR = NOW + timedelta(days=5)


@pytest.fixture
def project(session, organisation):
    return make_project(session, organisation=organisation)


@pytest.fixture
def holder(session):
    return make_person(session, enterprise_id=make_enterprise(session).id)


@pytest.fixture
def hold(session):
    def hold(shift, holder, places, phones=()):
        holds.hold(
            session,
            shift_id=shift.id,
            post_id=None,
            holder_id=holder.id,
            group=Group(enterprise_id=holder.enterprise_id),
            places=places,
            phones=phones,
            led=[],
            now=NOW,
        )
        session.commit()
        return session.scalars(select(Hold).order_by(Hold.id.desc())).first()

    return hold


def change(shift_id, organisation_id, actor_id, *, capacity=None, start=None, cut=None, posts=None):
    """Send the shift's form with another capacity or start."""
    session = db.session()
    shift = session.get_one(Shift, shift_id)
    post = post_of(session, shift)
    start = start or shift.starts_at
    scheduling.change_shift(
        session,
        shift_id=shift_id,
        organisation_ids=[organisation_id],
        version=shift.version,
        plan=ShiftPlan(
            place_id=shift.place_id,
            starts_at=start,
            ends_at=start + (shift.ends_at - shift.starts_at),
            meeting_point=shift.meeting_point,
            posts=posts or [PostPlan(capacity or post.capacity, id=post.id)],
        ),
        zone=SHANGHAI,
        actor_id=actor_id,
        now=NOW,
        cut=cut,
    )


def kinds(session, person):
    return session.scalars(select(Notice.kind).where(Notice.person_id == person.id)).all()


def test_a_shrinking_post_loses_as_many_places_as_are_given_back(
    session, project, alice, holder, hold, organisation
):
    shift = make_shift(session, project=project, starts_at=FAR, capacity=5)
    make_sign_up(session, shift, make_person(session))
    held = hold(shift, holder, 4)
    change(shift.id, organisation.id, alice.id, capacity=2, cut=Cut.SHRINK)
    holds.release(session, hold_id=held.id, holder_id=holder.id, now=NOW)
    session.commit()
    session.expire_all()
    assert (post_of(session, shift).capacity, post_of(session, shift).taken) == (2, 1)


def test_the_last_wish_for_fewer_places_counts(session, project, alice, organisation):
    shift = make_shift(session, project=project, starts_at=FAR, capacity=5)
    seats = [make_sign_up(session, shift, make_person(session)) for _ in range(5)]
    change(shift.id, organisation.id, alice.id, capacity=2, cut=Cut.SHRINK)
    session.commit()
    change(shift.id, organisation.id, alice.id, capacity=4, cut=Cut.BACK)
    leaving.cancel(
        session, sign_up_id=seats[0].id, person_id=seats[0].person_id, reason="", now=NOW
    )
    session.commit()
    session.expire_all()
    assert post_of(session, shift).capacity == 4


def test_places_held_for_colleagues_do_not_vanish_without_a_word(
    session, project, alice, holder, hold, organisation
):
    shift = make_shift(session, project=project, starts_at=FAR, capacity=5)
    hold(shift, holder, 3)
    change(shift.id, organisation.id, alice.id, capacity=1, cut=Cut.BACK)
    session.commit()
    assert kinds(session, holder) == ["hold_fell_back"]


def test_a_post_with_held_places_cannot_be_left_out(
    session, project, alice, holder, hold, organisation
):
    shift = make_shift(session, project=project, starts_at=FAR, capacity=5)
    hold(shift, holder, 3)
    with pytest.raises(InvalidInput):
        change(shift.id, organisation.id, alice.id, posts=[PostPlan(4)])


def test_held_places_come_after_those_who_wait_and_can_come_again(session, project, holder, hold):
    shift = make_shift(session, project=project, starts_at=FAR, capacity=1)
    waiting = make_sign_up(session, shift, make_person(session), status="waitlisted")
    with pytest.raises(DomainError):
        hold(shift, holder, 1)
    session.rollback()
    assert waiting.status == "waitlisted"


def test_who_went_back_in_line_is_no_longer_asked_about_a_move(
    session, project, alice, organisation
):
    shift = make_shift(session, project=project, starts_at=FAR, capacity=2)
    seats = [make_sign_up(session, shift, make_person(session)) for _ in range(2)]
    change(shift.id, organisation.id, alice.id, start=FAR + timedelta(hours=1))
    session.commit()
    change(shift.id, organisation.id, alice.id, capacity=1, cut=Cut.BACK)
    session.commit()
    assert receipts.asked(session, seats[0].id) is not None
    assert receipts.asked(session, seats[1].id) is None


def test_a_shift_that_comes_forward_lets_held_places_go_in_time(
    session, project, alice, holder, hold, organisation
):
    shift = make_shift(session, project=project, starts_at=NOW + timedelta(days=9), capacity=5)
    colleague = make_person(session, enterprise_id=holder.enterprise_id)
    held = hold(shift, holder, 3, [colleague.phone])
    change(shift.id, organisation.id, alice.id, start=NOW + timedelta(days=3))
    session.commit()
    session.expire_all()
    fall_back = NOW + timedelta(days=1)
    assert held.until == fall_back
    assert session.scalars(select(Offer.expires_at)).all() == [fall_back]


def test_a_withdrawn_offer_is_written_down(session, project, alice, holder, hold, organisation):
    shift = make_shift(session, project=project, starts_at=FAR, capacity=5)
    colleague = make_person(session, enterprise_id=holder.enterprise_id)
    hold(shift, holder, 2, [colleague.phone])
    before = Truth(session, [shift.id], NOW)
    scheduling.cancel_shift(
        session, shift_id=shift.id, organisation_ids=[organisation.id], reason="雨",
        actor_id=alice.id, now=NOW,
    )  # fmt: skip
    session.commit()
    after = Truth(session, [shift.id], NOW)
    (sign_up_id,) = after.seats
    assert after.noted[sign_up_id] == before.noted[sign_up_id] + 1
    assert after.faults() == []


# ---------------------------------------------------------------- at the same moment


def one_in_the_midst_of_the_other(app, slow, words, quick):
    """Let `slow` stop before its statement with these words while `quick` does its work.

    Goes on when `quick` has committed, or is seen to wait for a lock that `slow` holds.
    """
    stopped, finished = Event(), Event()
    held = []

    def stop(_connection, _cursor, statement, *_rest):
        if words in statement and not held:
            held.append(True)
            stopped.set()
            finished.wait(0.5)

    def after():
        stopped.wait(5)
        try:
            return in_app(app, quick)
        finally:
            finished.set()

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", stop)
    try:
        with ThreadPoolExecutor(2) as threads:
            first, second = threads.submit(in_app, app, slow), threads.submit(after)
            assert stopped.wait(5), "the statement never came"
            return first.result(), second.result()
    finally:
        event.remove(engine, "before_cursor_execute", stop)


def in_app(app, work):
    with app.app_context():
        try:
            return write_tx(work)
        except DomainError as refusal:
            return refusal


def test_nobody_gets_a_place_at_a_time_that_is_just_being_moved(
    app, session, project, alice, organisation
):
    shift = make_shift(session, project=project, starts_at=FAR)
    later = make_shift(session, starts_at=FAR + timedelta(hours=4))
    person = make_person(session)
    make_sign_up(session, later, person)
    ids, desk = [shift.id, later.id], (shift.id, organisation.id, alice.id)
    signs_up = signing_up(shift.id, person.id)
    session.rollback()
    one_in_the_midst_of_the_other(
        app, signs_up, "UPDATE post SET taken", lambda: change(*desk, start=later_than(FAR))
    )
    session.expire_all()
    truth = Truth(session, ids, NOW)
    assert truth.faults() == []
    assert len(truth.asked) == 1


def later_than(moment):
    return moment + timedelta(hours=4)


def test_an_answer_in_the_last_second_is_not_overruled_by_the_deadline(
    app, session, project, alice, organisation
):
    shift = make_shift(session, project=project, starts_at=FAR)
    seat = make_sign_up(session, shift, make_person(session))
    change(shift.id, organisation.id, alice.id, start=FAR + timedelta(hours=1))
    mine, late = (seat.id, seat.person_id), NOW + timedelta(days=3)
    session.commit()
    one_in_the_midst_of_the_other(
        app,
        lambda: receipts.lapse_due(db.session(), now=late),
        "UPDATE change_receipt",
        lambda: receipts.answer(
            db.session(), sign_up_id=mine[0], person_id=mine[1], accepted=True, now=NOW
        ),
    )
    session.expire_all()
    state = session.scalars(select(ChangeReceipt.state)).one()
    assert (state, seat.status) in (("accepted", "confirmed"), ("expired", "cancelled"))
    assert Truth(session, [shift.id], NOW).faults() == []


def test_an_offer_that_is_taken_back_while_it_is_accepted_is_refused_and_not_an_error(
    app, session, project, alice, holder, hold, organisation
):
    shift = make_shift(session, project=project, starts_at=FAR, capacity=2)
    colleague = make_person(session, enterprise_id=holder.enterprise_id)
    make_sign_up(session, shift, make_person(session))
    hold(shift, holder, 1, [colleague.phone])
    desk, accepts = (shift.id, organisation.id, alice.id), signing_up(shift.id, colleague.id)
    shift_id = shift.id
    session.rollback()
    one_in_the_midst_of_the_other(
        app, accepts, "FROM offer", lambda: change(*desk, capacity=1, cut=Cut.BACK)
    )
    session.expire_all()
    assert Truth(session, [shift_id], NOW).faults() == []


def test_a_colleague_who_signs_up_while_being_named_has_one_place(app, session, holder, hold):
    for _round in range(6):
        shift = make_shift(session, starts_at=FAR, capacity=6)
        colleague = make_person(session, enterprise_id=holder.enterprise_id)
        shift_id, phone = shift.id, colleague.phone

        def name(shift_id=shift_id, phone=phone, holder_id=holder.id, of=holder.enterprise_id):
            holds.hold(
                db.session(), shift_id=shift_id, post_id=None, holder_id=holder_id,
                group=Group(enterprise_id=of), places=2, phones=[phone], led=[], now=NOW,
            )  # fmt: skip

        works = [name, signing_up(shift_id, colleague.id)]
        session.rollback()
        at_once(app, works)
        session.expire_all()
        assert Truth(session, [shift_id], NOW).faults() == []


def test_a_child_never_gets_a_place_while_the_guardian_is_leaving(app, session):
    guardian = make_person(session)
    child = make_person(session, birth_date=date(2014, 1, 1), guardian_id=guardian.id)
    project = make_project(session, minimum_age=6)
    shift = make_shift(
        session, project=project, starts_at=FAR, posts=[{"capacity": 2}, {"capacity": 2}]
    )
    seat = make_sign_up(session, shift, guardian, post=post_of(session, shift, 0))
    ids = seat.id, guardian.id
    place = {"shift_id": shift.id, "person_id": child.id, "post_id": post_of(session, shift, 1).id}
    session.commit()
    one_in_the_midst_of_the_other(
        app,
        lambda: signing.sign_up(db.session(), **place, risk_accepted=True, now=NOW),
        "INSERT INTO sign_up",
        lambda: leaving.cancel(
            db.session(), sign_up_id=ids[0], person_id=ids[1], reason="", now=NOW
        ),
    )
    session.expire_all()
    active = session.scalars(select(SignUp.person_id).where(IS_ACTIVE)).all()
    assert child.id not in active or guardian.id in active
