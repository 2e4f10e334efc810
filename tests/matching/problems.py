"""Random small problems, the rules counted one pair at a time, and all plans there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations

import numpy as np
from hypothesis import strategies as st

from volunteer_hub.matching.problem import Problem, blocks, segments

SEEDS = st.integers(0, 2**32 - 1)
DAY, WEEK = 24 * 60, 7 * 24 * 60
# Before work, at lunch and in the evening, far enough apart for any way in these problems.
WINDOWS = ((7 * 60, 8 * 60 + 30), (11 * 60 + 45, 13 * 60), (18 * 60 + 30, 20 * 60))


def a_problem(
    seed: int,
    *,
    people: int = 4,
    shifts: int = 3,
    share: float = 0.6,
    most_posts: int = 2,
    laminar: bool = False,
) -> Problem:
    """Return a problem of few days, shifts of one or more posts, some of them over midnight."""
    draw = np.random.default_rng(seed)
    posts = draw.choice([1, most_posts], shifts, p=[0.7, 0.3])
    occasion = np.repeat(np.arange(shifts), posts)
    count = len(occasion)
    days = draw.integers(0, 14, shifts) if people > 5 else draw.choice([1, 5, 6, 7], shifts)
    if laminar:
        start, end = (DAY * days + np.array(WINDOWS)[draw.integers(0, 3, shifts)].T)[:, occasion]
    else:
        start = DAY * days + 15 * draw.integers(30, 94, shifts)
        end = start + 15 * draw.integers(2, 25, shifts)
        start, end = start[occasion], end[occasion]
    person, post = np.nonzero(draw.random((people, count)) < share)
    total = draw.integers(1, 4, count)
    # A post may be booked beyond its places, when those were cut.
    taken = np.minimum(draw.integers(0, 2, count), total + (draw.random(count) < 0.1))
    least = draw.integers(0, total + 1)
    project = draw.integers(0, 2, shifts)[occasion]
    spots = draw.integers(0, 120, (4, 2))
    return Problem(
        person=person,
        post=post,
        preference=draw.integers(0, 301, len(person)),
        week_left=draw.integers(0, 4, (people, 3)),
        recent=draw.integers(0, 9, people),
        occasion=occasion,
        week=start // WEEK,
        start=start,
        end=end,
        block=blocks(start, end),
        place=draw.integers(0, 4, shifts)[occasion],
        places=np.maximum(total - taken, 0),
        needed=np.maximum(least - taken, 0),
        project=project,
        way=np.minimum(np.abs(spots[:, None] - spots).sum(2), 120).astype(np.int16),
        segments=segments(np.bincount(project, total, 2).astype(np.int64),
                          np.bincount(project, taken, 2).astype(np.int64)),
    )  # fmt: skip


def without_minimums(problem: Problem) -> Problem:
    return replace(problem, needed=np.zeros_like(problem.needed))


def few_pairs(problem: Problem, count: int = 11) -> Problem:
    """Return the problem with so few pairs that all plans can be tried."""
    return problem.narrowed(np.sort(np.argsort(problem.preference, kind="stable")[:count]))


def broken_rules(problem: Problem, chosen: Iterable[int]) -> list[str]:
    """Return the hard rules that a plan breaks, counted one pair at a time."""
    pairs = [(int(problem.person[row]), int(problem.post[row])) for row in chosen]
    broken = [] if len(set(pairs)) == len(pairs) else ["a pair twice"]
    coming = [sum(other == post for _person, other in pairs) for post in range(len(problem.start))]
    running = {int(problem.occasion[post]) for _person, post in pairs}
    for post, people in enumerate(coming):
        if people > max(problem.places[post], 0):
            broken.append("overbooked")
        if problem.occasion[post] in running and people < problem.needed[post]:
            broken.append("below its minimum")
    for person in {person for person, _post in pairs}:
        own = [post for other, post in pairs if other == person]
        for week in range(problem.weeks):
            taken = sum(problem.week[post] == week for post in own)
            if taken > problem.week_left[person, week]:
                broken.append("over the week's limit")
        broken += ["at two places" for one, other in combinations(own, 2)
                   if meet(problem, one, other)]  # fmt: skip
    return broken


def meet(problem: Problem, one: int, other: int) -> bool:
    """Say whether one person cannot do both posts: one begins before the way there is over."""
    first, last = sorted((one, other), key=lambda post: (problem.start[post], problem.end[post]))
    way = int(problem.way[problem.place[first], problem.place[last]])
    same = problem.occasion[one] == problem.occasion[other]
    return bool(same or problem.start[last] < problem.end[first] + way)


def best_value(problem: Problem) -> int:
    """Return the value of the best plan of all there are."""
    rows = range(len(problem.person))
    plans = (np.array(plan, np.int64) for size in rows for plan in combinations(rows, size + 1))
    return max((problem.value(plan) for plan in plans if not broken_rules(problem, plan)),
               default=0)  # fmt: skip
