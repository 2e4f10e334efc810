"""A plan that is made again moves few people: pairs proposed before are worth a little more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from volunteer_hub.matching.polish import Book, polished
from volunteer_hub.matching.problem import Ints, Problem

# Points that moving a proposed pair must earn.
STAY = 60


def favouring(problem: Problem, kept: Ints) -> Problem:
    """Return the problem in which each of the pairs `kept` is worth `STAY` points more."""
    if not len(kept):
        return problem
    preference = problem.preference.copy()
    preference[kept] += STAY
    return replace(problem, preference=preference)


def continued(problem: Problem, rows: Ints, kept: Ints) -> Ints:
    """Return the plan of the pairs `kept` as far as they still fit, with its gaps filled.

    Shifts that people are kept in are filled first, so that one who drops out does not end them.
    """
    book = Book(problem, kept[:0])
    order = kept[np.argsort(-problem.worth[kept], kind="stable")]
    chosen = np.array(book.add_fitting(order.tolist()), np.int64)
    running = problem.any_of(problem.people_of(chosen) > 0)[problem.occasion[problem.post[rows]]]
    others = np.setdiff1d(rows[running], kept)
    others = others[np.argsort(-problem.worth[others], kind="stable")]
    added = np.array(book.add_fitting(others.tolist()), np.int64)
    return polished(problem, rows, np.concatenate([chosen, added]))
