"""What a batch decides: people, posts of shifts, the pairs that are possible, what a plan is worth.

Arrays only, no database: whoever builds a `Problem` has asked the sign-up engine who is eligible.
The objective is in whole points; `docs/decisions/matching.md` says where each part comes from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Points of a filled place, and more for the first three quarters of a project's places.
PLACE = 1000
EQUITY = (300, 200, 100, 0)
# The k-th new shift of a person costs a step for each recent shift and each one before it.
FAIRNESS_STEP, FAIRNESS_MOST = 40, 400
# Nobody is longer on the way between two shifts (the sign-up engine's rule), in minutes.
LONGEST_WAY = 120


@dataclass(frozen=True)
class Problem:
    """Standby people and the posts of open shifts of some weeks.

    Pairs (one row each): `person` and `post` are rows of the arrays below, `preference` is 0-300.
    People: `week_left` (people × weeks) counts the shifts each may still take, `recent` those of
    the last four weeks. Posts: `occasion` is the number of the shift they belong to, `week` counts
    from 0, `start` and `end` are minutes from the first midnight, `block` comes from `blocks`,
    `place` is a row of `way`, `places` are open, `needed` are missing to the minimum. A shift runs
    when each of its posts reaches its minimum; one that cannot gets nobody in any post. `way`
    holds the whole minutes between places. `segments` (projects × 4) counts the open places in
    each quarter of a project's places.
    """

    person: Ints
    post: Ints
    preference: Ints
    week_left: Ints
    recent: Ints
    occasion: Ints
    week: Ints
    start: Ints
    end: Ints
    block: Ints
    place: Ints
    places: Ints
    needed: Ints
    project: Ints
    way: npt.NDArray[Any]
    segments: Ints

    @property
    def weeks(self) -> int:
        return int(self.week_left.shape[1])

    @cached_property
    def occasions(self) -> int:
        return int(self.occasion.max(initial=-1)) + 1

    @cached_property
    def person_week(self) -> Ints:
        """For each pair, the number of its person and week."""
        return self.person * self.weeks + self.week[self.post]

    @cached_property
    def person_block(self) -> Ints:
        """For each pair, the number of its person and block of time."""
        return self.person * (int(self.block.max(initial=0)) + 1) + self.block[self.post]

    @cached_property
    def worth(self) -> Ints:
        """For each pair, the points of the place and the preference."""
        return PLACE + self.preference

    @cached_property
    def by_post(self) -> tuple[Ints, Ints]:
        """Pairs ordered by post, and where each post begins in that order."""
        return _grouped(self.post, len(self.start))

    @cached_property
    def by_person(self) -> tuple[Ints, Ints]:
        """Pairs ordered by person, and where each person begins in that order."""
        return _grouped(self.person, len(self.recent))

    @cached_property
    def by_occasion(self) -> tuple[Ints, Ints]:
        """Posts ordered by shift, and where each shift begins in that order."""
        return _grouped(self.occasion, self.occasions)

    @cached_property
    def by_person_block(self) -> tuple[Ints, Ints]:
        """Pairs ordered by person and block, and the sorted numbers to search in."""
        order = np.argsort(self.person_block, kind="stable")
        return order, self.person_block[order]

    def clash(self, one: Ints, other: Ints) -> Flags:
        """Say of each two posts whether one person cannot do both, the way included."""
        way = self.way[self.place[one], self.place[other]]
        before = self.start[one] < self.end[other] + way
        after = self.start[other] < self.end[one] + way
        clashing: Flags = (before & after) | (self.occasion[one] == self.occasion[other])
        return clashing

    def clash_table(self, posts: Ints) -> Flags:
        """Say it of each of the posts with each; a post clashes with itself."""
        return self.clash(posts[:, None], posts[None, :])

    def narrowed(self, pairs: Ints, **changed: Ints) -> Problem:
        """Return the problem with these pairs alone, and with the arrays named in `changed`."""
        return replace(
            self,
            person=self.person[pairs],
            post=self.post[pairs],
            preference=self.preference[pairs],
            **changed,
        )

    def people_of(self, chosen: Ints) -> Ints:
        """Count the people that pairs bring to each post."""
        return np.bincount(self.post[chosen], minlength=len(self.start))

    def any_of(self, posts: Flags) -> Flags:
        """Say of each shift whether one of its posts is among these."""
        return np.bincount(self.occasion, posts, self.occasions) > 0

    def short(self, chosen: Ints) -> Flags:
        """Say of each shift whether it gets people but a post stays below its minimum."""
        people = self.people_of(chosen)
        return self.any_of(people > 0) & self.any_of(people < self.needed)

    def value(self, chosen: Ints) -> int:
        """Return the points of a plan: places, preferences, equity, less fairness."""
        equity = 0
        left = np.bincount(self.project[self.post[chosen]], minlength=len(self.segments))
        for quarter, bonus in enumerate(EQUITY):
            filled = np.minimum(left, self.segments[:, quarter])
            equity += int(filled.sum()) * bonus
            left = left - filled
        shifts = np.bincount(self.person[chosen], minlength=len(self.recent))
        unfair = 0
        for count in range(1, int(shifts.max(initial=0)) + 1):
            unfair += int(fairness(self.recent[shifts >= count], count).sum())
        return int(self.worth[chosen].sum()) + equity - unfair


def fairness(recent: Ints, count: Ints | int) -> Ints:
    """Return what the `count`-th new shift costs people with so many recent ones."""
    cost: Ints = np.minimum(FAIRNESS_STEP * (recent + count - 1), FAIRNESS_MOST)
    return cost


def segments(total: Ints, taken: Ints) -> Ints:
    """Return how many open places lie in each quarter (rounded up) of a project's places."""
    borders = np.stack([(total * quarter + 3) // 4 for quarter in range(5)], 1)
    return np.maximum(borders[:, 1:] - np.maximum(borders[:, :-1], taken[:, None]), 0)


def blocks(start: Ints, end: Ints, longest: int = LONGEST_WAY) -> Ints:
    """Return the block of each post; posts of different blocks never clash.

    A block begins where nobody can still be busy or on the way: so long after the latest end.
    """
    order = np.argsort(start, kind="stable")
    free = np.maximum.accumulate(end[order]) + longest
    found = np.zeros(len(start), np.int64)
    found[order[1:]] = np.cumsum(start[order[1:]] >= free[:-1])
    return found


def _grouped(keys: Ints, groups: int) -> tuple[Ints, Ints]:
    order = np.argsort(keys, kind="stable")
    return order, np.searchsorted(keys[order], np.arange(groups + 1))
