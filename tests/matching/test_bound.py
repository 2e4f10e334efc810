"""The bound from prices: no plan exceeds it, whatever the prices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.matching.problems import (
    SEEDS,
    a_problem,
    best_value,
    few_pairs,
    without_minimums,
)
from volunteer_hub.matching.bound import FINE, Prices, lowest
from volunteer_hub.matching.exact import best_exact
from volunteer_hub.matching.problem import Problem


def all_pairs(problem: Problem) -> Prices:
    return Prices(problem, np.arange(len(problem.person)))


def some_prices(problem: Problem, seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return FINE * draw.integers(-400, 1800, len(problem.start)) + draw.integers(0, FINE)


@settings(max_examples=60, deadline=None)
@given(SEEDS, SEEDS)
def test_at_any_prices_the_bound_is_at_least_the_best_of_all_plans(seed: int, other: int) -> None:
    problem = few_pairs(a_problem(seed))
    best = best_value(problem)
    assert all_pairs(problem).at(some_prices(problem, other)).bound >= best
    assert all_pairs(problem).at(np.zeros_like(problem.start)).bound >= best


@settings(max_examples=60, deadline=None)
@given(SEEDS, SEEDS)
def test_steps_from_any_prices_never_lead_below_the_best_of_all_plans(
    seed: int, other: int
) -> None:
    problem = few_pairs(a_problem(seed, people=3, shifts=4, share=0.9))
    best = best_value(problem)
    prices, first = all_pairs(problem), some_prices(problem, other)
    found = lowest(prices, [first // FINE], target=max(best, 0), steps=30)
    assert best <= found <= prices.at(first // FINE * FINE).bound


@settings(max_examples=40, deadline=None)
@given(SEEDS, SEEDS, st.integers(1, 4))
def test_with_people_busy_all_day_the_bound_is_at_least_what_highs_proves_best(
    seed: int, other: int, limit: int
) -> None:
    problem = without_minimums(a_problem(seed, people=6, shifts=14, share=0.7))
    # Two days only, so that one person can do several shifts of a day.
    problem = replace(
        problem,
        start=problem.start % (2 * 1440),
        end=problem.start % (2 * 1440) + problem.end - problem.start,
        week=np.zeros_like(problem.week),
        block=np.zeros_like(problem.block),
        week_left=np.full((6, 1), limit),
    )
    rows = np.arange(len(problem.person))
    proven = best_exact(problem, rows, nodes=5_000, seconds=20)
    assert proven is not None
    best = problem.value(proven.chosen)
    prices = all_pairs(problem)
    assert prices.at(some_prices(problem, other)).bound >= best
    assert lowest(prices, [np.zeros_like(problem.start)], target=best, steps=60) >= best


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_what_is_wanted_beyond_the_offer_points_to_lower_bounds(seed: int) -> None:
    problem = a_problem(seed, people=60, shifts=40, share=0.3)
    prices = all_pairs(problem)
    nothing = np.zeros_like(problem.start)
    first = prices.at(nothing)
    assert lowest(prices, [nothing], target=first.bound // 2, steps=20) <= first.bound
    # A bound is never above what the slope at the first prices promises (it is convex).
    other = some_prices(problem, seed)
    promised = first.bound + float(first.excess @ (nothing - other)) / FINE
    assert prices.at(other).bound >= promised - 2


def test_nobody_on_standby_bounds_every_plan_by_nothing() -> None:
    problem = a_problem(3).narrowed(np.arange(0))
    prices = all_pairs(problem)
    nothing = np.zeros_like(problem.start)
    assert prices.at(nothing).bound == 0
    assert lowest(prices, [nothing], target=0, steps=5) == 0
