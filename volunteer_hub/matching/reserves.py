"""Who comes next for each post, should somebody say no."""

from __future__ import annotations

import numpy as np

from volunteer_hub.matching.problem import Ints, Problem, fairness


def reserves(problem: Problem, chosen: Ints, *, most: int) -> list[Ints]:
    """Return for each post up to `most` further pairs, those worth most first.

    A person who is planned for little is worth more, as in the objective. Whether a reserve is
    still free is asked when somebody is needed.
    """
    planned = np.bincount(problem.person[chosen], minlength=len(problem.recent))
    next_one = fairness(problem.recent, planned + 1)
    worth = problem.worth - next_one[problem.person]
    other = np.ones(len(problem.person), bool)
    other[chosen] = False
    rows = np.flatnonzero(other)
    rows = rows[np.lexsort((-worth[rows], problem.post[rows]))]
    begins = np.searchsorted(problem.post[rows], np.arange(len(problem.start) + 1))
    return [
        rows[begins[post] : min(begins[post] + most, begins[post + 1])]
        for post in range(len(problem.start))
    ]
