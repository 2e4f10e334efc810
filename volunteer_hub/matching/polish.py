"""From a flow to a plan that holds: nothing clashes, minimums are reached, no one is left idle."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy.optimize import linear_sum_assignment

from volunteer_hub.matching.cliques import clashing
from volunteer_hub.matching.problem import Flags, Ints, Problem


class Book:
    """What a plan leaves free, kept while pairs are added to it."""

    def __init__(self, problem: Problem, chosen: Ints) -> None:
        self.problem = problem
        self.places = problem.places - problem.people_of(chosen)
        used = np.bincount(problem.person_week[chosen], minlength=problem.week_left.size)
        self.weeks = problem.week_left.reshape(-1) - used
        self.in_block: dict[int, list[int]] = defaultdict(list)
        blocks = problem.person_block[chosen].tolist()
        for block, post in zip(blocks, problem.post[chosen].tolist(), strict=True):
            self.in_block[block].append(post)

    def fits(self, pair: int) -> bool:
        """Say whether the person can do the post beside all they have."""
        if self.weeks[self.problem.person_week[pair]] <= 0:
            return False
        others = self.in_block.get(int(self.problem.person_block[pair]))
        if not others:
            return True
        return not self.problem.clash(self.problem.post[pair], np.array(others)).any()

    def add(self, pair: int) -> None:
        self.places[self.problem.post[pair]] -= 1
        self.weeks[self.problem.person_week[pair]] -= 1
        block = int(self.problem.person_block[pair])
        self.in_block[block].append(int(self.problem.post[pair]))

    def add_fitting(self, pairs: list[int]) -> list[int]:
        """Add those that fit, one after the other, and return them."""
        added = []
        for pair in pairs:
            if self.places[self.problem.post[pair]] > 0 and self.fits(pair):
                self.add(pair)
                added.append(pair)
        return added


def polished(problem: Problem, rows: Ints, chosen: Ints) -> Ints:
    """Drop what breaks a rule, then add what fits: single people first, then whole shifts."""
    chosen = _kept(problem, chosen)
    book = Book(problem, chosen)
    free = _free(problem, book, rows, chosen)
    runs = ~problem.any_of(problem.people_of(chosen) < problem.needed)
    single = runs[problem.occasion[problem.post[free]]]
    added = book.add_fitting(free[single].tolist())
    waiting = free[~single]
    occasion = problem.occasion[problem.post[waiting]]
    order = np.argsort(occasion, kind="stable")
    cuts = np.flatnonzero(np.diff(occasion[order])) + 1
    for group in np.split(waiting[order], cuts) if len(waiting) else []:
        added += _together(problem, book, group)
    return np.concatenate([chosen, np.array(added, np.int64)])


def _kept(problem: Problem, chosen: Ints) -> Ints:
    """Return the pairs without those that clash, and without shifts below their minimum."""
    while True:
        one, other = clashing(problem, chosen)
        if not len(one):
            break
        worse = np.where(problem.worth[one] < problem.worth[other], one, other)
        chosen = np.setdiff1d(chosen, worse)
    return chosen[~problem.short(chosen)[problem.occasion[problem.post[chosen]]]]


def _free(problem: Problem, book: Book, rows: Ints, chosen: Ints) -> Ints:
    """Return the pairs beside those chosen with a free place and week, the best first."""
    open_ = np.zeros(len(problem.person), bool)
    open_[rows] = True
    open_[chosen] = False
    open_ &= (book.places > 0)[problem.post] & (book.weeks > 0)[problem.person_week]
    free = np.flatnonzero(open_)
    return free[np.argsort(-problem.worth[free], kind="stable")]


def _together(problem: Problem, book: Book, pairs: Ints) -> list[int]:
    """Add people to a shift that runs with nobody yet, if enough of them fit."""
    occasion = problem.occasion[problem.post[pairs[0]]]
    order, begins = problem.by_occasion
    posts = order[begins[occasion] : begins[occasion + 1]]
    needed = problem.needed[posts]
    if (np.bincount(problem.post[pairs], minlength=len(problem.start))[posts] < needed).any():
        return []
    able = np.array([pair for pair in pairs.tolist() if book.fits(pair)], np.int64)
    first = _enough(problem, able, posts[needed > 0], needed[needed > 0])
    for pair in first:
        book.add(pair)
    return first + book.add_fitting(able.tolist()) if first else []


def _enough(problem: Problem, pairs: Ints, posts: Ints, needed: Ints) -> list[int]:
    """Return the best pairs that bring each post as many people as it needs, or none."""
    if len(posts) == 1:
        found: list[int] = pairs[problem.post[pairs] == posts[0]][: needed[0]].tolist()
        return found if len(found) == needed[0] else []
    people, of_person = np.unique(problem.person[pairs], return_inverse=True)
    if len(people) < needed.sum():
        return []
    asked = np.isin(problem.post[pairs], posts)
    pair_of = np.full((len(people), len(posts)), -1)
    pair_of[of_person[asked], np.searchsorted(posts, problem.post[pairs[asked]])] = pairs[asked]
    pair_of = np.repeat(pair_of, needed, 1)
    possible: Flags = pair_of >= 0
    worth = np.where(possible, problem.worth[pair_of], -problem.worth.max() * needed.sum())
    person, slot = linear_sum_assignment(worth, maximize=True)
    return pair_of[person, slot].tolist() if possible[person, slot].all() else []
