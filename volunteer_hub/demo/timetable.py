"""Shifts and their posts: on which days, at what time, with how many places."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from volunteer_hub.demo.plan import Plan, Row
from volunteer_hub.demo.projects import Offer
from volunteer_hub.shifts.models import SEATED, Post, Shift, ShiftStatus, SignUp, SignUpStatus
from volunteer_hub.shifts.times import local_columns

# Months and days on which nobody in an office works, whatever the year.
DAYS_OFF = {(1, 1), (5, 1), (5, 2), (5, 3), *((10, day) for day in range(1, 8))}
PUBLISHED_DAYS_BEFORE = 21
ROUNDS = 20


@dataclass
class Occasion:
    """One shift with its posts."""

    offer: Offer
    shift: Row
    posts: list[Row]

    @property
    def day(self) -> date:
        day: date = self.shift["day"]
        return day

    @property
    def capacity(self) -> int:
        return sum(post["capacity"] for post in self.posts)


def feasible(offer: Offer, first: date, last: date) -> list[date]:
    """Return the days between two, both included, on which the project can have a shift."""
    first, last = max(first, offer.period.first), min(last, offer.period.last)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [
        day
        for day in days
        if day.isoweekday() in offer.window["weekdays"]
        and day not in offer.days
        and (day.month, day.day) not in DAYS_OFF
    ]


def spread(
    plan: Plan, room: list[int], weights: list[float], total: int, *, least: list[int]
) -> list[int]:
    """Share `total` shifts out over projects: by weight and luck, at most `room` each."""
    counts = [min(pair) for pair in zip(least, room, strict=True)]
    luck = [weight * plan.rng.lognormvariate(0, 0.5) for weight in weights]
    for _ in range(ROUNDS):
        left = total - sum(counts)
        open_ = [place for place, count in enumerate(counts) if count < room[place]]
        if left <= 0 or not open_:
            break
        for place in plan.rng.choices(open_, [luck[place] for place in open_], k=left):
            counts[place] = min(counts[place] + 1, room[place])
    return counts


def pick_days(plan: Plan, days: list[date], weights: list[float], count: int) -> list[date]:
    """Draw distinct days, in order; all of them when there are not enough."""
    if count >= len(days):
        return days
    keys = [
        (plan.rng.random() ** (1 / weight), day) for day, weight in zip(days, weights, strict=True)
    ]
    keys.sort(reverse=True)
    return sorted(day for _key, day in keys[:count])


def add_shift(
    plan: Plan,
    offer: Offer,
    day: date,
    *,
    start: int | None = None,
    length: int | None = None,
    capacity: int | None = None,
) -> Occasion:
    """Collect a published shift; minutes are those of the local day."""
    if start is None:
        start = offer.start + (0 if plan.rng.random() < 0.8 else plan.rng.choice((-10, -5, 5, 10)))
    starts_at = plan.moment(day, start)
    ends_at = plan.moment(day, start + (length or offer.category["duration"]))
    published_on = min(day, plan.today) - timedelta(days=PUBLISHED_DAYS_BEFORE)
    shift = plan.add(
        Shift,
        project_id=offer.project["id"],
        place_id=offer.project["place_id"],
        starts_at=starts_at,
        ends_at=ends_at,
        meeting_point=offer.meeting_point,
        status=str(ShiftStatus.PUBLISHED),
        created_at=plan.moment(published_on, 10 * 60),
        **local_columns(starts_at, ends_at, plan.zone),
    )
    offer.days.add(day)
    last = offer.project["last_starts_at"]
    offer.project["last_starts_at"] = max(last, starts_at) if last else starts_at
    return Occasion(offer, shift, _posts(plan, offer, shift["id"], capacity))


def _posts(plan: Plan, offer: Offer, shift_id: int, capacity: int | None) -> list[Row]:
    least, most = offer.category["capacity"]
    places = capacity or max(len(offer.posts), round(plan.rng.triangular(least, most, least)))
    posts = []
    for position, name in enumerate(offer.posts):
        share = places // len(offer.posts) + (position < places % len(offer.posts))
        posts.append(
            plan.add(
                Post,
                shift_id=shift_id,
                position=position,
                name_zh=name["zh"],
                name_en=name["en"],
                capacity=share,
                minimum=(share + 1) // 2,
                taken=0,
            )
        )
    return posts


def first_open(occasion: Occasion) -> Row:
    """Return the first post with a place left; raises StopIteration when there is none."""
    return next(post for post in occasion.posts if post["taken"] < post["capacity"])


def sign_up(
    plan: Plan,
    occasion: Occasion,
    post: Row,
    person_id: int,
    status: SignUpStatus = SignUpStatus.CONFIRMED,
    *,
    when: float = 0.5,
    reason: str = "",
) -> Row:
    """Collect a sign-up; a confirmed or offered one takes a place.

    `when` says when between publication (0) and the start or today's midnight (1) it was made.
    """
    published = occasion.shift["created_at"]
    latest = min(occasion.shift["starts_at"], plan.last_midnight)
    signed_up_at = (published + (latest - published) * when).replace(microsecond=0)
    cancelled = status is SignUpStatus.CANCELLED
    if status in SEATED:
        post["taken"] += 1
    return plan.add(
        SignUp,
        shift_id=occasion.shift["id"],
        post_id=post["id"],
        person_id=person_id,
        status=str(status),
        signed_up_at=signed_up_at,
        risk_accepted_at=signed_up_at,
        risk_digest=occasion.offer.risk,
        cancelled_at=signed_up_at + (latest - signed_up_at) / 2 if cancelled else None,
        cancel_reason=reason,
    )
