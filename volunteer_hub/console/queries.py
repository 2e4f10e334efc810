"""What the board adds to the features' own questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.hours.sheets import count_to_confirm
from volunteer_hub.matching.one_to_one.queries import out_of_time, waiting
from volunteer_hub.matching.turnout import Turnout, turnouts
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.desk_answers import Pending, pending
from volunteer_hub.shifts.desk_people import Left, cancellations
from volunteer_hub.shifts.desk_queries import ShiftLine, board
from volunteer_hub.shifts.models import ShiftStatus

DAYS_AHEAD = 7
# Whoever gave a place back after this hour of the day before is named in the morning.
LAST_EVENING = timedelta(hours=6)
SOON = timedelta(hours=48)


@dataclass(frozen=True)
class Day:
    """One day of the board."""

    day: date
    shifts: list[ShiftLine]

    @property
    def open(self) -> list[ShiftLine]:
        """Those that take place or may still do."""
        return [shift for shift in self.shifts if shift.status != ShiftStatus.CANCELLED]

    @property
    def left(self) -> int:
        return sum(shift.left for shift in self.shifts if shift.is_published)


@dataclass(frozen=True)
class Wishes:
    """How many seniors' wishes wait (to be verified, for a shift), and how many lost their time.

    `at` is the soonest shift that moved to a time which a senior in it did not name.
    """

    waiting: int
    out_of_time: int
    at: int | None


@dataclass(frozen=True)
class Board:
    """Today and the next seven days (days without shifts left out), and what to do first.

    `short` are shifts of the next 48 hours that lack people, `pending` what each shift (by id) is
    still to be answered, `turnout` how many of the signed up will come (by id), `left` who gave
    back a place since 18:00 of the evening before.
    """

    days: list[Day]
    short: list[ShiftLine]
    pending: dict[int, Pending]
    turnout: dict[int, Turnout]
    left: list[Left]
    unconfirmed: int
    total: int
    has_projects: bool
    wishes: Wishes

    @property
    def today(self) -> Day:
        return self.days[0]

    @property
    def offers(self) -> int:
        return sum(one.offers for one in self.pending.values())

    @property
    def unanswered(self) -> int:
        return sum(one.unanswered for one in self.pending.values())

    @property
    def clashing(self) -> list[ShiftLine]:
        """Shifts that moved and now collide with another place of somebody's."""
        return [
            shift
            for day in self.days
            for shift in day.shifts
            if shift.id in self.pending and self.pending[shift.id].clashing
        ]


def read_board(
    session: Session,
    *,
    organisation_ids: Sequence[int],
    today: date,
    start: datetime,
    now: datetime,
) -> Board:
    """Return the board; `start` is the moment at which `today` begins on the local clock."""
    end = start + timedelta(days=DAYS_AHEAD + 1)
    shifts = board(session, organisation_ids=organisation_ids, start=start, end=end)
    days: dict[date, list[ShiftLine]] = {today: []}
    for shift in shifts:
        # What began last night and goes on belongs to today.
        days.setdefault(max(shift.day, today), []).append(shift)
    ahead = {s.id: s.capacity for s in shifts if s.is_published and s.taken and now < s.starts_at}
    has_projects, wishes = _projects_and_wishes(session, organisation_ids, now)
    return Board(
        days=[Day(day, found) for day, found in days.items()],
        short=[
            s for s in shifts if s.is_published and s.is_short and now < s.starts_at < now + SOON
        ],
        pending=pending(session, shift_ids=[s.id for s in shifts if now < s.starts_at]),
        turnout=turnouts(session, ahead, today=today),
        left=cancellations(
            session, organisation_ids=organisation_ids, since=start - LAST_EVENING, now=now
        ),
        unconfirmed=count_to_confirm(session, organisation_ids=organisation_ids, now=now),
        total=sum(shift.status != ShiftStatus.CANCELLED for shift in shifts),
        has_projects=has_projects,
        wishes=wishes,
    )


def _projects_and_wishes(
    session: Session, organisation_ids: Sequence[int], now: datetime
) -> tuple[bool, Wishes]:
    """Return whether there is any project, and what seniors' wishes ask for."""
    any_project = select(Project.id).where(Project.organisation_id.in_(organisation_ids)).exists()
    lost, at = out_of_time(organisation_ids, now)
    row = session.execute(select(any_project, waiting(organisation_ids), lost, at)).one()
    return bool(row[0]), Wishes(int(row[1]), int(row[2]), row[3])


def name_of(session: Session, person_id: int | None) -> str:
    """Return the name of whoever changed something, empty when nobody did."""
    return session.scalar(select(Person.name).where(Person.id == person_id)) or ""
