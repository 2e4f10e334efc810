"""Shapes of what volunteers say of their time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectChoice
from wtforms.validators import InputRequired

from volunteer_hub.accounts.fields import Choose, Day, WallTime
from volunteer_hub.accounts.forms import NEEDED, SeveralField
from volunteer_hub.core.calendar import Window
from volunteer_hub.core.i18n import _, _l
from volunteer_hub.matching.windows import DAYS

WALKS = (5, 10, 15, 20, 30, 45)
CALLS = (0, 1, 2, 4)
CALLED_FROM = (5 * 60 + 30, 6 * 60, 7 * 60, 8 * 60, 9 * 60)


class HourFields(NamedTuple):
    """The two fields for the hours of one window."""

    window: Window
    start: Any
    end: Any


class AvailabilityForm(FlaskForm):
    free = SeveralField(
        _l("When I am free"),
        choices=[SelectChoice(f"{day}.{window}") for window, days in DAYS.items() for day in days],
    )
    before_work_from = WallTime(_l("Before work, from"))
    before_work_to = WallTime(_l("Before work, until"))
    lunch_from = WallTime(_l("Lunch, from"))
    lunch_to = WallTime(_l("Lunch, until"))
    after_work_from = WallTime(_l("After work, from"))
    after_work_to = WallTime(_l("After work, until"))
    weekend_am_from = WallTime(_l("Weekend morning, from"))
    weekend_am_to = WallTime(_l("Weekend morning, until"))
    weekend_pm_from = WallTime(_l("Weekend afternoon, from"))
    weekend_pm_to = WallTime(_l("Weekend afternoon, until"))
    weekly_limit = Choose(_l("At most a week"), coerce=int)
    farthest_walk = Choose(_l("Farthest walk from the office"), coerce=int)
    interests = SeveralField(_l("What I like to do"), choices=[])
    standby = BooleanField(_l("I am on standby: coordinators may propose shifts to me"))
    calls_a_month = Choose(_l("Urgent calls, a month"), coerce=int)
    called_from = Choose(_l("Urgent calls not before"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.weekly_limit.choices = [SelectChoice(n, _("%(n)s × a week", n=n)) for n in range(1, 8)]
        self.farthest_walk.choices = [SelectChoice(n, _("%(n)s min on foot", n=n)) for n in WALKS]
        self.calls_a_month.choices = [
            SelectChoice(n, _("at most %(n)s", n=n) if n else _("Never")) for n in CALLS
        ]
        self.called_from.choices = [
            SelectChoice(minute, f"{minute // 60:02}:{minute % 60:02}") for minute in CALLED_FROM
        ]

    def hours(self) -> Iterator[HourFields]:
        """Yield the fields of each window, in the order of the day."""
        for window in DAYS:
            yield HourFields(window, self[f"{window}_from"], self[f"{window}_to"])


class AwayForm(FlaskForm):
    first_day = Day(_l("First day away"), [InputRequired(NEEDED)])
    last_day = Day(_l("Last day away"), [InputRequired(NEEDED)])
