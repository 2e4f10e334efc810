"""The batch: from a problem to a plan with its value and a bound that no plan exceeds.

Small problems are solved with proof. Larger ones begin with the flow that ignores clashes across
cliques and minimum numbers (the bound); then rounds repair clashing blocks and close the shifts
that stay short of their minimum; last, small parts are solved with proof.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from volunteer_hub.matching.bound import Prices, lowest
from volunteer_hub.matching.cliques import Cliques, clashing
from volunteer_hub.matching.exact import Exact, best_exact
from volunteer_hub.matching.network import ABOVE_ALL, Flow, best_flow
from volunteer_hub.matching.parts import improved
from volunteer_hub.matching.polish import polished
from volunteer_hub.matching.problem import Flags, Ints, Problem
from volunteer_hub.matching.stability import continued, favouring

# Up to so many pairs HiGHS proves the best plan itself, within limits it seldom needs.
SMALL, SMALL_NODES, SMALL_SECONDS = 60_000, 5_000, 20.0
# Of the shifts short of their minimum, how many are closed in one round.
CLOSED_SHARE = 0.35
# Pairs that miss being worth it by more are left out of the rounds.
WINDOW = 1000
# Points a place earns in the rounds while its shift is short of the minimum.
REWARD = 50


@dataclass(frozen=True)
class _Effort:
    """Rounds of flows, small parts solved with proof, and steps towards a lower bound."""

    rounds: int
    tries: int
    steps: int


# From so many pairs on; a flow of the largest takes seconds.
EFFORTS = (
    (1_000_000, _Effort(rounds=3, tries=250, steps=3)),
    (200_000, _Effort(rounds=8, tries=180, steps=40)),
    (0, _Effort(rounds=8, tries=48, steps=40)),
)


@dataclass(frozen=True)
class Plan:
    """Pairs (rows of the problem) with the value of the plan and the proven bound, in points."""

    chosen: Ints
    value: int
    bound: int

    @property
    def gap(self) -> float:
        """By which share the plan may be below the best one; 0 says that it is the best."""
        return (self.bound - self.value) / max(self.bound, 1)


def solve(
    problem: Problem, *, reward: int = REWARD, small: int = SMALL, before: Ints | None = None
) -> Plan:
    """Return the best plan found; every rule holds in it, whatever the input.

    `reward` leads more or fewer shifts to their minimum; up to `small` pairs are solved with proof.
    `before` holds pairs (rows) that an earlier plan proposed: they are left in place unless moving
    one earns `STAY` points. Value and bound are those of the problem without such favours.
    """
    rows, closed = _possible(problem)
    effort = next(effort for pairs, effort in EFFORTS if len(rows) >= pairs)
    kept = np.intersect1d(rows, before) if before is not None else rows[:0]
    sought = favouring(problem, kept)
    relaxed = _flow(sought, rows, Cliques(sought), closed)
    found = _rounds(sought, rows, closed, relaxed, reward, effort.rounds)
    chosen, bound = found.chosen, relaxed.value
    if len(kept):
        chosen = _better(sought, chosen, continued(sought, rows, kept))
    # The flow's plan is often proven by its own bound.
    if len(rows) <= small and sought.value(chosen) < bound:
        proven = _exact(sought, rows)
        if proven is not None:
            bound = min(bound, proven.bound)
            chosen = _better(sought, chosen, proven.chosen)
    if (problem.needed > 0).any() and sought.value(chosen) < bound:
        better = improved(sought, rows, chosen, relaxed, tries=effort.tries)
        chosen = polished(sought, rows, better)
    chosen = np.sort(chosen)
    value = problem.value(chosen)
    if value <= 0:
        chosen, value = chosen[:0], 0
    if bound > value:
        prices = Prices(problem, rows)
        bound = min(bound, lowest(prices, found.prices, target=value, steps=effort.steps))
    if bound > value and len(kept) and len(rows) <= small:
        # The proof of the plan counted favours too.
        proven = _exact(problem, rows)
        bound = min(bound, proven.bound) if proven is not None else bound
    return Plan(chosen, value, bound)


def _exact(problem: Problem, rows: Ints) -> Exact | None:
    return best_exact(problem, rows, nodes=SMALL_NODES, seconds=SMALL_SECONDS)


def _better(problem: Problem, one: Ints, other: Ints) -> Ints:
    return other if problem.value(other) > problem.value(one) else one


def _possible(problem: Problem) -> tuple[Ints, Flags]:
    """Return the pairs that a plan can hold, and the posts whose shift can never run."""
    left = problem.week_left.reshape(-1)[problem.person_week]
    rows = np.flatnonzero((problem.places[problem.post] > 0) & (left > 0))
    able = np.minimum(problem.people_of(rows), problem.places)
    closed = problem.any_of(able < problem.needed)[problem.occasion]
    return rows[~closed[problem.post[rows]]], closed


def _flow(
    problem: Problem,
    rows: Ints,
    cliques: Cliques,
    closed: Flags,
    eager: Ints | None = None,
    reward: int = 0,
) -> Flow:
    open_ = rows[~closed[problem.post[rows]] & ~cliques.barred[rows]]
    places = np.where(closed, 0, np.maximum(problem.places, 0))
    eager = np.zeros_like(places) if eager is None else eager
    return best_flow(problem, open_, cliques.of_pair[open_], places, eager, reward)


def _clash_blocks(problem: Problem, chosen: Ints) -> Ints:
    return np.unique(problem.person_block[clashing(problem, chosen)[0]])


def _worst(problem: Problem, chosen: Ints, short: Ints, share: float) -> Ints:
    """Return those of the short shifts that lack most."""
    lack = np.maximum(problem.needed - problem.people_of(chosen), 0)
    lacking = np.bincount(problem.occasion, lack, problem.occasions)[short]
    needed = np.bincount(problem.occasion, problem.needed, problem.occasions)[short]
    worst = short[np.argsort(-lacking / needed, kind="stable")]
    return worst[: max(1, int(len(worst) * share))]


@dataclass(frozen=True)
class _Rounds:
    """The plan after the rounds, and the prices of places (see `bound`) that the flows had."""

    chosen: Ints
    prices: list[Ints]


def _rounds(
    problem: Problem, rows: Ints, closed: Flags, relaxed: Flow, reward: int, rounds: int
) -> _Rounds:
    """Repair clashes and minimum numbers in some rounds of flows, and polish what remains."""
    keep = relaxed.slack <= WINDOW
    near = np.union1d(rows[keep], relaxed.chosen)
    cliques, closed, flow = Cliques(problem), closed.copy(), relaxed
    prices = [relaxed.price]
    short = np.flatnonzero(problem.short(flow.chosen))
    blocks = _clash_blocks(problem, flow.chosen)
    for number in range(rounds):
        if not len(blocks) and not len(short):
            break
        for block in blocks.tolist():
            cliques.drawn.pop(block, None)
        drawn = np.array(list(cliques.drawn), np.int64)
        cliques.repair(np.union1d(blocks, drawn) if number < 3 else blocks, flow, closed)
        if number and len(short):
            # The reward has had one round to save them.
            share = 1.0 if number == rounds - 1 else CLOSED_SHARE
            closed |= np.isin(problem.occasion, _worst(problem, flow.chosen, short, share))
        flow = _flow(problem, near, cliques, closed, problem.needed, reward)
        # What is closed has no price in this flow.
        prices.append(np.where(closed, relaxed.price, flow.price))
        short = np.flatnonzero(problem.short(flow.chosen))
        blocks = _clash_blocks(problem, flow.chosen)
    if len(blocks):
        cliques.repair(blocks, flow, closed)
    if (problem.needed > 0).any():
        people = problem.people_of(flow.chosen)
        closed |= problem.any_of(people < problem.needed)[problem.occasion]
        flow = _flow(problem, near, cliques, closed, problem.needed, ABOVE_ALL)
    elif len(blocks):
        flow = _flow(problem, near, cliques, closed)
    return _Rounds(polished(problem, rows, flow.chosen), prices)
