"""Many at once, each with a connection of its own, on both engines."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import select

from tests.factories import NOW, make_person, make_shift, make_sign_up, post_of
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.core.errors import DomainError
from volunteer_hub.shifts import leaving, line, signing
from volunteer_hub.shifts.models import Post, SignUp


def at_once(app, works):
    """Run the works in threads that start together; return results or refusals."""
    start = Barrier(len(works))

    def run(work):
        with app.app_context():
            start.wait()
            try:
                return write_tx(work)
            except DomainError as refusal:
                return refusal

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(run, works))


def signing_up(shift_id, person_id):
    return lambda: (
        signing.sign_up(
            db.session(),
            shift_id=shift_id,
            person_id=person_id,
            post_id=None,
            risk_accepted=True,
            now=NOW,
        ).status
    )


def leaving_(sign_up_id, person_id):
    return lambda: leaving.cancel(
        db.session(), sign_up_id=sign_up_id, person_id=person_id, reason="", now=NOW
    )


def test_r08_racing_for_ten_places_gives_exactly_ten_and_a_line_without_gaps(app, session):
    shift = make_shift(session, capacity=10)
    people = [make_person(session).id for _ in range(30)]
    shift_id = shift.id
    session.rollback()
    states = at_once(app, [signing_up(shift_id, person) for person in people])
    assert Counter(states) == {"confirmed": 10, "waitlisted": 20}
    session.expire_all()
    assert post_of(session, shift).taken == 10


def test_r09_the_same_person_many_times_at_once_has_one_place(app, session):
    shift, person = make_shift(session, capacity=10), make_person(session)
    shift_id, person_id = shift.id, person.id
    session.rollback()
    states = at_once(app, [signing_up(shift_id, person_id) for _ in range(12)])
    assert set(states) == {"confirmed"}
    session.expire_all()
    assert post_of(session, shift).taken == 1


def test_two_shifts_at_the_same_hour_cannot_both_be_had_by_tapping_at_once(app, session):
    shifts = [make_shift(session, capacity=5).id for _ in range(6)]
    person_id = make_person(session).id
    session.rollback()
    results = at_once(app, [signing_up(shift_id, person_id) for shift_id in shifts])
    assert results.count("confirmed") == 1
    assert sum(isinstance(one, DomainError) for one in results) == 5


def test_cancelling_at_once_offers_exactly_as_many_places_in_order(app, session):
    shift = make_shift(session, capacity=5)
    seated = [make_sign_up(session, shift, make_person(session)) for _ in range(5)]
    line = [
        make_sign_up(session, shift, make_person(session), status="waitlisted") for _ in range(8)
    ]
    works = [leaving_(one.id, one.person_id) for one in [*seated[:4], line[1]]]
    newcomers = [signing_up(shift.id, make_person(session).id) for _ in range(3)]
    shift_id, waiting = shift.id, [one.id for one in line]
    session.rollback()
    at_once(app, works + newcomers)
    session.expire_all()
    rows = session.execute(
        select(SignUp.id, SignUp.status).where(SignUp.shift_id == shift_id).order_by(SignUp.id)
    ).all()
    state = dict(tuple(row) for row in rows)
    seats = Counter(state.values())
    assert seats["confirmed"] + seats["offered"] == post_of(session, shift).taken == 5
    assert state[waiting[1]] == "cancelled"
    assert state[waiting[0]] == "offered"


def test_no_one_waits_beside_a_free_place_when_taps_and_cancellations_cross(app, session):
    for _round in range(6):
        shift = make_shift(session, capacity=1)
        holder = make_sign_up(session, shift, make_person(session))
        newcomer = make_person(session).id
        works = [leaving_(holder.id, holder.person_id), signing_up(shift.id, newcomer)]
        session.rollback()
        at_once(app, works)
        session.expire_all()
        states = session.scalars(
            select(SignUp.status).where(SignUp.shift_id == shift.id, SignUp.person_id == newcomer)
        ).all()
        assert states in (["confirmed"], ["offered"])
        assert post_of(session, shift).taken == 1


def test_a_place_that_is_added_goes_to_whoever_signs_up_at_that_moment(app, session):
    for _round in range(6):
        shift = make_shift(session, capacity=1)
        make_sign_up(session, shift, make_person(session))
        newcomer, post_id = make_person(session).id, post_of(session, shift).id

        def raise_capacity(post_id=post_id):
            post = db.session().get(Post, post_id, with_for_update=True)
            post.capacity += 1
            db.session().flush()
            line.settle(db.session(), post_id, now=NOW, added=True)

        works = [raise_capacity, signing_up(shift.id, newcomer)]
        session.rollback()
        at_once(app, works)
        session.expire_all()
        assert post_of(session, shift).taken == 2
