"""Several people at the tables at once: nobody is paired twice, no shift holds too many wishes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from tests.factories import make_person, make_project, make_request, make_shift, make_sign_up
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.core.errors import DomainError
from volunteer_hub.matching.one_to_one import pairing, placing, requests
from volunteer_hub.matching.one_to_one.ending import IS_STANDING
from volunteer_hub.matching.one_to_one.models import Pairing, RequestState, ServiceRequest
from volunteer_hub.matching.one_to_one.pairing import Hand


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


@pytest.fixture
def shift(session, organisation, now):
    project = make_project(session, organisation=organisation, one_to_one=True)
    starts_at = now + timedelta(days=2, hours=2)
    return make_shift(session, project=project, starts_at=starts_at, capacity=6)


def test_pairing_at_once_while_a_wish_is_withdrawn_pairs_nobody_twice(
    app, session, organisation, alice, shift, now
):
    by = {"organisation": organisation, "entered_by": alice}
    wishes = [make_request(session, shift=shift, **by).id for _n in range(5)]
    for _n in range(5):
        make_sign_up(session, shift, make_person(session))
    hand = Hand(shift.id, alice.id, now)
    who = {"organisation_ids": [organisation.id], "actor_id": alice.id, "now": now}
    session.rollback()
    results = at_once(
        app,
        [
            *[lambda: pairing.pair(db.session(), hand).pairs for _n in range(4)],
            lambda: requests.withdraw(db.session(), request_id=wishes[0], **who).id,
        ],
    )
    assert not any(isinstance(one, DomainError) for one in results)
    session.expire_all()
    rows = session.scalars(select(Pairing).where(IS_STANDING)).all()
    assert sorted(row.request_id for row in rows) == wishes[1:]
    assert len({row.person_id for row in rows}) == len(rows)


def test_placing_at_once_never_puts_more_wishes_into_a_shift_than_places(
    app, session, organisation, alice, shift, now
):
    by = {"organisation": organisation, "entered_by": alice, "state": "verified"}
    wishes = [make_request(session, **by).id for _n in range(8)]
    who = {"organisation_ids": [organisation.id], "actor_id": alice.id, "now": now}
    shift_id = shift.id
    session.rollback()

    def placing_(pair):
        return lambda: placing.place(db.session(), request_ids=pair, shift_id=shift_id, **who)

    results = at_once(app, [placing_(wishes[n : n + 2]) for n in range(0, 8, 2)])
    assert sum(isinstance(one, DomainError) for one in results) == 1
    session.expire_all()
    placed = select(func.count(), func.count(ServiceRequest.table_no.distinct())).where(
        ServiceRequest.state == str(RequestState.PLACED)
    )
    assert session.execute(placed).one() == (6, 6)
