"""What must always hold of sign-ups, worked out anew from the rows and without the engine."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import combinations
from math import ceil
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import PersonQualification
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.geo import travel_minutes
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Place
from volunteer_hub.shifts.models import (
    ChangeReceipt,
    Hold,
    Offer,
    Post,
    PostNeed,
    Shift,
    SignUp,
)

ACTIVE = ("confirmed", "waitlisted", "offered")
NEAR = timedelta(minutes=30)


class Seat(NamedTuple):
    """A sign-up as it stands."""

    id: int
    shift_id: int
    post_id: int
    person_id: int
    status: str


class Truth:
    """Everything about some shifts, read at one moment."""

    def __init__(self, session: Session, shift_ids: list[int], now: datetime) -> None:
        self.now = now
        ask = session.execute
        self.shifts: dict[int, Any] = {
            row.id: row
            for row in ask(
                select(
                    Shift.id, Shift.starts_at, Shift.ends_at, Shift.status, Shift.day,
                    Place.id.label("place_id"), Place.lat, Place.lng,
                    Project.early_percent, Project.newcomer_percent,
                )
                .join(Project, Project.id == Shift.project_id)
                .join(Place, Place.id == Shift.place_id)
                .where(Shift.id.in_(shift_ids))
            )
        }  # fmt: skip
        self.posts: dict[int, Any] = {
            row.id: row
            for row in ask(
                select(Post.id, Post.shift_id, Post.capacity, Post.taken, Post.shrink_to)
                .where(Post.shift_id.in_(shift_ids))
            )
        }  # fmt: skip
        of_shift = SignUp.shift_id.in_(shift_ids)
        self.seats = {
            row.id: Seat(*row)
            for row in ask(
                select(
                    SignUp.id, SignUp.shift_id, SignUp.post_id, SignUp.person_id, SignUp.status
                ).where(of_shift).order_by(SignUp.id)
            )
        }  # fmt: skip
        self.newcomers = set(session.scalars(select(SignUp.id).where(of_shift, SignUp.newcomer)))
        in_post = list(self.posts)
        self.offers = ask(
            select(Offer.id, Offer.sign_up_id, Offer.post_id, Offer.person_id, Offer.state)
            .where(Offer.post_id.in_(in_post))
        ).all()  # fmt: skip
        self.holds = ask(
            select(Hold.id, Hold.post_id, Hold.places, Hold.until).where(Hold.post_id.in_(in_post))
        ).all()
        self.asked = set(
            session.scalars(select(ChangeReceipt.sign_up_id).where(ChangeReceipt.state == "asked"))
        )
        self.needs = ask(
            select(PostNeed.post_id, PostNeed.qualification_id).where(PostNeed.post_id.in_(in_post))
        ).all()
        self.has = set(
            map(tuple, ask(select(
                PersonQualification.person_id, PersonQualification.qualification_id
            )))
        )  # fmt: skip
        noted = select(AuditEntry.object_id).where(
            AuditEntry.object_type == "sign_up", AuditEntry.object_id.in_(list(self.seats))
        )
        self.noted = Counter(session.scalars(noted))

    # ------------------------------------------------------------ at any moment

    def faults(self) -> list[str]:
        """Return what does not hold, one sentence each."""
        return [*self._counting(), *self._twice(), *self._offers(), *self._overlaps()]

    def _counting(self) -> list[str]:
        found = []
        for post in self.posts.values():
            states = Counter(s.status for s in self.seats.values() if s.post_id == post.id)
            held = sum(hold.places for hold in self.holds if hold.post_id == post.id)
            counted = states["confirmed"] + states["offered"] + held
            if counted != post.taken:
                found.append(f"post {post.id}: {counted} places are had, taken says {post.taken}")
            if post.taken > post.capacity:
                found.append(f"post {post.id}: {post.taken} of {post.capacity}")
        return found

    def _twice(self) -> list[str]:
        pairs = Counter(
            (s.shift_id, s.person_id) for s in self.seats.values() if s.status in ACTIVE
        )
        return [f"{pair} has {n} sign-ups" for pair, n in pairs.items() if n > 1]

    def _offers(self) -> list[str]:
        opened = Counter(offer.sign_up_id for offer in self.offers if offer.state == "open")
        return [
            f"sign-up {seat.id} is {seat.status} with {opened[seat.id]} open offers"
            for seat in self.seats.values()
            if opened[seat.id] != (seat.status == "offered")
        ]

    def _overlaps(self) -> list[str]:
        mine: dict[int, list[Seat]] = {}
        for seat in self.seats.values():
            if seat.status == "confirmed" and self._is_on(seat.shift_id):
                mine.setdefault(seat.person_id, []).append(seat)
        return [
            f"person {person} is at {a.shift_id} and at {b.shift_id} at the same time"
            for person, seats in mine.items()
            for a, b in combinations(seats, 2)
            if self.collide(a.shift_id, b.shift_id) and not {a.id, b.id} & self.asked
        ]

    def _is_on(self, shift_id: int) -> bool:
        return bool(self.shifts[shift_id].status == "published")

    def collide(self, one: int, other: int) -> bool:
        """Tell whether nobody can be at both, the way included."""
        a, b = self.shifts[one], self.shifts[other]
        gap = max(b.starts_at - a.ends_at, a.starts_at - b.ends_at)
        if a.place_id == b.place_id:
            return bool(gap < timedelta(0))
        way = min(120, travel_minutes(a.lat, a.lng, b.lat, b.lng))
        return bool(gap < timedelta(minutes=way))

    # ------------------------------------------------------------ the line

    def could_have(self, seat: Seat) -> bool:
        """Tell whether no rule keeps this person of the line out of the post now."""
        shift = self.shifts[seat.shift_id]
        ahead = shift.starts_at - self.now
        if not self._is_on(seat.shift_id) or ahead <= timedelta(0):
            return False
        if shift.early_percent < 100 and ahead > timedelta(days=7):
            return False
        wanted = {need.qualification_id for need in self.needs if need.post_id == seat.post_id}
        if not all((seat.person_id, one) in self.has for one in wanted):
            return False
        return not any(
            other.person_id == seat.person_id
            and other.status == "confirmed"
            and other.shift_id != seat.shift_id
            and self._is_on(other.shift_id)
            and self.collide(seat.shift_id, other.shift_id)
            for other in self.seats.values()
        )

    def open_places(self, post_id: int, *, newcomer: bool) -> int:
        """Return how many places of the post are open to this kind of person now."""
        post = self.posts[post_id]
        shift = self.shifts[post.shift_id]
        ahead, places = shift.starts_at - self.now, post.capacity
        if shift.early_percent < 100 and ahead > timedelta(hours=48):
            places = ceil(places * shift.early_percent / 100)
        if shift.newcomer_percent and not newcomer and ahead > timedelta(hours=24):
            in_ = sum(
                s.id in self.newcomers and s.status in ("confirmed", "offered")
                for s in self.seats.values()
                if s.post_id == post_id
            )
            places -= max(0, places * shift.newcomer_percent // 100 - in_)
        return int(places)

    def line(self, post_id: int) -> list[Seat]:
        return [s for s in self.seats.values() if s.post_id == post_id and s.status == "waitlisted"]

    def waiting_beside_a_free_place(self) -> list[str]:
        """Return who waits although a place is free; nobody may once the worker has been."""
        found = []
        for post in self.posts.values():
            if self.shifts[post.shift_id].starts_at - self.now < NEAR:
                continue
            for seat in self.line(post.id):
                most = self.open_places(post.id, newcomer=seat.id in self.newcomers)
                if post.taken < min(most, post.capacity) and self.could_have(seat):
                    found.append(f"sign-up {seat.id} waits beside a free place")
        return found

    def kept_too_long(self) -> list[str]:
        """Return what is still kept for somebody less than 48 hours before the start."""
        return [
            f"{hold.places} places of post {hold.post_id} are kept past {hold.until}"
            for hold in self.holds
            if hold.places
            and (
                hold.until <= self.now
                or self.shifts[self.posts[hold.post_id].shift_id].starts_at - self.now
                <= timedelta(hours=48)
            )
        ]


def unfair(before: Truth, after: Truth) -> list[str]:
    """Return who got a place in between while somebody earlier in the line could have had it."""
    return [
        f"sign-up {seat.id} passed {earlier.id} in line"
        for seat in after.seats.values()
        if _has_come_in(before, after, seat)
        for earlier in after.line(seat.post_id)
        if earlier.id < seat.id
        and earlier.id in before.seats
        and before.seats[earlier.id].status == "waitlisted"
        and not (seat.id in after.newcomers and earlier.id not in after.newcomers)
        and after.could_have(earlier)
    ]


def _has_come_in(before: Truth, after: Truth, seat: Seat) -> bool:
    """Tell whether a place that belongs to the line has gone to this sign-up."""
    if seat.status not in ("confirmed", "offered"):
        return False
    if after.shifts[seat.shift_id].starts_at - after.now < NEAR:
        return False
    had = before.seats.get(seat.id)
    if had is None:
        return seat.status == "confirmed" and not _held(before, after, seat.post_id)
    return had.status == "waitlisted"


def _held(before: Truth, after: Truth, post_id: int) -> bool:
    """Tell whether a place that was held for colleagues has been used."""
    return sum(h.places for h in before.holds if h.post_id == post_id) > sum(
        h.places for h in after.holds if h.post_id == post_id
    )


def unwritten(before: Truth, after: Truth) -> list[str]:
    """Return the sign-ups that changed in between without a word in the audit."""
    return [
        f"sign-up {seat.id} became {seat.status} and the audit does not know"
        for seat in after.seats.values()
        if (seat.id not in before.seats or before.seats[seat.id].status != seat.status)
        and after.noted[seat.id] == before.noted[seat.id]
    ]
