"""Adoption 认领: projects ask for help, branches offer it, coordinators agree."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person, RoleGrant
from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Role
from volunteer_hub.notifications import services as notifications
from volunteer_hub.projects.models import (
    Adoption,
    AdoptionState,
    HelpWanted,
    Project,
    ProjectStatus,
)
from volunteer_hub.projects.services import own_project
from volunteer_hub.registry.models import Branch
from volunteer_hub.shifts import reserving

MOST_PLACES = 50
LONGEST = 500
OPEN = (AdoptionState.PROPOSED, AdoptionState.AGREED)


def ask_for_help(
    session: Session,
    *,
    project_id: int,
    organisation_ids: Collection[int],
    first_day: date,
    last_day: date,
    places: int,
    text: str,
    today: date,
    actor_id: int,
    now: datetime,
) -> HelpWanted:
    """Ask branches to stand by a published project in a period."""
    project = own_project(session, project_id, organisation_ids)
    if project.status != ProjectStatus.PUBLISHED:
        raise InvalidInput(_("Please publish the project first."), field="project_id")
    _check(first_day, last_day, places, today=today)
    wanted = HelpWanted(
        project_id=project.id,
        first_day=first_day,
        last_day=last_day,
        places=places,
        text=text.strip()[:LONGEST],
        asked_by=actor_id,
        asked_at=now,
    )
    session.add(wanted)
    session.flush()
    _note(session, "help:ask", wanted.id, project, actor_id=actor_id, now=now)
    return wanted


def close_help(
    session: Session,
    *,
    wanted_id: int,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> None:
    """Take a request for help from the list; what was agreed on stays."""
    wanted = session.get(HelpWanted, wanted_id)
    project = own_project(session, wanted.project_id if wanted else 0, organisation_ids)
    if wanted and wanted.closed_at is None:
        wanted.closed_at = now
        _note(session, "help:close", wanted.id, project, actor_id=actor_id, now=now)


def propose(
    session: Session,
    *,
    branch_id: int,
    project_id: int,
    first_day: date,
    last_day: date,
    places: int,
    message: str,
    today: date,
    actor_id: int,
    now: datetime,
) -> Adoption:
    """Offer that a branch stands by a project; its coordinators are told and decide.

    Raises NotFound for a project that is not published, InvalidInput, DomainError when the branch
    has offered or agreed on overlapping days already.
    """
    project = session.get(Project, project_id)
    if project is None or project.status != ProjectStatus.PUBLISHED:
        raise NotFound
    _check(first_day, last_day, places, today=today)
    # One writer at a time for this branch, so that two taps make one proposal.
    session.execute(select(Branch.id).where(Branch.id == branch_id).with_for_update())
    overlapping = session.scalar(
        select(Adoption.id).where(
            Adoption.branch_id == branch_id,
            Adoption.project_id == project_id,
            Adoption.state.in_([str(state) for state in OPEN]),
            Adoption.first_day <= last_day,
            Adoption.last_day >= first_day,
        )
    )
    if overlapping:
        raise DomainError(_("Your branch has adopted this project for some of these days already."))
    adoption = Adoption(
        project_id=project_id,
        branch_id=branch_id,
        first_day=first_day,
        last_day=last_day,
        places=places,
        message=message.strip()[:LONGEST],
        proposed_by=actor_id,
        proposed_at=now,
    )
    session.add(adoption)
    session.flush()
    _note(session, "adoption:propose", adoption.id, project, actor_id=actor_id, now=now)
    for person_id in _coordinators(session, project.organisation_id, today):
        _tell(session, "adoption_proposed", adoption, person_id, "/console/adoptions", now)
    return adoption


def decide(
    session: Session,
    *,
    adoption_id: int,
    organisation_ids: Collection[int],
    agree: bool,
    answer: str,
    actor_id: int,
    now: datetime,
) -> Adoption:
    """Agree, and reserve places in every shift to come, or decline with a word.

    Raises NotFound for another organisation's, DomainError once it was answered.
    """
    adoption, project = own_adoption(session, adoption_id, organisation_ids)
    if adoption.state != AdoptionState.PROPOSED:
        raise DomainError(_("This has been answered already."))
    adoption.state = str(AdoptionState.AGREED if agree else AdoptionState.DECLINED)
    adoption.answer = answer.strip()[:LONGEST]
    adoption.decided_by, adoption.decided_at = actor_id, now
    action = f"adoption:{'agree' if agree else 'decline'}"
    _note(session, action, adoption.id, project, actor_id=actor_id, now=now)
    if agree:
        reserving.reserve(session, adoption, now=now)
    link = f"/branches/{adoption.branch_id}/adoptions/{adoption.id}"
    kind = "adoption_agreed" if agree else "adoption_declined"
    _tell(session, kind, adoption, adoption.proposed_by, link, now)
    return adoption


def finish(
    session: Session, adoption: Adoption, *, today: date, actor_id: int, now: datetime
) -> None:
    """End an adoption today, or take a proposal back; what is reserved is open to everybody.

    The caller has made sure that the reader leads the branch or coordinates the project. Doing it
    again changes nothing.
    """
    if adoption.state == AdoptionState.PROPOSED:
        adoption.state = str(AdoptionState.WITHDRAWN)
    elif adoption.state == AdoptionState.AGREED:
        adoption.state = str(AdoptionState.ENDED)
        adoption.last_day = max(adoption.first_day, min(adoption.last_day, today))
    else:
        return
    session.flush()
    reserving.release(session, adoption, actor_id=actor_id, now=now)
    project = session.get_one(Project, adoption.project_id)
    _note(session, "adoption:end", adoption.id, project, actor_id=actor_id, now=now)


def look_back(
    session: Session, adoption: Adoption, *, review: str, actor_id: int, now: datetime
) -> None:
    """Keep what the branch says of it; the project's coordinators read it."""
    if not review.strip():
        raise InvalidInput(_("Please write a word or two."), field="review")
    adoption.review, adoption.reviewed_at = review.strip()[:LONGEST], now
    session.flush()
    project = session.get_one(Project, adoption.project_id)
    _note(session, "adoption:review", adoption.id, project, actor_id=actor_id, now=now)


def thank(
    session: Session,
    *,
    adoption_id: int,
    organisation_ids: Collection[int],
    thanks: str,
    actor_id: int,
    now: datetime,
) -> None:
    """Thank the branch; who proposed the adoption is told."""
    adoption, project = own_adoption(session, adoption_id, organisation_ids)
    if not thanks.strip():
        raise InvalidInput(_("Please write a word or two."), field="thanks")
    adoption.thanks, adoption.thanked_at = thanks.strip()[:LONGEST], now
    session.flush()
    _note(session, "adoption:thank", adoption.id, project, actor_id=actor_id, now=now)
    link = f"/branches/{adoption.branch_id}/adoptions/{adoption.id}"
    _tell(session, "adoption_thanked", adoption, adoption.proposed_by, link, now)


def own_adoption(
    session: Session, adoption_id: int, organisation_ids: Collection[int]
) -> tuple[Adoption, Project]:
    """Return an adoption of these organisations' projects, locked, else raise NotFound."""
    adoption = session.get(Adoption, adoption_id, with_for_update=True)
    if adoption is None:
        raise NotFound
    return adoption, own_project(session, adoption.project_id, organisation_ids)


def adoption_of_branch(session: Session, adoption_id: int, branch_id: int) -> Adoption:
    """Return an adoption of this branch, locked, else raise NotFound."""
    adoption = session.get(Adoption, adoption_id, with_for_update=True)
    if adoption is None or adoption.branch_id != branch_id:
        raise NotFound
    return adoption


def _check(first_day: date, last_day: date, places: int, *, today: date) -> None:
    if last_day < first_day:
        raise InvalidInput(_("The last day lies before the first one."), field="last_day")
    if last_day < today:
        raise InvalidInput(_("This day has passed. Please choose a later one."), field="last_day")
    if not 1 <= places <= MOST_PLACES:
        raise InvalidInput(_("Please give 1 to 50 places a shift."), field="places")


def _coordinators(session: Session, organisation_id: int, today: date) -> list[int]:
    return list(
        session.scalars(
            select(RoleGrant.person_id)
            .join(Person, Person.id == RoleGrant.person_id)
            .where(
                RoleGrant.role == str(Role.COORDINATOR),
                RoleGrant.organisation_id == organisation_id,
                RoleGrant.ends_on.is_(None) | (RoleGrant.ends_on >= today),
                Person.deleted_at.is_(None),
            )
            .order_by(RoleGrant.person_id)
            .distinct()
        )
    )


def _tell(
    session: Session, kind: str, adoption: Adoption, person_id: int, link: str, now: datetime
) -> None:
    project = session.get_one(Project, adoption.project_id)
    branch = session.get_one(Branch, adoption.branch_id)
    notifications.tell(
        session,
        kind,
        person_id=person_id,
        key=f"{kind}:{adoption.id}:{person_id}:{now.isoformat()}",
        now=now,
        link=link,
        title_zh=project.title_zh,
        title_en=project.title_en,
        branch_zh=branch.name_zh,
        branch_en=branch.name_en,
        reason=adoption.thanks if kind == "adoption_thanked" else adoption.answer,
    )


def _note(
    session: Session,
    action: str,
    object_id: int,
    project: Project,
    *,
    actor_id: int,
    now: datetime,
) -> None:
    audit.record(
        session,
        action,
        actor_id=actor_id,
        object_id=object_id,
        now=now,
        organisation_id=project.organisation_id,
        project_id=project.id,
    )
