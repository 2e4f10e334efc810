"""The plan as a flow of least cost, solved exactly by OR-Tools.

source -(k-th new shift: fairness)-> person -> person and week -> clique of posts that exclude
each other -(place and preference)-> post -> project -(equity, four quarters)-> sink. The flow is
the best plan wherever two posts that clash share a clique; its value bounds every plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from volunteer_hub.matching.problem import EQUITY, Flags, Ints, Problem, fairness

SOURCE, SINK = 0, 1
# More than any person or place can be worth: places that earn it are filled before all others.
ABOVE_ALL = 1_000_000


@dataclass(frozen=True)
class Flow:
    """The pairs chosen (rows of the problem), what the flow earned, and the prices in it.

    `person_week` and `post` are prices of places in the flow, `sink` is that of its end; a pair
    that is not chosen misses being worth it by `slack` points (for the rows asked).
    """

    chosen: Ints
    value: int
    person_week: Ints
    post: Ints
    sink: int
    slack: Ints

    @property
    def price(self) -> Ints:
        """What a place in each post costs, in points; below zero where its project pays for it."""
        return self.sink - self.post

    def margin(self, problem: Problem, pairs: Ints) -> Ints:
        """Return by how much each pair beats what its person and its place cost."""
        prices = self.post[problem.post[pairs]] - self.person_week[problem.person_week[pairs]]
        return problem.worth[pairs] + prices


class _Nodes:
    """Numbers of the places in the flow: people, their weeks, their cliques, posts, projects."""

    def __init__(self, problem: Problem, rows: Ints, clique: Ints) -> None:
        self.problem = problem
        self.week_keys, self.of_week = np.unique(problem.person_week[rows], return_inverse=True)
        # A block may hold the end of one week and the beginning of the next.
        keys = problem.person_block[rows] * (int(clique.max(initial=0)) + 1) + clique
        keys = keys * problem.weeks + problem.week[problem.post[rows]]
        _keys, self.first, self.of_key, self.size = np.unique(
            keys, return_index=True, return_inverse=True, return_counts=True
        )
        self.people, self.of_person = np.unique(
            self.week_keys // problem.weeks, return_inverse=True
        )
        # A clique of one needs no place of its own.
        self.shared = np.flatnonzero(self.size > 1)
        self.at_person = 2
        self.at_week = self.at_person + len(self.people)
        self.at_key = self.at_week + len(self.week_keys)
        self.at_post = self.at_key + len(self.shared)
        self.at_project = self.at_post + len(problem.start)
        self.count = self.at_project + len(problem.segments)

    @cached_property
    def per_week(self) -> Ints:
        """How many shifts each person can take in each week at most."""
        left = self.problem.week_left.reshape(-1)[self.week_keys]
        cliques = np.bincount(self.of_week[self.first], minlength=len(self.week_keys))
        return np.minimum(left, cliques)

    @cached_property
    def per_person(self) -> Ints:
        return np.bincount(self.of_person, self.per_week, len(self.people)).astype(np.int64)

    def pair_tails(self) -> Ints:
        """Return where the arc of each pair begins: its clique, or the week when it is alone."""
        node = np.full(len(self.size), -1)
        node[self.shared] = self.at_key + np.arange(len(self.shared))
        lone = self.size[self.of_key] == 1
        return np.where(lone, self.at_week + self.of_week, node[self.of_key])


class _Arcs:
    def __init__(self) -> None:
        self.parts: list[tuple[Ints, Ints, Ints, Ints]] = []

    def add(self, tail: Ints | int, head: Ints | int, capacity: Ints | int, cost: Ints) -> None:
        parts = np.broadcast_arrays(tail, head, capacity, cost)
        self.parts.append((parts[0], parts[1], parts[2], parts[3]))

    def all(self) -> tuple[Ints, Ints, Ints, Ints]:
        tail, head, capacity, cost = (
            np.concatenate([part[n] for part in self.parts]).astype(np.int64) for n in range(4)
        )
        return tail, head, capacity, cost


def best_flow(
    problem: Problem, rows: Ints, clique: Ints, places: Ints, eager: Ints, reward: int
) -> Flow:
    """Solve for the pairs in `rows`; at most one of each person, block and `clique` is chosen.

    `places` are open in each post (0 closes it); the first `eager` of them earn `reward` more.
    """
    nodes = _Nodes(problem, rows, clique)
    arcs = _Arcs()
    # The pairs come first, so that their arcs carry the numbers of their rows.
    arcs.add(nodes.pair_tails(), nodes.at_post + problem.post[rows], 1, -problem.worth[rows])
    _add_people(arcs, nodes)
    _add_places(arcs, nodes, places, np.minimum(eager, places), reward)
    total = int(nodes.per_person.sum())
    arcs.add(SOURCE, SINK, total, np.zeros(1, np.int64))
    tail, head, capacity, cost = arcs.all()
    flows, value = _solved(tail, head, capacity, cost, total)
    price = _prices(nodes.count, tail, head, cost, flows < capacity, flows > 0)
    person_week = np.zeros(problem.week_left.size, np.int64)
    person_week[nodes.week_keys] = price[nodes.at_week : nodes.at_key]
    return Flow(
        chosen=rows[np.flatnonzero(flows[: len(rows)])],
        value=value,
        person_week=person_week,
        post=price[nodes.at_post : nodes.at_project],
        sink=int(price[SINK]),
        slack=(cost + price[tail] - price[head])[: len(rows)],
    )


def _add_people(arcs: _Arcs, nodes: _Nodes) -> None:
    for count in range(1, int(nodes.per_person.max(initial=0)) + 1):
        able = np.flatnonzero(nodes.per_person >= count)
        cost = fairness(nodes.problem.recent[nodes.people[able]], count)
        arcs.add(SOURCE, nodes.at_person + able, 1, cost)
    weeks = np.arange(len(nodes.week_keys))
    free = np.zeros_like(weeks)
    arcs.add(nodes.at_person + nodes.of_person, nodes.at_week + weeks, nodes.per_week, free)
    weeks = nodes.of_week[nodes.first[nodes.shared]]
    keys = nodes.at_key + np.arange(len(nodes.shared))
    arcs.add(nodes.at_week + weeks, keys, 1, np.zeros_like(keys))


def _add_places(arcs: _Arcs, nodes: _Nodes, places: Ints, eager: Ints, reward: int) -> None:
    problem = nodes.problem
    posts = nodes.at_post + np.arange(len(problem.start))
    for capacity, earned in ((eager, reward), (places - eager, 0)):
        cost = np.full_like(posts, -earned)
        arcs.add(posts, nodes.at_project + problem.project, capacity, cost)
    projects = nodes.at_project + np.arange(len(problem.segments))
    for quarter, bonus in enumerate(EQUITY):
        capacity = problem.segments[:, quarter]
        arcs.add(projects, SINK, capacity, np.full_like(projects, -bonus))
    # Beyond the quarters (a project may be overbooked elsewhere) a place earns no bonus.
    arcs.add(projects, SINK, int(places.sum()), np.zeros_like(projects))


def _solved(tail: Ints, head: Ints, capacity: Ints, cost: Ints, total: int) -> tuple[Ints, int]:
    solver = SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(
        tail.astype(np.int32), head.astype(np.int32), capacity, cost
    )
    solver.set_node_supply(SOURCE, total)
    solver.set_node_supply(SINK, -total)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise RuntimeError(f"the flow has no solution: status {status}")
    flows = solver.flows(np.arange(len(tail), dtype=np.int32))
    return flows, -int(solver.optimal_cost())


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
