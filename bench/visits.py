"""One month of visits under one ranking: who sees what, takes what, leaves again, and what runs.

A visitor sees the ranked list of what he or she can join, looks at the first cards of it (how many
was drawn beforehand: position counts), and takes the best of them, or nothing when something else
is better. A shift under its minimum is called off a day before; its sign-ups are lost. Chance is a
function of the visit and the shift, so that every ranking meets the same people in the same mood.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, fields

import numpy as np

from bench.month import DAY, WINDOWS, Array, Month
from volunteer_hub.matching.scoring import FIXED_HOURS, FORTNIGHT, Offers

# Returns the rows of the offers, best first.
Policy = Callable[[Offers], Array]
# Sign-ups close an hour before the start.
CLOSES = 1.0
MOOD, STAY, LEAVE, WHEN = 1, 2, 3, 4


@dataclass
class Outcome:
    """How a month ended, by shift and for the places that were served."""

    taken: Array
    called_off: Array
    lost: int
    sign_ups: int
    # By person and shift: what the place is worth above what else there was to do.
    people: dict[int, dict[int, float]]

    @property
    def gains(self) -> list[float]:
        return [gain for own in self.people.values() for gain in own.values()]


@dataclass
class _State:
    taken: Array
    called_off: Array
    mine: dict[int, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    people: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    left: set[tuple[int, int]] = field(default_factory=set)
    leaving: list[tuple[float, int, int]] = field(default_factory=list)
    fixed: int = 0
    lost: int = 0
    sign_ups: int = 0


class World:
    """A month made ready for being run several times."""

    def __init__(self, month: Month) -> None:
        self.month = month
        shifts = month.shifts
        self.day = shifts.day
        self.week, self.weekday = self.day // 7, self.day % 7
        self.slot = self.day * len(WINDOWS) + shifts.window
        self.alternative = _gumbel(
            month.seed, STAY, np.arange(len(month.visits.time)), np.zeros(1, dtype=int)
        )
        self._offers: dict[int, tuple[Array, Offers]] = {}

    def listed(self, person: int) -> tuple[Array, Offers]:
        """Return the shifts that the site lists for a person, and what it knows of the two."""
        if person not in self._offers:
            self._offers[person] = self._look(person)
        return self._offers[person]

    def _look(self, person: int) -> tuple[Array, Offers]:
        shifts, known = self.month.shifts, self.month.known
        said = known.said[person]
        free = known.free[person][self.weekday, shifts.window]
        rows = np.flatnonzero(free) if said else np.arange(len(free))
        project, skill = shifts.project[rows], shifts.skill[rows]
        nothing = np.zeros(len(rows))
        return rows, Offers(
            shift_id=rows,
            project=project,
            pattern=project * len(WINDOWS) + shifts.window[rows],
            taken=nothing,
            minimum=shifts.minimum[rows],
            capacity=shifts.capacity[rows],
            hours_left=nothing,
            walk=known.walk[person][project],
            interest=known.interest[person][known.category[project]],
            window=nothing + bool(said),
            skill=(skill >= 0) & known.skills[person][skill],
            branch=known.branch[person][project],
            served=known.served[person][project],
            farthest=int(known.farthest[person]),
        )

    def run(self, policy: Policy) -> Outcome:
        """Return how the month ends when lists are ranked by `policy`."""
        count = len(self.day)
        state = _State(np.zeros(count, dtype=int), np.zeros(count, dtype=bool))
        visits = self.month.visits
        people, cards = visits.person.tolist(), visits.cards.tolist()
        for visit, now in enumerate(visits.time.tolist()):
            self._until(state, now)
            self._visit(state, policy, visit, people[visit], now, cards[visit])
        self._until(state, np.inf)
        return Outcome(state.taken, state.called_off, state.lost, state.sign_ups, dict(state.mine))

    # ------------------------------------------------------------ what happens meanwhile

    def _until(self, state: _State, now: float) -> None:
        """Let people leave and shifts be fixed, in order of time."""
        start = self.month.shifts.start
        while True:
            fixed = start[state.fixed] - FIXED_HOURS if state.fixed < len(start) else np.inf
            leaves = state.leaving[0][0] if state.leaving else np.inf
            if min(fixed, leaves) > now or min(fixed, leaves) == np.inf:
                return
            if leaves <= fixed:
                _when, person, shift = heapq.heappop(state.leaving)
                self._leave(state, person, shift)
            else:
                self._fix(state, state.fixed)
                state.fixed += 1

    def _leave(self, state: _State, person: int, shift: int) -> None:
        if shift in state.mine[person]:
            del state.mine[person][shift]
            state.people[shift].discard(person)
            state.left.add((person, shift))
            state.taken[shift] -= 1

    def _fix(self, state: _State, shift: int) -> None:
        if state.taken[shift] >= self.month.shifts.minimum[shift]:
            return
        state.called_off[shift] = True
        state.lost += int(state.taken[shift])
        for person in state.people.pop(shift, ()):
            del state.mine[person][shift]
        state.taken[shift] = 0

    # ------------------------------------------------------------ one visit

    def _visit(
        self, state: _State, policy: Policy, visit: int, person: int, now: float, cards: int
    ) -> None:
        rows, offers = self._open(state, person, now)
        if not len(rows):
            return
        order = policy(offers)
        shown = rows[order][self._can_join(state, person, rows)[order]][:cards]
        worth = self._worth(state, visit, person, shown)
        stay = self.month.taste.outside + self.alternative[visit]
        for _pick in range(2 if self.month.visits.second[visit] else 1):
            best = int(np.argmax(worth)) if len(worth) else 0
            if not len(worth) or worth[best] <= stay:
                return
            shift = int(shown[best])
            self._take(state, person, shift, now, float(worth[best] - stay))
            worth[self.slot[shown] == self.slot[shift]] = -np.inf
            self._rest(state, person, shown, worth)

    def _open(self, state: _State, person: int, now: float) -> tuple[Array, Offers]:
        """Return the open shifts of the coming fortnight as the site shows them to a person."""
        rows, known = self.listed(person)
        shifts = self.month.shifts
        last = (now // DAY + FORTNIGHT + 1) * DAY
        first, end = np.searchsorted(shifts.start[rows], [now + CLOSES, last])
        near = rows[first:end]
        keep = (shifts.published[near] <= now) & ~state.called_off[near]
        keep &= state.taken[near] < shifts.capacity[near]
        picked = np.flatnonzero(keep) + first
        rows = rows[picked]
        values = {
            one.name: getattr(known, one.name)[picked]
            for one in fields(Offers)
            if one.name not in ("taken", "hours_left", "farthest")
        }
        left = shifts.start[rows] - now
        taken = state.taken[rows]
        return rows, Offers(**values, taken=taken, hours_left=left, farthest=known.farthest)

    def _can_join(self, state: _State, person: int, rows: Array) -> Array:
        """Tell what the rules of signing up allow: skills, nothing at the same time, not twice."""
        skill = self.month.shifts.skill[rows]
        fine = (skill < 0) | self.month.known.skills[person][skill]
        for shift in state.mine[person]:
            fine &= self.slot[rows] != self.slot[shift]
        return fine

    def _worth(self, state: _State, visit: int, person: int, shown: Array) -> Array:
        """Return what each shown shift is worth to the visitor today."""
        month, shifts = self.month, self.month.shifts
        worth = month.worth[person, shifts.project[shown]].astype(float)
        worth += month.taste.skill * (shifts.skill[shown] >= 0)
        worth += _gumbel(month.seed, MOOD, np.full(1, visit), shown)
        worth[~month.known.free[person][self.weekday[shown], shifts.window[shown]]] = -np.inf
        for at, shift in enumerate(shown.tolist()):
            if (person, shift) in state.left:
                worth[at] = -np.inf
        self._rest(state, person, shown, worth)
        return worth

    def _rest(self, state: _State, person: int, shown: Array, worth: Array) -> None:
        """Leave out the weeks in which the visitor does enough already."""
        weeks = [self.week[shift] for shift in state.mine[person]]
        for week in set(weeks):
            if weeks.count(week) >= self.month.known.weekly[person]:
                worth[self.week[shown] == week] = -np.inf

    def _take(self, state: _State, person: int, shift: int, now: float, gain: float) -> None:
        state.taken[shift] += 1
        state.sign_ups += 1
        state.mine[person][shift] = gain
        state.people[shift].add(person)
        seed, pair = self.month.seed, (np.full(1, person), np.full(1, shift))
        if _uniform(seed, LEAVE, *pair)[0] < self.month.taste.cancelled:
            wait = _uniform(seed, WHEN, *pair)[0] * (self.month.shifts.start[shift] - now)
            heapq.heappush(state.leaving, (now + wait, person, shift))


def _gumbel(seed: int, what: int, first: Array, second: Array) -> Array:
    return np.asarray(-np.log(-np.log(_uniform(seed, what, first, second))))


def _uniform(seed: int, what: int, first: Array, second: Array) -> Array:
    """Return numbers in (0, 1) that depend on the arguments alone (mixing as in SplitMix64)."""
    mixed = np.full(1, 4 * seed + what, dtype=np.uint64)
    for part in (first, second):
        mixed = (mixed + part.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return np.asarray(((mixed >> np.uint64(11)).astype(float) + 0.5) / 2.0**53)
