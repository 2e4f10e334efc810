"""Change or call off one shift of a series, it and those after it, or all still to come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.core.errors import DomainError, InvalidInput
from volunteer_hub.core.i18n import _, _n
from volunteer_hub.projects.services import ChangedMeanwhile
from volunteer_hub.shifts import scheduling
from volunteer_hub.shifts.cutting import Cut, TooFew
from volunteer_hub.shifts.models import Shift, ShiftStatus
from volunteer_hub.shifts.plans import ShiftPlan, check_plan, columns
from volunteer_hub.shifts.posts import PostPlan
from volunteer_hub.shifts.series.posts import carry_over, posts_of


class Reach(StrEnum):
    """How far a change of one shift of a series goes; never into the past."""

    ONE = "one"
    FOLLOWING = "following"
    ALL = "all"


class SeriesRefused(DomainError):
    """Some shifts cannot take the change, so none has; `lines` says which and why."""

    def __init__(self, lines: Sequence[tuple[date, object]], *, of: int) -> None:
        super().__init__(
            _n(
                "%(num)s of %(of)s shifts cannot take this, so nothing was changed.",
                "%(num)s of %(of)s shifts cannot take this, so nothing was changed.",
                len(lines),
                of=of,
            )
        )
        self.lines = tuple(lines)


@dataclass(frozen=True)
class _Change:
    """What a form changed of a shift; None is what it left alone."""

    minutes: tuple[int, int] | None
    place_id: int | None
    meeting_point: str | None
    posts_before: Sequence[PostPlan]
    posts_after: Sequence[PostPlan]

    def on(self, shift: Shift, posts: Sequence[PostPlan], zone: ZoneInfo) -> ShiftPlan:
        """Return the plan of another shift of the series with this change and nothing else."""
        starts_at, ends_at = shift.starts_at, shift.ends_at
        if self.minutes:
            midnight = datetime.combine(shift.day, time.min)
            starts_at, ends_at = (
                (midnight + timedelta(minutes=minute)).replace(tzinfo=zone).astimezone(UTC)
                for minute in self.minutes
            )
        return ShiftPlan(
            place_id=self.place_id or shift.place_id,
            starts_at=starts_at,
            ends_at=ends_at,
            posts=carry_over(self.posts_before, self.posts_after, posts),
            meeting_point=(
                shift.meeting_point if self.meeting_point is None else self.meeting_point
            ),
        )


def change_series(
    session: Session,
    *,
    shift_id: int,
    organisation_ids: Collection[int],
    version: int,
    plan: ShiftPlan,
    reach: Reach,
    zone: ZoneInfo,
    actor_id: int,
    now: datetime,
    publish: bool = False,
    cut: Cut | None = None,
) -> int:
    """Give the shift this plan and, by `reach`, others of its series what it changes.

    Of the others only the changed fields are set: a shift that was moved by itself keeps the rest.
    All or nothing; returns how many shifts differ now. `cut` counts for each of them. Raises what
    `change_shift` raises, InvalidInput for another day, SeriesRefused with a line for each shift
    that cannot take it.
    """
    shift, _project = scheduling.own_shift(session, shift_id, organisation_ids)
    if shift.version != version:
        raise ChangedMeanwhile
    check_plan(session, plan, now=now)
    shifts = [shift, *_others(session, shift, reach, now=now)]
    posts = posts_of(session, [one.id for one in shifts])
    change = _change(shift, plan, posts[shift.id], zone, alone=len(shifts) == 1)
    by: dict[str, Any] = {"organisation_ids": organisation_ids, "actor_id": actor_id, "now": now}

    def apply(one: Shift) -> bool:
        seen = one.version
        wanted = plan if one.id == shift_id else change.on(one, posts[one.id], zone)
        scheduling.change_shift(
            session, shift_id=one.id, version=seen, plan=wanted, zone=zone, cut=cut, **by
        )
        if publish:
            scheduling.publish_shift(session, shift_id=one.id, **by)
        return one.version != seen

    return _each(session, shifts, apply)


def cancel_series(
    session: Session,
    *,
    shift_id: int,
    organisation_ids: Collection[int],
    reach: Reach,
    reason: str,
    actor_id: int,
    now: datetime,
) -> int:
    """Call off the shift and, by `reach`, others of its series that are still to come.

    All or nothing; returns how many were called off. Raises what `cancel_shift` raises, or
    SeriesRefused.
    """
    shift, _project = scheduling.own_shift(session, shift_id, organisation_ids)
    shifts = [shift, *_others(session, shift, reach, now=now)]

    def apply(one: Shift) -> bool:
        seen = one.version
        scheduling.cancel_shift(
            session,
            shift_id=one.id,
            organisation_ids=organisation_ids,
            reason=reason,
            actor_id=actor_id,
            now=now,
        )
        return one.version != seen

    return _each(session, shifts, apply)


def _others(session: Session, shift: Shift, reach: Reach, *, now: datetime) -> list[Shift]:
    """Return the other shifts that are meant, soonest first: to come and not cancelled."""
    if reach is Reach.ONE or shift.series_id is None:
        return []
    query = select(Shift).where(
        Shift.series_id == shift.series_id,
        Shift.id != shift.id,
        Shift.status != ShiftStatus.CANCELLED,
        Shift.starts_at > now,
    )
    if reach is Reach.FOLLOWING:
        query = query.where(Shift.series_day > shift.series_day)
    # The project is locked, so nobody else changes them; read anew after waiting for the lock.
    ordered = query.order_by(Shift.starts_at, Shift.id).execution_options(populate_existing=True)
    return list(session.scalars(ordered))


def _change(
    shift: Shift, plan: ShiftPlan, posts: Sequence[PostPlan], zone: ZoneInfo, *, alone: bool
) -> _Change:
    wanted: dict[str, Any] = columns(plan, zone)
    if wanted["day"] != shift.day and not alone:
        raise InvalidInput(
            _("Only this one shift can move to another day. For several, change the time of day."),
            field="starts_at",
        )
    minutes = (wanted["start_minute"], wanted["end_minute"])
    return _Change(
        minutes=minutes if minutes != (shift.start_minute, shift.end_minute) else None,
        place_id=plan.place_id if plan.place_id != shift.place_id else None,
        meeting_point=plan.meeting_point if plan.meeting_point != shift.meeting_point else None,
        posts_before=posts,
        posts_after=plan.posts,
    )


def _each(session: Session, shifts: Sequence[Shift], apply: Callable[[Shift], bool]) -> int:
    """Do it for each shift and return for how many it made a difference, or do it for none."""
    days = {shift.id: shift.day for shift in shifts}
    refused: list[tuple[date, DomainError]] = []
    count = 0
    with session.begin_nested():
        for shift in shifts:
            try:
                with session.begin_nested():
                    count += apply(shift)
            except DomainError as error:
                if shift is shifts[0] and _is_about_the_plan(error):
                    raise
                refused.append((days[shift.id], error))
        if len(refused) == 1 and len(shifts) == 1:
            raise refused[0][1]
        if refused:
            lines = [(day, _sentence(error)) for day, error in refused]
            raise SeriesRefused(lines, of=len(shifts))
    return count


def _sentence(error: DomainError) -> object:
    if isinstance(error, TooFew):
        return _n(
            "%(num)s place is taken; there cannot be fewer.",
            "%(num)s places are taken; there cannot be fewer.",
            error.taken,
        )
    return error.message


def _is_about_the_plan(error: DomainError) -> bool:
    """Tell whether no shift could take it; places that are taken differ from shift to shift."""
    return isinstance(error, InvalidInput) and not (error.field or "").endswith("-capacity")
