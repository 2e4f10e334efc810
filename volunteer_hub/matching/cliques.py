"""Which shifts of a person's day exclude each other, and repair where the flow took two that clash.

Shifts that overlap at one minute form a clique. Where shifts straddle two cliques, or travel
bridges them, the flow may choose two that clash; `Cliques.repair` then draws that person's day
anew: the best set without a clash by the flow's prices, each other shift joined to the one that it
clashes with.
"""

from __future__ import annotations

import numpy as np

from volunteer_hub.matching.network import Flow
from volunteer_hub.matching.problem import Flags, Ints, Problem

# Pairs a little below their price count too: prices move with the repair.
LENIENCE = 60


class Cliques:
    """The clique of every pair within its person and day, and the pairs shut out by a repair."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.first = _overlapping(problem)
        # Numbers that no first clique of the day has.
        self.fresh = int(self.first.max(initial=0)) + 1
        self.of_pair = self.first[problem.shift]
        self.barred = np.zeros(len(problem.person), bool)
        self.drawn: dict[int, tuple[int, ...]] = {}

    def repair(self, days: Ints, flow: Flow, closed: Flags) -> None:
        """Draw these days of people anew (`Problem.person_day`), by the prices of the flow."""
        order, sorted_days = self.problem.by_person_day
        for day in days.tolist():
            low, high = np.searchsorted(sorted_days, [day, day + 1])
            pairs = order[low:high]
            pairs = pairs[~closed[self.problem.shift[pairs]]]
            if len(pairs):
                self._draw(day, pairs, flow.margin(self.problem, pairs) + LENIENCE)

    def _draw(self, day: int, pairs: Ints, margin: Ints) -> None:
        shifts = self.problem.shift[pairs]
        clash = self.problem.clash_table(shifts)
        kept = _best_chain(np.argsort(self.problem.end[shifts], kind="stable"), clash, margin)
        drawn = tuple(sorted(shifts[kept].tolist())) if len(kept) > 1 else ()
        if self.drawn.get(day) == drawn:
            return
        self.drawn[day] = drawn
        self.barred[pairs] = False
        if len(kept) == 1:
            self.of_pair[pairs] = _joined(self.first[shifts], clash)
            return
        group = np.full(len(pairs), -1)
        group[kept] = np.arange(len(kept))
        taken = list(kept)
        for row in np.argsort(-margin, kind="stable").tolist():
            if group[row] >= 0:
                continue
            met = {int(group[other]) for other in taken if clash[row, other]}
            if len(met) > 1:
                continue
            group[row] = met.pop() if met else int(group.max()) + 1
            taken.append(row)
        self.of_pair[pairs] = self.fresh + np.maximum(group, 0)
        self.barred[pairs] = group < 0


def clashing(problem: Problem, chosen: Ints) -> tuple[Ints, Ints]:
    """Return the pairs of chosen pairs of one person that clash."""
    order = chosen[np.argsort(problem.person_day[chosen], kind="stable")]
    day = problem.person_day[order]
    ones, others = [], []
    for lag in range(1, len(order)):
        same = np.flatnonzero(day[lag:] == day[:-lag])
        if not len(same):
            break
        one, other = order[same], order[same + lag]
        clash = problem.clash(problem.shift[one], problem.shift[other])
        ones.append(one[clash])
        others.append(other[clash])
    if not ones:
        return chosen[:0], chosen[:0]
    return np.concatenate(ones), np.concatenate(others)


def _overlapping(problem: Problem) -> Ints:
    """Return a clique for each shift: those of a day that hold the same minute (fewest)."""
    found = np.zeros(len(problem.day), np.int64)
    for day in np.unique(problem.day):
        rows = np.flatnonzero(problem.day == day)
        clique, minute = -1, -1
        for row in rows[np.argsort(problem.end[rows], kind="stable")]:
            if problem.start[row] > minute:
                clique, minute = clique + 1, int(problem.end[row]) - 1
            found[row] = clique
    return found


def _best_chain(order: Ints, clash: Flags, margin: Ints) -> list[int]:
    """Return the rows of the heaviest chain in time; what clashes in it is left out."""
    best = margin.astype(np.int64).copy()
    before = np.full(len(margin), -1)
    for place, row in enumerate(order):
        earlier = order[:place][~clash[row, order[:place]]]
        if len(earlier):
            last = earlier[int(np.argmax(best[earlier]))]
            if best[last] > 0:
                best[row] += best[last]
                before[row] = last
    row, kept = int(np.argmax(best)), list[int]()
    while row >= 0:
        if not clash[row, kept].any():
            kept.append(row)
        row = int(before[row])
    return kept


def _joined(clique: Ints, clash: Flags) -> Ints:
    """Return the cliques with those joined between which shifts clash."""
    clique = clique.copy()
    while True:
        ones, others = np.nonzero(clash & (clique[:, None] != clique[None, :]))
        if not len(ones):
            return clique
        clique[clique == clique[others[0]]] = clique[ones[0]]
