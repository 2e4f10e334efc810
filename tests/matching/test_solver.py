"""The batch: every rule holds in every plan, and small problems are solved to the best plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings

from tests.matching.problems import (
    DAY,
    SEEDS,
    a_problem,
    best_value,
    broken_rules,
    few_pairs,
    meet,
    without_minimums,
)
from volunteer_hub.matching.problem import blocks
from volunteer_hub.matching.solver import solve


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_a_small_problem_gets_the_best_of_all_plans_with_proof(seed: int) -> None:
    problem = few_pairs(a_problem(seed))
    plan = solve(problem)
    assert not broken_rules(problem, plan.chosen)
    assert plan.value == problem.value(plan.chosen) == max(best_value(problem), 0)
    assert plan.bound == plan.value


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_the_way_of_large_problems_breaks_no_rule_and_its_bound_holds(seed: int) -> None:
    problem = few_pairs(a_problem(seed))
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
    short = problem.any_of(problem.people_of(plan.chosen) < problem.needed)
    for row in np.setdiff1d(np.arange(len(problem.person)), plan.chosen):
        if not short[problem.occasion[problem.post[row]]]:
            assert broken_rules(problem, [*plan.chosen, row])


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_posts_of_different_blocks_never_clash(seed: int) -> None:
    problem = a_problem(seed, people=6, shifts=12)
    posts = np.arange(len(problem.start))
    clash = problem.clash_table(posts)
    assert (problem.block[:, None] == problem.block[None, :])[clash].all()
    assert all(clash[one, other] == meet(problem, one, other) for one in posts for other in posts)


def test_a_night_shift_and_the_next_morning_are_one_block_and_clash_by_the_way_between() -> None:
    start, end = np.array([22 * 60, DAY + 7 * 60]), np.array([DAY + 6 * 60, DAY + 8 * 60])
    assert blocks(start, end).tolist() == [0, 0]
    assert blocks(start, end, longest=60).tolist() == [0, 1]


def test_a_shift_with_a_post_that_nobody_can_do_gets_nobody_in_its_other_posts() -> None:
    problem = a_problem(3, people=8, shifts=1, share=1, most_posts=1)
    twice = replace(
        problem,
        week_left=np.full_like(problem.week_left, 2),
        occasion=np.array([0, 0]),
        **{
            name: np.repeat(getattr(problem, name), 2)
            for name in ("week", "start", "end", "block", "place", "project")
        },
        places=np.array([3, 3]),
        needed=np.array([1, 1]),
    )
    assert len(solve(twice).chosen) == 0
    assert len(solve(twice, small=0).chosen) == 0
    open_ = replace(twice, needed=np.array([1, 0]))
    assert solve(open_).value == solve(open_, small=0).value > 0


def test_the_same_problem_gets_the_same_plan_again() -> None:
    problem = a_problem(7, people=60, shifts=40, share=0.3)
    assert solve(problem).chosen.tolist() == solve(problem).chosen.tolist()


def test_a_problem_with_nobody_on_standby_gets_an_empty_plan() -> None:
    problem = a_problem(3).narrowed(np.arange(0))
    plan = solve(problem)
    assert (len(plan.chosen), plan.value, plan.bound) == (0, 0, 0)
