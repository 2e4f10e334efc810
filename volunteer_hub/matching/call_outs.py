"""A call-out: a few free, fitting people near by are asked at once; the first yes has the place.

For a post that came open close to its start. Nobody is asked in their quiet hours, and nobody more
often than they said within thirty days.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, exists, func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.matching import asking, expiry
from volunteer_hub.matching.inviting import invite
from volunteer_hub.matching.models import (
    Availability,
    Away,
    FreeWindow,
    Invitation,
    InvitationKind,
)
from volunteer_hub.matching.reasons import reasons
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Walk
from volunteer_hub.shifts.models import Post, Shift, ShiftStatus, SignUp, SignUpStatus
from volunteer_hub.shifts.places import lock_post

# Only so close to the start; before that a plan asks in peace.
SOONER_THAN = timedelta(hours=48)
MOST_ASKED, MOST_LOOKED_AT = 10, 60
# For each open place so many are asked: about half say yes to such a call.
A_PLACE = 3
A_MONTH = timedelta(days=30)
# Whoever has not answered by then is not coming.
LIFE = timedelta(hours=2)


class NotNow(DomainError):
    """A post cannot be called out for: it is full, too far ahead, or its shift has begun."""


class Callee(NamedTuple):
    """Somebody who would be asked."""

    person_id: int
    name: str
    walk: int | None
    served: int


@dataclass(frozen=True)
class CallOut:
    """Who would be asked for `places` open places, and how many of the free cannot be asked.

    `quiet` not at this hour, `often` not again this month; `others` were asked before, have
    something else, have done enough this week, are too far or lack what the post asks for. So many
    at least: the search ends when enough are found, or after `MOST_LOOKED_AT`.
    """

    places: int
    callees: tuple[Callee, ...]
    quiet: int
    often: int
    others: int


class _Target(NamedTuple):
    post_id: int
    shift_id: int
    project_id: int
    organisation_id: int
    starts_at: datetime
    day: Any
    window: str
    start_minute: int
    end_minute: int
    place_id: int
    short: int


def prepare(
    session: Session, *, post_id: int, organisation_ids: Collection[int], now: datetime
) -> CallOut:
    """Return whom a call-out would ask; raises NotFound for a post of others, NotNow."""
    target = _target(session, post_id, organisation_ids)
    places = asking.wanting(session, post_id)
    _check(target, places, now=now)
    found: list[Callee] = []
    quiet = often = others = 0
    most = min(MOST_ASKED, places * A_PLACE)
    for row in _free_people(session, target, now=now):
        if len(found) == most or len(found) + others == MOST_LOOKED_AT:
            break
        # What costs nothing is asked first: at dawn most people must not be called.
        if row.calls >= row.calls_a_month:
            often += 1
        elif not expiry.may_be_called(row.called_from, now=now):
            quiet += 1
        elif _may_be_asked(session, target, row.id, now=now):
            found.append(Callee(row.id, row.name, row.minutes, row.served))
        else:
            others += 1
    return CallOut(places, tuple(found), quiet, often, others)


def _may_be_asked(session: Session, target: _Target, person_id: int, *, now: datetime) -> bool:
    pair = {"shift_id": target.shift_id, "post_id": target.post_id, "person_id": person_id}
    return asking.kept_from(session, now=now, **pair) is None


def call_out(
    session: Session,
    *,
    post_id: int,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> int:
    """Ask them all at once; returns how many. Raises as `prepare`, and NotNow when nobody is left.

    Calling out again asks others: who was asked about this shift is not asked again.
    """
    lock_post(session, post_id)
    prepared = prepare(session, post_id=post_id, organisation_ids=organisation_ids, now=now)
    target = _target(session, post_id, organisation_ids)
    if not prepared.callees:
        raise NotNow(
            _("Nobody else can be asked right now. Write to those you know, or add a walk-in.")
        )
    for one in prepared.callees:
        invite(
            session,
            shift_id=target.shift_id,
            post_id=post_id,
            person_id=one.person_id,
            kind=InvitationKind.CALL_OUT,
            why=reasons(
                window=target.window,
                walk=one.walk,
                served=one.served > 0,
                short=max(target.short, 0),
            ),
            now=now,
            made_by=actor_id,
            expires_at=min(now + LIFE, target.starts_at),
        )
    audit.record(
        session,
        "match:call_out",
        actor_id=actor_id,
        object_id=target.shift_id,
        now=now,
        organisation_id=target.organisation_id,
        shift_id=target.shift_id,
        people=[one.person_id for one in prepared.callees],
    )
    return len(prepared.callees)


def _target(session: Session, post_id: int, organisation_ids: Collection[int]) -> _Target:
    row: Any = session.execute(
        select(
            Post.id,
            Shift.id,
            Project.id,
            Project.organisation_id,
            Shift.starts_at,
            Shift.day,
            Shift.window,
            Shift.start_minute,
            Shift.end_minute,
            Shift.place_id,
            Post.minimum - Post.taken,
        )
        .join(Shift, Shift.id == Post.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(
            Post.id == post_id,
            Project.organisation_id.in_(list(organisation_ids)),
            Shift.status == str(ShiftStatus.PUBLISHED),
        )
    ).first()
    if row is None:
        raise NotFound
    return _Target._make(row)


def _check(target: _Target, places: int, *, now: datetime) -> None:
    if target.starts_at <= now:
        raise NotNow(_("This shift has begun. Whoever is there can be added as a walk-in."))
    if target.starts_at - now > SOONER_THAN:
        raise NotNow(_("There is still time: a plan finds people for it without hurry."))
    if places < 1:
        raise NotNow(_("Every place is taken, or somebody is being asked about it."))


_PERSON = Person.id
_SERVED = (
    select(func.count(SignUp.id))
    .join(Shift, Shift.id == SignUp.shift_id)
    .where(
        SignUp.person_id == _PERSON,
        SignUp.status == str(SignUpStatus.CONFIRMED),
        Shift.project_id == bindparam("project", type_=Integer),
    )
    .scalar_subquery()
)
_CALLS = (
    select(func.count(Invitation.id))
    .where(
        Invitation.person_id == _PERSON,
        Invitation.kind == str(InvitationKind.CALL_OUT),
        Invitation.made_at > bindparam("month_ago", type_=Invitation.made_at.type),
    )
    .scalar_subquery()
)


def _free_people(session: Session, target: _Target, *, now: datetime) -> Any:
    """Return people on standby who are free then, those who know the project and are near first."""
    window = exists().where(
        FreeWindow.person_id == _PERSON,
        FreeWindow.weekday == target.day.weekday(),
        FreeWindow.start_minute <= target.start_minute,
        FreeWindow.end_minute >= target.end_minute,
    )
    away = exists().where(
        Away.person_id == _PERSON, Away.first_day <= target.day, Away.last_day >= target.day
    )
    rows = session.execute(
        select(
            Person.id,
            Person.name,
            Walk.minutes,
            Availability.calls_a_month,
            Availability.called_from,
            _SERVED.label("served"),
            _CALLS.label("calls"),
        )
        .join(Availability, Availability.person_id == _PERSON)
        .outerjoin(
            Walk, (Walk.building_id == Person.building_id) & (Walk.place_id == target.place_id)
        )
        .where(
            Availability.standby,
            Availability.calls_a_month > 0,
            Person.deleted_at.is_(None),
            window,
            ~away,
        )
        .order_by(_SERVED.desc(), func.coalesce(Walk.minutes, 1000), _PERSON),
        {"project": target.project_id, "month_ago": now - A_MONTH},
    )
    return rows.all()
