"""Make a series of shifts, and let it go on for longer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import _, day_year
from volunteer_hub.projects.models import Project
from volunteer_hub.projects.services import own_project
from volunteer_hub.shifts import scheduling
from volunteer_hub.shifts.models import Series, Shift, ShiftStatus
from volunteer_hub.shifts.plans import ShiftPlan
from volunteer_hub.shifts.posts import PostPlan
from volunteer_hub.shifts.series.checks import (
    SeriesPlan,
    check_count,
    check_days,
    check_hours,
    check_year,
)
from volunteer_hub.shifts.series.days import Recurrence, SeriesDays, count_days, days_of
from volunteer_hub.shifts.series.posts import posts_of

# The fields of one shift as a form of a series calls them.
FIELDS = {"starts_at": "start", "ends_at": "end"}


def create_series(
    session: Session,
    *,
    project_id: int,
    organisation_ids: Collection[int],
    plan: SeriesPlan,
    zone: ZoneInfo,
    actor_id: int,
    now: datetime,
    publish: bool = True,
) -> Series:
    """Add the series with all its shifts, or nothing.

    Raises NotFound, or InvalidInput with the field at fault: that of a shift, or `first_day`,
    `last_day`, `start`, `end`.
    """
    project = own_project(session, project_id, organisation_ids, lock=True)
    days = check_days(plan.recurrence, today=now.astimezone(zone).date()).kept
    check_hours(plan.hours)
    if plan.hours.on(days[0], zone)[0] < now:
        raise InvalidInput(
            _("This start has passed. Please choose a later one."), field="first_day"
        )
    asked = plan.recurrence
    series = Series(
        project_id=project.id,
        rule=asked.rule,
        first_day=asked.first_day,
        last_day=asked.last_day,
        skip_holidays=asked.skip_holidays,
        workdays_only=asked.workdays_only,
        created_by=actor_id,
        created_at=now,
    )
    with session.begin_nested():
        session.add(series)
        session.flush()
        plans = [(day, plan.shift_on(day, zone)) for day in days]
        _add(
            session, series, plans, project, zone=zone, actor_id=actor_id, now=now, publish=publish
        )
        _note(session, "series:create", series, project, len(days), actor_id=actor_id, now=now)
    return series


def extend_series(
    session: Session,
    *,
    series_id: int,
    organisation_ids: Collection[int],
    last_day: date,
    zone: ZoneInfo,
    actor_id: int,
    now: datetime,
) -> int:
    """Let the series go on until `last_day`; returns how many shifts it gained.

    The new shifts are like the latest one that takes place. Only days after the last one that was
    ever planned are added: what was cancelled or moved stays so. Raises NotFound, or InvalidInput
    at `last_day`.
    """
    series, project = own_series(session, series_id, organisation_ids)
    asked = recurrence_of(series)
    days = added_days(session, series.id, asked, last_day=last_day, zone=zone, now=now).kept
    pattern = pattern_of(session, series)
    if pattern is None:
        raise NotFound
    posts = [replace(post, id=None) for post in posts_of(session, [pattern.id])[pattern.id]]
    plans = [(day, _like(pattern, day, posts, zone)) for day in days]
    published = pattern.status != ShiftStatus.DRAFT
    with session.begin_nested():
        _add(
            session,
            series,
            plans,
            project,
            zone=zone,
            actor_id=actor_id,
            now=now,
            publish=published,
        )
        series.last_day = last_day
        _note(session, "series:extend", series, project, len(days), actor_id=actor_id, now=now)
    return len(days)


def added_days(
    session: Session,
    series_id: int,
    recurrence: Recurrence,
    *,
    last_day: date,
    zone: ZoneInfo,
    now: datetime,
) -> SeriesDays:
    """Return the days that an extension until `last_day` adds, or raise InvalidInput there."""
    today = now.astimezone(zone).date()
    check_year(last_day, field="last_day")
    # Today may have begun already; who wants it adds a single shift.
    after = max(recurrence.last_day, today)
    if last_day <= after:
        raise InvalidInput(
            _("Please choose a day after %(day)s.", day=day_year(after)), field="last_day"
        )
    recurrence = replace(recurrence, last_day=last_day)
    past = count_days(replace(recurrence, last_day=after))
    coming = session.scalar(
        select(func.count()).where(Shift.series_id == series_id, Shift.starts_at > now)
    )
    count = count_days(recurrence) - past
    # What lies ahead counts, so that a series may go on for years.
    check_count(count + (coming or 0) if count else 0, last_day, today=today)
    return days_of(recurrence, after=after)


def own_series(
    session: Session, series_id: int, organisation_ids: Collection[int]
) -> tuple[Series, Project]:
    """Return a series of these organisations with its project, both locked, else NotFound."""
    project_id = session.scalar(select(Series.project_id).where(Series.id == series_id))
    if project_id is None:
        raise NotFound
    # The lock of the project lets one coordinator after the other change its series.
    project = own_project(session, project_id, organisation_ids, lock=True)
    series = session.get(Series, series_id, populate_existing=True)
    if series is None:
        raise NotFound
    return series, project


def pattern_of(session: Session, series: Series) -> Shift | None:
    """Return the shift that new ones will be like: the latest, if possible one not cancelled."""
    return session.scalar(
        select(Shift)
        .where(Shift.series_id == series.id)
        .order_by(Shift.status == ShiftStatus.CANCELLED, Shift.series_day.desc())
        .limit(1)
    )


def recurrence_of(series: Series) -> Recurrence:
    """Return what was asked for when the series was made or last extended."""
    return Recurrence(
        series.rule,
        series.first_day,
        series.last_day,
        series.skip_holidays,
        series.workdays_only,
    )


def _like(pattern: Shift, day: date, posts: Sequence[PostPlan], zone: ZoneInfo) -> ShiftPlan:
    """Return a plan with the hours of the pattern on its wall clock, on another day."""
    midnight = datetime.combine(day, time.min)
    start = midnight + timedelta(minutes=pattern.start_minute)
    end = midnight + timedelta(minutes=pattern.end_minute)
    return ShiftPlan(
        pattern.place_id,
        start.replace(tzinfo=zone).astimezone(UTC),
        end.replace(tzinfo=zone).astimezone(UTC),
        posts,
        pattern.meeting_point,
    )


def _add(
    session: Session,
    series: Series,
    plans: Sequence[tuple[date, ShiftPlan]],
    project: Project,
    *,
    zone: ZoneInfo,
    actor_id: int,
    now: datetime,
    publish: bool,
) -> None:
    for day, plan in plans:
        try:
            shift = scheduling.create_shift(
                session,
                project_id=project.id,
                organisation_ids=(project.organisation_id,),
                plan=plan,
                zone=zone,
                actor_id=actor_id,
                now=now,
                publish=publish,
            )
        except InvalidInput as error:
            error.field = FIELDS.get(error.field or "", error.field)
            raise
        shift.series_id, shift.series_day = series.id, day
    session.flush()


def _note(
    session: Session,
    action: str,
    series: Series,
    project: Project,
    count: int,
    *,
    actor_id: int,
    now: datetime,
) -> None:
    audit.record(
        session,
        action,
        actor_id=actor_id,
        object_id=series.id,
        organisation_id=project.organisation_id,
        now=now,
        rule=series.rule,
        last_day=series.last_day.isoformat(),
        shifts=count,
    )
    session.flush()
