"""A plan that is made again: who was proposed stays, unless moving them is worth something."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from bench import stability
from tests.matching.problems import SEEDS, a_problem, best_value, broken_rules, few_pairs
from volunteer_hub.matching.problem import Problem
from volunteer_hub.matching.solver import solve
from volunteer_hub.matching.stability import STAY


def a_town(seed: int) -> Problem:
    return a_problem(seed, people=80, shifts=50, share=0.3)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_the_same_problem_again_gets_the_same_plan_again(seed: int) -> None:
    problem = a_town(seed)
    first = solve(problem)
    again = solve(problem, before=first.chosen)
    assert again == replace(first, chosen=again.chosen)
    assert again.chosen.tolist() == first.chosen.tolist()


@settings(max_examples=40, deadline=None)
@given(SEEDS, SEEDS)
def test_with_any_earlier_plan_no_rule_breaks_and_value_and_bound_are_the_true_ones(
    seed: int, other: int
) -> None:
    problem = few_pairs(a_problem(seed))
    before = np.flatnonzero(np.random.default_rng(other).random(len(problem.person)) < 0.5)
    best = max(best_value(problem), 0)
    for small in (0, 10_000):
        plan = solve(problem, small=small, before=before)
        assert not broken_rules(problem, plan.chosen)
        assert plan.value == problem.value(plan.chosen) <= best <= plan.bound
        if small:
            assert plan.bound == best
            assert plan.value >= best - STAY * len(before)


@pytest.mark.parametrize("change", [stability.without_people, stability.without_places])
@pytest.mark.parametrize("small", [0, 20_000])
def test_a_small_change_moves_few(change, small: int) -> None:
    known = unknown = proposed = 0
    for seed in range(6):
        problem = a_town(seed)
        changed = change(problem, solve(problem, small=small).chosen, seed)
        proposed += len(changed.before)
        plan = solve(changed.problem, small=small, before=changed.before)
        known += stability.moved(changed, plan)
        unknown += stability.moved(changed, solve(changed.problem, small=small))
    assert known <= 0.02 * proposed
    assert known <= unknown


def test_who_drops_out_is_replaced_and_the_others_stay() -> None:
    """Two of three can come, both are needed: the third takes the place of the one who left."""
    problem = a_problem(3, people=4, shifts=1, share=1, most_posts=1)
    problem = replace(
        problem,
        week_left=np.ones_like(problem.week_left),
        recent=np.zeros_like(problem.recent),
        places=np.array([2]),
        needed=np.array([2]),
        preference=np.array([0, 20, 40, 30]),
    )
    for small in (0, 100):
        plan = solve(problem, small=small, before=np.array([0, 1]))
        assert plan.chosen.tolist() == [0, 1]
        left = problem.narrowed(np.array([1, 2, 3]))
        again = solve(left, small=small, before=np.array([0]))
        assert 0 in again.chosen
        assert len(again.chosen) == 2


def test_who_was_proposed_makes_way_for_somebody_worth_more_than_staying() -> None:
    problem = a_problem(3, people=2, shifts=1, share=1, most_posts=1)
    problem = replace(
        problem,
        week_left=np.ones_like(problem.week_left),
        recent=np.zeros_like(problem.recent),
        places=np.array([1]),
        needed=np.array([1]),
        preference=np.array([0, STAY + 1]),
    )
    for small in (0, 100):
        assert solve(problem, small=small, before=np.array([0])).chosen.tolist() == [1]
        equal = replace(problem, preference=np.array([0, STAY - 1]))
        assert solve(equal, small=small, before=np.array([0])).chosen.tolist() == [0]
