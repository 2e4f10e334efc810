"""Read adoptions: who asks for help, who stands by which project, what is reserved where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ScalarSelect, Select, case, func, select
from sqlalchemy.orm import Session

from volunteer_hub.projects.models import (
    Adoption,
    AdoptionState,
    Category,
    HelpWanted,
    Project,
    ProjectStatus,
)
from volunteer_hub.registry.models import Branch, BranchLine, Organisation
from volunteer_hub.shifts.models import Hold, Post, Shift, ShiftStatus


@dataclass(frozen=True)
class WantedRow:
    """A project that asks branches for help."""

    id: int
    project_id: int
    title_zh: str
    title_en: str
    category_zh: str
    category_en: str
    organisation_zh: str
    organisation_en: str
    first_day: date
    last_day: date
    places: int
    text: str


@dataclass(frozen=True)
class AdoptionRow:
    """An adoption with its project and branch."""

    id: int
    state: str
    project_id: int
    title_zh: str
    title_en: str
    organisation_zh: str
    organisation_en: str
    branch_id: int
    branch_zh: str
    branch_en: str
    first_day: date
    last_day: date
    places: int
    message: str
    answer: str
    review: str
    thanks: str


@dataclass(frozen=True)
class ReservedRow:
    """A shift to come of an adopted project: what is reserved and not yet used, until when."""

    shift_id: int
    day: date
    starts_at: datetime
    ends_at: datetime
    left: int
    capacity: int
    reserved: int
    until: datetime | None


def wanted(
    session: Session, *, today: date, organisation_ids: Sequence[int] | None = None
) -> list[WantedRow]:
    """Return who asks for help today, of these organisations when given, the soonest end first."""
    query: Select[*tuple[Any, ...]] = (
        select(
            HelpWanted.id,
            Project.id,
            Project.title_zh,
            Project.title_en,
            Category.name_zh,
            Category.name_en,
            Organisation.name_zh,
            Organisation.name_en,
            HelpWanted.first_day,
            HelpWanted.last_day,
            HelpWanted.places,
            HelpWanted.text,
        )
        .join(Project, Project.id == HelpWanted.project_id)
        .join(Category, Category.id == Project.category_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .where(
            HelpWanted.closed_at.is_(None),
            HelpWanted.last_day >= today,
            Project.status == str(ProjectStatus.PUBLISHED),
        )
        .order_by(HelpWanted.last_day, HelpWanted.id)
        .limit(200)
    )
    if organisation_ids is not None:
        query = query.where(Project.organisation_id.in_(organisation_ids))
    return [WantedRow(*row) for row in session.execute(query)]


def _adoptions() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Adoption.id,
            Adoption.state,
            Project.id,
            Project.title_zh,
            Project.title_en,
            Organisation.name_zh,
            Organisation.name_en,
            Branch.id,
            Branch.name_zh,
            Branch.name_en,
            Adoption.first_day,
            Adoption.last_day,
            Adoption.places,
            Adoption.message,
            Adoption.answer,
            Adoption.review,
            Adoption.thanks,
        )
        .join(Project, Project.id == Adoption.project_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .join(Branch, Branch.id == Adoption.branch_id)
    )


def of_branch(session: Session, branch_id: int) -> list[AdoptionRow]:
    """Return the branch's adoptions: that go on or wait, that ended, that came to nothing."""
    query = _adoptions().where(Adoption.branch_id == branch_id)
    order = case(
        (Adoption.state.in_([str(AdoptionState.AGREED), str(AdoptionState.PROPOSED)]), 0),
        (Adoption.state == str(AdoptionState.ENDED), 1),
        else_=2,
    )
    rows = session.execute(query.order_by(order, Adoption.last_day.desc(), Adoption.id.desc()))
    return [AdoptionRow(*row) for row in rows]


def of_organisations(session: Session, organisation_ids: Sequence[int]) -> list[AdoptionRow]:
    """Return the adoptions of these organisations' projects, what waits for an answer first."""
    waits = Adoption.state == str(AdoptionState.PROPOSED)
    query = _adoptions().where(
        Project.organisation_id.in_(organisation_ids),
        Adoption.state != str(AdoptionState.WITHDRAWN),
    )
    rows = session.execute(
        query.order_by(waits.desc(), Adoption.last_day.desc(), Adoption.id.desc()).limit(200)
    )
    return [AdoptionRow(*row) for row in rows]


def proposed_count(organisation_ids: Sequence[int]) -> ScalarSelect[int]:
    """Count, inside another question, the adoptions that wait for these organisations' answer."""
    query = (
        select(func.count(Adoption.id))
        .join(Project, Project.id == Adoption.project_id)
        .where(
            Project.organisation_id.in_(organisation_ids),
            Adoption.state == str(AdoptionState.PROPOSED),
        )
    )
    return query.scalar_subquery()


def one(session: Session, adoption_id: int) -> AdoptionRow | None:
    """Return the adoption, or None; the caller has checked who may see it."""
    row = session.execute(_adoptions().where(Adoption.id == adoption_id)).first()
    return AdoptionRow(*row) if row else None


def adopters(session: Session, project_id: int, *, today: date) -> list[tuple[str, str]]:
    """Return the names of the branches that stand by a project today; anybody may see them."""
    rows = session.execute(
        select(Branch.name_zh, Branch.name_en)
        .join(Adoption, Adoption.branch_id == Branch.id)
        .where(
            Adoption.project_id == project_id,
            Adoption.state == str(AdoptionState.AGREED),
            Adoption.first_day <= today,
            Adoption.last_day >= today,
        )
        .order_by(Branch.id)
    )
    return [(row[0], row[1]) for row in rows]


def reserved(session: Session, adoption: AdoptionRow, *, now: datetime) -> list[ReservedRow]:
    """Return the adoption's shifts to come with what is reserved in each, the soonest first."""
    held = (
        select(
            Post.shift_id,
            func.sum(Hold.places).label("places"),
            func.max(Hold.until).label("until"),
        )
        .join(Post, Post.id == Hold.post_id)
        .where(Hold.adoption_id == adoption.id, Hold.places > 0, Hold.until > now)
        .group_by(Post.shift_id)
        .subquery()
    )
    rows: Any = session.execute(
        select(
            Shift.id,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            func.sum(Post.capacity - Post.taken),
            func.sum(Post.capacity),
            func.coalesce(held.c.places, 0),
            held.c.until,
        )
        .join(Post, Post.shift_id == Shift.id)
        .outerjoin(held, held.c.shift_id == Shift.id)
        .where(
            Shift.project_id == adoption.project_id,
            Shift.status == str(ShiftStatus.PUBLISHED),
            Shift.starts_at > now,
            Shift.day.between(adoption.first_day, adoption.last_day),
        )
        .group_by(Shift.id, held.c.places, held.c.until)
        .order_by(Shift.starts_at, Shift.id)
        .limit(100)
    )
    return [
        ReservedRow(id_, day, starts_at, ends_at, int(left), int(capacity), int(held), until)
        for id_, day, starts_at, ends_at, left, capacity, held, until in rows
    ]


def own_and_above(branch_id: Any, today: date) -> Select[int]:
    """Select the branch and those that it lies below today: their places are its people's too."""
    return select(BranchLine.ancestor_id).where(
        BranchLine.branch_id == branch_id,
        BranchLine.since <= today,
        BranchLine.until.is_(None) | (BranchLine.until >= today),
    )
