"""Every ledger entry behind a branch's figures, one line each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.projects.models import Category, Project
from volunteer_hub.registry.models import Branch, Organisation
from volunteer_hub.reports.scope import Scope, entries_of

_AT_ONCE = 500


@dataclass(frozen=True)
class EntryLine:
    """One ledger entry; `name` is None where the reader may not see who it was."""

    service_day: date
    branch_zh: str
    branch_en: str
    name: str | None
    project_zh: str
    project_en: str
    category_zh: str
    category_en: str
    organisation_zh: str
    organisation_en: str
    minutes: int
    is_late_entry: bool
    is_reversal: bool


def entries(session: Session, scope: Scope, *, named: bool) -> Iterator[EntryLine]:
    """Yield the scope's entries by day; with names only of the branch itself, and if `named`."""
    query = (
        select(
            LedgerEntry.branch_id,
            LedgerEntry.service_day,
            Branch.name_zh,
            Branch.name_en,
            Person.name,
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
        .where(*entries_of(scope.members))
        .order_by(LedgerEntry.service_day, LedgerEntry.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    for branch_id, day, branch_zh, branch_en, name, *rest in session.execute(query, scope.values()):
        shown = name if named and branch_id == scope.branch_id else None
        yield EntryLine(day, branch_zh, branch_en, shown, *rest)
