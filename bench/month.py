"""A month of a sub-district: projects, shifts, people and visits, drawn from a seed.

Two views of the same people are kept apart: what the platform knows of them (`Known`: hours
declared, categories ticked, the way, the branch), which is all that a ranking may look at, and what
a shift is truly worth to them (`worth`), which nobody sees before they choose.

Days count from 0; shifts lie on days LEAD to LEAD + DAYS - 1, so that the first ones have been
looked at for as long as the last ones. Hours count from midnight of day 0, a Monday.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LEAD, DAYS, DAY = 14, 28, 24.0
# Start of the hours in which shifts lie, and how often projects choose them: before work, lunch,
# after work; on weekends morning and afternoon.
WINDOWS = np.array([7.5, 12.0, 18.0, 9.0, 14.0])
WEEKEND = np.array([False, False, False, True, True])
WINDOW_SHARES = [0.08, 0.34, 0.22, 0.2, 0.16]
# Chance that a person is free in such hours of a weekday.
FREE = np.array([0.15, 0.5, 0.3, 0.4, 0.35])
CATEGORIES, BRANCHES, BUILDINGS, SKILLS = 17, 60, 38, 6
# Minutes on foot across the sub-district, about 2.3 km of streets as they run.
ACROSS = 40
# Visits by hour of the day.
HOURS = [1, 0, 0, 0, 0, 1, 3, 6, 9, 6, 5, 7, 12, 8, 5, 4, 4, 6, 8, 10, 11, 10, 6, 3]


@dataclass(frozen=True)
class Size:
    """How much there is: people who look at the list, projects, shifts and visits in the month."""

    people: int
    projects: int
    shifts: int
    visits: int


SIZES = {
    "tiny": Size(80, 15, 60, 600),
    "neighbourhood": Size(2_000, 260, 1_000, 14_000),
    "sub-district": Size(16_000, 2_100, 8_000, 112_000),
}


@dataclass(frozen=True)
class Taste:
    """How people choose (utilities of a multinomial logit) and how they behave; see `draw`."""

    # Weights of what is known too; every person has them a third more or less.
    walk: float = 0.85
    interest: float = 1.3
    branch: float = 0.5
    served: float = 0.4
    skill: float = 0.3
    # What the platform cannot see: how well liked a project is, and each person's own reasons.
    popular: float = 0.8
    private: float = 0.35
    # Doing something else is worth so much; the chance to look at one more card of the list.
    outside: float = 2.0
    onward: float = 0.88
    # Share of visits in which two shifts are taken; of sign-ups that are cancelled later.
    second: float = 0.2
    cancelled: float = 0.07


@dataclass(frozen=True)
class Shifts:
    """Shifts by start; `start` and `published` in hours, `skill` -1 where none is needed."""

    project: Array
    window: Array
    start: Array
    published: Array
    minimum: Array
    capacity: Array
    skill: Array

    @property
    def day(self) -> Array:
        return (self.start // DAY).astype(int)


@dataclass(frozen=True)
class Known:
    """What the platform knows: tables by person, and by project or category.

    `said` tells who has declared free hours; then `free` (person × weekday × window) is known.
    """

    said: Array
    free: Array
    walk: Array
    farthest: Array
    interest: Array
    branch: Array
    served: Array
    skills: Array
    category: Array
    weekly: Array


@dataclass(frozen=True)
class Visits:
    """Who looks when (hours), at how many cards, and whether for a second shift, too."""

    person: Array
    time: Array
    cards: Array
    second: Array


@dataclass(frozen=True)
class Month:
    """Everything that is the same for every ranking."""

    seed: int
    taste: Taste
    shifts: Shifts
    known: Known
    visits: Visits
    worth: Array


def draw(seed: int, size: Size, taste: Taste | None = None) -> Month:
    """Return the month of a seed; the same one every time."""
    rng = np.random.default_rng([2026, seed])
    taste = taste or Taste()
    shifts = _shifts(rng, size)
    known = _known(rng, size)
    worth = _worth(rng, size, taste, known)
    return Month(seed, taste, shifts, known, _visits(rng, size, taste), worth)


def _shifts(rng: np.random.Generator, size: Size) -> Shifts:
    """Projects come again in one or two windows, some often, most now and then."""
    own = rng.choice(len(WINDOWS), (size.projects, 2), p=WINDOW_SHARES)
    often = rng.gamma(1.0, 1.0, size.projects)
    project = rng.choice(size.projects, size.shifts, p=often / often.sum())
    window = own[project, rng.integers(0, 2, size.shifts)]
    week = rng.integers(0, DAYS // 7, size.shifts)
    weekday = np.where(WEEKEND[window], rng.integers(5, 7, size.shifts), 0)
    weekday = np.where(WEEKEND[window], weekday, rng.integers(0, 5, size.shifts))
    start = (LEAD + 7 * week + weekday) * DAY + WINDOWS[window]
    # Half of the projects are small; a big one now and then.
    usual = rng.choice([2, 5, 10, 20], size.projects, p=[0.3, 0.35, 0.25, 0.1])
    capacity = np.maximum(np.rint(usual[project] * rng.uniform(0.7, 1.4, size.shifts)), 1)
    share = np.where(rng.random(size.projects) < 0.3, 0.0, rng.uniform(0.2, 0.6, size.projects))
    minimum = np.maximum(np.ceil(capacity * share[project]), 1)
    needy = rng.random(size.projects) < 0.15
    skill = np.where(needy, rng.integers(0, SKILLS, size.projects), -1)[project]
    published = start - rng.uniform(3, 14, size.shifts) * DAY
    order = np.argsort(start, kind="stable")
    parts = (project, window, start, published, minimum.astype(int), capacity.astype(int), skill)
    return Shifts(*(part[order] for part in parts))


def _known(rng: np.random.Generator, size: Size) -> Known:
    people, projects = size.people, size.projects
    offices, places = rng.random((BUILDINGS, 2)), rng.random((projects, 2))
    building = rng.integers(0, BUILDINGS, people)
    apart = np.hypot(*(offices[:, None] - places[None]).transpose(2, 0, 1))
    category = rng.integers(0, CATEGORIES, projects)
    ticks = rng.random((people, CATEGORIES)) < rng.choice([0.0, 0.12, 0.25], (people, 1))
    branch = rng.integers(0, BRANCHES, people)
    adopted = rng.integers(0, BRANCHES, projects)
    stands = rng.random(projects) < 0.5
    return Known(
        said=rng.random(people) < 0.6,
        free=rng.random((people, 7, len(WINDOWS))) < FREE,
        walk=np.maximum(np.rint(ACROSS * apart), 1)[building],
        farthest=rng.choice([10, 15, 20, 30, 45], people, p=[0.1, 0.2, 0.3, 0.25, 0.15]),
        interest=ticks.astype(float),
        branch=(branch[:, None] == adopted) & stands,
        served=rng.random((people, projects)) < 2 / projects,
        skills=rng.random((people, SKILLS)) < 0.3,
        category=category,
        weekly=rng.choice([1, 2, 3], people, p=[0.55, 0.3, 0.15]),
    )


def _worth(rng: np.random.Generator, size: Size, taste: Taste, known: Known) -> Array:
    """Return what each project is worth to each person, in utility."""
    shape = (size.people, size.projects)
    way = 0.5 - np.minimum(known.walk / known.farthest[:, None], 2.0)
    # A tick says something about what a person likes, not all of it.
    liked = np.clip(0.75 * known.interest + rng.beta(0.5, 2.0, (size.people, CATEGORIES)), 0, 1)
    parts = [
        (taste.walk, way),
        (taste.interest, liked[:, known.category]),
        (taste.branch, known.branch),
        (taste.served, known.served),
    ]
    worth = np.zeros(shape)
    for weight, values in parts:
        worth += weight * rng.lognormal(0.0, 0.33, (size.people, 1)) * values
    worth += rng.normal(0.0, taste.popular, size.projects)
    return (worth + rng.normal(0.0, taste.private, shape)).astype(np.float32)


def _visits(rng: np.random.Generator, size: Size, taste: Taste) -> Visits:
    active = rng.gamma(0.8, 1.0, size.people)
    hours = np.array(HOURS) / sum(HOURS)
    time = rng.integers(0, LEAD + DAYS, size.visits) * DAY
    time = time + rng.choice(len(HOURS), size.visits, p=hours) + rng.random(size.visits)
    return Visits(
        person=rng.choice(size.people, size.visits, p=active / active.sum()),
        time=np.sort(time),
        cards=rng.geometric(1 - taste.onward, size.visits),
        second=rng.random(size.visits) < taste.second,
    )
