"""A year of shifts that are over: who signed up, who came, and what is in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate

from volunteer_hub.attendance.models import Attendance, AttendanceMethod, AttendanceStatus
from volunteer_hub.demo.people import LEADER, VOLUNTEER, People, workplace
from volunteer_hub.demo.plan import HISTORY_DAYS, Plan, Row
from volunteer_hub.demo.projects import Offer, Offers
from volunteer_hub.demo.timetable import (
    Occasion,
    add_shift,
    feasible,
    pick_days,
    sign_up,
    spread,
)
from volunteer_hub.hours.crediting import Span, credited_minutes
from volunteer_hub.shifts.models import SignUpStatus

CANCELLED, NO_SHOW, LATE_ENTRY = 0.08, 0.06, 0.04
OPEN_DAYS = 6
IDENTITY_SHIFTS = 6
HOME_ACTIVE = 12
TRIES = 12
LATE_REASON = "队长手机没电，当天未能登记；纸质签到表已由居委会留存，见照片编号。"


@dataclass
class Past:
    """A shift that is over; `confirmed_at` is None while its hours wait for confirmation."""

    occasion: Occasion
    confirmed_at: datetime | None
    confirmed_by: int


class History:
    """Draws who was where; `shifts` are in order of day."""

    def __init__(self, plan: Plan, people: People) -> None:
        self.plan = plan
        self.people = people
        self.shifts: list[Past] = []
        self._ids = list(people.active)
        self._weights = list(accumulate(people.active.values()))

    def someone(self, day: date) -> int | None:
        """Draw one of the active who has nothing on that day, and take the day."""
        for _ in range(TRIES):
            person_id = self.plan.rng.choices(self._ids, cum_weights=self._weights)[0]
            if person_id not in self.people.reserved and self.plan.occupy(person_id, day):
                return person_id
        return None

    def close(self, occasion: Occasion, *, waits: bool = False) -> Past:
        """Decide when the hours of a shift were confirmed, and by whom."""
        rng = self.plan.rng
        lag = 1 + int(rng.triangular(0, 11, 1))
        confirmed_on = occasion.day + timedelta(days=lag)
        if confirmed_on.isoweekday() > 5:
            confirmed_on += timedelta(days=8 - confirmed_on.isoweekday())
        confirmed_at = self.plan.moment(confirmed_on, 9 * 60 + rng.randrange(9 * 60))
        waiting = waits or confirmed_on >= self.plan.today
        past = Past(
            occasion, None if waiting else confirmed_at, rng.choice(occasion.offer.coordinators)
        )
        self.shifts.append(past)
        return past

    def fill(self, past: Past, mean: float) -> None:
        """Let people sign up for the posts of a shift, and come or not."""
        rng = self.plan.rng
        for post in past.occasion.posts:
            share = rng.betavariate(mean * 6, (1 - mean) * 6)
            for _ in range(max(1, round(post["capacity"] * share))):
                person_id = self.someone(past.occasion.day)
                if person_id is not None:
                    self.attend(past, post, person_id, rng.random())
            if rng.random() < CANCELLED * post["capacity"] * mean:
                self._cancel(past, post)

    def _cancel(self, past: Past, post: Row) -> None:
        person_id = self.someone(past.occasion.day)
        if person_id is not None:
            rng = self.plan.rng
            reason = rng.choice(["", *self.plan.seed["leave_reasons"]])
            sign_up(
                self.plan, past.occasion, post, person_id, SignUpStatus.CANCELLED,
                when=rng.random(), reason=reason,
            )  # fmt: skip

    def attend(self, past: Past, post: Row, person_id: int, luck: float = 0.5) -> Row:
        """Record one person at a shift: mostly present; `luck` below 0.06 is a no-show."""
        plan, occasion = self.plan, past.occasion
        late_entry = luck > 1 - LATE_ENTRY and past.confirmed_at is not None
        came = luck >= NO_SHOW
        entry = None if late_entry else sign_up(plan, occasion, post, person_id, when=luck)
        shift = occasion.shift
        check_in = shift["starts_at"] + timedelta(minutes=plan.rng.randint(-10, 5))
        check_out = shift["ends_at"] + timedelta(minutes=plan.rng.randint(-5, 8))
        confirmed = past.confirmed_at if came else None
        others = [person for person in occasion.offer.coordinators if person != past.confirmed_by]
        return plan.add(
            Attendance,
            shift_id=shift["id"],
            post_id=post["id"],
            person_id=person_id,
            sign_up_id=entry["id"] if entry else None,
            **workplace(plan, person_id),
            status=str(AttendanceStatus.PRESENT if came else AttendanceStatus.NO_SHOW),
            method=str(AttendanceMethod.LATE_ENTRY if late_entry else AttendanceMethod.ROSTER),
            check_in_at=check_in if came else None,
            check_out_at=check_out if came else None,
            recorded_by=others[0] if late_entry else past.confirmed_by,
            recorded_at=min(shift["ends_at"] + timedelta(minutes=30), plan.last_midnight),
            note=LATE_REASON if late_entry else "",
            minutes=credited_minutes(
                [(check_in, check_out)], Span(shift["starts_at"], shift["ends_at"])
            )
            if confirmed
            else None,
            confirmed_by=past.confirmed_by if confirmed else None,
            confirmed_at=confirmed,
        )

    def attend_somewhere(self, person_id: int, shifts: list[Past], count: int) -> int:
        """Let one person have been at so many of these shifts, where there was room."""
        done = 0
        for past in self.plan.rng.sample(shifts, len(shifts)):
            room = [post for post in past.occasion.posts if post["taken"] < post["capacity"]]
            if done == count:
                break
            if room and self.plan.occupy(person_id, past.occasion.day):
                self.attend(past, room[0], person_id)
                done += 1
        return done

    def confirmed(self, first: date, last: date) -> list[Past]:
        """Return the shifts between two days whose hours are in the ledger."""
        return [
            past for past in self.shifts if past.confirmed_at and first <= past.occasion.day <= last
        ]


def build(plan: Plan, people: People, offers: Offers) -> History:
    """Collect the year up to yesterday."""
    history = History(plan, people)
    hospital = offers.flagships["hospital_guide"]
    for offer, day in sorted(
        _days(plan, offers), key=lambda found: (found[1], found[0].project["id"])
    ):
        history.close(add_shift(plan, offer, day))
    for day in _open_days(plan, hospital):
        history.close(add_shift(plan, hospital, day), waits=True)
    places = sum(past.occasion.capacity for past in history.shifts)
    mean = min(0.92, plan.scale.attendances / (1 - NO_SHOW) / places)
    for past in history.shifts:
        history.fill(past, mean)
    _home_branch(plan, people, history, hospital)
    return history


def _home_branch(plan: Plan, people: People, history: History, hospital: Offer) -> None:
    """Give the demo's volunteer, branch leader and their branch something to look at."""
    recent = history.confirmed(plan.days_ago(120), plan.today)
    history.attend_somewhere(VOLUNTEER, recent, IDENTITY_SHIFTS)
    home = people.of_branch[people.tree.leaves[0].row["id"]]
    others = [person_id for person_id in home if person_id not in people.reserved]
    for person_id in [LEADER, *others[:HOME_ACTIVE]]:
        history.attend_somewhere(person_id, recent, plan.rng.randint(1, 4))
    # One more waits for the hospital's coordinator: a morning that can be followed to the hours.
    waiting = [p for p in history.shifts if p.occasion.offer is hospital and not p.confirmed_at]
    history.attend_somewhere(VOLUNTEER, waiting, 1)


def _days(plan: Plan, offers: Offers) -> list[tuple[Offer, date]]:
    """Draw the past shifts, more in busy months; a project of the past year had at least one."""
    months = {int(month): weight for month, weight in plan.seed["month_weight"].items()}
    first, last = plan.days_ago(HISTORY_DAYS), plan.days_ago(1)
    able = [(offer, feasible(offer, first, last)) for offer in offers.all]
    busy = [[months[day.month] for day in days] for _offer, days in able]
    counts = spread(
        plan,
        [len(days) for _offer, days in able],
        [sum(weights) for weights in busy],
        plan.scale.past - OPEN_DAYS,
        least=[int(offer.phase == "past") for offer, _days in able],
    )
    return [
        (offer, day)
        for (offer, days), weights, count in zip(able, busy, counts, strict=True)
        for day in pick_days(plan, days, weights, count)
    ]


def _open_days(plan: Plan, hospital: Offer) -> list[date]:
    """Return the last days on which the hospital project had no shift yet."""
    return feasible(hospital, plan.days_ago(10), plan.days_ago(1))[-OPEN_DAYS:]
