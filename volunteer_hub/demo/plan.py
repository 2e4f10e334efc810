"""What demo data is made of: how much of it, the dice, and the rows collected before writing."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from volunteer_hub.core.db import Base

Row = dict[str, Any]

SEED_FILE = Path(__file__).parent / "data" / "seed.json"
HISTORY_DAYS = 365
UPCOMING_DAYS = 28


@dataclass(frozen=True)
class Scale:
    """How many of each; `attendances` and `past` are those of one year."""

    people: int
    enterprises: int
    active: int
    company_branches: int
    joint_branches: int
    other_branches: int
    general_branches: int
    projects: int
    upcoming: int
    past: int
    attendances: int


SCALES = {
    "small": Scale(600, 76, 150, 4, 6, 1, 2, 100, 400, 175, 1_200),
    "article": Scale(30_000, 1_500, 2_600, 64, 78, 3, 6, 2_100, 8_000, 3_500, 24_000),
    "large": Scale(90_000, 4_500, 7_800, 192, 234, 9, 12, 6_300, 24_000, 10_500, 72_000),
}


class Plan:
    """The rows of one load, by table, with the ids that later stages need to name.

    The same scale, seed and day give the same rows (but for the salt of the password). Codes of
    `data/seed.json` (B01, C01, L01, O01) lead to ids in `building`,
    `committee`, `place` and `organisation`.
    """

    def __init__(self, *, scale: Scale, seed: int, today: date, zone: ZoneInfo) -> None:
        self.scale = scale
        self.rng = Random(seed)  # noqa: S311 - invented rows, nothing to guess
        self.today = today
        self.zone = zone
        self.seed: dict[str, Any] = json.loads(SEED_FILE.read_text(encoding="utf-8"))
        self.rows: defaultdict[type[Base], list[Row]] = defaultdict(list)
        self._blanks: dict[type[Base], Row] = {}
        self._midnights: dict[date, datetime] = {}
        self.committee: dict[str, int] = {}
        self.building: dict[str, int] = {}
        self.place: dict[str, int] = {}
        self.organisation: dict[str, int] = {}
        # Who has something on which day: nobody gets two things on one day, so nothing overlaps.
        self._busy: set[tuple[int, date]] = set()

    def add(self, model: type[Base], **fields: Any) -> Row:
        """Collect a row with the next id; columns not named get their default or None."""
        return self.add_without_id(model, id=len(self.rows[model]) + 1, **fields)

    def add_without_id(self, model: type[Base], **fields: Any) -> Row:
        """Collect a row of a table whose key is made of its columns."""
        blank = self._blanks.get(model)
        if blank is None:
            blank = self._blanks[model] = _blank(model)
        row = blank | fields
        self.rows[model].append(row)
        return row

    def moment(self, day: date, minute: int) -> datetime:
        """Return the UTC moment at `minute` of the local day (1440 is the next midnight)."""
        midnight = self._midnights.get(day)
        if midnight is None:
            midnight = datetime.combine(day, time.min, tzinfo=self.zone)
            self._midnights[day] = midnight
        return (midnight + timedelta(minutes=minute)).astimezone(UTC)

    @property
    def last_midnight(self) -> datetime:
        """When today began: nothing in the demo was recorded later."""
        return self.moment(self.today, 0)

    def days_ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def is_free(self, person_id: int, day: date) -> bool:
        return (person_id, day) not in self._busy

    def occupy(self, person_id: int, day: date) -> bool:
        """Take the person's day; False when it is taken already."""
        if (person_id, day) in self._busy:
            return False
        self._busy.add((person_id, day))
        return True


def _blank(model: type[Base]) -> Row:
    row: Row = {}
    for column in model.__table__.columns:
        default = column.default.arg if column.default is not None else None
        # The drivers want plain strings, not members of an enum.
        row[column.key] = str(default) if isinstance(default, str) else default
    return row
