"""The plan as a flow of least cost, solved exactly by OR-Tools.

source -(k-th new shift: fairness)-> person -> person and week -> clique of shifts that exclude
each other -(place and preference)-> shift -> project -(equity, four quarters)-> sink. The flow is
the best plan wherever two shifts that clash share a clique; its value bounds every plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from volunteer_hub.matching.problem import EQUITY, Flags, Ints, Problem, fairness

SOURCE, SINK = 0, 1
# More than any person or place can be worth: places that earn it are filled before all others.
ABOVE_ALL = 1_000_000


@dataclass(frozen=True)
class Flow:
    """The pairs chosen (rows of the problem), what the flow earned, and the prices in it.

    `person_week` and `shift` are prices of places in the flow; a pair that is not chosen misses
    being worth it by `slack` points (for the rows asked).
    """

    chosen: Ints
    value: int
    person_week: Ints
    shift: Ints
    slack: Ints

    def margin(self, problem: Problem, pairs: Ints) -> Ints:
        """Return by how much each pair beats what its person and its place cost."""
        prices = self.shift[problem.shift[pairs]] - self.person_week[problem.person_week[pairs]]
        return problem.worth[pairs] + prices


class _Arcs:
    def __init__(self) -> None:
        self.parts: list[tuple[Ints, Ints, Ints, Ints]] = []

    def add(self, tail: Ints, head: Ints, capacity: Ints, cost: Ints) -> None:
        self.parts.append((tail, head, capacity, cost))

    def all(self) -> tuple[Ints, Ints, Ints, Ints]:
        tail, head, capacity, cost = (
            np.concatenate([part[n] for part in self.parts]).astype(np.int64) for n in range(4)
        )
        return tail, head, capacity, cost


def best_flow(
    problem: Problem, rows: Ints, clique: Ints, places: Ints, eager: Ints, reward: int
) -> Flow:
    """Solve for the pairs in `rows`; at most one of each person, day and `clique` is chosen.

    `places` are open in each shift (0 closes it); the first `eager` of them earn `reward` more.
    """
    shift = problem.shift[rows]
    week_keys, of_week = np.unique(problem.person_week[rows], return_inverse=True)
    keys = problem.person_day[rows] * (int(clique.max(initial=0)) + 1) + clique
    _keys, first, of_key, size = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    people, of_person = np.unique(week_keys // problem.weeks, return_inverse=True)
    shared = np.flatnonzero(size > 1)
    node_of_key = np.full(len(size), -1)
    at_person = 2
    at_week = at_person + len(people)
    at_key = at_week + len(week_keys)
    at_shift = at_key + len(shared)
    at_project = at_shift + len(problem.day)
    nodes = at_project + len(problem.segments)
    node_of_key[shared] = at_key + np.arange(len(shared))
    left = problem.week_left[week_keys // problem.weeks, week_keys % problem.weeks]
    per_week = np.minimum(left, np.bincount(of_week[first], minlength=len(week_keys)))
    per_person = np.bincount(of_person, per_week, len(people)).astype(np.int64)
    total = int(per_person.sum())

    arcs = _Arcs()
    # The pairs come first, so that their arcs carry the numbers of their rows.
    lone = size[of_key] == 1
    tail = np.where(lone, at_week + of_week, node_of_key[of_key])
    arcs.add(tail, at_shift + shift, np.ones_like(rows), -problem.worth[rows])
    for count in range(1, int(per_person.max(initial=0)) + 1):
        able = np.flatnonzero(per_person >= count)
        cost = fairness(problem.recent[people[able]], count)
        arcs.add(np.full_like(able, SOURCE), at_person + able, np.ones_like(able), cost)
    weeks = np.arange(len(week_keys))
    arcs.add(at_person + of_person, at_week + weeks, per_week, np.zeros_like(weeks))
    key_weeks = of_week[first[shared]]
    arcs.add(at_week + key_weeks, node_of_key[shared], np.ones_like(shared), np.zeros_like(shared))
    shifts, projects = np.arange(len(problem.day)), np.arange(len(problem.segments))
    eager = np.minimum(eager, places)
    for capacity, earned in ((eager, reward), (places - eager, 0)):
        cost = np.full_like(shifts, -earned)
        arcs.add(at_shift + shifts, at_project + problem.project, capacity, cost)
    for quarter, bonus in enumerate(EQUITY):
        cost = np.full_like(projects, -bonus)
        sink = np.full_like(projects, SINK)
        arcs.add(at_project + projects, sink, problem.segments[:, quarter], cost)
    one = np.ones(1, np.int64)
    arcs.add(one * SOURCE, one * SINK, one * total, one * 0)

    tails, heads, capacities, costs = arcs.all()
    solver = SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(
        tails.astype(np.int32), heads.astype(np.int32), capacities, costs
    )
    solver.set_node_supply(SOURCE, total)
    solver.set_node_supply(SINK, -total)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise RuntimeError(f"the flow has no solution: status {status}")
    flows = solver.flows(np.arange(len(tails), dtype=np.int32))
    price = _prices(nodes, tails, heads, costs, flows < capacities, flows > 0)
    person_week = np.zeros(len(problem.recent) * problem.weeks, np.int64)
    person_week[week_keys] = price[at_week : at_week + len(week_keys)]
    return Flow(
        chosen=rows[np.flatnonzero(flows[: len(rows)])],
        value=-int(solver.optimal_cost()),
        person_week=person_week,
        shift=price[at_shift:at_project],
        slack=(costs + price[tails] - price[heads])[: len(rows)],
    )


def _prices(nodes: int, tail: Ints, head: Ints, cost: Ints, forth: Flags, back: Flags) -> Ints:
    """Return shortest distances in what remains of the flow (Bellman and Ford, all at once)."""
    tails = np.concatenate([tail[forth], head[back]])
    heads = np.concatenate([head[forth], tail[back]])
    costs = np.concatenate([cost[forth], -cost[back]])
    order = np.argsort(heads, kind="stable")
    tails, heads, costs = tails[order], heads[order], costs[order]
    distance = np.zeros(nodes, np.int64)
    if not len(heads):
        return distance
    begins = np.concatenate([[0], np.flatnonzero(np.diff(heads)) + 1])
    reached = heads[begins]
    for _round in range(nodes):
        shorter = np.minimum.reduceat(distance[tails] + costs, begins)
        better = shorter < distance[reached]
        if not better.any():
            return distance
        distance[reached[better]] = shorter[better]
    raise RuntimeError("the flow is not optimal: a cycle would improve it")
