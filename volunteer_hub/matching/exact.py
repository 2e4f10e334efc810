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


class _Rows:
    """Rows of the programme: parts are (row, column, factor), one entry each."""

    def __init__(self) -> None:
        self.parts: list[tuple[Ints, Ints, Ints]] = []
        self.low: list[npt.NDArray[np.float64]] = []
        self.high: list[npt.NDArray[np.float64]] = []
        self.count = 0

    def at_most(self, parts: list[tuple[Ints, Ints, Ints]], limit: Ints) -> None:
        self._add(parts, np.full(len(limit), -np.inf), limit.astype(float))

    def equal(self, parts: list[tuple[Ints, Ints, Ints]], count: int) -> None:
        self._add(parts, np.zeros(count), np.zeros(count))

    def _add(self, parts: list[tuple[Ints, Ints, Ints]], low: Any, high: Any) -> None:
        self.parts += [(row + self.count, column, factor) for row, column, factor in parts]
        self.low.append(low)
        self.high.append(high)
        self.count += len(low)

    def constraint(self, columns: int) -> LinearConstraint:
        row, column, factor = (np.concatenate([part[n] for part in self.parts]) for n in range(3))
        table = coo_array((factor.astype(float), (row, column)), shape=(self.count, columns))
        return LinearConstraint(table.tocsr(), np.concatenate(self.low), np.concatenate(self.high))


def best_exact(problem: Problem, rows: Ints, *, nodes: int, seconds: float) -> Exact | None:
    """Solve for the pairs in `rows`, or return None when the limits let nothing be found."""
    if not len(rows):
        return Exact(rows, 0)
    table = _Rows()
    pairs = np.arange(len(rows))
    one = np.ones_like(pairs)
    shifts, of_shift = np.unique(problem.shift[rows], return_inverse=True)
    weeks, of_week = np.unique(problem.person_week[rows], return_inverse=True)
    left = problem.week_left[weeks // problem.weeks, weeks % problem.weeks]
    table.at_most([(of_week, pairs, one)], left)
    table.at_most([(of_shift, pairs, one)], problem.places[shifts])
    exclusive = _exclusive(problem, rows)
    if exclusive:
        row = np.repeat(np.arange(len(exclusive)), [len(part) for part in exclusive])
        members = np.concatenate(exclusive)
        table.at_most([(row, members, np.ones_like(members))], np.ones(len(exclusive), np.int64))
    costs = [-problem.worth[rows]]
    most = [one]
    columns = len(rows)

    people, of_person = np.unique(problem.person[rows], return_inverse=True)
    steps = np.bincount(np.searchsorted(people, weeks // problem.weeks), left, len(people))
    steps = np.minimum(np.bincount(of_person), steps).astype(np.int64)
    taker = np.repeat(np.arange(len(people)), steps)
    count = np.arange(len(taker)) - np.repeat(np.cumsum(steps) - steps, steps) + 1
    table.equal(
        [(of_person, pairs, one), (taker, columns + np.arange(len(taker)), -np.ones_like(taker))],
        len(people),
    )
    costs.append(fairness(problem.recent[people[taker]], count))
    most.append(np.ones_like(taker))
    columns += len(taker)

    projects, of_project = np.unique(problem.project[shifts], return_inverse=True)
    quarter = np.arange(len(projects) * len(EQUITY))
    table.equal(
        [
            (of_project[of_shift], pairs, one),
            (quarter // len(EQUITY), columns + quarter, -np.ones_like(quarter)),
        ],
        len(projects),
    )
    costs.append(-np.tile(EQUITY, len(projects)))
    most.append(problem.segments[projects].ravel())
    columns += len(quarter)

    gated = np.flatnonzero(problem.needed[shifts] > 1)
    place = np.full(len(shifts), -1)
    place[gated] = np.arange(len(gated))
    inside = np.flatnonzero(place[of_shift] >= 0)
    runs = (np.arange(len(gated)), columns + np.arange(len(gated)))
    held = (place[of_shift[inside]], inside, np.ones_like(inside))
    none = np.zeros_like(gated)
    needed, places = problem.needed[shifts[gated]], problem.places[shifts[gated]]
    table.at_most([(held[0], inside, -held[2]), (*runs, needed)], none)
    table.at_most([held, (*runs, -places)], none)
    costs.append(none)
    most.append(np.ones_like(gated))

    cost = np.concatenate(costs).astype(float)
    whole = np.ones(len(cost))
    # Steps of fairness and equity come whole by themselves: their points rise and fall in order.
    whole[len(rows) : columns] = 0
    found = milp(
        cost,
        integrality=whole,
        bounds=Bounds(0, np.concatenate(most).astype(float)),
        constraints=table.constraint(len(cost)),
        options={"node_limit": nodes, "time_limit": seconds, "mip_rel_gap": 0.0},
    )
    if found.x is None:
        return None
    chosen = rows[np.flatnonzero(found.x[: len(rows)] > HALF)]
    dual = found.mip_dual_bound
    return Exact(chosen, floor(ROUNDING - dual) if dual is not None else NO_BOUND)


def _exclusive(problem: Problem, rows: Ints) -> list[Ints]:
    """Return sets of pairs (places in `rows`) that exclude each other; every clash is in one."""
    day = problem.person_day[rows]
    order = np.argsort(day, kind="stable")
    found: list[Ints] = []
    known: dict[bytes, list[Ints]] = {}
    for part in np.split(order, np.flatnonzero(np.diff(day[order])) + 1):
        if len(part) < 2:
            continue
        shifts = problem.shift[rows[part]]
        sets = known.get(shifts.tobytes())
        if sets is None:
            sets = known[shifts.tobytes()] = _cover(problem.clash_table(shifts))
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
