"""Seniors' wishes of the well-known one-to-one project: in each state, a paired shift, pairs met.

Its organisation is coordinated by the demo's coordinator too, so that all of it can be seen.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from volunteer_hub.accounts.models import Person, PersonQualification, RoleGrant
from volunteer_hub.attendance.models import Attendance, AttendanceStatus
from volunteer_hub.core.permissions import Role
from volunteer_hub.demo.people import COORDINATOR, VOLUNTEER
from volunteer_hub.demo.plan import Plan, Row
from volunteer_hub.demo.projects import Offer, Offers
from volunteer_hub.demo.timetable import Occasion, sign_up
from volunteer_hub.demo.wishes import LANGUAGES, Wishes
from volunteer_hub.matching.one_to_one.models import (
    PairingState,
    RequestState,
    TopicHelper,
)
from volunteer_hub.matching.one_to_one.pairs import History, Senior, Volunteer, best_pairs
from volunteer_hub.shifts.models import Post, Shift, SignUp, SignUpStatus

# What the volunteer of the login page teaches: the first topic.
TAUGHT = ("微信视频", "WeChat video calls")
ENTERED, VERIFIED, IN_SHIFT = 3, 6, 8
# Well before what tells of seniors is taken out.
LATELY = 80
# Not within a week: the volunteer of the login page keeps lunches to try things with.
SHORTEST_AHEAD, LONGEST_AHEAD = 8, 20
ANSWER = "近期没有会法语的志愿者，建议先到社区学校的手机班，有合适的伙伴再联系您。"


def build(plan: Plan, offers: Offers, occasions: list[Occasion]) -> None:
    """Collect wishes in each state, pairs of a shift to come, and pairs that met."""
    offer = offers.flagships["elder_digital"]
    _let_the_coordinator_in(plan, offer)
    wishes = Wishes(plan, offer)
    _met(plan, offers)
    for n in range(ENTERED):
        wishes.add(n + 1, entered_by=COORDINATOR if n == 0 else wishes.staff[0])
    for n in range(VERIFIED):
        wishes.verify(wishes.add(n + 3), n + 2)
    closed = wishes.add(9, language_id=LANGUAGES["lang_fr"])
    wishes.step(closed, RequestState.CLOSED, wishes.at(7, 11 * 60), wishes.staff[1], ANSWER)
    withdrawn = wishes.add(8)
    wishes.step(withdrawn, RequestState.WITHDRAWN, wishes.at(6, 10 * 60), wishes.staff[0])
    _paired(plan, wishes, occasions)


def _let_the_coordinator_in(plan: Plan, offer: Offer) -> None:
    organisation_id = offer.project["organisation_id"]
    if COORDINATOR in offer.coordinators:
        return
    known = next(row for row in plan.rows[RoleGrant] if row["role"] == str(Role.COORDINATOR))
    plan.add(RoleGrant, **{
        **{name: value for name, value in known.items() if name != "id"},
        "person_id": COORDINATOR, "organisation_id": organisation_id,
    })  # fmt: skip


def _paired(plan: Plan, wishes: Wishes, occasions: list[Occasion]) -> None:
    """Fill a shift to come with wishes, and pair them as the site does."""
    occasion = _occasion(plan, wishes.offer, occasions)
    if occasion is None:
        return
    if plan.is_free(VOLUNTEER, occasion.day) and _has_room(occasion):
        plan.occupy(VOLUNTEER, occasion.day)
        sign_up(plan, occasion, occasion.posts[0], VOLUNTEER)
        plan.add_without_id(TopicHelper, person_id=VOLUNTEER, topic_id=1)
    places = _places(plan, occasion.posts[0])
    count = min(len(places) + 1, IN_SHIFT, occasion.posts[0]["capacity"])
    placed = []
    for n in range(count):
        row = wishes.add(6 + n % 3)
        wishes.verify(row, 4)
        wishes.place(row, occasion.shift, n + 1, 2)
        placed.append(row)
    _pair(plan, wishes, placed, places)


def _occasion(plan: Plan, offer: Offer, occasions: list[Occasion]) -> Occasion | None:
    ahead = [
        one
        for one in occasions
        if one.offer is offer
        and SHORTEST_AHEAD <= (one.day - plan.today).days <= LONGEST_AHEAD
        and one.posts[0]["taken"] > 1
    ]
    mine = {row["post_id"] for row in plan.rows[SignUp] if row["person_id"] == VOLUNTEER}
    free = [one for one in ahead if plan.is_free(VOLUNTEER, one.day) and _has_room(one)]
    return next(iter([one for one in ahead if one.posts[0]["id"] in mine] or free or ahead), None)


def _has_room(occasion: Occasion) -> bool:
    partners = occasion.posts[0]
    return bool(partners["taken"] < partners["capacity"])


def _places(plan: Plan, post: Row) -> list[Row]:
    return [
        row
        for row in plan.rows[SignUp]
        if row["post_id"] == post["id"] and row["status"] == str(SignUpStatus.CONFIRMED)
    ]


def _pair(plan: Plan, wishes: Wishes, placed: list[Row], places: list[Row]) -> None:
    spoken = _spoken(plan, {row["person_id"] for row in places})
    teaches = {row["person_id"]: {row["topic_id"]} for row in plan.rows[TopicHelper]}
    seniors = [Senior(row["id"], row["language_id"], row["topic_id"]) for row in placed]
    volunteers = [
        Volunteer(
            row["person_id"], spoken[row["person_id"]],
            frozenset(teaches.get(row["person_id"], ())),
        )
        for row in places
    ]  # fmt: skip
    row_of = {row["id"]: row for row in placed}
    place_of = {row["person_id"]: row for row in places}
    for request_id, person_id in best_pairs(seniors, volunteers, History()):
        row = row_of[request_id]
        wishes.pair(row, place_of[person_id], _why(row, teaches.get(person_id, set())))


def _spoken(plan: Plan, people: set[int]) -> dict[int, frozenset[int]]:
    """Return the languages of these people; who named none speaks Mandarin, as on the site."""
    named: dict[int, set[int]] = {person: set() for person in people}
    for row in plan.rows[PersonQualification]:
        if row["person_id"] in people and row["qualification_id"] in LANGUAGES.values():
            named[row["person_id"]].add(row["qualification_id"])
    english = {row["id"] for row in plan.rows[Person] if row["language"] == "en"}
    mandarin = LANGUAGES["lang_zh"]
    return {
        person: frozenset(known or (() if person in english else {mandarin}))
        for person, known in named.items()
    }


def _why(row: Row, teaches: set[int]) -> list[Any]:
    mandarin = row["language_id"] == LANGUAGES["lang_zh"]
    why = [
        ["language", "普通话", "Mandarin"] if mandarin else ["language", "上海话", "Shanghainese"]
    ]
    return [*why, ["topic", *TAUGHT]] if row["topic_id"] in teaches else why


def _met(plan: Plan, offers: Offers) -> None:
    """Let two pairs have met lately; one of them wants to go on, and waits for the next time."""
    offer_of = {one.project["id"]: one for one in offers.all if one.project["one_to_one"]}
    shifts = {
        row["id"]: row
        for row in plan.rows[Shift]
        if row["project_id"] in offer_of and _is_lately(plan, row["day"])
    }
    partners = {row["id"] for row in plan.rows[Post] if row["position"] == 0}
    came = [
        row
        for row in plan.rows[Attendance]
        if row["shift_id"] in shifts
        and row["post_id"] in partners
        and row["sign_up_id"] is not None
        and row["status"] == str(AttendanceStatus.PRESENT)
    ]
    came.sort(key=lambda row: shifts[row["shift_id"]]["starts_at"], reverse=True)
    # The volunteer of the login page has still to say whether to meet again.
    own = [row for row in came if row["person_id"] == VOLUNTEER]
    others = [row for row in came if row["person_id"] != VOLUNTEER]
    place_of = {row["id"]: row for row in plan.rows[SignUp]}
    tables: Counter[int] = Counter()
    for row in others[:1]:
        shift = shifts[row["shift_id"]]
        wishes = Wishes(plan, offer_of[shift["project_id"]])
        wish = _served(wishes, shift, place_of[row["sign_up_id"]], tables, volunteer_again=True)
        again = wishes.add(
            2,
            language_id=wish["language_id"],
            topic_id=wish["topic_id"],
            given_name=wish["given_name"],
            first_id=wish["id"],
        )
        wishes.verify(again, 1)
    for row in own[:1] or others[1:2]:
        shift = shifts[row["shift_id"]]
        wishes = Wishes(plan, offer_of[shift["project_id"]])
        _served(wishes, shift, place_of[row["sign_up_id"]], tables, given_name="惠珍")


def _served(
    wishes: Wishes,
    shift: Row,
    place: Row,
    tables: Counter[int],
    *,
    volunteer_again: bool | None = None,
    **fields: Any,
) -> Row:
    """Collect a wish that was met in a shift that is over; the senior would like to go on."""
    days_ago = (wishes.plan.today - shift["day"]).days
    wish = wishes.add(days_ago + 9, language_id=LANGUAGES["lang_zh"], **fields)
    wishes.verify(wish, days_ago + 7)
    tables[shift["id"]] += 1
    wishes.place(wish, shift, tables[shift["id"]], days_ago + 3)
    wishes.pair(
        wish, place, _why(wish, set()), state=str(PairingState.MET),
        volunteer_again=volunteer_again, senior_again=True,
    )  # fmt: skip
    wishes.step(wish, RequestState.SERVED, shift["ends_at"] + timedelta(hours=2), None)
    return wish


def _is_lately(plan: Plan, day: date) -> bool:
    return plan.days_ago(LATELY) <= day < plan.today
