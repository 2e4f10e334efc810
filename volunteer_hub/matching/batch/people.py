"""Everybody who stands by, as arrays for a plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person, PersonQualification
from volunteer_hub.core.calendar import Period
from volunteer_hub.matching.batch.liking import Liking, read_liking, read_recent
from volunteer_hub.matching.models import (
    Availability,
    Away,
    FreeWindow,
    Invitation,
    InvitationState,
    MatchWish,
    WishKind,
)
from volunteer_hub.matching.problem import Flags, Ints
from volunteer_hub.registry.models import Walk
from volunteer_hub.shifts.models import IS_ACTIVE, Shift, ShiftStatus, SignUp

FAR = 10_000
FOREVER = date.max.toordinal()
DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Busy:
    """What people have already, or are being asked about: times (as in `Posts`), and places."""

    person: Ints
    start: Ints
    end: Ints
    place: Ints


@dataclass(frozen=True)
class People:
    """One row a person who stands by.

    `walks` are minutes on foot from the offices (rows of `office`) to places by id, `windows` rows
    of (person, weekday, start, end), `away` rows of (person, first, last day as ordinals),
    `born` ordinals (0: not said). `valid_until` holds, for each qualification, until when each
    person has it (ordinal, 0: not at all). `week_left` counts the shifts a week that each may still
    take. `never` are pairs (row, shift) that cannot be, and `pins` those a coordinator wants.
    """

    id: Ints
    office: Ints
    walks: dict[int, Ints]
    farthest: Ints
    windows: Ints
    away: Ints
    born: Ints
    has_guardian: Flags
    valid_until: dict[int, Ints]
    week_left: Ints
    recent: Ints
    liking: Liking
    busy: Busy
    never: dict[int, set[int]]
    pins: dict[int, set[int]] = field(default_factory=dict)


def read_people(session: Session, span: Period, *, today: date, weeks: int) -> People:
    """Return everybody who stands by, with all that plans of the span must know."""
    rows = session.execute(
        select(
            Person.id,
            Person.building_id,
            Availability.farthest_walk,
            Availability.weekly_limit,
            Person.birth_date,
            Person.guardian_id,
        )
        .join(Availability, Availability.person_id == Person.id)
        .where(Availability.standby, Person.deleted_at.is_(None))
        .order_by(Person.id)
    ).all()
    row_of = {row.id: number for number, row in enumerate(rows)}
    offices = sorted({row.building_id or 0 for row in rows})
    office_of = {building: number for number, building in enumerate(offices)}
    places, used = _own_times(session, row_of, span, weeks)
    limit = _ints(row.weekly_limit for row in rows)
    return People(
        id=_ints(row.id for row in rows),
        office=_ints(office_of[row.building_id or 0] for row in rows),
        walks=_walks(session, office_of),
        farthest=_ints(row.farthest_walk for row in rows),
        windows=_windows(session, row_of),
        away=_away(session, row_of, span),
        born=_ints(row.birth_date.toordinal() if row.birth_date else 0 for row in rows),
        has_guardian=np.array([row.guardian_id is not None for row in rows], bool),
        valid_until=_qualifications(session, row_of),
        week_left=np.maximum(limit[:, None] - used, 0),
        recent=read_recent(session, row_of, today),
        liking=read_liking(session, row_of, span, today),
        busy=places,
        never=_never(session, row_of, span),
        pins=_pins(session, row_of),
    )


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int64)


def _table(rows: Iterable[tuple[int, ...]], columns: int) -> Ints:
    return np.array(list(rows), np.int64).reshape(-1, columns)


def _walks(session: Session, office_of: dict[int, int]) -> dict[int, Ints]:
    """Return the minutes from each office to each place; `FAR` where nobody knows them."""
    found: dict[int, Ints] = defaultdict(lambda: np.full(len(office_of), FAR, np.int64))
    for row in session.execute(select(Walk.building_id, Walk.place_id, Walk.minutes)):
        if row.building_id in office_of:
            found[row.place_id][office_of[row.building_id]] = row.minutes
    return dict(found)


def _windows(session: Session, row_of: dict[int, int]) -> Ints:
    rows = session.execute(
        select(
            FreeWindow.person_id,
            FreeWindow.weekday,
            FreeWindow.start_minute,
            FreeWindow.end_minute,
        )
    )
    return _table(((row_of[one[0]], *one[1:]) for one in rows if one[0] in row_of), 4)


def _away(session: Session, row_of: dict[int, int], span: Period) -> Ints:
    rows = session.execute(
        select(Away.person_id, Away.first_day, Away.last_day).where(
            Away.first_day <= span.last, Away.last_day >= span.first
        )
    )
    return _table(
        (
            (row_of[one.person_id], one.first_day.toordinal(), one.last_day.toordinal())
            for one in rows
            if one.person_id in row_of
        ),
        3,
    )


def _qualifications(session: Session, row_of: dict[int, int]) -> dict[int, Ints]:
    row = PersonQualification
    found: dict[int, Ints] = defaultdict(lambda: np.zeros(len(row_of), np.int64))
    for one in session.execute(select(row.person_id, row.qualification_id, row.expires_on)):
        if one.person_id in row_of:
            until = one.expires_on.toordinal() if one.expires_on else FOREVER
            found[one.qualification_id][row_of[one.person_id]] = until
    return dict(found)


def _own_times(
    session: Session, row_of: dict[int, int], span: Period, weeks: int
) -> tuple[Busy, Ints]:
    """Return the own places and open invitations around the span, and how many a week."""
    columns = (Shift.day, Shift.start_minute, Shift.end_minute, Shift.place_id)
    around = (
        Shift.day.between(span.first - timedelta(days=7), span.last + timedelta(days=7)),
        Shift.status == str(ShiftStatus.PUBLISHED),
    )
    places = session.execute(
        select(SignUp.person_id, *columns)
        .join(Shift, Shift.id == SignUp.shift_id)
        .where(IS_ACTIVE, *around)
    )
    asked = session.execute(
        select(Invitation.person_id, *columns)
        .join(Shift, Shift.id == Invitation.shift_id)
        .where(Invitation.state == str(InvitationState.OPEN), *around)
    )
    monday = span.first - timedelta(days=span.first.weekday())
    used = np.zeros((len(row_of), weeks), np.int64)
    found = []
    for person_id, day, start, end, place_id in (*places, *asked):
        person = row_of.get(person_id)
        if person is None:
            continue
        week = (day - monday).days // 7
        if 0 <= week < weeks:
            used[person, week] += 1
        midnight = (day - span.first).days * DAY_MINUTES
        found.append((person, midnight + start, midnight + end, place_id))
    rows = _table(sorted(found), 4)
    return Busy(*rows.T), used


def _never(session: Session, row_of: dict[int, int], span: Period) -> dict[int, set[int]]:
    """Return, by shift, whom nobody asks: in it already, asked before, or ruled out."""
    found: dict[int, set[int]] = defaultdict(set)
    in_span = Shift.day.between(span.first, span.last)
    for table, condition in (
        (SignUp, IS_ACTIVE),
        (Invitation, Invitation.id.is_not(None)),
        (MatchWish, MatchWish.kind == str(WishKind.FORBID)),
    ):
        rows = session.execute(
            select(table.shift_id, table.person_id)
            .join(Shift, Shift.id == table.shift_id)
            .where(in_span, condition)
        )
        for shift_id, person_id in rows:
            if person_id in row_of:
                found[shift_id].add(row_of[person_id])
    return dict(found)


def _pins(session: Session, row_of: dict[int, int]) -> dict[int, set[int]]:
    """Return, by post, whom a coordinator wants there."""
    found: dict[int, set[int]] = defaultdict(set)
    for post_id, person_id in session.execute(
        select(MatchWish.post_id, MatchWish.person_id).where(MatchWish.kind == str(WishKind.PIN))
    ):
        if post_id is not None and person_id in row_of:
            found[post_id].add(row_of[person_id])
    return dict(found)
