"""Read one project for its own page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.core.errors import NotFound
from volunteer_hub.projects.models import Category, Project, ProjectStatus
from volunteer_hub.registry.models import Organisation, Place


@dataclass(frozen=True)
class ProjectPage:
    """One project as the public sees it; the phone is shown on a shift, to those who come."""

    id: int
    title_zh: str
    title_en: str
    content_zh: str
    content_en: str
    risk_zh: str
    risk_en: str
    contact_name: str
    minimum_age: int
    outdoors: bool
    status: str
    category_key: str
    category_zh: str
    category_en: str
    organisation_zh: str
    organisation_en: str
    place_zh: str | None
    place_en: str | None


def show(session: Session, project_id: int) -> ProjectPage:
    """Return a project that was published; raises NotFound for drafts and unknown ones."""
    row: Any = session.execute(
        select(
            Project.id,
            Project.title_zh,
            Project.title_en,
            Project.content_zh,
            Project.content_en,
            Project.risk_zh,
            Project.risk_en,
            Project.contact_name,
            Project.minimum_age,
            Project.outdoors,
            Project.status,
            Category.key,
            Category.name_zh,
            Category.name_en,
            Organisation.name_zh,
            Organisation.name_en,
            Place.name_zh,
            Place.name_en,
        )
        .join(Category, Category.id == Project.category_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .outerjoin(Place, Place.id == Project.place_id)
        .where(Project.id == project_id, Project.status != str(ProjectStatus.DRAFT))
    ).first()
    if row is None:
        raise NotFound
    return ProjectPage(*row)
