"""Which shifts a person sees first: what suits the person, and where one more person counts.

    score = utility of the shift for the person + WEIGHT × log(expected value of one more sign-up)

Pure functions on arrays with one element for each open shift: they run in a web request, where a
thousand shifts cost less than a millisecond. Utilities are in units of a multinomial logit: one
more unit makes a choice e times as likely. `docs/decisions/ranking.md` says where the formula comes
from and what it does in a simulated month.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from volunteer_hub.core.geo import LONGEST_WALK

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

# What speaks for a shift, in utility: all the way from next door to the farthest walk wanted;
# full interest in the category; a declared free window; a skill that is asked for; a project of
# the own branch; a project known from before. In proportion to the matcher's preferences.
WALK, INTEREST, WINDOW, SKILL, BRANCH, SERVED = 0.85, 1.3, 0.4, 0.3, 0.5, 0.4
# Past the farthest walk the utility goes on falling, to this many times the way.
WALKS_MOST = 2.0
# Each better placed shift of the same pattern costs so much, counted up to the third.
REPEATED, REPEATS_MOST = 0.25, 3

# How much need weighs against the wishes of the person.
WEIGHT = 0.2
# The first place of a shift is worth this much more than its last one (which is worth 1).
FIRST = 4.0
# An empty project's places are worth half as much again, a full one's half as much.
PROJECT = 1.0
# People look a fortnight ahead: within so many days those who are there have signed up.
FORTNIGHT = 14
# So many hours before its start a shift goes ahead or is called off.
FIXED_HOURS = 24.0
# No open shift is worth less: forecasts err, and what nobody sees can surprise nobody.
FLOOR, NOTHING = 0.02, 0.002
# Forecasts are kept on steps of an eighth of the root of people (a quarter of their own standard
# deviation), up to 625 people, and look at so many places of a shift.
STEPS, LAST_STEP, PLACES = 8, 200, 512
# Sign-ups come slowly at first and in a rush at the end; the average counts like eight days.
RUSH, PRIOR_DAYS = 2.0, 8.0


@dataclass(frozen=True)
class Offers:
    """Open shifts as one person meets them, soonest first; arrays with one element a shift.

    `pattern` is equal for shifts that look alike (same project, same window). `taken` of `capacity`
    places are taken and `minimum` must be before a shift goes ahead; `hours_left` until it starts.
    `walk` is minutes on foot (NaN: not known) and
    `farthest` the longest way wanted; `interest` in the category 0-1; `window` 1 in a declared
    free window, -1 outside, 0 when none is declared; `skill` (0 or 1) that something is asked for
    that the person knows; `branch` that the own branch stands by the project; `served` that the
    person was there before.
    """

    shift_id: Array
    project: Array
    pattern: Array
    taken: Array
    minimum: Array
    capacity: Array
    hours_left: Array
    walk: Array
    interest: Array
    window: Array
    skill: Array
    branch: Array
    served: Array
    farthest: int = LONGEST_WALK

    def __len__(self) -> int:
        return len(self.shift_id)


class Parts(NamedTuple):
    """What a score is made of, in utility: above 0 speaks for the shift, below against it."""

    walk: float = 0.0
    interest: float = 0.0
    window: float = 0.0
    skill: float = 0.0
    branch: float = 0.0
    served: float = 0.0
    need: float = 0.0
    repeats: float = 0.0


class Scored(NamedTuple):
    """A shift in the ranking: its row among the offers, its score and what the score is made of."""

    row: int
    shift_id: int
    total: float
    parts: Parts


def ranked(offers: Offers, *, weight: float = WEIGHT, most: int | None = None) -> list[Scored]:
    """Return the best `most` offers with what speaks for them, best first; ties soonest first.

    With `weight` 0 only the wishes of the person count.
    """
    table = _table(offers, weight)
    totals = table.sum(axis=0)
    best = _best_first(totals)[:most]
    return [
        Scored(row, shift_id, total, Parts._make(parts))
        for row, shift_id, total, parts in zip(
            best.tolist(),
            offers.shift_id[best].tolist(),
            totals[best].tolist(),
            table.T[best].tolist(),
            strict=True,
        )
    ]


def order(offers: Offers, *, weight: float = WEIGHT) -> Array:
    """Return the rows of all offers as `ranked` puts them, without the reasons."""
    return _best_first(_table(offers, weight).sum(axis=0))


def _table(offers: Offers, weight: float) -> Floats:
    """Return `Parts` as rows, a column for each offer."""
    wishes, needs = relevance(offers), need(offers, weight)
    return np.vstack([wishes, needs, _repeats(offers, wishes.sum(axis=0) + needs)])


def _best_first(totals: Floats) -> Array:
    return np.argsort(-totals, kind="stable")


def relevance(offers: Offers) -> Floats:
    """Return what the wishes of the person give each shift: six rows, named as in `Parts`."""
    way = np.minimum(offers.walk / max(offers.farthest, 1), WALKS_MOST)
    return np.array(
        [
            WALK * np.where(np.isnan(way), 0.0, 0.5 - way),
            INTEREST * offers.interest,
            WINDOW * offers.window,
            SKILL * offers.skill,
            BRANCH * offers.branch,
            SERVED * offers.served,
        ]
    )


def need(offers: Offers, weight: float = WEIGHT) -> Floats:
    """Return what the need of each shift adds to its utility (below 0 if it fills anyway)."""
    return weight * np.log(marginal_value(offers))


def marginal_value(offers: Offers) -> Floats:
    """Return how much one more sign-up is expected to be worth, in places that are served.

    Places of projects that have many free ones count more. Always above 0.
    """
    value = expected_gain(offers.taken, offers.minimum, offers.capacity, expected(offers))
    value *= 1 + PROJECT * (0.5 - project_fill(offers))
    return np.where(offers.taken >= offers.capacity, NOTHING, value)


def expected_gain(taken: Array, minimum: Array, capacity: Array, coming: Floats) -> Floats:
    """Return the expected worth of one more sign-up where `coming` others are forecast.

    Below its minimum a shift serves nobody: a sign-up counts when it is the one that reaches it,
    with all those before it, and later for itself, the first places most. How many others come is
    Poisson. At least `FLOOR`.
    """
    step = np.minimum(np.rint(STEPS * np.sqrt(coming)), LAST_STEP).astype(np.intp)
    chances, sums, weighted = _poisson()
    others = np.maximum(minimum - taken, 0).astype(np.intp)
    # Others fill up to the minimum but one, and this sign-up reaches it.
    last = np.minimum(np.maximum(others - 1, 0), PLACES)
    reaches = np.where(others > 0, chances[step, last], 0.0)
    value = reaches * minimum * (1 + FIRST * (1 - minimum / (2 * capacity)))
    # With the minimum reached by others it takes a place for itself: worth a line in their number.
    low = np.minimum(others, PLACES + 1)
    high = np.maximum(np.minimum(capacity - taken, PLACES + 1), low).astype(np.intp)
    first = 1 + FIRST * (1 - (2 * taken + 1) / (2 * capacity))
    value += first * (sums[step, high] - sums[step, low])
    value -= FIRST / capacity * (weighted[step, high] - weighted[step, low])
    found: Floats = np.maximum(value, FLOOR)
    return found


def expected(offers: Offers) -> Floats:
    """Return how many more sign-ups are forecast for each shift until it is fixed.

    A shift's own pace counts the more the longer it was seen; until then the pace of all does.
    """
    observed = np.maximum(FORTNIGHT - offers.hours_left / 24, 1.0)
    average = offers.taken.sum() / max(observed.sum(), 1.0)
    pace = (offers.taken + PRIOR_DAYS * average) / (observed + PRIOR_DAYS)
    coming: Floats = RUSH * pace * np.maximum(offers.hours_left - FIXED_HOURS, 0.0) / 24
    return coming


def project_fill(offers: Offers) -> Floats:
    """Return for each shift the share 0-1 of its project's offered places that are taken."""
    _projects, which = np.unique(offers.project, return_inverse=True)
    fill = np.bincount(which, offers.taken) / np.maximum(np.bincount(which, offers.capacity), 1)
    return np.asarray(fill[which], dtype=np.float64)


@lru_cache(maxsize=1)
def _poisson() -> tuple[Floats, Floats, Floats]:
    """Return, by step of the mean: P(N = k), P(N < k), and the sum of j × P(N = j) over j < k."""
    count = np.arange(PLACES + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(count[1:]))])
    mean = (np.arange(1, LAST_STEP + 1)[:, None] / STEPS) ** 2
    chances = np.zeros((LAST_STEP + 1, PLACES + 1))
    chances[0, 0] = 1.0
    chances[1:] = np.exp(count * np.log(mean) - mean - logs)
    zero = np.zeros((LAST_STEP + 1, 1))
    sums = np.hstack([zero, np.cumsum(chances, axis=1)])
    weighted = np.hstack([zero, np.cumsum(count * chances, axis=1)])
    return chances, sums, weighted


def _repeats(offers: Offers, totals: Floats) -> Floats:
    """Return what each shift loses because better ones of the same pattern stand before it."""
    by_total = _best_first(totals)
    together = by_total[np.argsort(offers.pattern[by_total], kind="stable")]
    patterns = offers.pattern[together]
    places = np.arange(len(patterns))
    begins = np.concatenate([[True], patterns[1:] != patterns[:-1]])[: len(patterns)]
    before = places - np.maximum.accumulate(np.where(begins, places, 0))
    found = np.zeros(len(totals))
    found[together] = -REPEATED * np.minimum(before, REPEATS_MOST)
    return found
