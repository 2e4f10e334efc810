"""Better plans, one small part at a time: a few shifts are emptied and filled again with proof."""

from __future__ import annotations

import numpy as np

from volunteer_hub.matching.exact import best_exact
from volunteer_hub.matching.network import Flow
from volunteer_hub.matching.problem import PLACE, Ints, Problem

# What HiGHS solves in a fraction of a second.
PAIRS, SHIFTS, NODES, SECONDS = 2_500, 40, 40, 2.0
# People asked about a shift, and how far below its price a pair may be worth trying.
PEOPLE, WINDOW = 60, 350


def improved(problem: Problem, rows: Ints, chosen: Ints, relaxed: Flow, *, tries: int) -> Ints:
    """Try parts around the shifts where this plan loses most against the relaxed flow."""
    margin = np.full(len(problem.person), -(10**6))
    margin[rows] = relaxed.margin(problem, rows)
    wanted = problem.people_of(relaxed.chosen)
    tried: set[int] = set()
    for _try in range(tries):
        regret = np.bincount(
            problem.shift[chosen], np.maximum(-margin[chosen], 0), minlength=len(problem.day)
        )
        regret += PLACE * np.maximum(wanted - problem.people_of(chosen), 0)
        regret[list(tried)] = 0
        seed = int(np.argmax(regret))
        if regret[seed] <= 0:
            break
        tried.add(seed)
        shifts = _around(problem, chosen, margin, seed)
        better = _refilled(problem, chosen, margin, shifts)
        if better is not None:
            chosen = better
    return chosen


def _pairs_of(problem: Problem, shift: int) -> Ints:
    order, begins = problem.by_shift
    return order[begins[shift] : begins[shift + 1]]


def _around(problem: Problem, chosen: Ints, margin: Ints, seed: int) -> Ints:
    """Return the shift and those that its best candidates do in the same week instead."""
    pairs = _pairs_of(problem, seed)
    pairs = pairs[margin[pairs] > -WINDOW]
    best = pairs[np.argsort(-margin[pairs], kind="stable")[:PEOPLE]]
    asked = np.isin(problem.person_week[chosen], problem.person_week[best])
    shifts, counts = np.unique(problem.shift[chosen[asked]], return_counts=True)
    shifts = shifts[np.argsort(-counts, kind="stable")]
    return np.concatenate([[seed], shifts[shifts != seed]])[:SHIFTS]


def _refilled(problem: Problem, chosen: Ints, margin: Ints, shifts: Ints) -> Ints | None:
    """Return the plan with these shifts filled anew, or None when that is no better."""
    inside = np.isin(problem.shift[chosen], shifts)
    fixed, loose = chosen[~inside], chosen[inside]
    found: list[Ints] = []
    size = 0
    for shift in shifts.tolist():
        pairs = _pairs_of(problem, shift)
        pairs = pairs[(margin[pairs] > -WINDOW) | np.isin(pairs, loose)]
        size += len(pairs)
        if size > PAIRS and found:
            break
        found.append(pairs)
    taken = shifts[: len(found)]
    part = np.isin(problem.shift[loose], taken)
    fixed, loose = np.concatenate([fixed, loose[~part]]), loose[part]
    rows = _beside(problem, np.unique(np.concatenate(found)), fixed)
    rest = _rest(problem, rows, fixed)
    before = np.flatnonzero(np.isin(rows, loose))
    answer = best_exact(rest, np.arange(len(rows)), nodes=NODES, seconds=SECONDS)
    if answer is None or rest.value(answer.chosen) <= rest.value(before):
        return None
    return np.concatenate([fixed, rows[answer.chosen]])


def _rest(problem: Problem, rows: Ints, fixed: Ints) -> Problem:
    """Return the problem of these pairs that remains when others are settled."""
    settled = np.bincount(problem.project[problem.shift[fixed]], minlength=len(problem.segments))
    segments = problem.segments.copy()
    for quarter in range(segments.shape[1]):
        filled = np.minimum(settled, segments[:, quarter])
        segments[:, quarter] -= filled
        settled = settled - filled
    return problem.narrowed(
        rows,
        week_left=_left(problem, fixed).reshape(problem.week_left.shape),
        recent=problem.recent + np.bincount(problem.person[fixed], minlength=len(problem.recent)),
        segments=segments,
    )


def _left(problem: Problem, fixed: Ints) -> Ints:
    """Return how many shifts each person may take in each week beside those settled."""
    used = np.bincount(problem.person_week[fixed], minlength=problem.week_left.size)
    return problem.week_left.reshape(-1) - used


def _beside(problem: Problem, pairs: Ints, fixed: Ints) -> Ints:
    """Return those of the pairs that clash with nothing settled."""
    near = fixed[np.isin(problem.person_day[fixed], problem.person_day[pairs])]
    near = near[np.argsort(problem.person_day[near], kind="stable")]
    days = problem.person_day[near]
    wrong = np.zeros(len(pairs), bool)
    first = np.searchsorted(days, problem.person_day[pairs])
    last = np.searchsorted(days, problem.person_day[pairs], side="right")
    for lag in range(int((last - first).max(initial=0))):
        rows = np.flatnonzero(first + lag < last)
        others = near[first[rows] + lag]
        wrong[rows] |= problem.clash(problem.shift[pairs[rows]], problem.shift[others])
    return pairs[~wrong & (_left(problem, fixed)[problem.person_week[pairs]] > 0)]
