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
from volunteer_hub.reports.queries.veil import hidden_parts
from volunteer_hub.reports.scope import Scope, Shape, counts, entries_of
from volunteer_hub.reports.veil import Part

_AT_ONCE = 500
PER_PAGE = 50


@dataclass(frozen=True)
class EntryLine:
    """One ledger entry; `name` is None where the reader may not see who it was.

    The names of a branch, and all about the project, are None where so few took part that they
    would tell who.
    """

    id: int
    service_day: date
    branch_zh: str | None
    branch_en: str | None
    name: str | None
    project_id: int | None
    project_zh: str | None
    project_en: str | None
    category_zh: str | None
    category_en: str | None
    organisation_zh: str | None
    organisation_en: str | None
    minutes: int
    is_late_entry: bool
    is_reversal: bool


@dataclass(frozen=True)
class Withheld:
    """What rows do not say: the branch, and the project of a branch (pairs of both ids)."""

    branches: frozenset[int] = frozenset()
    projects: frozenset[tuple[int, int]] = frozenset()


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
    session: Session, scope: Scope, *, named: bool, kept: Withheld = Withheld()
) -> Iterator[EntryLine]:
    """Yield the scope's entries by day; with names only of the branch itself, and if `named`.

    Every entry is there; what is `kept` from the reader is left out of it.
    """
    query = _entries(scope.shape).execution_options(yield_per=_AT_ONCE)
    for row in session.execute(query, scope.values()):
        yield _line(row, scope, named=named, kept=kept)


def one_page(
    session: Session, scope: Scope, *, named: bool, kept: Withheld, number: int
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
    lines = [_line(row, scope, named=named, kept=kept) for row in rows]
    return lines, number, last, int(minutes)


def _line(row: Any, scope: Scope, *, named: bool, kept: Withheld) -> EntryLine:
    branch_id, id_, day, zh, en, name, project_id, *rest = row
    shown = name if named and branch_id == scope.branch_id else None
    if branch_id in kept.branches:
        zh = en = None
    if branch_id in kept.branches or (branch_id, project_id) in kept.projects:
        project_id, rest[:6] = None, [None] * 6
    return EntryLine(id_, day, zh, en, shown, project_id, *rest)


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


def apart_from_few(
    session: Session, scope: Scope, rows: list[ProjectLine], led: Collection[int]
) -> tuple[list[ProjectLine], ProjectLine | None]:
    """Return the projects that may be told apart, and all others as one line (S16)."""
    few = hidden_parts(session, scope, led, Part.PROJECT)
    kept = [row for row in rows if row.id in few]
    if not kept:
        return rows, None
    minutes, attendances = sum(r.minutes for r in kept), sum(r.attendances for r in kept)
    others = ProjectLine(0, "", "", minutes, attendances, 0)
    return [row for row in rows if row.id not in few], others
