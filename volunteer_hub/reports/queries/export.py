"""The ledger entries behind a branch's figures: one line each, and by project."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.projects.models import Category, Project
from volunteer_hub.registry.models import Branch, Organisation
from volunteer_hub.reports.queries.sums import FEWEST
from volunteer_hub.reports.scope import Scope, Shape, counts, entries_of

_AT_ONCE = 500
PER_PAGE = 50


@dataclass(frozen=True)
class EntryLine:
    """One ledger entry; `name` is None where the reader may not see who it was.

    The names of a branch are None where so few took part that they would tell who.
    """

    id: int
    service_day: date
    branch_zh: str | None
    branch_en: str | None
    name: str | None
    project_id: int
    project_zh: str
    project_en: str
    category_zh: str
    category_en: str
    organisation_zh: str
    organisation_en: str
    minutes: int
    is_late_entry: bool
    is_reversal: bool


@dataclass(frozen=True)
class ProjectLine:
    """What the branch did in one project."""

    id: int
    title_zh: str
    title_en: str
    minutes: int
    attendances: int
    people: int


def entries(
    session: Session, scope: Scope, *, named: bool, hidden: Collection[int] = ()
) -> Iterator[EntryLine]:
    """Yield the scope's entries by day; with names only of the branch itself, and if `named`.

    Entries of `hidden` branches are there, without saying which branch it was.
    """
    query = _entries(scope.shape).execution_options(yield_per=_AT_ONCE)
    for row in session.execute(query, scope.values()):
        yield _line(row, scope, named=named, hidden=hidden)


def one_page(
    session: Session, scope: Scope, *, named: bool, hidden: Collection[int], number: int
) -> tuple[list[EntryLine], int, int, int]:
    """Return a page of the entries, newest first; its number, the last one's, and the minutes."""
    count, minutes = session.execute(_count(scope.shape), scope.values()).one()
    last = max(1, -(-count // PER_PAGE))
    number = min(number, last)
    query = (
        _entries(scope.shape)
        .order_by(None)
        .order_by(LedgerEntry.service_day.desc(), LedgerEntry.id.desc())
        .limit(PER_PAGE)
        .offset((number - 1) * PER_PAGE)
    )
    rows = session.execute(query, scope.values())
    lines = [_line(row, scope, named=named, hidden=hidden) for row in rows]
    return lines, number, last, int(minutes)


def _line(row: Any, scope: Scope, *, named: bool, hidden: Collection[int]) -> EntryLine:
    branch_id, id_, day, zh, en, name, *rest = row
    shown = name if named and branch_id == scope.branch_id else None
    if branch_id in hidden:
        zh = en = None
    return EntryLine(id_, day, zh, en, shown, *rest)


@lru_cache
def _count(shape: Shape) -> Any:
    return select(func.count(), func.coalesce(func.sum(LedgerEntry.minutes), 0)).where(
        *entries_of(shape)
    )


@lru_cache
def _entries(shape: Shape) -> Any:
    return (
        select(
            LedgerEntry.branch_id,
            LedgerEntry.id,
            LedgerEntry.service_day,
            Branch.name_zh,
            Branch.name_en,
            Person.name,
            LedgerEntry.project_id,
            Project.title_zh,
            Project.title_en,
            Category.name_zh,
            Category.name_en,
            Organisation.name_zh,
            Organisation.name_en,
            LedgerEntry.minutes,
            LedgerEntry.is_late_entry,
            LedgerEntry.reverses_id.is_not(None),
        )
        .join(Branch, Branch.id == LedgerEntry.branch_id)
        .join(Person, Person.id == LedgerEntry.person_id)
        .join(Project, Project.id == LedgerEntry.project_id)
        .join(Category, Category.id == LedgerEntry.category_id)
        .join(Organisation, Organisation.id == LedgerEntry.organisation_id)
        .where(*entries_of(shape))
        .order_by(LedgerEntry.service_day, LedgerEntry.id)
    )


def by_project(session: Session, scope: Scope) -> list[ProjectLine]:
    """Return the scope's sums by project, by most hours first."""
    rows = session.execute(_by_project(scope.shape), scope.values())
    return [ProjectLine(*row[:3], *map(int, row[3:])) for row in rows]


@lru_cache
def _by_project(shape: Shape) -> Any:
    minutes = func.sum(LedgerEntry.minutes).label("minutes")
    return (
        select(
            Project.id,
            Project.title_zh,
            Project.title_en,
            minutes,
            counts(),
            func.count(distinct(LedgerEntry.person_id)),
        )
        .join(Project, Project.id == LedgerEntry.project_id)
        .where(*entries_of(shape))
        .group_by(Project.id, Project.title_zh, Project.title_en)
        .order_by(minutes.desc(), Project.id)
    )


def small_branches(session: Session, scope: Scope) -> set[int]:
    """Return the branches in the scope in which too few took part to be named to others."""
    rows = session.execute(_people_by_branch(scope.shape), scope.values())
    return {branch_id for branch_id, people in rows if people < FEWEST}


@lru_cache
def _people_by_branch(shape: Shape) -> Any:
    return (
        select(LedgerEntry.branch_id, func.count(distinct(LedgerEntry.person_id)))
        .where(*entries_of(shape))
        .group_by(LedgerEntry.branch_id)
    )
