"""Which shifts a person sees first: what suits the person, and where one more person counts.

    score = utility of the shift for the person + WEIGHT × log(expected value of one more sign-up)

Pure functions on floats, without numpy: they run in a web request for every open shift in reach,
and a candidate costs a few microseconds. Utilities are in units of a multinomial logit: one more
unit makes a choice e times as likely. `docs/decisions/ranking.md` says where the formula comes
from and what it does in a simulated month.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import lru_cache
from math import exp, lgamma, log, sqrt
from typing import NamedTuple

from volunteer_hub.core.geo import LONGEST_WALK

# What speaks for a shift, in utility: all the way from next door to the farthest walk wanted;
# full interest in the category; a declared free window; a skill that is asked for; a project of
# the own branch; a project known from before. In proportion to the matcher's preferences.
WALK, INTEREST, WINDOW, SKILL, BRANCH, SERVED = 0.85, 1.3, 0.4, 0.3, 0.5, 0.4
# Past the farthest walk the utility goes on falling, to this many times the way.
WALKS_MOST = 2.0
# Each better placed shift of the same pattern costs so much, counted up to the third.
REPEATED, REPEATS_MOST = 0.25, 3

# How much need weighs against the wishes of the person.
WEIGHT = 0.5
# The first place of a shift is worth this much more than its last one (which is worth 1).
FIRST = 4.0
LOSS = 0.0
# An empty project's places are worth half as much again, a full one's half as much.
PROJECT = 1.0
# So many hours before its start a shift goes ahead or is called off.
FIXED_HOURS = 24.0
# No open shift is worth less: forecasts err, and what nobody sees can surprise nobody.
FLOOR, NOTHING = 0.02, 0.002
# The forecast of sign-ups is kept on steps of a quarter of its own standard deviation.
STEPS, LAST_STEP = 8, 200
# Sign-ups come slowly at first and in a rush at the end; the average counts like two days.
RUSH, PRIOR_DAYS = 2.0, 2.0


class Staffing(NamedTuple):
    """How the post (or shift) that the person could join is staffed.

    `taken` of `capacity` places are taken and `minimum` must be before it can go ahead;
    `hours_left` until the start; `rate` sign-ups a day are forecast (`forecast_rate`);
    `project_fill` is the share 0-1 of the project's coming places that are taken.
    """

    taken: int
    minimum: int
    capacity: int
    hours_left: float
    rate: float
    project_fill: float = 0.5


class Fit(NamedTuple):
    """How a shift suits a person; every default says that nothing is known.

    `walk` and `farthest` are minutes on foot, the way and the longest one wanted; `interest` in
    the category is 0-1, from ticks and history; `in_window` says whether the shift lies in a
    declared free window (None: none declared); `skill` that the post asks for one and the person
    has it; `branch` that the own branch has adopted the project; `served` that the person was there.
    """

    walk: int | None = None
    farthest: int = LONGEST_WALK
    interest: float = 0.0
    in_window: bool | None = None
    skill: bool = False
    branch: bool = False
    served: bool = False


class Candidate(NamedTuple):
    """A shift that the person may join; shifts of one `pattern` (project and window) are alike."""

    shift_id: int
    pattern: Hashable
    staffing: Staffing
    fit: Fit


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
    candidate: Candidate
    total: float
    parts: Parts


def forecast_rate(sign_ups: int, days: float, average: float) -> float:
    return RUSH * (sign_ups + PRIOR_DAYS * average) / (days + PRIOR_DAYS)


def marginal_value(staffing: Staffing) -> float:
    taken, minimum, capacity, hours_left, rate, project_fill = staffing
    if taken >= capacity:
        return 0.0
    value = expected_gain(taken, minimum, capacity, forecast_step(rate, hours_left))
    return value * (1 + PROJECT * (0.5 - project_fill))


def forecast_step(rate: float, hours_left: float) -> int:
    coming = rate * (hours_left - FIXED_HOURS) / 24
    return min(round(STEPS * sqrt(coming)), LAST_STEP) if coming > 0 else 0


@lru_cache(maxsize=1 << 15)
def expected_gain(taken: int, minimum: int, capacity: int, step: int) -> float:
    mean = (step / STEPS) ** 2
    others = max(minimum - taken - 1, 0) if not LOSS else 0
    if mean == 0:
        return max(_gain(taken, minimum, capacity), FLOOR)
    chance = exp(others * log(mean) - mean - lgamma(others + 1))
    value = 0.0
    for filled in range(taken + others, capacity):
        value += chance * _gain(filled, minimum, capacity)
        others += 1
        chance *= mean / others
    return max(value, FLOOR)


def _gain(filled: int, minimum: int, capacity: int) -> float:
    if filled + 1 < minimum:
        return -LOSS
    first = 0 if filled + 1 == minimum else filled
    count = filled + 1 - first
    return LOSS * (count - 1) + count * (1 + FIRST * (1 - (first + filled + 1) / (2 * capacity)))


def need(staffing: Staffing, weight: float = WEIGHT) -> float:
    return weight * log(marginal_value(staffing) or NOTHING)


def relevance(fit: Fit) -> Parts:
    walk, farthest, interest, in_window, skill, branch, served = fit
    return Parts(
        0.0 if walk is None else WALK * (0.5 - min(walk / max(farthest, 1), WALKS_MOST)),
        INTEREST * interest,
        0.0 if in_window is None else WINDOW if in_window else -WINDOW,
        SKILL if skill else 0.0,
        BRANCH if branch else 0.0,
        SERVED if served else 0.0,
    )


def score(candidate: Candidate, *, weight: float = WEIGHT, repeats: int = 0) -> Scored:
    fit = relevance(candidate.fit)
    parts = Parts(
        *fit[:-2], need(candidate.staffing, weight), -REPEATED * min(repeats, REPEATS_MOST)
    )
    return Scored(candidate, sum(parts), parts)


def ranked(
    candidates: Iterable[Candidate], *, weight: float = WEIGHT, most: int | None = None
) -> list[Scored]:
    rows = []
    for candidate in candidates:
        shift_id, _pattern, staffing, fit = candidate
        full = staffing[0] >= staffing[2]
        total = sum(relevance(fit)) + need(staffing, weight)
        rows.append((full, -total, staffing[3], shift_id, 0, candidate))
    rows.sort()
    seen: dict[Hashable, int] = {}
    for index, row in enumerate(rows):
        pattern = row[5][1]
        repeats = seen.get(pattern, 0)
        seen[pattern] = repeats + 1
        if repeats:
            full, total, hours, shift_id, _, candidate = row
            rows[index] = (
                full,
                total + REPEATED * min(repeats, REPEATS_MOST),
                hours,
                shift_id,
                repeats,
                candidate,
            )
    rows.sort()
    return [score(row[5], weight=weight, repeats=row[4]) for row in rows[:most]]
