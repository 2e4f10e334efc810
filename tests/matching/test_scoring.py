"""Shifts that need one more rise, what fills anyway sinks, and the wishes of the person count."""

from __future__ import annotations

from dataclasses import fields, replace
from math import exp, factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer_hub.matching import scoring
from volunteer_hub.matching.scoring import Offers, Parts, marginal_value, order, ranked

# A shift in five days with half of its places taken, of a project of its own.
USUAL = {
    "taken": 3, "minimum": 2, "capacity": 6, "hours_left": 120.0, "walk": 10.0, "interest": 0.0,
    "window": 0, "skill": 0, "branch": 0, "served": 0,
}  # fmt: skip


def offers(*shifts, farthest=20):
    """Return offers with ids 1, 2, …; what a shift does not say is as usual."""
    rows = [
        {"shift_id": number, "project": number, "pattern": number, **USUAL, **shift}
        for number, shift in enumerate(shifts, 1)
    ]
    names = [one.name for one in fields(Offers) if one.name != "farthest"]
    return Offers(
        **{name: np.array([row[name] for row in rows]) for name in names}, farthest=farthest
    )


def ids(*shifts, **more):
    return [one.shift_id for one in ranked(offers(*shifts), **more)]


def test_one_person_short_of_the_minimum_rises():
    assert ids({"minimum": 2}, {"minimum": 4}) == [2, 1]


@pytest.mark.parametrize("taken", range(2, 5))
def test_the_nearer_to_its_minimum_the_more_one_sign_up_counts_when_few_come(taken):
    short = {"minimum": 6, "capacity": 12, "hours_left": 96.0}
    farther, nearer = marginal_value(
        offers({**short, "taken": taken - 1, "project": 1}, {**short, "taken": taken, "project": 1})
    )
    assert nearer > farther


def test_a_shift_that_fills_anyway_sinks_below_one_that_does_not():
    filling = {"taken": 9, "capacity": 10, "minimum": 2, "hours_left": 240.0}
    slow = {"taken": 3, "capacity": 10, "minimum": 2, "hours_left": 240.0}
    assert ids(filling, slow) == [2, 1]


def test_a_minimum_out_of_reach_on_the_last_day_raises_nothing():
    lost = {"taken": 0, "minimum": 5, "hours_left": 20.0}
    assert ids(lost, {"hours_left": 20.0}) == [2, 1]


def test_of_two_equal_shifts_the_one_of_the_emptier_project_comes_first():
    busy = [{"project": 1, "taken": 3}, {"project": 1, "taken": 5}]
    calm = [{"project": 2, "taken": 3}, {"project": 2, "taken": 0}]
    found = ids(*busy, *calm)
    assert found.index(3) < found.index(1)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"walk": 5.0}, {"walk": 15.0}),
        ({"walk": 25.0}, {"walk": 35.0}),
        ({"interest": 1.0}, {"interest": 0.5}),
        ({"window": 1}, {"window": 0}),
        ({"window": 0}, {"window": -1}),
        ({"skill": 1}, {"skill": 0}),
        ({"branch": 1}, {"branch": 0}),
        ({"served": 1}, {"served": 0}),
        ({"walk": 5.0}, {"walk": np.nan}),
    ],
)
def test_what_suits_better_comes_first(better, worse):
    assert ids(worse, better) == [2, 1]


def test_without_wishes_and_without_need_the_soonest_come_first():
    shifts = [{"hours_left": 30.0 + day, "minimum": day} for day in range(6)]
    assert ids(*shifts, weight=0.0) == [1, 2, 3, 4, 5, 6]


def test_shifts_that_look_alike_make_room_for_others():
    alike = [{"pattern": 7, "interest": 0.5} for _ in range(4)]
    assert ids(*alike, {"interest": 0.4}).index(5) == 1


def test_what_a_score_is_made_of_adds_up():
    (one,) = ranked(offers({"interest": 1.0, "branch": 1, "window": 1}))
    assert one.total == pytest.approx(sum(one.parts))
    assert Parts(*one.parts)._replace(need=0.0) == Parts(
        walk=0.0, interest=scoring.INTEREST, window=scoring.WINDOW, branch=scoring.BRANCH
    )


def test_nothing_open_is_an_empty_ranking():
    assert ranked(replace(offers(), walk=np.zeros(0))) == []
    assert len(order(offers())) == 0


def test_ids_and_scores_are_plain_numbers_for_templates_and_json():
    (one,) = ranked(offers({}))
    assert type(one.shift_id) is int
    assert type(one.total) is float


def slow_value(taken, minimum, capacity, mean):
    """Return the expected worth of one more sign-up, summed over how many others may come."""

    def served(count):
        """Return what `count` people in the shift are worth: the first places most."""
        if count < minimum:
            return 0.0
        return sum(1 + scoring.FIRST * (1 - (place + 0.5) / capacity) for place in range(count))

    return sum(
        exp(-mean) * mean**others / factorial(others) * (served(count + 1) - served(count))
        for others, count in enumerate(range(taken, capacity))
    )


@given(
    capacity=st.integers(1, 40),
    share=st.floats(0, 1),
    filled=st.floats(0, 0.99),
    step=st.integers(0, 40),
)
def test_the_value_of_a_sign_up_is_the_sum_over_all_futures(capacity, share, filled, step):
    taken, minimum = int(capacity * filled), round(capacity * share)
    mean = (step / scoring.STEPS) ** 2
    found = scoring.expected_gain(
        np.array([taken]), np.array([minimum]), np.array([capacity]), np.array([mean])
    )[0]
    wanted = max(slow_value(taken, minimum, capacity, mean), scoring.FLOOR)
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-9)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "capacity": st.integers(1, 2_000),
                "taken": st.integers(0, 2_000),
                "minimum": st.integers(0, 2_000),
                "hours_left": st.floats(-1, 400),
                "walk": st.one_of(st.just(np.nan), st.floats(0, 500)),
                "project": st.integers(1, 3),
                "pattern": st.integers(1, 3),
            }
        ),
        min_size=1,
        max_size=30,
    ),
    st.integers(0, 60),
)
def test_whatever_the_numbers_every_shift_has_one_finite_score(rows, farthest):
    for row in rows:
        row["taken"] = min(row["taken"], row["capacity"])
        row["minimum"] = min(row["minimum"], row["capacity"])
    given_offers = offers(*rows, farthest=farthest)
    found = ranked(given_offers)
    assert sorted(one.shift_id for one in found) == list(range(1, len(rows) + 1))
    assert np.isfinite([[one.total, *one.parts] for one in found]).all()
    assert found == ranked(given_offers)
    assert [one.row for one in found] == order(given_offers).tolist()
