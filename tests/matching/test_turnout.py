"""Expected turnout: the past counts, the older the less, and nobody alone is shown."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_attendance, make_person, make_project, make_shift, make_sign_up
from tests.support import count_queries, login
from volunteer_hub.core.db import db
from volunteer_hub.matching.turnout import distribution, turnout, turnouts

CHANCES = st.lists(st.floats(0, 1), max_size=7)


@given(CHANCES)
def test_the_distribution_equals_the_sum_over_all_outcomes(chances):
    slow = [0.0] * (len(chances) + 1)
    for coming in product([False, True], repeat=len(chances)):
        likely = 1.0
        for comes, chance in zip(coming, chances, strict=True):
            likely *= chance if comes else 1 - chance
        slow[sum(coming)] += likely
    assert distribution(chances) == pytest.approx(slow)


@given(CHANCES, st.integers(1, 12))
def test_the_likely_range_lies_within_who_signed_up(chances, capacity):
    found = turnout(chances, capacity, 0.8)
    assert 0 <= found.low <= found.high <= found.signed == len(chances)
    assert 0 <= found.extra <= 20


def test_more_people_are_advised_until_the_expected_number_fills_the_places():
    assert turnout([0.75] * 12, 12, 0.75).extra == 3
    assert turnout([1.0] * 12, 12, 0.9).extra == 0
    assert turnout([0.9] * 3, 3, 0.9).extra == 0


@pytest.fixture
def project(session):
    return make_project(session)


def came(session, project, person, now, days, *, yes):
    shift = make_shift(session, project=project, starts_at=now - timedelta(days=days))
    status = "present" if yes else "no_show"
    make_attendance(session, shift, person, sign_up=make_sign_up(session, shift, person),
                    status=status)  # fmt: skip


def expected(session, shift, now, capacity=10):
    found = turnouts(session, {shift.id: capacity}, today=now.date())
    return found.get(shift.id)


def test_a_shift_without_anybody_has_no_turnout(session, project, now):
    assert expected(session, make_shift(session, project=project), now) is None


def test_newcomers_come_as_people_usually_do(session, project, now):
    shift = make_shift(session, project=project, capacity=10)
    for _ in range(10):
        make_sign_up(session, shift, make_person(session))
    found = expected(session, shift, now)
    assert (found.signed, found.expected, found.extra) == (10, 9, 1)
    assert found.low <= 9 <= found.high


def test_what_was_long_ago_counts_less_than_what_was_lately(session, project, now):
    better, worse = (make_shift(session, project=project, capacity=10) for _ in range(2))
    for shift, early in ((better, False), (worse, True)):
        for _ in range(8):
            person = make_person(session)
            make_sign_up(session, shift, person)
            for days, yes in ((500, early), (400, early), (20, not early), (10, not early)):
                came(session, project, person, now, days, yes=yes)
    assert expected(session, better, now).expected > expected(session, worse, now).expected


def test_excused_people_are_not_held_to_it(session, project, now):
    shift = make_shift(session, project=project)
    person = make_person(session)
    make_sign_up(session, shift, person)
    old = make_shift(session, project=project, starts_at=now - timedelta(days=3))
    make_attendance(session, old, person, sign_up=make_sign_up(session, old, person),
                    status="excused")  # fmt: skip
    assert expected(session, shift, now).expected == 1


def test_many_shifts_cost_two_queries(session, project, now):
    shifts = [make_shift(session, project=project) for _ in range(4)]
    for shift in shifts:
        make_sign_up(session, shift, make_person(session))
    capacities = {shift.id: 5 for shift in shifts}
    with count_queries(db.engine) as queries:
        turnouts(session, capacities, today=now.date())
    assert queries.count == 2


def test_the_roster_tells_it_to_coordinators_and_the_shift_page_to_nobody(
    client, session, organisation, alice, bob
):
    shift = make_shift(
        session, project=make_project(session, organisation=organisation), capacity=4
    )
    for person in (bob, make_person(session), make_person(session)):
        make_sign_up(session, shift, person)
    login(client, alice)
    assert (
        "3 signed up; about 3 will come" in client.get(f"/console/shifts/{shift.id}?lang=en").text
    )
    login(client, bob)
    assert "will come" not in client.get(f"/shifts/{shift.id}?lang=en").text


def test_the_board_says_it_of_each_shift_to_come(client, session, organisation, alice, now):
    shift = make_shift(
        session,
        project=make_project(session, organisation=organisation),
        starts_at=now + timedelta(hours=3),
        capacity=12,
    )
    for _ in range(10):
        make_sign_up(session, shift, make_person(session))
    assert "about 9 will come" in login(client, alice).get("/console?lang=en").text
