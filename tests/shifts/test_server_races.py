"""The last seat over real HTTP: server processes and many connections (R01, R08, R09)."""

from __future__ import annotations

import pytest

from tests.shifts.races import deaths, seats
from tests.shifts.races import hub as hubs
from tests.shifts.races.truth import Truth
from volunteer_hub.core import clock


@pytest.fixture
def hub(app):
    with hubs.open_hub(app) as running:
        yield running


def test_r08_five_hundred_people_race_for_twenty_places(hub):
    seats.race(hub, rounds=5)


def test_r08_comings_leavings_offers_and_changed_places_cross_without_harm(hub):
    seats.turmoil(hub, rounds=2)


def test_r01_a_worker_that_is_killed_loses_nothing_it_has_answered(hub):
    deaths.kill(hub, rounds=4)


def test_r09_the_same_form_fifty_times_at_once_has_one_effect_and_one_answer(hub):
    runner = hubs.people(hub, 1)[0]
    shift_id, _post_id = hubs.shift(hub, hubs.course(hub), 0, 5)
    form = hub.post(runner.cookie, f"/shifts/{shift_id}/signup", risk_accepted=1)
    replies = hub.at_once([form] * 50)
    assert {(reply.status, reply.location) for reply in replies} == {(303, f"/shifts/{shift_id}")}
    truth = hub.ask(lambda session: Truth(session, [shift_id], clock.now()))
    assert truth.faults() == []
    assert len(truth.seats) == sum(truth.noted.values()) == 1
