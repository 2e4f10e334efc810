"""The batch: every rule holds in every plan, and small problems are solved to the best plan."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volunteer_hub.matching.problem import Problem, segments, travel_minutes
from volunteer_hub.matching.solver import solve

SEEDS = st.integers(0, 2**32 - 1)
# Before work, at lunch and in the evening, far enough apart for any way in these problems.
WINDOWS = ((7 * 60, 8 * 60 + 30), (11 * 60 + 45, 13 * 60), (18 * 60 + 30, 20 * 60))


def a_problem(
    seed: int, *, people: int = 4, shifts: int = 4, laminar: bool = False, share: float = 0.6
) -> Problem:
    draw = np.random.default_rng(seed)
    person, shift = np.nonzero(draw.random((people, shifts)) < share)
    if laminar:
        start, end = np.array(WINDOWS)[draw.integers(0, 3, shifts)].T
    else:
        start = 15 * draw.integers(30, 60, shifts)
        end = start + 15 * draw.integers(2, 13, shifts)
    total = draw.integers(1, 4, shifts)
    taken = np.minimum(draw.integers(0, 2, shifts), total)
    project = draw.integers(0, 2, shifts)
    least = draw.integers(0, total + 1)
    return Problem(
        person=person,
        shift=shift,
        preference=draw.integers(0, 301, len(person)),
        week_left=draw.integers(0, 4, (people, 2)),
        recent=draw.integers(0, 9, people),
        day=draw.integers(0, 14, shifts) if people > 5 else draw.choice([1, 5, 9], shifts),
        start=start,
        end=end,
        x=draw.integers(0, 3000, shifts),
        y=draw.integers(0, 3000, shifts),
        places=total - taken,
        needed=np.maximum(least - taken, 0),
        project=project,
        segments=segments(np.bincount(project, total, 2).astype(np.int64),
                          np.bincount(project, taken, 2).astype(np.int64)),
    )  # fmt: skip


def without_minimums(problem: Problem) -> Problem:
    return replace(problem, needed=np.zeros_like(problem.needed))


def broken_rules(problem: Problem, chosen: Any) -> list[str]:
    """Return the hard rules that a plan breaks, counted one pair at a time."""
    pairs = [(int(problem.person[row]), int(problem.shift[row])) for row in chosen]
    broken = [] if len(set(pairs)) == len(pairs) else ["a pair twice"]
    for shift in range(len(problem.day)):
        coming = sum(other == shift for _person, other in pairs)
        if coming > max(problem.places[shift], 0):
            broken.append("overbooked")
        if 0 < coming < problem.needed[shift]:
            broken.append("below its minimum")
    for person in {person for person, _shift in pairs}:
        own = [shift for other, shift in pairs if other == person]
        for week in range(problem.weeks):
            taken = sum(problem.day[shift] // 7 == week for shift in own)
            if taken > problem.week_left[person, week]:
                broken.append("over the week's limit")
        broken += ["at two places" for one, other in combinations(own, 2)
                   if meet(problem, one, other)]  # fmt: skip
    return broken


def meet(problem: Problem, one: int, other: int) -> bool:
    """Say whether two shifts cannot be done by one person (18 km/h and ten minutes between)."""
    if problem.day[one] != problem.day[other]:
        return False
    metres = int(np.hypot(problem.x[one] - problem.x[other], problem.y[one] - problem.y[other]))
    minutes = -(-(600 + metres / 5) // 900) * 15 if metres else 0
    first, last = sorted((one, other), key=lambda shift: problem.start[shift])
    return bool(problem.start[last] < problem.end[first] + minutes)


def best_value(problem: Problem) -> int:
    """Return the value of the best plan of all there are."""
    rows = range(len(problem.person))
    plans = (np.array(plan, np.int64) for size in rows for plan in combinations(rows, size + 1))
    return max((problem.value(plan) for plan in plans if not broken_rules(problem, plan)),
               default=0)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_a_small_problem_gets_the_best_of_all_plans_with_proof(seed: int) -> None:
    problem = a_problem(seed)
    if len(problem.person) > 11:
        problem = problem.narrowed(np.arange(11))
    plan = solve(problem)
    assert not broken_rules(problem, plan.chosen)
    assert plan.value == problem.value(plan.chosen) == max(best_value(problem), 0)
    assert plan.bound == plan.value


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_the_way_of_large_problems_breaks_no_rule_and_its_bound_holds(seed: int) -> None:
    problem = a_problem(seed)
    if len(problem.person) > 11:
        problem = problem.narrowed(np.arange(11))
    plan = solve(problem, small=0)
    assert not broken_rules(problem, plan.chosen)
    assert plan.value <= best_value(problem) <= plan.bound


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_no_rule_is_broken_with_many_people_at_all_hours(seed: int) -> None:
    problem = a_problem(seed, people=60, shifts=40, share=0.3)
    for small in (0, 10_000):
        plan = solve(problem, small=small)
        assert not broken_rules(problem, plan.chosen)
        assert 0 <= plan.value == problem.value(plan.chosen) <= plan.bound


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_fixed_windows_without_minimums_are_solved_by_the_flow_alone(seed: int) -> None:
    problem = without_minimums(a_problem(seed, people=60, shifts=40, laminar=True, share=0.3))
    plan = solve(problem, small=0)
    assert plan.gap == 0
    assert plan.value == solve(problem).value


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_nobody_who_could_still_come_to_a_running_shift_is_left_over(seed: int) -> None:
    problem = a_problem(seed, people=60, shifts=40, share=0.3)
    plan = solve(problem, small=0)
    coming = problem.people_of(plan.chosen)
    for row in np.setdiff1d(np.arange(len(problem.person)), plan.chosen):
        shift = problem.shift[row]
        if coming[shift] >= problem.needed[shift]:
            assert broken_rules(problem, [*plan.chosen, row])


def test_the_same_problem_gets_the_same_plan_again() -> None:
    problem = a_problem(7, people=60, shifts=40, share=0.3)
    assert solve(problem).chosen.tolist() == solve(problem).chosen.tolist()


def test_a_problem_with_nobody_on_standby_gets_an_empty_plan() -> None:
    problem = a_problem(3).narrowed(np.arange(0))
    plan = solve(problem)
    assert (len(plan.chosen), plan.value, plan.bound) == (0, 0, 0)


@pytest.mark.parametrize(("metres", "minutes"), [(0, 0), (1, 15), (1500, 15), (1501, 30)])
def test_the_way_takes_ten_minutes_and_18_km_an_hour_rounded_up(metres: int, minutes: int) -> None:
    assert travel_minutes(np.array([metres])).tolist() == [minutes]
