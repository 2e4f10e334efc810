"""The shifts of the coming weeks and who has signed up for them so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from itertools import accumulate

from volunteer_hub.accounts.models import Person
from volunteer_hub.demo.people import IDENTITIES, VOLUNTEER, People
from volunteer_hub.demo.plan import UPCOMING_DAYS, Plan, Row
from volunteer_hub.demo.projects import Offer, Offers
from volunteer_hub.demo.timetable import (
    Occasion,
    add_shift,
    feasible,
    pick_days,
    sign_up,
    spread,
)
from volunteer_hub.shifts.models import SignUpStatus

# Share of places taken tomorrow, and how much of it each further day costs.
FILL_NEAR, FILL_STEP = 0.68, 0.012
FLAGSHIP_FILL = 0.55
# Each further day has so much less: plans are made for the near days.
DAY_WEIGHT = 0.97
FULL_NEAR, FULL_FAR = 0.13, 0.05
WAITS, LONGEST_LINE = 0.45, 4
CANCELS = 0.05
FROM_ACTIVE = 0.3
TRIES = 30
# The first phones have nothing ahead: load and race checks sign up with them.
KEPT_FREE, KEPT_FREE_SHARE = 500, 0.1


class Newcomers:
    """Draws who signs up: some of those who come often, many who come for the first time."""

    def __init__(self, plan: Plan, people: People) -> None:
        self.plan = plan
        self.people = people
        self._count = len(plan.rows[Person])
        self._first = len(IDENTITIES) + min(KEPT_FREE, round(self._count * KEPT_FREE_SHARE))
        self._ids = list(people.active)
        self._weights = list(accumulate(people.active.values()))

    def someone(self, day: date) -> int | None:
        """Draw a person who has nothing on that day, and take the day."""
        rng = self.plan.rng
        for _ in range(TRIES):
            if rng.random() < FROM_ACTIVE:
                person_id = rng.choices(self._ids, cum_weights=self._weights)[0]
            else:
                person_id = rng.randint(self._first + 1, self._count)
            able = person_id > self._first and person_id not in self.people.reserved
            if able and self.plan.occupy(person_id, day):
                return person_id
        return None


def build(plan: Plan, people: People, offers: Offers) -> list[Occasion]:
    """Collect today's and the coming shifts with their sign-ups."""
    newcomers = Newcomers(plan, people)
    occasions = [add_shift(plan, offer, day) for offer, day in _days(plan, offers)]
    for occasion in occasions:
        fill(plan, occasion, newcomers.someone)
    _identity(plan, offers, occasions)
    return occasions


def _days(plan: Plan, offers: Offers) -> list[tuple[Offer, date]]:
    """Draw the days: the well-known projects each fitting day, the others more in the near days."""
    horizon = plan.days_ago(-UPCOMING_DAYS)
    chosen = {}
    for offer in offers.flagships.values():
        chosen[offer.project["id"]] = feasible(offer, plan.today, horizon)
    # The coordinator's desk is never empty, not even on a Sunday.
    hospital = offers.flagships["hospital_guide"]
    if plan.today not in chosen[hospital.project["id"]]:
        chosen[hospital.project["id"]].append(plan.today)
    for offer in offers.all:
        if offer.phase == "coming":
            first = offer.period.first
            days = feasible(offer, first, first + timedelta(days=20))
            chosen[offer.project["id"]] = pick_days(
                plan, days, [1.0] * len(days), plan.rng.randint(1, 2)
            )
    live = [offer for offer in offers.live() if not offer.flagship]
    days_of = [feasible(offer, plan.today, horizon) for offer in live]
    counts = spread(
        plan,
        [len(days) for days in days_of],
        _by_window(live),
        plan.scale.upcoming - sum(len(days) for days in chosen.values()),
        least=[1] * len(live),
    )
    for offer, days, count in zip(live, days_of, counts, strict=True):
        weights = [DAY_WEIGHT ** (day - plan.today).days for day in days]
        chosen[offer.project["id"]] = pick_days(plan, days, weights, count)
    pairs = [(offer, day) for offer in offers.all for day in chosen.get(offer.project["id"], [])]
    return sorted(pairs, key=lambda pair: (pair[1], pair[0].project["id"]))


def _by_window(offers: list[Offer]) -> list[float]:
    """Return weights with which the windows get the shares of all shifts that the seed names."""
    projects = Counter(offer.window["key"] for offer in offers)
    return [offer.window["share"] / projects[offer.window["key"]] for offer in offers]


def fill(plan: Plan, occasion: Occasion, someone: Callable[[date], int | None]) -> None:
    """Let people sign up; only a shift that is meant to be full gets full, some with a line."""
    rng, day = plan.rng, occasion.day
    ahead = max(0, (day - plan.today).days)
    mean = max(0.2, FILL_NEAR - FILL_STEP * ahead)
    full = rng.random() < FULL_NEAR + (FULL_FAR - FULL_NEAR) * min(1.0, ahead / UPCOMING_DAYS)
    if occasion.offer.flagship:
        mean, full = FLAGSHIP_FILL, False
    moments = iter(sorted(rng.random() for _ in range(occasion.capacity + LONGEST_LINE + 1)))
    for post in occasion.posts:
        for _ in range(_places(plan, post, mean, full=full)):
            _enter(plan, occasion, post, someone(day), SignUpStatus.CONFIRMED, next(moments))
    post = occasion.posts[0]
    if full and post["taken"] == post["capacity"] and rng.random() < WAITS:
        for _ in range(rng.randint(1, LONGEST_LINE)):
            _enter(plan, occasion, post, someone(day), SignUpStatus.WAITLISTED, next(moments))
    elif rng.random() < CANCELS * occasion.capacity:
        _enter(plan, occasion, post, someone(day), SignUpStatus.CANCELLED, next(moments))


def _places(plan: Plan, post: Row, mean: float, *, full: bool) -> int:
    capacity: int = post["capacity"]
    if full:
        return capacity
    share = plan.rng.betavariate(mean * 5, (1 - mean) * 5)
    return max(0, min(capacity - 1, round(capacity * share)))


def _enter(
    plan: Plan,
    occasion: Occasion,
    post: Row,
    person_id: int | None,
    status: SignUpStatus,
    when: float,
) -> None:
    if person_id is not None:
        sign_up(plan, occasion, post, person_id, status, when=when)


def _identity(plan: Plan, offers: Offers, occasions: list[Occasion]) -> None:
    """Give the demo's volunteer two places: a morning at the hospital and a run after work."""
    for key, days_ahead in (("hospital_guide", 2), ("environment", 4)):
        occasion, post = next(
            (occasion, post)
            for occasion in occasions
            for post in occasion.posts
            if occasion.offer is offers.flagships[key]
            and occasion.day >= plan.days_ago(-days_ahead)
            and post["taken"] < post["capacity"]
            and plan.is_free(VOLUNTEER, occasion.day)
        )
        plan.occupy(VOLUNTEER, occasion.day)
        sign_up(plan, occasion, post, VOLUNTEER, when=0.9)
