"""Who could come where: people and posts as the problem that the solver takes.

The rules are those of signing up (`shifts.rules`, `shifts.needs`, `shifts.clash`) and of asking
(`matching.asking`), here for everybody at once; a test holds both against each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from sqlalchemy.orm import Session

from volunteer_hub.matching.batch.people import FAR, Busy, People
from volunteer_hub.matching.batch.posts import Posts
from volunteer_hub.matching.batch.ways import read_ways
from volunteer_hub.matching.problem import Flags, Ints, Problem, blocks
from volunteer_hub.matching.windows import WEEKEND
from volunteer_hub.shifts.rules import ADULT, GUARDIAN_ALONGSIDE

# Preference 0-300: interest in the category, the way, the branch's adoption, past service.
INTEREST, WALK, BRANCH, SERVED = 120, 80, 50, 40
# How much farther people would have to walk for the hint “some minutes more would help”.
FARTHER = 5


class Funnel(NamedTuple):
    """For each post, how many people are left after each question.

    `farther` are those who are free and would be near with `FARTHER` more minutes on foot.
    """

    free: Ints
    near: Ints
    able: Ints
    farther: Ints


@dataclass(frozen=True)
class Batch:
    """The problem with what explains it; `pinned` are pairs (person, post) settled beforehand."""

    posts: Posts
    people: People
    problem: Problem
    funnel: Funnel
    pinned: list[tuple[int, int]]


def build(session: Session, posts: Posts, people: People) -> Batch:
    """Return the problem of these posts and people."""
    row, way = read_ways(session, np.concatenate([posts.place, people.busy.place]))
    place, busy_place = row[: posts.rows], row[posts.rows :]
    filters = Filters(posts, people)
    found = [filters.candidates(post) for post in range(posts.rows)]
    sizes = [len(person) for person, _preference, _counts in found]
    project, segments = posts.segments
    problem = Problem(
        person=_joined([person for person, _preference, _counts in found]),
        post=np.repeat(np.arange(posts.rows), sizes),
        preference=_joined([preference for _person, preference, _counts in found]),
        week_left=people.week_left,
        recent=people.recent,
        occasion=np.unique(posts.shift, return_inverse=True)[1].astype(np.int64),
        week=posts.week,
        start=posts.start,
        end=posts.end,
        block=blocks(posts.start, posts.end),
        place=place,
        places=posts.places,
        needed=posts.needed,
        project=project.astype(np.int64),
        way=way,
        segments=segments,
    )
    busy = replace(people.busy, place=busy_place)
    problem = problem.narrowed(np.flatnonzero(~_clashing(problem, busy)))
    counts = np.array([one[2] for one in found], np.int64).reshape(-1, 4)
    problem, pinned = _settle_pins(problem, posts, people)
    return Batch(posts, people, problem, Funnel(*counts.T), pinned)


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


class Filters:
    """Asks the questions of one post after the other; what recurs is worked out once."""

    def __init__(self, posts: Posts, people: People) -> None:
        self.posts, self.people = posts, people
        self.everybody = np.ones(len(people.id), bool)
        self._free: dict[tuple[int, int, int], Flags] = {}
        self._here: dict[int, Flags] = {}
        self._old: dict[tuple[int, int], Flags] = {}

    def candidates(self, post: int) -> tuple[Ints, Ints, tuple[int, int, int, int]]:
        """Return who could come to a post, how much they would like it, and the funnel."""
        free = self.free(post)
        walk = self.walk(post)
        near = free & self._near(post, walk, 0)
        has_needs = self.able(post)
        able = near & has_needs
        farther = free & has_needs & self._near(post, walk, FARTHER) & ~near
        counts = tuple(int(one.sum()) for one in (free, near, able, farther))
        person = np.flatnonzero(able)
        never = self.people.never.get(int(self.posts.shift[post]))
        if never:
            person = person[~np.isin(person, list(never))]
        return person, self._preference(post, person, walk), counts  # type: ignore[return-value]

    def free(self, post: int) -> Flags:
        """Say who has a free window around the post, and is not away."""
        posts, day = self.posts, int(self.posts.day[post])
        midnight = day * 24 * 60
        hours = (int(posts.start[post]) - midnight, int(posts.end[post]) - midnight)
        key = (int(posts.weekday[post]), *hours)
        if key not in self._free:
            person, weekday, start, end = self.people.windows.T
            fits = (weekday == key[0]) & (start <= key[1]) & (end >= key[2])
            self._free[key] = np.isin(np.arange(len(self.people.id)), person[fits])
        if day not in self._here:
            ordinal = self.posts.span.first.toordinal() + day
            person, first, last = self.people.away.T
            gone = person[(first <= ordinal) & (last >= ordinal)]
            self._here[day] = ~np.isin(np.arange(len(self.people.id)), gone)
        return self._free[key] & self._here[day]

    def walk(self, post: int) -> Ints:
        """Return the minutes on foot from each person's office, `FAR` where not known."""
        from_offices = self.people.walks.get(int(self.posts.place[post]))
        if from_offices is None:
            return np.full(len(self.people.id), FAR, np.int64)
        return from_offices[self.people.office]

    def _near(self, post: int, walk: Ints, more: int) -> Flags:
        # At weekends people come from home, which nobody asks about.
        if int(self.posts.weekday[post]) in WEEKEND:
            return self.everybody
        near: Flags = (walk <= self.people.farthest + more) | (walk == FAR)
        return near

    def able(self, post: int) -> Flags:
        """Say who is old enough and has all that the post asks for on the day."""
        day = self.posts.span.first + timedelta(days=int(self.posts.day[post]))
        able = self._old_enough(int(self.posts.minimum_age[post]), day)
        for qualification in self.posts.needs.get(post, ()):
            until = self.people.valid_until.get(qualification)
            if until is None:
                return np.zeros_like(able)
            able = able & (until >= day.toordinal())
        return able

    def _old_enough(self, minimum_age: int, day: date) -> Flags:
        key = (minimum_age, day.toordinal())
        if key not in self._old:
            born = self.people.born
            # Under fourteen the guardian has to be there too: that is arranged by themselves.
            least = max(minimum_age, GUARDIAN_ALONGSIDE)
            of_age = (born <= _birthday(day, ADULT)) | self.people.has_guardian
            self._old[key] = (born == 0) | ((born <= _birthday(day, least)) & of_age)
        return self._old[key]

    def _preference(self, post: int, person: Ints, walk: Ints) -> Ints:
        posts, liking = self.posts, self.people.liking
        project = int(posts.project[post])
        points = INTEREST * liking.category(int(posts.category[post]))[person]
        way = walk[person]
        share = np.minimum(way / self.people.farthest[person], 1.0)
        points = points + np.where(way == FAR, 0.0, WALK * (1 - share))
        for bonus, known in ((BRANCH, liking.adopted), (SERVED, liking.served)):
            if project in known:
                points = points + bonus * known[project][person]
        whole: Ints = np.floor(points).astype(np.int64)
        return whole


def _birthday(day: date, age: int) -> int:
    """Return the latest birth (ordinal) of those who are this old on the day."""
    try:
        return day.replace(year=day.year - age).toordinal()
    except ValueError:
        # 29 February, in a year that has none: who was born on 1 March is not there yet.
        return day.replace(year=day.year - age, day=28).toordinal()


def _clashing(problem: Problem, busy: Busy) -> Flags:
    """Say of each pair whether the person has something else then, the way included."""
    wrong = np.zeros(len(problem.person), bool)
    first = np.searchsorted(busy.person, problem.person)
    count = np.searchsorted(busy.person, problem.person, side="right") - first
    for lag in range(int(count.max(initial=0))):
        rows = np.flatnonzero(count > lag)
        other, post = first[rows] + lag, problem.post[rows]
        way = problem.way[problem.place[post], busy.place[other]]
        before = problem.start[post] < busy.end[other] + way
        after = busy.start[other] < problem.end[post] + way
        wrong[rows] |= before & after
    return wrong


def _settle_pins(
    problem: Problem, posts: Posts, people: People
) -> tuple[Problem, list[tuple[int, int]]]:
    """Take out the pairs that coordinators want, as if these people were there already."""
    pinned: list[tuple[int, int]] = []
    for person, post in _wanted(posts, people):
        pair = np.flatnonzero((problem.person == person) & (problem.post == post))
        week = int(posts.week[post])
        if not len(pair) or problem.places[post] < 1 or problem.week_left[person, week] < 1:
            continue
        pinned.append((person, post))
        own = np.flatnonzero(problem.person == person)
        gone = own[problem.clash(problem.post[own], np.full(len(own), post))]
        kept = np.setdiff1d(np.arange(len(problem.person)), gone)
        week_left, places = problem.week_left.copy(), problem.places.copy()
        needed = problem.needed.copy()
        week_left[person, week] -= 1
        places[post] -= 1
        needed[post] = max(needed[post] - 1, 0)
        problem = problem.narrowed(kept, week_left=week_left, places=places, needed=needed)
    return problem, pinned


def _wanted(posts: Posts, people: People) -> Iterator[tuple[int, int]]:
    row_of = {int(id_): row for row, id_ in enumerate(posts.id)}
    for post_id, wanted in sorted(people.pins.items()):
        if post_id in row_of:
            yield from ((person, row_of[post_id]) for person in sorted(wanted))
