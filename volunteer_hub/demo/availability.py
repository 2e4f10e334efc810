"""Who stands by and when, what they like, and what the demo's volunteer is invited to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from volunteer_hub.accounts.models import Consent, Person
from volunteer_hub.core.calendar import Window
from volunteer_hub.demo.people import IDENTITIES, VOLUNTEER, People
from volunteer_hub.demo.plan import Plan, Row
from volunteer_hub.demo.projects import Offers
from volunteer_hub.demo.timetable import Occasion
from volunteer_hub.matching.availability import CONSENT_VERSION, STANDBY_CONSENT
from volunteer_hub.matching.models import (
    Availability,
    Away,
    FreeWindow,
    Interest,
    Invitation,
    InvitationKind,
    InvitationState,
)
from volunteer_hub.matching.reasons import reasons
from volunteer_hub.matching.windows import DAYS, HOURS
from volunteer_hub.projects.models import Category

STANDBY_SHARE = 1 / 6
# How many have each window, and how likely each of its days is then.
WINDOWS = {
    Window.BEFORE_WORK: (0.25, 0.35),
    Window.LUNCH: (0.6, 0.45),
    Window.AFTER_WORK: (0.4, 0.4),
    Window.WEEKEND_AM: (0.3, 0.6),
    Window.WEEKEND_PM: (0.2, 0.6),
}
LIMITS, LIMIT_WEIGHTS = (1, 2, 3, 4), (62, 25, 9, 4)
WALKS, WALK_WEIGHTS = (5, 10, 15, 20, 30), (10, 30, 35, 17, 8)
AWAY_SHARE, INTERESTED_SHARE = 0.12, 0.7
# What the volunteer of the login page has said.
IDENTITY_FREE = {Window.LUNCH: range(5), Window.BEFORE_WORK: (1, 3), Window.WEEKEND_AM: (5,)}
IDENTITY_LIKES = ("hospital_guide", "elder_digital")
INVITED_DAYS = (3, 12)


def build(plan: Plan, people: People, offers: Offers, occasions: list[Occasion]) -> None:
    """Collect availability for a sixth of all people, and some invitations."""
    gone = {row["id"] for row in plan.rows[Person] if row["deleted_at"]}
    for person in plan.rows[Person][len(IDENTITIES) :]:
        if person["id"] in people.reserved | gone or plan.rng.random() > STANDBY_SHARE:
            continue
        _stand_by(plan, person["id"])
    _identity(plan)
    _invite(plan, offers, occasions)


def _stand_by(plan: Plan, person_id: int) -> None:
    rng = plan.rng
    free = [
        (day, window)
        for window, (share, each) in WINDOWS.items()
        if rng.random() < share
        for day in DAYS[window]
        if rng.random() < each
    ] or [(rng.randrange(5), Window.LUNCH)]
    limit = rng.choices(LIMITS, LIMIT_WEIGHTS)[0]
    walk = rng.choices(WALKS, WALK_WEIGHTS)[0]
    _say(plan, person_id, free, weekly_limit=limit, farthest_walk=walk)
    if rng.random() < AWAY_SHARE:
        first = plan.days_ago(-rng.randint(1, 20))
        last = first + timedelta(days=rng.randint(0, 6))
        plan.add(Away, person_id=person_id, first_day=first, last_day=last)
    if rng.random() < INTERESTED_SHARE:
        for category in rng.sample(plan.rows[Category], rng.randint(1, 4)):
            plan.add_without_id(Interest, person_id=person_id, category_id=category["id"])


def _say(plan: Plan, person_id: int, free: list[tuple[int, Window]], **limits: Any) -> None:
    moment = plan.moment(plan.days_ago(plan.rng.randint(2, 60)), 20 * 60)
    plan.add_without_id(Availability, person_id=person_id, standby=True, saved_at=moment, **limits)
    plan.add(
        Consent, person_id=person_id, purpose=STANDBY_CONSENT, version=CONSENT_VERSION,
        given_at=moment,
    )  # fmt: skip
    for weekday, window in free:
        start, end = HOURS[window]
        plan.add_without_id(
            FreeWindow,
            person_id=person_id,
            weekday=weekday,
            window=str(window),
            start_minute=start,
            end_minute=end,
        )


def _identity(plan: Plan) -> None:
    free = [(day, window) for window, days in IDENTITY_FREE.items() for day in days]
    _say(plan, VOLUNTEER, free, weekly_limit=3, farthest_walk=15)
    for category in plan.rows[Category]:
        if category["key"] in IDENTITY_LIKES:
            plan.add_without_id(Interest, person_id=VOLUNTEER, category_id=category["id"])


def _invite(plan: Plan, offers: Offers, occasions: list[Occasion]) -> None:
    """Ask the demo's volunteer about one shift of each kind they like."""
    for key in IDENTITY_LIKES:
        fitting = (
            (occasion, post)
            for occasion in occasions
            if occasion.offer is offers.flagships[key] and _suits(plan, occasion)
            for post in occasion.posts
            if post["taken"] < post["capacity"]
        )
        found = next(fitting, None)
        if found:
            _add_invitation(plan, *found)


def _suits(plan: Plan, occasion: Occasion) -> bool:
    ahead = (occasion.day - plan.today).days
    if not INVITED_DAYS[0] <= ahead <= INVITED_DAYS[1] or not plan.is_free(VOLUNTEER, occasion.day):
        return False
    window = Window(occasion.shift["window"])
    start, end = HOURS.get(window, (0, 0))
    return (
        occasion.day.weekday() in IDENTITY_FREE.get(window, ())
        and start <= occasion.shift["start_minute"]
        and occasion.shift["end_minute"] <= end
    )


def _add_invitation(plan: Plan, occasion: Occasion, post: Row) -> None:
    category = occasion.offer.category
    plan.add(
        Invitation,
        kind=str(InvitationKind.MATCH),
        shift_id=occasion.shift["id"],
        post_id=post["id"],
        person_id=VOLUNTEER,
        state=str(InvitationState.OPEN),
        why=reasons(
            window=occasion.shift["window"],
            liked=(category["zh"], category["en"]),
            short=post["minimum"] - post["taken"],
        ),
        made_by=occasion.offer.coordinators[0],
        made_at=plan.last_midnight,
        expires_at=occasion.shift["starts_at"] - timedelta(hours=24),
    )
