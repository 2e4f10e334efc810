"""What is typed about a shift, before it becomes rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _
from volunteer_hub.registry.models import Place
from volunteer_hub.shifts.posts import PostPlan
from volunteer_hub.shifts.times import local_columns

SHORTEST = timedelta(minutes=15)
LONGEST = timedelta(hours=24)
YEAR = timedelta(days=366)


@dataclass(frozen=True)
class ShiftPlan:
    """What is typed about a shift; moments are aware, posts in the order in which they show."""

    place_id: int
    starts_at: datetime
    ends_at: datetime
    posts: Sequence[PostPlan]
    meeting_point: str = ""


def check_plan(session: Session, plan: ShiftPlan, *, now: datetime) -> None:
    """Raise InvalidInput, with the field at fault, for times or a place that cannot be."""
    for field, moment in (("starts_at", plan.starts_at), ("ends_at", plan.ends_at)):
        if not now - YEAR <= moment <= now + 2 * YEAR:
            raise InvalidInput(
                _("The year %(year)s looks wrong. Please check the date.", year=moment.year),
                field=field,
            )
    length = plan.ends_at - plan.starts_at
    if length <= timedelta(0):
        raise InvalidInput(_("The end must be after the start."), field="ends_at")
    if not SHORTEST <= length <= LONGEST:
        raise InvalidInput(
            _("A shift lasts at least 15 minutes and at most 24 hours."), field="ends_at"
        )
    if session.get(Place, plan.place_id) is None:
        raise InvalidInput(_("Please choose a place from the list."), field="place_id")


def columns(plan: ShiftPlan, zone: ZoneInfo) -> dict[str, Any]:
    """Return the columns of the shift, with its times on the local wall clock beside them."""
    return {
        "place_id": plan.place_id,
        "starts_at": plan.starts_at,
        "ends_at": plan.ends_at,
        "meeting_point": plan.meeting_point,
        **local_columns(plan.starts_at, plan.ends_at, zone),
    }
