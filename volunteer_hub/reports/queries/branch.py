"""A branch: where it lies, who did not come, what waits for confirmation and with whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import BranchMembership
from volunteer_hub.attendance.events import stays_of
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.core.calendar import Period
from volunteer_hub.hours.crediting import Span, proposed_minutes
from volunteer_hub.hours.sheets import unconfirmed
from volunteer_hub.projects.models import Adoption, AdoptionState, Category, Project
from volunteer_hub.registry.models import Branch, BranchLine, Building, Organisation
from volunteer_hub.reports.queries.no_shows import missed_by, no_shows_of
from volunteer_hub.reports.scope import BRANCH_ID, Scope, Shape, of_kind, of_projects, written
from volunteer_hub.shifts.models import Shift


@dataclass(frozen=True)
class BranchRow:
    """A branch in the tree as it is today."""

    id: int
    kind: str
    name_zh: str
    name_en: str
    parent_id: int | None
    path: str


@dataclass(frozen=True)
class Family:
    """A branch, those above it from the root down, and those directly below it."""

    branch: BranchRow
    above: tuple[BranchRow, ...]
    children: tuple[BranchRow, ...]


@dataclass(frozen=True)
class Waiting:
    """A shift with hours of the branch's people that nobody has confirmed.

    `minutes` is what the times on site would give; `open_ended` people have not checked out.
    """

    shift_id: int
    title_zh: str
    title_en: str
    organisation_zh: str
    organisation_en: str
    contact_name: str
    day: date
    people: int
    minutes: int
    open_ended: int


@dataclass(frozen=True)
class Missed:
    """A shift to which people of the branch did not come without a word."""

    shift_id: int
    title_zh: str
    title_en: str
    day: date
    people: int


@dataclass(frozen=True)
class AdoptedLine:
    """A project the branch stands by in the span, with its hours there."""

    id: int
    project_id: int
    title_zh: str
    title_en: str
    first_day: date
    last_day: date


def family(session: Session, branch_id: int) -> Family | None:
    """Return the branch with its surroundings, or None when there is no such branch."""
    rows = [BranchRow(*row) for row in session.execute(_family(), {"branch_id": branch_id})]
    found = next((row for row in rows if row.id == branch_id), None)
    if found is None:
        return None
    above = (row for row in rows if row.id != branch_id and found.path.startswith(row.path))
    return Family(
        branch=found,
        above=tuple(sorted(above, key=lambda row: len(row.path))),
        children=tuple(row for row in rows if row.parent_id == branch_id),
    )


@lru_cache
def _family() -> Select[int, str, str, str, int | None, str]:
    asked = aliased(Branch)
    return (
        select(
            Branch.id, Branch.kind, Branch.name_zh, Branch.name_en, Branch.parent_id, Branch.path
        )
        .join(asked, asked.id == BRANCH_ID)
        .where(or_(asked.path.like(Branch.path + "%"), Branch.parent_id == BRANCH_ID))
        .order_by(Branch.id)
    )


def ids_below(session: Session, path: str) -> list[int]:
    """Return the branch with this path and all below it today."""
    return list(session.scalars(select(Branch.id).where(Branch.path.like(path + "%"))))


def category_names(session: Session) -> dict[int, tuple[str, str]]:
    """Return the names of all categories, by id."""
    rows = session.execute(select(Category.id, Category.name_zh, Category.name_en))
    return {row.id: (row.name_zh, row.name_en) for row in rows}


def building_names(session: Session) -> dict[int, tuple[str, str, int | None]]:
    """Return the names and the committee of all buildings, by id."""
    rows = session.execute(
        select(Building.id, Building.name_zh, Building.name_en, Building.committee_id)
    )
    return {row.id: (row.name_zh, row.name_en, row.committee_id) for row in rows}


def names_of(
    session: Session, *, category: int | None, project: int | None, building: int | None
) -> list[tuple[str, tuple[str, str]]]:
    """Return parameter and names of category, project and building, those that exist."""
    found = []
    if category is not None:
        row = session.get(Category, category)
        if row:
            found.append(("category", (row.name_zh, row.name_en)))
    if project is not None:
        one = session.get(Project, project)
        if one:
            found.append(("project", (one.title_zh, one.title_en)))
    if building is not None:
        place = session.get(Building, building)
        if place:
            found.append(("building", (place.name_zh, place.name_en)))
    return found


def member_of_day() -> ColumnElement[bool]:
    """Match the membership that somebody with an attendance had on the shift's day."""
    member = BranchMembership
    return (
        (member.person_id == Attendance.person_id)
        & (member.started_on <= Shift.day)
        & (member.ended_on.is_(None) | (member.ended_on >= Shift.day))
    )


def line_of_day(line: Any) -> Any:
    """Match what the branch of that membership lay below on that day, and itself."""
    return (
        (line.branch_id == BranchMembership.branch_id)
        & (line.since <= Shift.day)
        & (line.until.is_(None) | (line.until >= Shift.day))
    )


def _theirs(shape: Shape) -> Any:
    """Join attendance and shift to those who were in the branch, or below it, on the day."""
    member, line = BranchMembership, BranchLine
    asked = bindparam("branch_id", type_=Integer, literal_execute=True)
    return (
        (member, member_of_day()),
        (line, line_of_day(line) & (line.ancestor_id == asked)),
        (
            Shift.day.between(written("first"), written("last")),
            *of_kind(member.is_party_member, shape.members),
            *of_projects(shape),
        ),
    )


def no_shows(session: Session, scope: Scope) -> int:
    """Return how often people of the branch stayed away without a word (excused: not counted)."""
    return no_shows_of(session, scope, [scope.branch_id]).get(scope.branch_id, 0)


def missed(session: Session, scope: Scope) -> list[Missed]:
    """Return the shifts behind `no_shows`, the newest first; totals only, no names."""
    query = (
        select(Shift.id, Project.title_zh, Project.title_en, Shift.day, func.count())
        .select_from(Attendance)
        .join(Shift, Shift.id == Attendance.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(*missed_by(scope.shape))
        .group_by(Shift.id, Project.title_zh, Project.title_en, Shift.day)
        .order_by(Shift.day.desc(), Shift.id)
    )
    return [Missed(*row) for row in session.execute(query, scope.values())]


def waiting(session: Session, scope: Scope, *, now: datetime) -> list[Waiting]:
    """Return the shifts whose hours wait, of people who were in the branch; the oldest first."""
    found: dict[int, list[Any]] = {}
    for row in session.execute(_waiting(scope.shape), scope.values(now=now)):
        shared, times = row[:7], row[7:]
        starts_at, ends_at, check_in_at, check_out_at, stays = times
        minutes = proposed_minutes(
            stays_of(check_in_at, check_out_at, stays), Span(starts_at, ends_at)
        )
        line = found.setdefault(shared[0], [*shared, 0, 0, 0])
        line[7] += 1
        line[8] += minutes or 0
        line[9] += minutes is None
    return [Waiting(*line) for line in found.values()]


@lru_cache
def _waiting(shape: Shape) -> Any:
    member, line, wanted = _theirs(shape)
    now: Any = bindparam("now", type_=Shift.ends_at.type)
    return (
        select(
            Shift.id,
            Project.title_zh,
            Project.title_en,
            Organisation.name_zh,
            Organisation.name_en,
            Project.contact_name,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            Attendance.check_in_at,
            Attendance.check_out_at,
            Attendance.stays,
        )
        .join(Shift, Shift.id == Attendance.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .join(*member)
        .join(*line)
        .where(*unconfirmed(now), *wanted)
        .order_by(Shift.day, Shift.id, Attendance.id)
    )


def adopted(
    session: Session, branch_ids: Sequence[int], period: Period
) -> dict[int, list[AdoptedLine]]:
    """Return, for each branch, the projects that it stands by on a day of the span."""
    rows: Any = session.execute(
        select(
            Adoption.branch_id,
            Adoption.id,
            Project.id,
            Project.title_zh,
            Project.title_en,
            Adoption.first_day,
            Adoption.last_day,
        )
        .join(Project, Project.id == Adoption.project_id)
        .where(
            Adoption.branch_id.in_(branch_ids),
            Adoption.state.in_([str(AdoptionState.AGREED), str(AdoptionState.ENDED)]),
            Adoption.first_day <= period.last,
            Adoption.last_day >= period.first,
        )
        .order_by(Adoption.first_day, Adoption.id)
    )
    found: dict[int, list[AdoptedLine]] = {}
    for branch_id, *fields in rows:
        found.setdefault(branch_id, []).append(AdoptedLine(*fields))
    return found
