"""From a flow to a plan that holds: nothing clashes, minimums are reached, no one is left idle."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from volunteer_hub.matching.cliques import clashing
from volunteer_hub.matching.problem import Ints, Problem


class Book:
    """What a plan leaves free, kept while pairs are added to it."""

    def __init__(self, problem: Problem, chosen: Ints) -> None:
        self.problem = problem
        self.places = problem.places - problem.people_of(chosen)
        used = np.bincount(problem.person_week[chosen], minlength=problem.week_left.size)
        self.weeks = problem.week_left.reshape(-1) - used
        self.on_day: dict[int, list[int]] = defaultdict(list)
        days = problem.person_day[chosen].tolist()
        for day, shift in zip(days, problem.shift[chosen].tolist(), strict=True):
            self.on_day[day].append(shift)

    def fits(self, pair: int) -> bool:
        """Say whether the person can do the shift beside all they have."""
        if self.weeks[self.problem.person_week[pair]] <= 0:
            return False
        others = self.on_day.get(int(self.problem.person_day[pair]))
        if not others:
            return True
        shifts = np.array([int(self.problem.shift[pair]), *others])
        return not self.problem.clash_table(shifts)[0, 1:].any()

    def add(self, pair: int) -> None:
        self.places[self.problem.shift[pair]] -= 1
        self.weeks[self.problem.person_week[pair]] -= 1
        self.on_day[int(self.problem.person_day[pair])].append(int(self.problem.shift[pair]))


def polished(problem: Problem, rows: Ints, chosen: Ints) -> Ints:
    """Drop what breaks a rule, then add what fits: single people first, then whole shifts."""
    chosen = _kept(problem, chosen)
    book = Book(problem, chosen)
    running = problem.people_of(chosen) >= problem.needed
    free = np.setdiff1d(rows, chosen, assume_unique=True)
    free = free[
        (book.places[problem.shift[free]] > 0) & (book.weeks[problem.person_week[free]] > 0)
    ]
    free = free[np.lexsort((-problem.worth[free], problem.shift[free]))]
    runs = running[problem.shift[free]]
    single, waiting = free[runs], free[~runs]
    added = _one_by_one(book, single[np.argsort(-problem.worth[single], kind="stable")])
    cuts = np.flatnonzero(np.diff(problem.shift[waiting])) + 1
    for group in np.split(waiting, cuts) if len(waiting) else []:
        added += _together(book, group)
    return np.concatenate([chosen, np.array(added, np.int64)])


def _kept(problem: Problem, chosen: Ints) -> Ints:
    """Return the pairs without those that clash, and without shifts below their minimum."""
    while True:
        one, other = clashing(problem, chosen)
        if not len(one):
            break
        worse = np.where(problem.worth[one] < problem.worth[other], one, other)
        chosen = np.setdiff1d(chosen, worse)
    shift = problem.shift[chosen]
    return chosen[problem.people_of(chosen)[shift] >= problem.needed[shift]]


def _one_by_one(book: Book, pairs: Ints) -> list[int]:
    added = []
    for pair in pairs.tolist():
        if book.places[book.problem.shift[pair]] > 0 and book.fits(pair):
            book.add(pair)
            added.append(pair)
    return added


def _together(book: Book, pairs: Ints) -> list[int]:
    """Add people to a shift that runs with nobody yet, if enough of them fit."""
    shift = int(book.problem.shift[pairs[0]])
    needed = book.problem.needed[shift]
    able = [pair for pair in pairs.tolist() if book.fits(pair)] if len(pairs) >= needed else []
    if len(able) < max(needed, 1):
        return []
    added = able[: int(book.places[shift])]
    for pair in added:
        book.add(pair)
    return added
