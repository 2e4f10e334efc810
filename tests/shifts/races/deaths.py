"""Web workers die without a word while people sign up; what was answered stays true (R01)."""

from __future__ import annotations

import random
from collections import Counter
from threading import Timer
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.shifts.races import hub as hubs
from tests.shifts.races.hub import Hub
from tests.shifts.races.truth import Truth
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core import clock
from volunteer_hub.core.db import HandledForm
from volunteer_hub.shifts.models import SignUp

PEOPLE, PLACES = 40, 10


def kill(hub: Hub, rounds: int, *, seed: int = 8) -> Counter[str]:
    """Kill a worker in each round, at another moment; returns how many were answered or cut off.

    Raises AssertionError when a sign-up that was answered is missing, or half of one is there.
    """
    runners, where = hubs.people(hub, PEOPLE), hubs.course(hub)
    chance, found = random.Random(seed), Counter[str]()
    for number in range(rounds):
        shift_id, _post_id = hubs.shift(hub, where, number, PLACES)
        path = f"/shifts/{shift_id}/signup"
        requests = [hub.post(one.cookie, path, risk_accepted=1) for one in runners]
        blow = Timer(chance.uniform(0.0, 0.3), hub.kill_a_worker)
        blow.start()
        replies = hub.at_once(requests)
        blow.join()
        statuses = Counter(reply.status for reply in replies)
        # 0: the connection ended. Nobody is told of a place that does not exist.
        assert set(statuses) <= {0, 303}, statuses
        found.update({"answered": statuses[303], "cut off": statuses[0]})
        answered = {
            one.id for one, reply in zip(runners, replies, strict=True) if reply.status == 303
        }
        hub.wait()
        hub.ask(lambda s, one=shift_id, who=answered: _all_there(s, one, who))  # type: ignore[misc]
        # Whoever was cut off sends the same form again and is in, once.
        assert Counter(reply.status for reply in hub.at_once(requests)) == {303: PEOPLE}
        everybody = {one.id for one in runners}
        hub.ask(lambda s, one=shift_id, who=everybody: _all_there(s, one, who))  # type: ignore[misc]
    hub.ask(_sound)
    return found


def _all_there(session: Session, shift_id: int, answered: set[int]) -> None:
    truth = Truth(session, [shift_id], clock.now())
    assert truth.faults() == []
    there = [seat.person_id for seat in truth.seats.values()]
    assert answered <= set(there), f"{len(answered - set(there))} acknowledged sign-ups are lost"
    assert len(there) == len(set(there))
    # Half a sign-up would lack its word in the audit or the claim of its form.
    assert all(truth.noted[seat.id] == 1 for seat in truth.seats.values())
    rows: Any = session.execute(select(HandledForm.key).where(HandledForm.location == "")).all()
    assert rows == []
    noted = session.scalars(
        select(AuditEntry.object_id)
        .where(AuditEntry.object_type == "sign_up")
        .except_(select(SignUp.id))
    ).all()
    assert noted == []


def _sound(session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
