"""Edge rows of shifts and hours that every demo holds (those of people: `edges`).

Where to find them:

- a full shift with five waiting: the one shift with exactly five `waitlisted` sign-ups;
- a place held for the first in line: the one open `offer`, its sign-up `offered`, until tomorrow;
- a shift over midnight: `end_minute` > 1440, 22:30 to 00:30 of an emergency project;
- the 15-year-old's place: in the project with `minimum_age` 14, beside the guardian;
- a shift cancelled for rain: the one shift with status `cancelled`, its sign-ups still there;
- hours confirmed on the tenth working day, counted across the National Day swap: the attendances
  with the note `TENTH_DAY_NOTE`;
- a missing check-out: the one attendance that is present with `check_out_at` empty;
- a late entry waiting for its second person: the one `hours_claim`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from volunteer_hub.attendance.models import Attendance, AttendanceStatus
from volunteer_hub.core import workdays
from volunteer_hub.demo.edges import Cast
from volunteer_hub.demo.history import LATE_REASON, History, Past
from volunteer_hub.demo.people import People
from volunteer_hub.demo.plan import Plan
from volunteer_hub.demo.projects import Offer, Offers
from volunteer_hub.demo.timetable import Occasion, add_shift, feasible, first_open, sign_up
from volunteer_hub.demo.upcoming import Newcomers
from volunteer_hub.hours.models import ClaimKind, HoursClaim
from volunteer_hub.shifts.models import Offer as HeldPlace
from volunteer_hub.shifts.models import ShiftStatus, SignUpStatus

FULL, WAITING = 12, 5
HELD_OF = 4
MINORS_FROM = 14
RAIN = "暴雨黄色预警，本场取消；已报名的伙伴不计爽约，改期另行通知。"
TENTH_DAY_NOTE = "国庆调休：第十个工作日当天确认。"
WORKING_DAYS = 10
LATE_EVIDENCE = "纸质签到表第 2 页第 5 行，居委会存档。"


class _Edges:
    def __init__(
        self, plan: Plan, people: People, cast: Cast, offers: Offers, history: History
    ) -> None:
        self.plan = plan
        self.newcomers = Newcomers(plan, people)
        self.cast = cast
        self.offers = offers
        self.history = history

    def soon(self, key: str, first: int, wanted: Callable[[Offer], bool]) -> tuple[Offer, date]:
        """Return a live project of a category and its first free day from `first` days ahead."""
        start = self.plan.days_ago(-first)
        for offer in self.offers.live():
            if offer.category["key"] == key and not offer.flagship and wanted(offer):
                days = feasible(offer, start, start + timedelta(days=10))
                if days:
                    return offer, days[0]
        # A small demo may have none: then the run, on a day further ahead.
        return self.offers.flagships["environment"], start + timedelta(days=30)

    def join(self, occasion: Occasion, count: int) -> None:
        """Let people take places, in any post that has one left."""
        for _ in range(count):
            person_id = self.newcomers.someone(occasion.day)
            if person_id is not None:
                sign_up(self.plan, occasion, first_open(occasion), person_id, when=0.4)

    def wait(self, occasion: Occasion, count: int) -> None:
        for _ in range(count):
            person_id = self.newcomers.someone(occasion.day)
            if person_id is not None:
                sign_up(
                    self.plan, occasion, occasion.posts[0], person_id, SignUpStatus.WAITLISTED,
                    when=0.8,
                )  # fmt: skip

    def full_with_five_waiting(self) -> None:
        offer, day = self.soon("elder_digital", 2, lambda offer: len(offer.posts) == 1)
        occasion = add_shift(self.plan, offer, day, capacity=FULL)
        self.join(occasion, FULL)
        self.wait(occasion, WAITING)

    def held_place(self) -> None:
        """Offer the last place of a shift to somebody; another one waits behind."""
        offer, day = self.soon("elder_digital", 4, lambda offer: len(offer.posts) == 1)
        occasion = add_shift(self.plan, offer, day, capacity=HELD_OF)
        self.join(occasion, HELD_OF - 1)
        person_id = self.newcomers.someone(day)
        if person_id is None:
            return
        post = occasion.posts[0]
        held = sign_up(self.plan, occasion, post, person_id, SignUpStatus.OFFERED, when=0.6)
        held["line_position"] = 1
        self.plan.add(
            HeldPlace,
            sign_up_id=held["id"],
            post_id=post["id"],
            person_id=person_id,
            made_at=self.plan.last_midnight,
            expires_at=self.plan.moment(self.plan.days_ago(-1), 8 * 60),
        )
        self.wait(occasion, 1)

    def over_midnight(self) -> None:
        offer, day = self.soon("emergency", 3, lambda o: "演练" not in o.project["title_zh"])
        occasion = add_shift(self.plan, offer, day, start=22 * 60 + 30, length=120, capacity=10)
        self.join(occasion, 4)

    def minor_with_guardian(self) -> None:
        offer, day = self.soon("environment", 4, lambda offer: len(offer.posts) == 1)
        offer.project["minimum_age"] = MINORS_FROM
        offer.project["content_zh"] += "14 岁起可由监护人陪同参加。"
        offer.project["content_en"] += " From 14 years with a guardian."
        occasion = add_shift(self.plan, offer, day, capacity=20)
        for person_id in (self.cast.guardian, self.cast.minor):
            self.plan.occupy(person_id, day)
            sign_up(self.plan, occasion, occasion.posts[0], person_id)

    def cancelled_for_rain(self) -> None:
        offer, day = self.soon("environment", 1, lambda o: o.project["minimum_age"] > MINORS_FROM)
        before = offer.project["last_starts_at"]
        occasion = add_shift(self.plan, offer, day)
        self.join(occasion, 8)
        occasion.shift |= {"status": str(ShiftStatus.CANCELLED), "cancel_reason": RAIN}
        offer.project["last_starts_at"] = before

    def foreigner_next_week(self, occasions: list[Occasion]) -> None:
        for occasion in occasions:
            post = occasion.posts[0]
            room = post["taken"] < post["capacity"] - 1
            if room and occasion.day > self.plan.days_ago(-3):
                self.plan.occupy(self.cast.foreigner, occasion.day)
                sign_up(self.plan, occasion, post, self.cast.foreigner)
                return

    def tenth_working_day(self) -> None:
        served_on, confirmed_on = tenth_working_day(self.plan.today)
        offer = self.offers.flagships["elder_digital"]
        occasion = add_shift(self.plan, offer, served_on, capacity=4)
        past = Past(occasion, self.plan.moment(confirmed_on, 17 * 60 + 40), offer.coordinators[0])
        for _ in range(3):
            person_id = self.history.someone(served_on)
            if person_id is not None:
                attendance = self.history.attend(past, first_open(occasion), person_id)
                attendance["note"] = TENTH_DAY_NOTE

    def open_desk(self) -> None:
        """Leave a missing check-out and a late entry on the hospital coordinator's desk."""
        hospital = self.offers.flagships["hospital_guide"]
        past = next(
            past
            for past in reversed(self.history.shifts)
            if past.occasion.offer is hospital and past.confirmed_at is None
        )
        shift, post = past.occasion.shift, past.occasion.posts[0]
        present = next(
            row
            for row in self.plan.rows[Attendance]
            if row["shift_id"] == shift["id"] and row["status"] == AttendanceStatus.PRESENT
        )
        present["check_out_at"] = None
        person_id = self.history.someone(past.occasion.day)
        if person_id is None:
            return
        self.plan.add(
            HoursClaim,
            kind=str(ClaimKind.LATE_ENTRY),
            shift_id=shift["id"],
            post_id=post["id"],
            person_id=person_id,
            check_in_at=shift["starts_at"],
            check_out_at=shift["ends_at"],
            reason=LATE_REASON,
            evidence=LATE_EVIDENCE,
            asked_by=hospital.coordinators[1],
            asked_at=self.plan.last_midnight,
            due_on=workdays.nth_after(self.plan.today, WORKING_DAYS),
        )


def build(
    plan: Plan,
    people: People,
    cast: Cast,
    offers: Offers,
    history: History,
    occasions: list[Occasion],
) -> None:
    """Add the edge rows to what the other stages have collected."""
    edges = _Edges(plan, people, cast, offers, history)
    edges.full_with_five_waiting()
    edges.held_place()
    edges.over_midnight()
    edges.minor_with_guardian()
    edges.cancelled_for_rain()
    edges.foreigner_next_week(occasions)
    edges.tenth_working_day()
    edges.open_desk()


def tenth_working_day(today: date) -> tuple[date, date]:
    """Return a service day before National Day, and the tenth working day after it.

    Days off do not count and swapped workdays do; of a year whose swaps are not known, weekdays.
    """
    year = today.year if today > date(today.year, 10, 20) else today.year - 1
    served_on = date(year, 9, 25)
    while not workdays.is_workday(served_on):
        served_on -= timedelta(days=1)
    return served_on, workdays.nth_after(served_on, WORKING_DAYS)
