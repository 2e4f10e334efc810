"""The ten working days in which hours are confirmed (product.md, rule 7).

Counted are the days on which offices work in China, swapped ones 调休 included, after the service
day: green up to the fifth, amber to the eighth, red to the tenth, then overdue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from volunteer_hub.core import workdays

DAYS = 10
AMBER_AFTER, RED_AFTER = 5, 8


class Pace(StrEnum):
    """How pressing a confirmation is."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    OVERDUE = "overdue"


@dataclass(frozen=True)
class Deadline:
    """Where the clock of a service day stands: working days gone, and the last one to confirm."""

    passed: int
    due_on: date

    @property
    def left(self) -> int:
        """Working days that are left; 0 on the last one and after it."""
        return max(0, DAYS - self.passed)

    @property
    def pace(self) -> Pace:
        if self.passed > DAYS:
            return Pace.OVERDUE
        if self.passed > RED_AFTER:
            return Pace.RED
        return Pace.AMBER if self.passed > AMBER_AFTER else Pace.GREEN


def deadline_of(service_day: date, today: date) -> Deadline:
    """Return where the clock of this service day stands today."""
    return Deadline(workdays.passed(service_day, today), workdays.nth_after(service_day, DAYS))
