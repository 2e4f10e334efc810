"""Who arranges one-to-one shifts, and which of them can take more wishes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.core.i18n import either
from volunteer_hub.matching.one_to_one import posts
from volunteer_hub.matching.one_to_one.models import RequestState, RequestWindow, ServiceRequest
from volunteer_hub.projects.models import Project, ProjectStatus
from volunteer_hub.registry.models import Organisation, Place
from volunteer_hub.registry.queries import Choice
from volunteer_hub.shifts.models import Shift, ShiftStatus


@dataclass(frozen=True)
class ShiftChoice:
    """A shift that wishes can go into: room for how many more, how many partners signed up."""

    id: int
    title_zh: str
    title_en: str
    place_zh: str
    place_en: str
    day: date
    window: str
    starts_at: datetime
    ends_at: datetime
    room: int
    people: int

    @property
    def slot(self) -> tuple[int, str]:
        """The weekday (Monday is 0) and window that wishes are compared with."""
        return self.day.weekday(), self.window


def arranging(session: Session, organisation_ids: Collection[int]) -> list[Choice]:
    """Return who arranges one-to-one shifts, one's own organisations first."""
    runs = select(Project.organisation_id).where(
        Project.one_to_one, Project.status == str(ProjectStatus.PUBLISHED)
    )
    rows = session.execute(
        select(Organisation.id, Organisation.name_zh, Organisation.name_en)
        .where(Organisation.id.in_(runs))
        .order_by(Organisation.name_zh)
    ).all()
    found = [Choice(row.id, either(row.name_zh, row.name_en)) for row in rows]
    return sorted(found, key=lambda row: row.id not in organisation_ids)


def shift_choices(
    session: Session, *, organisation_ids: Collection[int], now: datetime, limit: int = 40
) -> list[ShiftChoice]:
    """Return the coming shifts of projects that pair, soonest first, with their room."""
    placed = (
        select(func.count())
        .where(
            ServiceRequest.shift_id == Shift.id,
            ServiceRequest.state == str(RequestState.PLACED),
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Shift.id,
            Project.title_zh,
            Project.title_en,
            Place.name_zh,
            Place.name_en,
            Shift.day,
            Shift.window,
            Shift.starts_at,
            Shift.ends_at,
            posts.partner_places(Shift.id) - placed,
            posts.partners(Shift.id),
        )
        .join(Project, Project.id == Shift.project_id)
        .join(Place, Place.id == Shift.place_id)
        .where(
            Project.organisation_id.in_(organisation_ids),
            Project.one_to_one,
            Shift.starts_at > now,
            Shift.status != str(ShiftStatus.CANCELLED),
        )
        .order_by(Shift.starts_at, Shift.id)
        .limit(limit)
    )
    return [ShiftChoice(*row) for row in rows]


def waiting_times(
    session: Session, organisation_ids: Collection[int]
) -> dict[tuple[int, str], int]:
    """Return how many verified wishes have time on each weekday (Monday is 0) and window."""
    rows = session.execute(
        select(RequestWindow.weekday, RequestWindow.window, func.count())
        .join(ServiceRequest, ServiceRequest.id == RequestWindow.request_id)
        .where(
            ServiceRequest.organisation_id.in_(organisation_ids),
            ServiceRequest.state == str(RequestState.VERIFIED),
        )
        .group_by(RequestWindow.weekday, RequestWindow.window)
    )
    return {(weekday, window): count for weekday, window, count in rows}


def pairing_projects(session: Session, organisation_ids: Collection[int]) -> list[Choice]:
    """Return the published projects of these organisations that pair one to one."""
    rows = session.execute(
        select(Project.id, Project.title_zh, Project.title_en)
        .where(
            Project.organisation_id.in_(organisation_ids),
            Project.one_to_one,
            Project.status == str(ProjectStatus.PUBLISHED),
        )
        .order_by(Project.title_zh, Project.id)
    )
    return [Choice(row.id, either(row.title_zh, row.title_en)) for row in rows]
