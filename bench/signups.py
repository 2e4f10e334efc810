"""Requests that sign people up, each person and shift only once, and the check that they worked."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import delete, func, select, update

from bench import generator
from bench.generator import CONNECTIONS, Sample
from bench.sites import Identity, Site, active_sign_ups
from volunteer_hub.accounts.models import (
    Person,
    PersonQualification,
    Qualification,
    QualificationKind,
)
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.clash import LONGEST_WAY
from volunteer_hub.shifts.models import ACTIVE, Post, PostNeed, Shift, SignUp

PEOPLE = 2_000
PLACES, TAKEN = 500, 40  # the most that a post may have, and how full it may be already
# Fair release of the product's shifts, which begin within the days in which it opens places.
EARLY, NEWCOMERS, WITHIN = 90, 20, timedelta(days=6)
OPEN = PLACES * EARLY // 100 * (100 - NEWCOMERS) // 100
MOST_PER_SECOND = 4_000
FLOOR_SHIFTS = 300
AHEAD = timedelta(days=1)


@dataclass(frozen=True)
class Target:
    """A shift with one post and room for many."""

    shift_id: int
    post_id: int


class Pool:
    """Pairs of person and shift, each handed out once, evenly over both."""

    def __init__(
        self,
        site: Site,
        targets: list[Target],
        people: list[Any],
        request: Callable[..., str],
        places: int = PLACES,
    ) -> None:
        self.site = site
        self.targets = targets
        self.people = people
        self.request = request
        # Pairs used so far; with even use no shift is full before all are.
        self.used = 0
        self.size = min(len(people), places - TAKEN) * len(targets)
        self.acknowledged = 0
        self.unsure = 0
        self.before = self._taken()

    def _taken(self) -> int:
        return active_sign_ups(self.site, [target.shift_id for target in self.targets])

    def line(self, number: int) -> str:
        """Return the request of a pair."""
        turn, place = divmod(number, len(self.people))
        target = self.targets[(turn + place) % len(self.targets)]
        return self.request(self.people[place], target)

    def plan(self, file: Path, seconds: int) -> Path:
        """Write more requests than can be sent in these seconds."""
        until = min(self.size, self.used + seconds * MOST_PER_SECOND)
        if until == self.used:
            raise SystemExit("Everybody has signed up for everything; measure fewer rounds.")
        file.write_text("\n".join(map(self.line, range(self.used, until))) + "\n")
        return file

    def note(self, sample: Sample) -> None:
        """Remember how many sign-ups were sent and acknowledged."""
        self.acknowledged += sample.requests - sample.errors
        # Each connection may have had one more request under way when time was up.
        self.unsure += CONNECTIONS
        self.used += sample.requests + 2 * CONNECTIONS

    def missing(self) -> int:
        """Return how far the sign-ups in the database are from those acknowledged."""
        stored = self._taken() - self.before
        if self.acknowledged <= stored <= self.acknowledged + self.unsure:
            return 0
        return abs(stored - self.acknowledged)


def product_request(identity: Identity, target: Target) -> str:
    """Return the request that the button on the shift page sends."""
    form = {
        "csrf_token": identity.csrf_token,
        "request_key": secrets.token_urlsafe(12),
        "risk_accepted": "1",
    }
    path = f"/shifts/{target.shift_id}/signup"
    return generator.line("POST", path, identity.cookie, urlencode(form))


def floor_request(person_id: int, target: Target) -> str:
    """Return the same wish for the floor, which believes what it is told."""
    form = {"shift": target.shift_id, "post": target.post_id, "person": person_id}
    return generator.line("POST", "/take", "", urlencode(form))


def pools_of(site: Site) -> tuple[Pool, Pool]:
    """Make room in many shifts; return the requests for the product and for the floor.

    The product works with all its rules: what the posts ask for, places that open in steps, a share
    for newcomers, lines and offers.
    """
    own, floors = _targets(site)
    post_ids = [target.post_id for target in own + floors]
    site.change(update(Post).where(Post.id.in_(post_ids)).values(capacity=PLACES))
    # The floor knows no conflicts, so it may not use up the time of the product's people.
    found = _people(site)
    people, others = found[::2], found[1::2]
    _ask_for_something(site, own, [person.id for person in people])
    return (
        Pool(site, own, site.identities(people), product_request, OPEN),
        Pool(site, floors, [person.id for person in others], floor_request),
    )


def _ask_for_something(site: Site, targets: list[Target], people: list[int]) -> None:
    """Let the posts ask for a training that these people have, and open their places in steps."""
    training = Qualification(
        kind=QualificationKind.TRAINING, key="bench", name_zh="培训", name_en="Training"
    )
    (qualification_id,) = site.add([training])
    posts = [target.post_id for target in targets]
    site.change(delete(PostNeed).where(PostNeed.post_id.in_(posts)))
    site.add(PostNeed(post_id=one, qualification_id=qualification_id) for one in posts)
    # Who waits there already has it too, and is served with the first tap, as in life.
    waiting = site.ask(
        select(SignUp.person_id).where(SignUp.post_id.in_(posts), SignUp.status == "waitlisted")
    )
    site.add(
        PersonQualification(
            person_id=one, qualification_id=qualification_id, since=date(2026, 1, 1)
        )
        for one in {*people, *(row.person_id for row in waiting)}
    )
    shifts = [target.shift_id for target in targets]
    projects = select(Shift.project_id).where(Shift.id.in_(shifts))
    steps = {"early_percent": EARLY, "newcomer_percent": NEWCOMERS}
    site.change(update(Project).where(Project.id.in_(projects)).values(steps))


def _targets(site: Site) -> tuple[list[Target], list[Target]]:
    """Choose shifts: for the product none overlaps another, so that nobody meets a conflict."""
    only_post = select(Post.shift_id).group_by(Post.shift_id).having(func.count() == 1)
    rows = site.ask(
        select(Shift.id, Post.id, Shift.starts_at, Shift.ends_at)
        .join(Post, Post.shift_id == Shift.id)
        .join(Project, Project.id == Shift.project_id)
        .where(
            Shift.status == "published",
            Project.status == "published",
            Shift.starts_at > datetime.now(UTC) + AHEAD,
            Shift.id.in_(only_post),
            Post.taken < TAKEN,
        )
        .order_by(Shift.ends_at, Shift.id)
    )
    own: list[Target] = []
    floors: list[Target] = []
    free_from = None
    for shift_id, post_id, starts_at, ends_at in rows:
        soon = starts_at < datetime.now(UTC) + WITHIN
        if soon and (free_from is None or starts_at >= free_from):
            own.append(Target(shift_id, post_id))
            free_from = ends_at + LONGEST_WAY
        elif len(floors) < FLOOR_SHIFTS:
            floors.append(Target(shift_id, post_id))
    return own, floors


def _people(site: Site) -> list[Any]:
    """Choose people without any place or line to come, whom no rule about age concerns."""
    busy = (
        select(SignUp.person_id)
        .join(Shift, Shift.id == SignUp.shift_id)
        .where(SignUp.status.in_(ACTIVE), Shift.ends_at > datetime.now(UTC))
    )
    rows: list[Any] = site.ask(
        select(Person.id, Person.session_key)
        .where(
            Person.deleted_at.is_(None),
            Person.birth_date.is_(None),
            Person.phone.is_not(None),
            Person.id.not_in(busy),
        )
        .order_by(Person.id.desc())
        .limit(2 * PEOPLE)
    )
    return rows
