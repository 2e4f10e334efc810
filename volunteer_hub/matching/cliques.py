"""Which posts of a block of time exclude each other, and repair where the flow took two that clash.

Posts that overlap at one minute form a clique. Where posts straddle two cliques, or the way between
bridges them, the flow may choose two that clash; `Cliques.repair` then draws that person's block
anew: the best set without a clash by the flow's prices, each other post joined to the one that it
clashes with.
"""

from __future__ import annotations

import numpy as np

from volunteer_hub.matching.network import Flow
from volunteer_hub.matching.problem import Flags, Ints, Problem

# Pairs a little below their price count too: prices move with the repair.
LENIENCE = 60


class Cliques:
    """The clique of every pair within its person and block, and the pairs shut out by a repair."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.first = _overlapping(problem)
        # Numbers that no first clique of a block has.
        self.fresh = int(self.first.max(initial=0)) + 1
        self.of_pair = self.first[problem.post]
        self.barred = np.zeros(len(problem.person), bool)
        self.drawn: dict[int, tuple[int, ...]] = {}

    def repair(self, blocks: Ints, flow: Flow, closed: Flags) -> None:
        """Draw these blocks of people anew (`Problem.person_block`), by the prices of the flow."""
        order, sorted_blocks = self.problem.by_person_block
        for block in blocks.tolist():
            low, high = np.searchsorted(sorted_blocks, [block, block + 1])
            pairs = order[low:high]
            pairs = pairs[~closed[self.problem.post[pairs]]]
            if len(pairs):
                self._draw(block, pairs, flow.margin(self.problem, pairs) + LENIENCE)

    def _draw(self, block: int, pairs: Ints, margin: Ints) -> None:
        posts = self.problem.post[pairs]
        clash = self.problem.clash_table(posts)
        kept = _best_chain(np.argsort(self.problem.end[posts], kind="stable"), clash, margin)
        drawn = tuple(sorted(posts[kept].tolist())) if len(kept) > 1 else ()
        if self.drawn.get(block) == drawn:
            return
        self.drawn[block] = drawn
        if len(kept) == 1:
            group = _joined(self.first[posts], clash)
            self.of_pair[pairs] = group
        else:
            group = _grouped(kept, clash, margin)
            self.of_pair[pairs] = self.fresh + np.maximum(group, 0)
        self.barred[pairs] = (group < 0) | self._strays(posts, group, kept, margin)

    def _strays(self, posts: Ints, group: Ints, kept: list[int], margin: Ints) -> Flags:
        """Say which posts lie in another week than the best of their group.

        The network counts weeks apart, so no clique of it can hold both.
        """
        week = self.problem.week[posts]
        if (week == week[0]).all():
            return np.zeros(len(posts), bool)
        leads = np.zeros(len(posts), np.int64)
        leads[kept] = 1
        order = np.lexsort((-margin, -leads))
        _groups, first, of_group = np.unique(group[order], return_index=True, return_inverse=True)
        stray = np.zeros(len(posts), bool)
        stray[order] = week[order] != week[order][first][of_group]
        return stray


def clashing(problem: Problem, chosen: Ints) -> tuple[Ints, Ints]:
    """Return the pairs of chosen pairs of one person that clash."""
    order = chosen[np.argsort(problem.person_block[chosen], kind="stable")]
    block = problem.person_block[order]
    ones, others = [], []
    for lag in range(1, len(order)):
        same = np.flatnonzero(block[lag:] == block[:-lag])
        if not len(same):
            break
        one, other = order[same], order[same + lag]
        clash = problem.clash(problem.post[one], problem.post[other])
        ones.append(one[clash])
        others.append(other[clash])
    if not ones:
        return chosen[:0], chosen[:0]
    return np.concatenate(ones), np.concatenate(others)


def _overlapping(problem: Problem) -> Ints:
    """Return a clique for each post: those of a block that hold the same minute (fewest)."""
    found = np.zeros(len(problem.start), np.int64)
    block, clique, minute = -1, -1, -1
    for row in np.lexsort((problem.end, problem.block)).tolist():
        if problem.block[row] != block:
            block, clique, minute = int(problem.block[row]), -1, -1
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


def _grouped(kept: list[int], clash: Flags, margin: Ints) -> Ints:
    """Return a group for each row: that of the one kept row it clashes with, -1 for several."""
    group = np.full(len(margin), -1)
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
    return group


def _joined(clique: Ints, clash: Flags) -> Ints:
    """Return the cliques with those joined between which shifts clash."""
    clique = clique.copy()
    while True:
        ones, others = np.nonzero(clash & (clique[:, None] != clique[None, :]))
        if not len(ones):
            return clique
        clique[clique == clique[others[0]]] = clique[ones[0]]
