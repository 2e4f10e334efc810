"""How many people a plan moves when a hundredth of its input changes, and what staying costs."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from volunteer_hub.matching.problem import Ints, Problem
from volunteer_hub.matching.solver import Plan, solve

CHANGED = 0.01


@dataclass(frozen=True)
class Changed:
    """A problem after the change, and the pairs of the earlier plan that are still there."""

    problem: Problem
    before: Ints


def without_people(problem: Problem, chosen: Ints, seed: int = 1) -> Changed:
    """Let one person in a hundred be no longer on standby."""
    people = len(problem.recent)
    gone = np.random.default_rng(seed).random(people) < CHANGED
    left = np.flatnonzero(~gone[problem.person])
    return Changed(problem.narrowed(left), np.flatnonzero(np.isin(left, chosen)))


def without_places(problem: Problem, chosen: Ints, seed: int = 1) -> Changed:
    """Let one open place in a hundred be taken by somebody who signs up."""
    open_ = np.repeat(np.arange(len(problem.start)), np.maximum(problem.places, 0))
    drawn = open_[np.random.default_rng(seed).random(len(open_)) < CHANGED]
    taken = np.bincount(drawn, minlength=len(problem.start))
    segments = problem.segments.copy()
    settled = np.bincount(problem.project, taken, len(segments)).astype(np.int64)
    for quarter in range(segments.shape[1]):
        filled = np.minimum(settled, segments[:, quarter])
        segments[:, quarter] -= filled
        settled -= filled
    changed = replace(
        problem,
        places=problem.places - taken,
        needed=np.maximum(problem.needed - taken, 0),
        segments=segments,
    )
    return Changed(changed, chosen)


def moved(changed: Changed, plan: Plan) -> int:
    """Count the pairs of the earlier plan that are gone although their place was still there."""
    problem, before = changed.problem, changed.before
    forced = np.maximum(problem.people_of(before) - np.maximum(problem.places, 0), 0).sum()
    return len(np.setdiff1d(before, plan.chosen)) - int(forced)


def report(problem: Problem) -> None:
    """Print it for both changes, with and without the earlier plan given."""
    first = solve(problem)
    print(f"first plan: {len(first.chosen):,} pairs, value {first.value:,}", flush=True)
    for change in (without_people, without_places):
        changed = change(problem, first.chosen)
        values = []
        for before in (None, changed.before):
            began = time.process_time()
            plan = solve(changed.problem, before=before)
            values.append(plan.value)
            gone = moved(changed, plan)
            print(
                f"{change.__name__.replace('_', ' ')},"
                f" {'earlier plan unknown' if before is None else 'earlier plan known'}:"
                f" {gone:,} moved ({100 * gone / max(len(changed.before), 1):.2f} %),"
                f" value {plan.value:,}, gap {100 * plan.gap:.3f} %,"
                f" {time.process_time() - began:.1f} s of computing",
                flush=True,
            )
        print(f"  staying costs {100 * (values[0] - values[1]) / max(values[0], 1):.4f} %")
