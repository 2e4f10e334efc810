"""A ledger to count: branches, people and entries, and the same sums the slow way."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from tests.factories import NOW
from volunteer_hub.accounts.models import BranchMembership, Person
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.hours import closing, ledger
from volunteer_hub.hours.models import LedgerEntry, MonthClose
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Branch


@dataclass
class Books:
    """Adds entries as a confirmation would, without its rules."""

    session: Session
    project: Project
    confirmer: Person
    # What an entry stands for is not counted by reports; one attendance is enough for all.
    attendance: Attendance

    def serve(
        self,
        person: Person,
        branch: Branch | None,
        day: date,
        minutes: int = 60,
        *,
        project: Project | None = None,
        **fields: Any,
    ) -> LedgerEntry:
        """Add an entry for a person who was in the branch, as it lies now, on the day."""
        project = project or self.project
        values = {
            "person_id": person.id,
            "attendance_id": self.attendance.id,
            "shift_id": self.attendance.shift_id,
            "project_id": project.id,
            "category_id": project.category_id,
            "organisation_id": project.organisation_id,
            "service_day": day,
            "minutes": minutes,
            "reverses_id": None,
            "is_late_entry": False,
            "branch_id": branch.id if branch else None,
            "branch_path": branch.path if branch else "",
            "enterprise_id": None,
            "building_id": None,
            "is_party_member": False,
            "rule": "test",
            "confirmed_by": self.confirmer.id,
            "recorded_at": NOW,
        }
        return self._append(values | fields)

    def take_back(self, entry: LedgerEntry) -> LedgerEntry:
        """Reverse an entry as hours.reversing does, with everything frozen as it was."""
        values = {name: getattr(entry, name) for name in ledger.COLUMNS}
        return self._append(values | {"minutes": -entry.minutes, "reverses_id": entry.id})

    def _append(self, values: dict[str, Any]) -> LedgerEntry:
        ledger.append(self.session, [values])
        newest = select(LedgerEntry).order_by(LedgerEntry.id.desc()).limit(1)
        return self.session.scalars(newest).one()


def open_books(session: Session) -> Books:
    """Return books with one project."""
    project = factories.make_project(session)
    confirmer = factories.make_person(session, name="沈老师")
    shift = factories.make_shift(session, project=project, starts_at=NOW - timedelta(days=300))
    attendance = factories.make_attendance(
        session, shift, factories.make_person(session), minutes=60, confirmed_at=NOW
    )
    return Books(session, project, confirmer, attendance)


def close_month(session: Session, month: date) -> MonthClose:
    """Close the month, which must be the next one in line, a day after its end."""
    return closing.close(
        session,
        month=month,
        key="a key of tests",
        sheet=lambda draft: draft.number.encode(),
        today=month + timedelta(days=32),
        actor_id=factories.make_person(session).id,
        now=NOW,
    )


@dataclass
class Random:
    """A tree, people with changing memberships, and entries, drawn from a seed."""

    branches: list[Branch]
    people: list[Person]


def fill(session: Session, seed: int, *, entries: int = 60) -> Random:
    """Fill the books with random rows between May and November 2026."""
    draw = random.Random(seed)
    books = open_books(session)
    projects = [books.project, *(factories.make_project(session) for _ in range(8))]
    branches = [factories.make_branch(session)]
    for _ in range(9):
        branches.append(factories.make_branch(session, parent=draw.choice(branches)))
    people = [factories.make_person(session) for _ in range(14)]
    for person in people:
        _enrol(session, draw, person, branches)
    first = date(2026, 5, 1)
    written: list[LedgerEntry] = []
    for _ in range(entries):
        person = draw.choice(people)
        day = first + timedelta(days=draw.randrange(200))
        home = _membership(session, person, day)
        entry = books.serve(
            person,
            session.get(Branch, home.branch_id) if home else None,
            day,
            draw.choice([0, 30, 45, 60, 61, 127, 480]),
            project=draw.choice(projects),
            is_party_member=bool(home and home.is_party_member),
            is_late_entry=draw.random() < 0.1,
        )
        written.append(entry)
        if draw.random() < 0.2:
            books.take_back(entry)
    return Random(branches, people)


def _enrol(session: Session, draw: random.Random, person: Person, branches: list[Branch]) -> None:
    start = date(2026, draw.choice([1, 8]), 1)
    end = draw.choice([None, None, date(2026, 9, 15)])
    factories.make_membership(
        session,
        person,
        draw.choice(branches),
        started_on=start,
        ended_on=end,
        is_party_member=draw.random() < 0.5,
    )
    if end and draw.random() < 0.7:
        factories.make_membership(
            session,
            person,
            draw.choice(branches),
            started_on=end + timedelta(days=1),
            is_party_member=draw.random() < 0.5,
        )


def _membership(session: Session, person: Person, day: date) -> BranchMembership | None:
    rows = session.scalars(select(BranchMembership).where(BranchMembership.person_id == person.id))
    return next((row for row in rows if covers(row, day, day)), None)


def covers(row: BranchMembership, first: date, last: date) -> bool:
    """Tell whether the membership has a day in common with the span."""
    return row.started_on <= last and (row.ended_on is None or row.ended_on >= first)


# ---------------------------------------------------------------- the slow way


@dataclass
class Recount:
    """The sums of a branch over a span, entry by entry in Python."""

    minutes: int
    attendances: int
    people: set[int]
    members: set[int]
    late_minutes: int


def recount(
    session: Session, branch_id: int, first: date, last: date, member: bool | None = None
) -> Recount:
    """Count by reading every row and splitting every path."""
    everything = session.scalars(select(LedgerEntry)).all()
    taken_back = {entry.reverses_id for entry in everything}
    entries = [
        entry
        for entry in everything
        if first <= entry.service_day <= last
        and str(branch_id) in entry.branch_path.split("/")
        and member in (None, entry.is_party_member)
    ]
    standing = [
        entry for entry in entries if entry.reverses_id is None and entry.id not in taken_back
    ]
    paths = {row.id: row.path.split("/") for row in session.scalars(select(Branch))}
    members = {
        row.person_id
        for row in session.scalars(select(BranchMembership))
        if str(branch_id) in paths[row.branch_id]
        and covers(row, first, last)
        and member in (None, row.is_party_member)
    }
    people = {entry.person_id for entry in standing}
    return Recount(
        minutes=sum(entry.minutes for entry in entries),
        attendances=len(standing),
        people=people,
        members=members,
        late_minutes=sum(entry.minutes for entry in entries if entry.is_late_entry),
    )
