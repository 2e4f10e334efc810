"""Create, change, publish and close projects."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.qualifications import require_training
from volunteer_hub.audit import services as audit
from volunteer_hub.core import phones
from volunteer_hub.core.db import touch_lists
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.projects.indexing import reindex
from volunteer_hub.projects.models import Category, Project, ProjectStatus
from volunteer_hub.projects.publication import require_complete
from volunteer_hub.registry.models import Organisation, Place


class ChangedMeanwhile(DomainError):
    """Somebody else saved the same thing after this form was opened; nothing is overwritten."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Somebody else has just changed this. Nothing was overwritten, and what you typed"
                " is kept."
            )
        )


@dataclass(frozen=True)
class ProjectDetails:
    """What is typed about a project; everything but a title may wait until publication."""

    category_id: int
    title_zh: str
    title_en: str = ""
    place_id: int | None = None
    content_zh: str = ""
    content_en: str = ""
    risk_zh: str = ""
    risk_en: str = ""
    insurance: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    minimum_age: int = 16
    outdoors: bool = False
    one_to_one: bool = False
    teaches_id: int | None = None
    early_percent: int = 100
    newcomer_percent: int = 0


def create_project(
    session: Session,
    *,
    organisation_id: int,
    details: ProjectDetails,
    actor_id: int | None,
    now: datetime,
    source: str | None = None,
    source_key: str | None = None,
    index: bool = True,
) -> Project:
    """Save a new project as a draft; raises InvalidInput with the field at fault.

    With `index` false the caller brings the search index up to date (`reindex`, many at once).
    """
    if session.get(Organisation, organisation_id) is None:
        raise InvalidInput(
            _("Please choose an organisation from the list."), field="organisation_id"
        )
    project = Project(
        organisation_id=organisation_id,
        status=ProjectStatus.DRAFT,
        source=source,
        source_key=source_key,
        created_at=now,
        **asdict(_checked(session, details)),
    )
    session.add(project)
    session.flush()
    _note(session, "project:create", project, actor_id=actor_id, now=now, index=index)
    return project


def change_project(
    session: Session,
    *,
    project_id: int,
    organisation_ids: Collection[int],
    version: int,
    details: ProjectDetails,
    actor_id: int,
    now: datetime,
) -> Project:
    """Take over what was typed; shifts keep the place they have.

    Raises NotFound, ChangedMeanwhile when `version` is not the stored one, InvalidInput, and
    NotComplete when a published project would lose what publication needs.
    """
    project = own_project(session, project_id, organisation_ids, lock=True)
    if project.version != version:
        raise ChangedMeanwhile
    changed = []
    for field, value in asdict(_checked(session, details)).items():
        if getattr(project, field) != value:
            setattr(project, field, value)
            changed.append(field)
    if project.status == ProjectStatus.PUBLISHED:
        require_complete(session, project)
    if changed:
        project.version += 1
        _note(session, "project:change", project, actor_id=actor_id, now=now, fields=changed)
    return project


def publish_project(
    session: Session,
    *,
    project_id: int,
    organisation_ids: Collection[int],
    actor_id: int | None,
    now: datetime,
) -> Project:
    """Show the project to everybody; raises NotComplete that names everything missing."""
    project = own_project(session, project_id, organisation_ids, lock=True)
    if project.status != ProjectStatus.PUBLISHED:
        require_complete(session, project)
        project.status = ProjectStatus.PUBLISHED
        project.version += 1
        _note(session, "project:publish", project, actor_id=actor_id, now=now)
    return project


def close_project(
    session: Session,
    *,
    project_id: int,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> Project:
    """Take the project out of the lists; refused while a published shift is still to come."""
    project = own_project(session, project_id, organisation_ids, lock=True)
    if project.last_starts_at is not None and project.last_starts_at > now:
        raise DomainError(
            _("This project still has shifts to come. Please cancel them first, then close it.")
        )
    if project.status != ProjectStatus.CLOSED:
        project.status = ProjectStatus.CLOSED
        project.version += 1
        _note(session, "project:close", project, actor_id=actor_id, now=now)
    return project


def own_project(
    session: Session, project_id: int, organisation_ids: Collection[int], *, lock: bool = False
) -> Project:
    """Return the project of one of these organisations, else raise NotFound."""
    query = select(Project).where(
        Project.id == project_id, Project.organisation_id.in_(organisation_ids)
    )
    if lock:
        # Sign-ups only point at the project; they need not wait for its text.
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    project = session.scalar(query)
    if project is None:
        raise NotFound
    return project


def _checked(session: Session, details: ProjectDetails) -> ProjectDetails:
    """Return the details as they are stored, or raise InvalidInput."""
    if not (details.title_zh or details.title_en):
        raise InvalidInput(_("Please give the project a title."), field="title_zh")
    if session.get(Category, details.category_id) is None:
        raise InvalidInput(_("Please choose a category from the list."), field="category_id")
    if details.place_id is not None and session.get(Place, details.place_id) is None:
        raise InvalidInput(_("Please choose a place from the list."), field="place_id")
    if not 0 <= details.minimum_age <= 99:
        raise InvalidInput(_("Please give an age from 0 to 99."), field="minimum_age")
    require_training(session, details.teaches_id)
    if not 1 <= details.early_percent <= 100:
        raise InvalidInput(_("Please choose one from the list."), field="early_percent")
    if not 0 <= details.newcomer_percent <= 50:
        raise InvalidInput(_("Please choose one from the list."), field="newcomer_percent")
    return replace(details, contact_phone=_contact_phone(details.contact_phone))


def _contact_phone(typed: str) -> str:
    """Return the number as E.164; a landline or an extension stays as it was typed."""
    if not typed:
        return ""
    if sum(letter.isdecimal() for letter in typed) < 7:
        raise InvalidInput(
            _("Please type a phone number, such as 138 0013 8000 or 021-6466 0000."),
            field="contact_phone",
        )
    return phones.normalise(typed) or typed


def _note(
    session: Session,
    action: str,
    project: Project,
    *,
    actor_id: int | None,
    now: datetime,
    fields: Sequence[str] = (),
    index: bool = True,
) -> None:
    """Write the audit entry and bring index and lists up to date."""
    audit.record(
        session,
        action,
        actor_id=actor_id,
        object_id=project.id,
        organisation_id=project.organisation_id,
        now=now,
        version=project.version,
        fields=list(fields),
    )
    session.flush()
    if index:
        reindex(session, project.id)
    touch_lists(session)
