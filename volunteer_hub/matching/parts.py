"""Better plans, one small part at a time: a few shifts are emptied and filled again with proof."""

from __future__ import annotations

import numpy as np

from volunteer_hub.matching.exact import best_exact
from volunteer_hub.matching.network import Flow
from volunteer_hub.matching.problem import PLACE, Ints, Problem

# What HiGHS solves in a fraction of a second.
PAIRS, SHIFTS, NODES, SECONDS = 4_000, 60, 40, 4.0
# A shift that was part of one try is looked at later: so much of its loss still counts.
LATER = 0.5
# People asked about a shift, and how far below its price a pair may be worth trying.
PEOPLE, WINDOW = 60, 350


class _Board:
    """A plan whose parts are emptied and filled, with all its sums."""

    def __init__(self, problem: Problem, rows: Ints, chosen: Ints, prices: Flow) -> None:
        self.problem = problem
        self.margin = np.full(len(problem.person), -(10**6))
        self.margin[rows] = prices.margin(problem, rows)
        self.wanted = problem.people_of(prices.chosen)
        self.taken = np.zeros(len(problem.person), bool)
        self.people = np.zeros(len(problem.start), np.int64)
        self.weeks = problem.week_left.reshape(-1).copy()
        self.recent = problem.recent.copy()
        self.settled = np.zeros(len(problem.segments), np.int64)
        self.regret = np.zeros(len(problem.start), np.int64)
        self.change(chosen, 1)

    def change(self, pairs: Ints, step: int) -> None:
        """Add pairs (step 1) or take them away (step -1)."""
        problem = self.problem
        self.taken[pairs] = step > 0
        post = problem.post[pairs]
        np.add.at(self.people, post, step)
        np.add.at(self.weeks, problem.person_week[pairs], -step)
        np.add.at(self.recent, problem.person[pairs], step)
        np.add.at(self.settled, problem.project[post], step)
        np.add.at(self.regret, post, step * np.maximum(-self.margin[pairs], 0))

    def chosen(self) -> Ints:
        return np.flatnonzero(self.taken)

    def worst(self) -> Ints:
        """Return for each shift what the plan loses there against the relaxed flow."""
        lost = self.regret + PLACE * np.maximum(self.wanted - self.people, 0)
        found: Ints = np.bincount(self.problem.occasion, lost, self.problem.occasions)
        return found

    def posts_of(self, occasion: int) -> list[int]:
        order, begins = self.problem.by_occasion
        found: list[int] = order[begins[occasion] : begins[occasion + 1]].tolist()
        return found

    def pairs_of(self, occasion: int) -> Ints:
        order, begins = self.problem.by_post
        posts = self.posts_of(occasion)
        return np.concatenate([order[begins[post] : begins[post + 1]] for post in posts])

    def own(self, people: Ints) -> Ints:
        """Return the pairs chosen for these people."""
        order, begins = self.problem.by_person
        parts = [order[:0], *(order[begins[one] : begins[one + 1]] for one in people.tolist())]
        pairs: Ints = np.concatenate(parts)
        return pairs[self.taken[pairs]]


def improved(problem: Problem, rows: Ints, chosen: Ints, prices: Flow, *, tries: int) -> Ints:
    """Try parts around the shifts where this plan loses most against the relaxed flow."""
    board = _Board(problem, rows, chosen, prices)
    weight = np.ones(problem.occasions)
    for _try in range(tries):
        lost = board.worst() * weight
        seed = int(np.argmax(lost))
        if lost[seed] <= 0:
            break
        part = _around(board, seed)
        _refill(board, part)
        weight[part] *= LATER
        weight[seed] = 0
    return board.chosen()


def _around(board: _Board, seed: int) -> list[int]:
    """Return the shift and those that its best candidates do in the same week instead."""
    problem = board.problem
    pairs = board.pairs_of(seed)
    pairs = pairs[board.margin[pairs] > -WINDOW]
    best = pairs[np.argsort(-board.margin[pairs], kind="stable")[:PEOPLE]]
    if not len(best):
        return [seed]
    own = board.own(np.unique(problem.person[best]))
    asked = np.isin(problem.person_week[own], problem.person_week[best])
    shifts, counts = np.unique(problem.occasion[problem.post[own[asked]]], return_counts=True)
    shifts = shifts[np.argsort(-counts, kind="stable")]
    found: list[int] = shifts[shifts != seed][: SHIFTS - 1].tolist()
    return [seed, *found]


def _refill(board: _Board, shifts: list[int]) -> None:
    """Fill these shifts anew where that is better."""
    found: list[Ints] = []
    size = 0
    for shift in shifts:
        pairs = board.pairs_of(shift)
        pairs = pairs[(board.margin[pairs] > -WINDOW) | board.taken[pairs]]
        size += len(pairs)
        if size > PAIRS and found:
            break
        found.append(pairs)
    pairs = np.unique(np.concatenate(found))
    before = pairs[board.taken[pairs]]
    board.change(before, -1)
    rows = _beside(board, pairs)
    rest = _rest(board, rows)
    answer = best_exact(rest, np.arange(len(rows)), nodes=NODES, seconds=SECONDS)
    after = before
    if answer is not None:
        old = np.flatnonzero(np.isin(rows, before))
        if rest.value(answer.chosen) > rest.value(old):
            after = rows[answer.chosen]
    board.change(after, 1)


def _rest(board: _Board, rows: Ints) -> Problem:
    """Return the problem of these pairs that remains when others are settled."""
    segments = board.problem.segments.copy()
    settled = board.settled
    for quarter in range(segments.shape[1]):
        filled = np.minimum(settled, segments[:, quarter])
        segments[:, quarter] -= filled
        settled = settled - filled
    return board.problem.narrowed(
        rows,
        week_left=board.weeks.reshape(board.problem.week_left.shape),
        recent=board.recent,
        segments=segments,
    )


def _beside(board: _Board, pairs: Ints) -> Ints:
    """Return those of the pairs that clash with nothing settled."""
    problem = board.problem
    own = board.own(np.unique(problem.person[pairs]))
    own = own[np.argsort(problem.person_block[own], kind="stable")]
    blocks = problem.person_block[own]
    wrong = board.weeks[problem.person_week[pairs]] <= 0
    first = np.searchsorted(blocks, problem.person_block[pairs])
    last = np.searchsorted(blocks, problem.person_block[pairs], side="right")
    for lag in range(int((last - first).max(initial=0))):
        rows = np.flatnonzero(first + lag < last)
        others = own[first[rows] + lag]
        wrong[rows] |= problem.clash(problem.post[pairs[rows]], problem.post[others])
    return pairs[~wrong]
