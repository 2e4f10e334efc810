"""What somebody says of their time: read, saved, and proposed from what they did before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Consent
from volunteer_hub.audit import services as audit
from volunteer_hub.core.calendar import Window
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.matching.models import Availability, Away, FreeWindow, Interest
from volunteer_hub.matching.windows import DAYS, HOURS
from volunteer_hub.projects.models import Category, Project
from volunteer_hub.shifts.models import Shift, ShiftStatus, SignUp, SignUpStatus

STANDBY_CONSENT = "standby"
CONSENT_VERSION = "2026-1"
MOST_AWAY, MOST_AHEAD = 20, timedelta(days=366)
# Habits are read from a year; twice is a habit, once is not.
HABIT_SINCE, HABIT_TIMES = timedelta(days=365), 2

Key = TypeVar("Key")
Free = frozenset[tuple[int, Window]]


@dataclass(frozen=True)
class AwayRow:
    """Days away, both included."""

    id: int
    first_day: date
    last_day: date


@dataclass(frozen=True)
class Own:
    """What one person has said; the defaults are those of somebody who has said nothing.

    `free` holds (weekday, window), `hours` the minutes of each window, `saved` whether anything
    was ever saved.
    """

    standby: bool = False
    weekly_limit: int = 2
    farthest_walk: int = 15
    calls_a_month: int = 2
    called_from: int = 7 * 60
    recommends: bool = True
    free: Free = frozenset()
    hours: Mapping[Window, tuple[int, int]] = field(default_factory=lambda: dict(HOURS))
    interests: frozenset[int] = frozenset()
    away: tuple[AwayRow, ...] = ()
    saved: bool = False


@dataclass(frozen=True)
class Habits:
    """When and with what somebody has helped before: a proposal, never saved by itself."""

    free: Free
    interests: frozenset[int]
    shifts: int


def own(session: Session, person_id: int) -> Own:
    """Return what the person has said."""
    row = session.get(Availability, person_id)
    windows = session.scalars(select(FreeWindow).where(FreeWindow.person_id == person_id)).all()
    said = {Window(one.window): (one.start_minute, one.end_minute) for one in windows}
    away = session.scalars(
        select(Away).where(Away.person_id == person_id).order_by(Away.first_day, Away.id)
    )
    return Own(
        **_settings(row),
        free=frozenset((one.weekday, Window(one.window)) for one in windows),
        hours=HOURS | said,
        interests=frozenset(
            session.scalars(select(Interest.category_id).where(Interest.person_id == person_id))
        ),
        away=tuple(AwayRow(one.id, one.first_day, one.last_day) for one in away),
        saved=row is not None,
    )


def _settings(row: Availability | None) -> dict[str, Any]:
    if row is None:
        return {}
    names = ("standby", "weekly_limit", "farthest_walk", "calls_a_month", "called_from")
    return {name: getattr(row, name) for name in (*names, "recommends")}


def save(session: Session, *, person_id: int, said: Own, now: datetime) -> None:
    """Keep what the person says of times, limits and interests; days away are kept apart.

    Standing by needs a consent of its own, which is given and withdrawn with the tick. Raises
    InvalidInput with the field for hours that end before they begin, days that a window has not,
    and standing by without any free time.
    """
    _check(said)
    row = _row(session, person_id, now=now)
    if said.standby != row.standby:
        _consent(session, person_id, given=said.standby, now=now)
    for name in ("standby", "weekly_limit", "farthest_walk", "calls_a_month", "called_from"):
        setattr(row, name, getattr(said, name))
    row.saved_at = now
    session.execute(delete(FreeWindow).where(FreeWindow.person_id == person_id))
    session.execute(delete(Interest).where(Interest.person_id == person_id))
    rows = [
        {
            "person_id": person_id,
            "weekday": weekday,
            "window": str(window),
            "start_minute": said.hours[window][0],
            "end_minute": said.hours[window][1],
        }
        for weekday, window in sorted(said.free)
    ]
    if rows:
        session.execute(insert(FreeWindow), rows)
    known = session.scalars(select(Category.id).where(Category.id.in_(said.interests))).all()
    if known:
        liked = [{"person_id": person_id, "category_id": one} for one in sorted(known)]
        session.execute(insert(Interest), liked)
    audit.record(session, "availability:save", actor_id=person_id, object_id=person_id, now=now)
    session.flush()


def _check(said: Own) -> None:
    for window, (start, end) in said.hours.items():
        if not 0 <= start < end <= 24 * 60:
            raise InvalidInput(_("The end has to be later than the start."), field=f"{window}_to")
    if any(weekday not in DAYS[window] for weekday, window in said.free):
        raise InvalidInput(_("Please choose from the list."), field="free")
    if said.standby and not said.free:
        raise InvalidInput(
            _("Please tick when you are free: without it nobody can propose anything to you."),
            field="free",
        )


def _row(session: Session, person_id: int, *, now: datetime) -> Availability:
    row = session.get(Availability, person_id, with_for_update=True)
    if row is None:
        row = Availability(person_id=person_id, saved_at=now)
        session.add(row)
        session.flush()
    return row


def _consent(session: Session, person_id: int, *, given: bool, now: datetime) -> None:
    if given:
        values = {"purpose": STANDBY_CONSENT, "version": CONSENT_VERSION, "given_at": now}
        session.add(Consent(person_id=person_id, **values))
        return
    session.execute(
        update(Consent)
        .where(
            Consent.person_id == person_id,
            Consent.purpose == STANDBY_CONSENT,
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
    )


def switch_recommendations(session: Session, *, person_id: int, on: bool, now: datetime) -> None:
    """Turn the ranking of shifts on or off for this person (product rule 11)."""
    _row(session, person_id, now=now).recommends = on
    audit.record(
        session,
        "availability:recommend" if on else "availability:no_recommend",
        actor_id=person_id,
        object_id=person_id,
        now=now,
    )
    session.flush()


def add_away(
    session: Session, *, person_id: int, first_day: date, last_day: date, today: date, now: datetime
) -> None:
    """Say from when to when I am away; what was said already is not said twice. InvalidInput."""
    if last_day < first_day:
        raise InvalidInput(_("The last day cannot be before the first."), field="last_day")
    if last_day < today:
        raise InvalidInput(_("These days have passed. Please choose later ones."), field="last_day")
    if last_day > today + MOST_AHEAD:
        raise InvalidInput(_("At most a year ahead, please."), field="last_day")
    _row(session, person_id, now=now)
    session.execute(delete(Away).where(Away.person_id == person_id, Away.last_day < today))
    within = (Away.person_id == person_id, Away.first_day <= first_day, Away.last_day >= last_day)
    if session.scalar(select(Away.id).where(*within).limit(1)) is not None:
        return
    if len(session.scalars(select(Away.id).where(Away.person_id == person_id)).all()) >= MOST_AWAY:
        raise InvalidInput(
            _("That is a long list. Please take an older entry off first."), field="first_day"
        )
    session.add(Away(person_id=person_id, first_day=first_day, last_day=last_day))
    session.flush()


def remove_away(session: Session, *, person_id: int, away_id: int) -> None:
    """Take days away back; raises NotFound for those of somebody else."""
    row = session.get(Away, away_id)
    if row is None or row.person_id != person_id:
        raise NotFound
    session.delete(row)
    session.flush()


def habits(session: Session, *, person_id: int, now: datetime) -> Habits:
    """Return when and with what the person helped at least twice within a year."""
    rows = session.execute(
        select(Shift.day, Shift.window, Project.category_id)
        .join(SignUp, SignUp.shift_id == Shift.id)
        .join(Project, Project.id == Shift.project_id)
        .where(
            SignUp.person_id == person_id,
            SignUp.status == str(SignUpStatus.CONFIRMED),
            Shift.status == str(ShiftStatus.PUBLISHED),
            Shift.ends_at.between(now - HABIT_SINCE, now),
        )
    ).all()
    times = Counter((row.day.weekday(), Window(row.window)) for row in rows)
    kinds = Counter(row.category_id for row in rows)
    return Habits(
        free=frozenset(key for key in _often(times) if key[0] in DAYS.get(key[1], ())),
        interests=frozenset(_often(kinds)),
        shifts=len(rows),
    )


def _often(counts: Counter[Key]) -> list[Key]:
    return [key for key, count in counts.items() if count >= HABIT_TIMES]


def forget(session: Session, *, person_id: int) -> None:
    """Remove what the person has said of their time."""
    for model in (FreeWindow, Away, Interest, Availability):
        session.execute(delete(model).where(model.person_id == person_id))
