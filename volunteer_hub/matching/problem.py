"""What a batch decides: people, shifts, the pairs that are possible, and what a plan is worth.

Arrays only, no database: whoever builds a `Problem` has asked the sign-up engine who is eligible.
The objective is in whole points; `docs/decisions/matching.md` says where each part comes from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Points of a filled place, and more for the first three quarters of a project's places.
PLACE = 1000
EQUITY = (300, 200, 100, 0)
# The k-th new shift of a person costs a step for each recent shift and each one before it.
FAIRNESS_STEP, FAIRNESS_MOST = 40, 400
# Between two places: ten minutes and 18 km/h, rounded up to a quarter of an hour.
CHANGE_SECONDS, SECONDS_A_KM, QUARTER_SECONDS, QUARTER = 600, 200, 900, 15
WEEK = 7


@dataclass(frozen=True)
class Problem:
    """Standby people and open shifts of some weeks.

    Pairs (one row each): `person` and `shift` are rows of the arrays below, `preference` is 0-300.
    People: `week_left` (people × weeks) counts the shifts each may still take, `recent` those of
    the last four weeks. Shifts: `day` counts from a Monday, `start` and `end` are minutes of that
    day, `x` and `y` metres, `places` are open, `needed` are missing to the minimum. `segments`
    (projects × 4) counts the open places in each quarter of a project's places.
    """

    person: Ints
    shift: Ints
    preference: Ints
    week_left: Ints
    recent: Ints
    day: Ints
    start: Ints
    end: Ints
    x: Ints
    y: Ints
    places: Ints
    needed: Ints
    project: Ints
    segments: Ints

    @property
    def week(self) -> Ints:
        """The week of each shift, counted from 0."""
        return self.day // WEEK

    @property
    def weeks(self) -> int:
        return int(self.week_left.shape[1])

    @cached_property
    def person_week(self) -> Ints:
        """For each pair, the number of its person and week."""
        return self.person * self.weeks + self.week[self.shift]

    @cached_property
    def person_day(self) -> Ints:
        """For each pair, the number of its person and day; `// days` is the person."""
        return self.person * self.days + self.day[self.shift]

    @property
    def days(self) -> int:
        return self.weeks * WEEK

    @cached_property
    def worth(self) -> Ints:
        """For each pair, the points of the place and the preference."""
        return PLACE + self.preference

    @cached_property
    def by_shift(self) -> tuple[Ints, Ints]:
        """Pairs ordered by shift, and where each shift begins in that order."""
        return _grouped(self.shift, len(self.day))

    @cached_property
    def by_person_day(self) -> tuple[Ints, Ints]:
        """Pairs ordered by person and day, and the sorted numbers to search in."""
        order = np.argsort(self.person_day, kind="stable")
        return order, self.person_day[order]

    @cached_property
    def _clashes(self) -> tuple[Ints, dict[int, Flags]]:
        local = np.zeros(len(self.day), np.int64)
        tables = {}
        for day in np.unique(self.day):
            rows = np.flatnonzero(self.day == day)
            local[rows] = np.arange(len(rows))
            tables[int(day)] = self._clash(rows[:, None], rows[None, :])
        return local, tables

    def _clash(self, one: Ints, other: Ints) -> Flags:
        squared = (self.x[one] - self.x[other]) ** 2 + (self.y[one] - self.y[other]) ** 2
        gap = travel_minutes(np.floor(np.sqrt(squared.astype(np.float64))).astype(np.int64))
        before = self.start[one] < self.end[other] + gap
        after = self.start[other] < self.end[one] + gap
        clashing: Flags = before & after
        return clashing

    def clash(self, one: Ints, other: Ints) -> Flags:
        """Say of each two shifts whether one person cannot do both, travel included."""
        local, tables = self._clashes
        found = np.zeros(len(one), bool)
        same = self.day[one] == self.day[other]
        for day, table in tables.items():
            rows = np.flatnonzero(same & (self.day[one] == day))
            found[rows] = table[local[one[rows]], local[other[rows]]]
        return found

    def clash_table(self, shifts: Ints) -> Flags:
        """Say it of all shifts of one day at once; a shift clashes with itself."""
        local, tables = self._clashes
        rows = local[shifts]
        table: Flags = tables[int(self.day[shifts[0]])][np.ix_(rows, rows)]
        return table

    def narrowed(self, pairs: Ints, **changed: Ints) -> Problem:
        """Return the problem with these pairs alone, and with the arrays named in `changed`."""
        part = replace(
            self,
            person=self.person[pairs],
            shift=self.shift[pairs],
            preference=self.preference[pairs],
            **changed,
        )
        # Which shifts clash stays the same, and is dear to work out.
        part.__dict__["_clashes"] = self._clashes
        return part

    def people_of(self, chosen: Ints) -> Ints:
        """Count the people that pairs bring to each shift."""
        return np.bincount(self.shift[chosen], minlength=len(self.day))

    def value(self, chosen: Ints) -> int:
        """Return the points of a plan: places, preferences, equity, less fairness."""
        equity = 0
        left = np.bincount(self.project[self.shift[chosen]], minlength=len(self.segments))
        for quarter, bonus in enumerate(EQUITY):
            filled = np.minimum(left, self.segments[:, quarter])
            equity += int(filled.sum()) * bonus
            left = left - filled
        shifts = np.bincount(self.person[chosen], minlength=len(self.recent))
        unfair = 0
        for count in range(1, int(shifts.max(initial=0)) + 1):
            unfair += int(fairness(self.recent[shifts >= count], count).sum())
        return int(self.worth[chosen].sum()) + equity - unfair


def travel_minutes(metres: Ints) -> Ints:
    """Return the minutes between two places; none at the same place."""
    seconds = CHANGE_SECONDS * 1000 + metres * SECONDS_A_KM
    quarters = -(-seconds // (QUARTER_SECONDS * 1000))
    return np.where(metres == 0, 0, quarters * QUARTER)


def fairness(recent: Ints, count: Ints | int) -> Ints:
    """Return what the `count`-th new shift costs people with so many recent ones."""
    cost: Ints = np.minimum(FAIRNESS_STEP * (recent + count - 1), FAIRNESS_MOST)
    return cost


def segments(total: Ints, taken: Ints) -> Ints:
    """Return how many open places lie in each quarter (rounded up) of a project's places."""
    borders = np.stack([(total * quarter + 3) // 4 for quarter in range(5)], 1)
    return np.maximum(borders[:, 1:] - np.maximum(borders[:, :-1], taken[:, None]), 0)


def _grouped(keys: Ints, groups: int) -> tuple[Ints, Ints]:
    order = np.argsort(keys, kind="stable")
    return order, np.searchsorted(keys[order], np.arange(groups + 1))
