"""Rows of seniors' wishes for the demo, and of what becomes of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from volunteer_hub.core.calendar import Window
from volunteer_hub.demo.plan import Plan, Row
from volunteer_hub.demo.projects import Offer
from volunteer_hub.demo.skills import IDS, KEYS
from volunteer_hub.matching.one_to_one.models import (
    Pairing,
    RequestState,
    RequestStep,
    RequestWindow,
    ServiceRequest,
)

NAMES = (
    "秀英", "德明", "桂芳", "美华", "国强", "玉兰", "珍阿姨", "阿宝爷叔", "惠珍", "文彬", "月琴",
    "明伯伯", "淑芬", "建国", "凤仙", "金妹",
)  # fmt: skip
# Numbered by the migration of the first topics; the first of them are asked for most.
TOPICS, TOPIC_WEIGHTS = range(1, 11), (9, 6, 8, 5, 4, 3, 3, 2, 2, 2)
LANGUAGES = {key: IDS[key] for key in KEYS if key.startswith("lang_")}


class Wishes:
    """Wishes of the project of an offer, with each step they took."""

    def __init__(self, plan: Plan, offer: Offer) -> None:
        self.plan = plan
        self.offer = offer
        self.staff = offer.coordinators
        self.names = 0

    def add(self, days_ago: int, **fields: Any) -> Row:
        """Collect a wish that was entered so many days ago by somebody of the team."""
        rng = self.plan.rng
        name = NAMES[self.names % len(NAMES)]
        self.names += 1
        entered_at = self.at(days_ago, 9 * 60 + rng.randrange(6 * 60))
        values: dict[str, Any] = {
            "organisation_id": self.offer.project["organisation_id"],
            "given_name": name,
            "language_id": LANGUAGES["lang_sh" if rng.random() < 0.3 else "lang_zh"],
            "topic_id": rng.choices(TOPICS, TOPIC_WEIGHTS)[0],
            "venue": "居委会活动室",
            "entered_by": self.staff[0],
            "entered_at": entered_at,
            "state_at": entered_at,
        }
        row = self.plan.add(ServiceRequest, **values | fields)
        for weekday in sorted({rng.randrange(5), rng.randrange(5)}):
            self.plan.add_without_id(
                RequestWindow, request_id=row["id"], weekday=weekday, window=str(Window.LUNCH)
            )
        self.step(row, RequestState.ENTERED, entered_at, row["entered_by"])
        return row

    def at(self, days_ago: int, minute: int) -> datetime:
        """Return the moment at a minute of the day so many days ago."""
        return self.plan.moment(self.plan.days_ago(days_ago), minute)

    def step(
        self, row: Row, state: RequestState, at: datetime, by_id: int | None, words: str = ""
    ) -> None:
        """Let the wish take a step."""
        row["state"], row["state_at"] = str(state), at
        self.plan.add(
            RequestStep, request_id=row["id"], state=str(state), at=at, by_id=by_id, words=words
        )

    def verify(self, row: Row, days_ago: int) -> None:
        """Verify the wish so many days ago."""
        self.step(row, RequestState.VERIFIED, self.at(days_ago, 16 * 60), self.staff[1])

    def place(self, row: Row, shift: Row, table_no: int, days_ago: int) -> None:
        """Put the wish at a table of the shift; it has time then."""
        row["shift_id"], row["table_no"] = shift["id"], table_no
        at = self.at(days_ago, 17 * 60)
        self.step(row, RequestState.PLACED, at, self.staff[1])
        known = {
            one["weekday"]
            for one in self.plan.rows[RequestWindow]
            if one["request_id"] == row["id"]
        }
        if shift["day"].weekday() not in known:
            self.plan.add_without_id(
                RequestWindow,
                request_id=row["id"],
                weekday=shift["day"].weekday(),
                window=shift["window"],
            )

    def pair(self, row: Row, place: Row, why: list[Any], **fields: Any) -> None:
        """Pair the wish with who has this place."""
        self.plan.add(
            Pairing,
            shift_id=row["shift_id"],
            request_id=row["id"],
            sign_up_id=place["id"],
            person_id=place["person_id"],
            why=why,
            made_by=self.staff[1],
            made_at=row["state_at"],
            **fields,
        )
