"""Why places stay open: for each post that is not full the first cause that applies.

Those that are already coming are no cause; a post of a shift that runs with nobody shares the
cause of its shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from volunteer_hub.matching.problem import Flags, Ints, Problem


class Cause(StrEnum):
    """Asked in this order."""

    NOBODY_FREE = "nobody_free"
    TOO_FAR = "too_far"
    LACKS_SKILL = "lacks_skill"
    ONLY_BLOCKED = "only_blocked"
    BELOW_MINIMUM = "below_minimum"
    MINIMUM_NOT_REACHED = "minimum_not_reached"
    ALL_COMING = "all_coming"
    ALL_BUSY = "all_busy"
    # Somebody could simply be added: a fault of the solver, which its tests rule out.
    LEFT_OVER = "left_over"


class Funnel(Protocol):
    """For each post, how many people are left after each question."""

    @property
    def free(self) -> Ints: ...
    @property
    def near(self) -> Ints: ...
    @property
    def able(self) -> Ints: ...
    @property
    def farther(self) -> Ints: ...


@dataclass(frozen=True)
class WhyOpen:
    """The cause and the numbers that its sentence needs."""

    cause: Cause
    counts: dict[str, int]


def explain(problem: Problem, chosen: Ints, funnel: Funnel) -> dict[int, WhyOpen]:
    """Return why each post (by row) with places left is not full."""
    coming, candidates = (
        problem.people_of(chosen),
        np.bincount(problem.post, minlength=len(problem.start)),
    )
    tallies = _tallies(problem, chosen)
    idle = ~problem.any_of(coming > 0)
    hopeless = problem.any_of(candidates < problem.needed)
    found = {}
    for post in np.flatnonzero(problem.places > coming).tolist():
        counts = {name: int(tally[post]) for name, tally in tallies.items()}
        for name in ("free", "near", "able", "farther"):
            counts[name] = int(getattr(funnel, name)[post])
        counts["candidates"], counts["needed"] = int(candidates[post]), int(problem.needed[post])
        occasion = problem.occasion[post]
        found[post] = WhyOpen(
            _cause(counts, bool(hopeless[occasion]), bool(idle[occasion])), counts
        )
    return found


def _cause(counts: dict[str, int], hopeless: bool, idle: bool) -> Cause:
    for name, cause in (
        ("free", Cause.NOBODY_FREE),
        ("near", Cause.TOO_FAR),
        ("able", Cause.LACKS_SKILL),
        ("candidates", Cause.ONLY_BLOCKED),
    ):
        if not counts[name]:
            return cause
    if hopeless:
        return Cause.BELOW_MINIMUM
    if counts["left"]:
        return Cause.MINIMUM_NOT_REACHED if idle else Cause.LEFT_OVER
    return Cause.ALL_BUSY if counts["busy"] or counts["week_full"] else Cause.ALL_COMING


def _tallies(problem: Problem, chosen: Ints) -> dict[str, Ints]:
    """Count, for each post, its candidates who are busy then, have no week left, or are left."""
    other = np.ones(len(problem.person), bool)
    other[chosen] = False
    busy = _busy(problem, chosen) & other
    used = np.bincount(problem.person_week[chosen], minlength=problem.week_left.size)
    full = (problem.week_left.reshape(-1) - used <= 0)[problem.person_week] & other & ~busy
    left = other & ~busy & ~full
    return {
        name: np.bincount(problem.post[rows], minlength=len(problem.start))
        for name, rows in (("busy", busy), ("week_full", full), ("left", left))
    }


def _busy(problem: Problem, chosen: Ints) -> Flags:
    """Say of each pair whether the person is planned for something that clashes with it."""
    order = chosen[np.argsort(problem.person_block[chosen], kind="stable")]
    blocks = problem.person_block[order]
    first = np.searchsorted(blocks, problem.person_block)
    count = np.searchsorted(blocks, problem.person_block, side="right") - first
    busy = np.zeros(len(problem.person), bool)
    for lag in range(int(count.max(initial=0))):
        rows = np.flatnonzero(count > lag)
        busy[rows] |= problem.clash(problem.post[rows], problem.post[order[first[rows] + lag]])
    return busy
