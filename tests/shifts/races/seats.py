"""Five hundred people want twenty places, again and again, on a running site."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.shifts.races import hub as hubs
from tests.shifts.races.hub import Hub, Reply
from tests.shifts.races.truth import Truth
from volunteer_hub.core import clock
from volunteer_hub.shifts import jobs
from volunteer_hub.shifts.models import SignUp

PEOPLE, PLACES = 500, 20


def race(hub: Hub, rounds: int) -> list[float]:
    """Race so many times; returns the seconds of each answer. Raises AssertionError."""
    runners, where = hubs.people(hub, PEOPLE), hubs.course(hub)
    seconds: list[float] = []
    for number in range(rounds):
        shift_id, _post_id = hubs.shift(hub, where, number, PLACES)
        path = f"/shifts/{shift_id}/signup"
        replies = hub.at_once([hub.post(one.cookie, path, risk_accepted=1) for one in runners])
        assert Counter(reply.status for reply in replies) == {303: PEOPLE}
        hub.ask(lambda session, shift_id=shift_id: _in_order(session, shift_id))  # type: ignore[misc]
        seconds += [reply.seconds for reply in replies]
    return seconds


def _in_order(session: Session, shift_id: int) -> None:
    rows = session.execute(
        select(SignUp.status, SignUp.line_position)
        .where(SignUp.shift_id == shift_id)
        .order_by(SignUp.id)
    ).all()
    states = Counter(row.status for row in rows)
    assert states == {"confirmed": PLACES, "waitlisted": PEOPLE - PLACES}
    line = [row.line_position for row in rows if row.status == "waitlisted"]
    assert line == list(range(1, PEOPLE - PLACES + 1))
    assert Truth(session, [shift_id], clock.now()).faults() == []


def race_in_steps(hub: Hub, rounds: int) -> None:
    """Race where half the places are open yet and two in five of those are for newcomers.

    Everybody here is one, so exactly the open half is given and the others wait for the rest.
    """
    runners = hubs.people(hub, PEOPLE)
    where = hubs.course(hub, early_percent=50, newcomer_percent=40)
    for number in range(rounds):
        shift_id, post_id = hubs.shift(hub, where, number, PLACES)
        path = f"/shifts/{shift_id}/signup"
        replies = hub.at_once([hub.post(one.cookie, path, risk_accepted=1) for one in runners])
        assert Counter(reply.status for reply in replies) == {303: PEOPLE}
        truth = hub.ask(lambda s, one=shift_id: Truth(s, [one], clock.now()))  # type: ignore[misc]
        assert truth.faults() == []
        assert truth.posts[post_id].taken == PLACES // 2
        assert len(truth.line(post_id)) == PEOPLE - PLACES // 2


def turmoil(hub: Hub, rounds: int) -> None:
    """Let people come, leave, accept and decline while a coordinator changes the places."""
    runners, where = hubs.people(hub, 120), hubs.course(hub)
    cookies = {one.id: one.cookie for one in runners}
    desk = hubs.coordinator(hub, where)
    for number in range(rounds):
        shift_id, post_id = hubs.shift(hub, where, number, 12)
        came = [
            hub.post(one.cookie, f"/shifts/{shift_id}/signup", risk_accepted=1) for one in runners
        ]
        _calm(hub.at_once(came[:80]))
        for wave, places in enumerate((15, 9, 20)):
            truth = hub.ask(lambda s, one=shift_id: Truth(s, [one], clock.now()))  # type: ignore[misc]
            acts = _acts(hub, truth, cookies, wave)
            wish = hub.ask(lambda s, one=shift_id, to=places: _wish(s, one, to))  # type: ignore[misc]
            wish_at = len(acts) // 2
            acts.insert(wish_at, hub.post(desk, f"/console/shifts/{shift_id}/edit", **wish))
            replies = hub.at_once([*acts, *came[80 + wave * 10 : 90 + wave * 10]])
            answer = replies.pop(wish_at).status
            # Who was asked what shall happen to seven people is asked again when there are eight.
            assert answer in (303, 422)
            _calm(replies)
            hub.ask(_the_worker_comes)
            truth = hub.ask(lambda s, one=shift_id: Truth(s, [one], clock.now()))  # type: ignore[misc]
            assert truth.faults() == []
            assert truth.waiting_beside_a_free_place() == []
            if answer == 303:
                assert truth.posts[post_id].capacity == places


def _wish(session: Session, shift_id: int, places: int) -> dict[str, Any]:
    """Return the form of a coordinator who wants so many places, the latest back in line."""
    form, post = hubs.edit_form(session, shift_id)
    return {
        **form,
        "posts-0-capacity": places,
        "cut": "back",
        "cut_for": f"{post.id}:{post.taken}:{places}",
    }


def _calm(replies: list[Reply]) -> None:
    statuses = Counter(reply.status for reply in replies)
    # 409: the offer has gone; said in a sentence.
    assert set(statuses) <= {303, 409}, statuses


def _acts(hub: Hub, truth: Truth, cookies: dict[int, str], wave: int) -> list[bytes]:
    """Return what people do: some of those in leave, offers are answered, some lines are left."""
    found = []
    offered = {offer.sign_up_id: offer.id for offer in truth.offers if offer.state == "open"}
    for number, seat in enumerate(truth.seats.values(), start=wave):
        cookie = cookies.get(seat.person_id, "")
        if seat.status == "offered":
            path = f"/offers/{offered[seat.id]}/{'accept' if number % 2 else 'decline'}"
        elif number % {"confirmed": 3, "waitlisted": 4}.get(seat.status, 1000) == 0:
            path = f"/signups/{seat.id}/cancel"
        elif seat.status == "waitlisted" and number % 4 == 1:
            path = f"/shifts/{seat.shift_id}/signup"
        else:
            continue
        found += [hub.post(cookie, path, risk_accepted=1)] * (1 + number % 2)
    return found


def _the_worker_comes(session: Session) -> None:
    jobs.pass_on_places(session, clock.now())
    session.commit()
