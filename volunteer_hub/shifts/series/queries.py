"""Series as their coordinators see them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from volunteer_hub.core.errors import NotFound
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Place
from volunteer_hub.shifts.models import Post, Series, Shift, ShiftStatus
from volunteer_hub.shifts.series.days import Recurrence
from volunteer_hub.shifts.series.words import in_words


@dataclass(frozen=True)
class SeriesDesk:
    """A series; `following` and `ahead` count what a change would reach besides one shift."""

    id: int
    project_id: int
    title_zh: str
    title_en: str
    project_status: str
    recurrence: Recurrence
    following: int = 0
    ahead: int = 0

    @property
    def words(self) -> str:
        """When it comes again, in the reader's language."""
        return in_words(self.recurrence)


@dataclass(frozen=True)
class SeriesShift:
    """One shift of a series; `planned` is the day for which the rule gave it."""

    id: int
    planned: date
    day: date
    starts_at: datetime
    ends_at: datetime
    place_zh: str
    place_en: str
    status: str
    cancel_reason: str
    taken: int
    capacity: int

    @property
    def is_moved(self) -> bool:
        return self.planned != self.day


def series_desk(
    session: Session, *, series_id: int, organisation_ids: Collection[int]
) -> SeriesDesk:
    """Return one series of these organisations, else raise NotFound."""
    row = session.execute(
        _SERIES.where(Series.id == series_id, Project.organisation_id.in_(organisation_ids))
    ).first()
    if row is None:
        raise NotFound
    return _desk(row)


def series_of_shift(session: Session, *, shift_id: int, now: datetime) -> SeriesDesk | None:
    """Return the series of a shift that the caller may see, with how many others are to come."""
    row = session.execute(
        _SERIES.join(Shift, Shift.series_id == Series.id)
        .where(Shift.id == shift_id)
        .add_columns(Shift.series_day)
    ).first()
    if row is None:
        return None
    ahead, following = session.execute(
        select(
            func.count(), func.coalesce(func.sum(case((Shift.series_day > row[-1], 1), else_=0)), 0)
        ).where(
            Shift.series_id == row[0],
            Shift.id != shift_id,
            Shift.status != ShiftStatus.CANCELLED,
            Shift.starts_at > now,
        )
    ).one()
    return _desk(row, following=int(following), ahead=ahead)


def shifts_of_series(session: Session, *, series_id: int, now: datetime) -> list[SeriesShift]:
    """Return the shifts that are not over, cancelled ones included, in order."""
    rows: Any = session.execute(
        select(
            Shift.id,
            Shift.series_day,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            Place.name_zh,
            Place.name_en,
            Shift.status,
            Shift.cancel_reason,
            func.sum(Post.taken),
            func.sum(Post.capacity),
        )
        .join(Place, Place.id == Shift.place_id)
        .join(Post, Post.shift_id == Shift.id)
        .where(Shift.series_id == series_id, Shift.ends_at > now)
        .group_by(Shift.id, Place.id)
        .order_by(Shift.starts_at, Shift.id)
    )
    return [
        SeriesShift(*row[:-2], taken=int(row[-2]), capacity=int(row[-1]))  # type: ignore[misc]
        for row in rows
    ]


def series_of_project(session: Session, *, project_id: int, now: datetime) -> list[SeriesDesk]:
    """Return the project's series that go on; `ahead` says how many shifts each has to come."""
    count = func.count(Shift.id)
    rows = session.execute(
        _SERIES.add_columns(count)
        .join(
            Shift,
            and_(
                Shift.series_id == Series.id,
                Shift.status != ShiftStatus.CANCELLED,
                Shift.starts_at > now,
            ),
        )
        .where(Series.project_id == project_id)
        .group_by(Series.id, Project.id)
        .order_by(Series.id)
    )
    return [_desk(row, ahead=row[-1]) for row in rows]


_SERIES = select(
    Series.id,
    Series.project_id,
    Project.title_zh,
    Project.title_en,
    Project.status,
    Series.rule,
    Series.first_day,
    Series.last_day,
    Series.skip_holidays,
    Series.workdays_only,
).join(Project, Project.id == Series.project_id)


def _desk(row: Any, *, following: int = 0, ahead: int = 0) -> SeriesDesk:
    series_id, project_id, title_zh, title_en, status = row[:5]
    return SeriesDesk(
        id=series_id,
        project_id=project_id,
        title_zh=title_zh,
        title_en=title_en,
        project_status=status,
        recurrence=Recurrence(*row[5:10]),
        following=following,
        ahead=ahead,
    )
