"""The proof of the last seat at length: `HUB_ROUNDS=100 .venv/bin/python -m pytest tests/slow -s`.

What it shows is in docs/decisions/proof-of-the-last-seat.md.
"""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import settings

from tests.shifts.races import deaths, seats
from tests.shifts.races import hub as hubs
from tests.shifts.races.plan import QUICK, check

ROUNDS = int(os.environ.get("HUB_ROUNDS", "0"))

pytestmark = pytest.mark.slow


@pytest.fixture
def hub(app):
    with hubs.open_hub(app) as running:
        yield running


def test_r08_many_races_of_five_hundred_for_twenty_places(hub):
    seconds = sorted(seats.race(hub, rounds=ROUNDS))
    sys.stdout.write(f" median {seconds[len(seconds) // 2]:.2f} s, slowest {seconds[-1]:.2f} s\n")


def test_r08_places_that_open_in_steps_with_a_share_for_newcomers(hub):
    seats.race_in_steps(hub, rounds=ROUNDS // 10)


def test_r08_many_rounds_of_comings_and_goings(hub):
    seats.turmoil(hub, rounds=ROUNDS // 2)


def test_r01_many_killed_workers(hub):
    found = deaths.kill(hub, rounds=2 * ROUNDS)
    sys.stdout.write(f" {dict(found)}\n")
    # The blows must have hit work under way, or they prove nothing.
    assert found["cut off"] > ROUNDS


def test_no_new_sequence_of_acts_breaks_a_rule(session):
    check(
        session, settings(QUICK, max_examples=3 * ROUNDS, stateful_step_count=50, derandomize=False)
    )
