"""Projects as their coordinators see them, drafts included."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from volunteer_hub.core import clock
from volunteer_hub.core.i18n import either
from volunteer_hub.projects.models import Category, Project, ProjectStatus
from volunteer_hub.projects.publication import Missing, missing_for_publication
from volunteer_hub.projects.queries import search
from volunteer_hub.projects.services import own_project
from volunteer_hub.registry.models import Organisation, Place
from volunteer_hub.registry.queries import Choice

PAGE_SIZE = 20
# How long a project without shifts is taken for one whose shifts are still to be posted.
NEW = timedelta(days=90)


@dataclass(frozen=True)
class ProjectLine:
    """One project of the list; `last_starts_at` is the start of its last published shift."""

    id: int
    title_zh: str
    title_en: str
    category_zh: str
    category_en: str
    organisation_zh: str
    organisation_en: str
    status: str
    last_starts_at: datetime | None

    @property
    def last_day(self) -> date | None:
        """The day of the last published shift on the local wall clock."""
        return clock.local(self.last_starts_at).date() if self.last_starts_at else None


@dataclass(frozen=True)
class ProjectList:
    """One page of the list, out of `total` projects."""

    rows: list[ProjectLine]
    page: int
    total: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


@dataclass(frozen=True)
class ProjectDesk:
    """One project with everything its coordinator typed, and what publication still needs."""

    id: int
    organisation_id: int
    category_id: int
    place_id: int | None
    title_zh: str
    title_en: str
    content_zh: str
    content_en: str
    risk_zh: str
    risk_en: str
    insurance: str
    contact_name: str
    contact_phone: str
    minimum_age: int
    outdoors: bool
    one_to_one: bool
    teaches_id: int | None
    early_percent: int
    newcomer_percent: int
    status: str
    last_starts_at: datetime | None
    version: int
    category: str
    organisation: str
    place: str
    address: str
    missing: list[Missing]


def project_list(
    session: Session,
    *,
    organisation_ids: Collection[int],
    q: str = "",
    status: ProjectStatus | None = None,
    page: int = 1,
) -> ProjectList:
    """Return one page of the organisations' projects: best hit first, else newest first.

    A page beyond the end is the last one.
    """
    query = _wanted(select(Project.id), organisation_ids, status)
    found = search(q)
    if found is not None:
        query = query.join(found, found.c.project_id == Project.id)
        query = query.order_by(found.c.score.desc())
    counted = select(func.count()).select_from(query.order_by(None).subquery())
    total = session.scalar(counted) or 0
    page = min(page, max(1, -(-total // PAGE_SIZE)))
    chosen = (
        query.with_only_columns(
            Project.id,
            Project.title_zh,
            Project.title_en,
            Category.name_zh,
            Category.name_en,
            Organisation.name_zh,
            Organisation.name_en,
            Project.status,
            Project.last_starts_at,
        )
        .join(Category, Category.id == Project.category_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .order_by(Project.id.desc())
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    return ProjectList([ProjectLine(*row) for row in session.execute(chosen)], page, total)


def _wanted(
    query: Select[int], organisation_ids: Collection[int], status: ProjectStatus | None
) -> Select[int]:
    query = query.where(Project.organisation_id.in_(organisation_ids))
    return query if status is None else query.where(Project.status == str(status))


def project_desk(
    session: Session, *, project_id: int, organisation_ids: Collection[int]
) -> ProjectDesk:
    """Return one project of these organisations, else raise NotFound."""
    project = own_project(session, project_id, organisation_ids)
    category = session.get_one(Category, project.category_id)
    organisation = session.get_one(Organisation, project.organisation_id)
    place = session.get_one(Place, project.place_id) if project.place_id else None
    return ProjectDesk(
        **{field: getattr(project, field) for field in _COPIED},
        category=either(category.name_zh, category.name_en),
        organisation=either(organisation.name_zh, organisation.name_en),
        place=either(place.name_zh, place.name_en) if place else "",
        address=either(place.address_zh, place.address_en) if place else "",
        missing=missing_for_publication(project, hazardous=category.hazardous),
    )


# The columns shown as they are; the others of ProjectDesk are names of what they point to.
_COPIED = tuple(column.name for column in fields(ProjectDesk) if hasattr(Project, column.name))


def category_choices(session: Session) -> list[Choice]:
    """Return all categories in the order of the office."""
    rows = session.execute(
        select(Category.id, Category.name_zh, Category.name_en).order_by(Category.position)
    )
    return [Choice(row.id, either(row.name_zh, row.name_en)) for row in rows]


def organisation_choices(session: Session, organisation_ids: Collection[int]) -> list[Choice]:
    """Return the names of these organisations."""
    rows = session.execute(
        select(Organisation.id, Organisation.name_zh, Organisation.name_en)
        .where(Organisation.id.in_(organisation_ids))
        .order_by(Organisation.id)
    )
    return [Choice(row.id, either(row.name_zh, row.name_en)) for row in rows]


def to_come(session: Session, organisation_ids: Collection[int], *, now: datetime) -> list[Choice]:
    """Return the published projects with shifts to come, for a list to choose from.

    One that never had a shift is among them for its first quarter: its shifts may follow. Those of
    past quarters stay published for their records, and need no help.
    """
    begins = Project.last_starts_at.is_(None) & (Project.created_at > now - NEW)
    rows = session.execute(
        select(Project.id, Project.title_zh, Project.title_en)
        .where(
            Project.organisation_id.in_(organisation_ids),
            Project.status == str(ProjectStatus.PUBLISHED),
            or_(Project.last_starts_at > now, begins),
        )
        .order_by(Project.title_zh, Project.id)
    )
    return [Choice(row.id, either(row.title_zh, row.title_en)) for row in rows]
