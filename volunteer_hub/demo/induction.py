"""The induction of the hospital's guides: half an hour at lunch, a series, with places free."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from volunteer_hub.demo.people import COORDINATOR, People
from volunteer_hub.demo.plan import UPCOMING_DAYS, Plan
from volunteer_hub.demo.projects import Offer, Offers
from volunteer_hub.demo.skills import IDS
from volunteer_hub.demo.timetable import DAYS_OFF, add_shift, sign_up
from volunteer_hub.demo.upcoming import Newcomers
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import Series

TITLE = {
    "zh": "医院导医上岗培训（30 分钟）",
    "en": "Hospital guide induction (30 minutes)",
}
CONTENT = {
    "zh": "午间半小时，认识大厅、自助机和轮椅的用法，听队长讲三条规矩。"
    "参加一次，一年内可报需要培训的岗位。",
    "en": "Half an hour at lunch: the hall, the kiosks, how to push a wheelchair, and three rules"
    " from the shift leader. Come once and for a year the posts that ask for it are open to you.",
}
RISK = {
    "zh": "培训在门诊大厅进行，人多，请戴口罩、留意脚下。",
    "en": "It takes place in the outpatient hall; wear a mask and mind your step.",
}
WEEKDAYS, RULE = (2, 4), "FREQ=WEEKLY;BYDAY=TU,TH"
START, MINUTES, PLACES, COMING = 12 * 60 + 15, 30, 20, 6


def build(plan: Plan, people: People, offers: Offers) -> None:
    """Collect the project with its series of shifts and the first who have signed up."""
    hospital = offers.flagships["hospital_guide"]
    first, last = plan.days_ago(-1), plan.days_ago(-UPCOMING_DAYS)
    project = plan.add(Project, **_texts(hospital))
    series = plan.add(
        Series,
        project_id=project["id"],
        rule=RULE,
        first_day=first,
        last_day=last,
        created_by=COORDINATOR,
        created_at=hospital.project["created_at"],
    )
    offer = _offer(hospital, project)
    newcomers = Newcomers(plan, people)
    for day in _days(first, last):
        occasion = add_shift(plan, offer, day, start=START, length=MINUTES, capacity=PLACES)
        occasion.shift |= {"series_id": series["id"], "series_day": day}
        for _ in range(plan.rng.randint(0, COMING)):
            person_id = newcomers.someone(day)
            if person_id is not None:
                sign_up(plan, occasion, occasion.posts[0], person_id)


def _texts(hospital: Offer) -> dict[str, Any]:
    """Return the project's columns: those of the hospital's own, with other words."""
    same = {key: value for key, value in hospital.project.items() if key != "id"}
    return same | {
        "title_zh": TITLE["zh"],
        "title_en": TITLE["en"],
        "content_zh": CONTENT["zh"],
        "content_en": CONTENT["en"],
        "risk_zh": RISK["zh"],
        "risk_en": RISK["en"],
        "teaches_id": IDS["hospital"],
        "last_starts_at": None,
    }


def _offer(hospital: Offer, project: dict[str, Any]) -> Offer:
    return Offer(
        project=project,
        category=hospital.category,
        window=hospital.window,
        start=START,
        meeting_point=hospital.meeting_point,
        period=hospital.period,
        phase="live",
        posts=[{"zh": "", "en": ""}],
        risk=hospital.risk,
        coordinators=hospital.coordinators,
    )


def _days(first: date, last: date) -> list[date]:
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [
        day for day in days if day.isoweekday() in WEEKDAYS and (day.month, day.day) not in DAYS_OFF
    ]
