"""The plan as a small integer programme, solved with proof by HiGHS (through SciPy).

Used where the network falls short: minimum numbers of people make the problem hard in general, so
small problems, and small parts of a large one, are solved here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from volunteer_hub.matching.problem import EQUITY, Flags, Ints, Problem, fairness

HALF, ROUNDING = 0.5, 1e-4
NO_BOUND = 2**62


@dataclass(frozen=True)
class Exact:
    """The pairs of the best plan found, and a value that no plan can exceed."""

    chosen: Ints
    bound: int


class _Programme:
    """Columns with a cost and a most; rows of parts (row, column, factor), one entry each."""

    def __init__(self) -> None:
        self.costs: list[Ints] = []
        self.most: list[Ints] = []
        self.whole: list[Flags] = []
        self.columns = 0
        self.parts: list[tuple[Ints, Ints, Ints]] = []
        self.low: list[npt.NDArray[np.float64]] = []
        self.high: list[npt.NDArray[np.float64]] = []
        self.rows = 0

    def add(self, cost: Ints, most: Ints, *, whole: bool) -> Ints:
        """Add columns from 0 to `most` and return their numbers."""
        self.costs.append(cost)
        self.most.append(most)
        self.whole.append(np.full(len(cost), whole))
        self.columns += len(cost)
        return np.arange(self.columns - len(cost), self.columns)

    def at_most(self, parts: list[tuple[Ints, Ints, Ints]], limit: Ints) -> None:
        self._add(parts, np.full(len(limit), -np.inf), limit.astype(float))

    def equal(self, parts: list[tuple[Ints, Ints, Ints]], count: int) -> None:
        self._add(parts, np.zeros(count), np.zeros(count))

    def _add(self, parts: list[tuple[Ints, Ints, Ints]], low: Any, high: Any) -> None:
        self.parts += [(row + self.rows, column, factor) for row, column, factor in parts]
        self.low.append(low)
        self.high.append(high)
        self.rows += len(low)

    def solved(self, nodes: int, seconds: float) -> Any:
        row, column, factor = (np.concatenate([part[n] for part in self.parts]) for n in range(3))
        shape = (self.rows, self.columns)
        table = coo_array((factor.astype(float), (row, column)), shape=shape).tocsr()
        return milp(
            np.concatenate(self.costs).astype(float),
            integrality=np.concatenate(self.whole),
            bounds=Bounds(0, np.concatenate(self.most).astype(float)),
            constraints=LinearConstraint(
                table, np.concatenate(self.low), np.concatenate(self.high)
            ),
            options={"node_limit": nodes, "time_limit": seconds, "mip_rel_gap": 0.0},
        )


def best_exact(problem: Problem, rows: Ints, *, nodes: int, seconds: float) -> Exact | None:
    """Solve for the pairs in `rows`, or return None when the limits let nothing be found."""
    if not len(rows):
        return Exact(rows, 0)
    programme = _Programme()
    pairs = programme.add(-problem.worth[rows], np.ones_like(rows), whole=True)
    _limit(programme, problem, rows, pairs)
    _exclude(programme, problem, rows, pairs)
    _share(programme, problem, rows, pairs)
    _gate(programme, problem, rows, pairs)
    found = programme.solved(nodes, seconds)
    if found.x is None:
        return None
    chosen = rows[np.flatnonzero(found.x[: len(rows)] > HALF)]
    dual = found.mip_dual_bound
    return Exact(chosen, floor(ROUNDING - dual) if dual is not None else NO_BOUND)


def _limit(programme: _Programme, problem: Problem, rows: Ints, pairs: Ints) -> None:
    """Hold the places of each post and the weeks of each person."""
    posts, of_post = np.unique(problem.post[rows], return_inverse=True)
    weeks, of_week = np.unique(problem.person_week[rows], return_inverse=True)
    one = np.ones_like(pairs)
    programme.at_most([(of_post, pairs, one)], problem.places[posts])
    programme.at_most([(of_week, pairs, one)], problem.week_left.reshape(-1)[weeks])


def _exclude(programme: _Programme, problem: Problem, rows: Ints, pairs: Ints) -> None:
    exclusive = _exclusive(problem, rows)
    if exclusive:
        row = np.repeat(np.arange(len(exclusive)), [len(part) for part in exclusive])
        members = pairs[np.concatenate(exclusive)]
        one = np.ones(len(exclusive), np.int64)
        programme.at_most([(row, members, np.ones_like(members))], one)


def _share(programme: _Programme, problem: Problem, rows: Ints, pairs: Ints) -> None:
    """Count the new shifts of each person and the places of each project, for their points.

    These steps come whole by themselves: their points rise and fall in order.
    """
    one = np.ones_like(pairs)
    people, of_person, most = np.unique(
        problem.person[rows], return_inverse=True, return_counts=True
    )
    steps = np.minimum(most, np.maximum(problem.week_left[people], 0).sum(1))
    taker = np.repeat(np.arange(len(people)), steps)
    count = np.arange(len(taker)) - np.repeat(np.cumsum(steps) - steps, steps) + 1
    cost = fairness(problem.recent[people[taker]], count)
    taken = programme.add(cost, np.ones_like(taker), whole=False)
    programme.equal([(of_person, pairs, one), (taker, taken, -np.ones_like(taker))], len(people))

    projects, of_project = np.unique(problem.project[problem.post[rows]], return_inverse=True)
    size = np.bincount(of_project)
    # Beyond the quarters a place earns no bonus.
    open_ = np.concatenate([problem.segments[projects], size[:, None]], 1)
    bonus = np.tile((*EQUITY, 0), len(projects))
    filled = programme.add(-bonus, open_.ravel(), whole=False)
    quarter = np.repeat(np.arange(len(projects)), open_.shape[1])
    programme.equal(
        [(of_project, pairs, one), (quarter, filled, -np.ones_like(filled))], len(projects)
    )


def _gate(programme: _Programme, problem: Problem, rows: Ints, pairs: Ints) -> None:
    """Let a shift run only when each of its posts reaches its minimum."""
    needed = np.bincount(problem.occasion, problem.needed, problem.occasions)
    posts = np.bincount(problem.occasion, minlength=problem.occasions)
    # A single post that needs one person is no choice: it has nobody or enough.
    gated = (needed > 1) | ((needed > 0) & (posts > 1))
    occasion = problem.occasion[problem.post[rows]]
    chosen = np.unique(occasion[gated[occasion]])
    runs = np.full(problem.occasions, -1)
    runs[chosen] = programme.add(np.zeros_like(chosen), np.ones_like(chosen), whole=True)
    own = np.flatnonzero(runs[problem.occasion] >= 0)
    row = np.full(len(problem.start), -1)
    row[own] = np.arange(len(own))
    inside = row[problem.post[rows]]
    held = np.flatnonzero(inside >= 0)
    coming = (inside[held], pairs[held], np.ones_like(held))
    gate = (np.arange(len(own)), runs[problem.occasion[own]])
    none = np.zeros_like(own)
    programme.at_most([(coming[0], coming[1], -coming[2]), (*gate, problem.needed[own])], none)
    programme.at_most([coming, (*gate, -problem.places[own])], none)


def _exclusive(problem: Problem, rows: Ints) -> list[Ints]:
    """Return sets of pairs (places in `rows`) that exclude each other; every clash is in one."""
    block = problem.person_block[rows]
    order = np.argsort(block, kind="stable")
    found: list[Ints] = []
    known: dict[bytes, list[Ints]] = {}
    for part in np.split(order, np.flatnonzero(np.diff(block[order])) + 1):
        if len(part) < 2:
            continue
        posts = problem.post[rows[part]]
        sets = known.get(posts.tobytes())
        if sets is None:
            sets = known[posts.tobytes()] = _cover(problem.clash_table(posts))
        found += [part[members] for members in sets]
    return found


def _cover(clash: Flags) -> list[Ints]:
    """Return cliques that hold every two rows that clash, each grown as far as it goes."""
    open_ = np.triu(clash, 1)
    sets = []
    while open_.any():
        one, other = (int(side[0]) for side in np.nonzero(open_))
        members = [one, other]
        for row in range(len(clash)):
            if row not in members and clash[row, members].all():
                members.append(row)
        clique = np.array(sorted(members))
        open_[np.ix_(clique, clique)] = False
        sets.append(clique)
    return sets
