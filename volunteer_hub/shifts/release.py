"""Fair release: how many places of a post are open to whom, and when (project settings)."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Protocol

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.orm import Session

from volunteer_hub.core.db import UtcDateTime
from volunteer_hub.core.i18n import _, day
from volunteer_hub.shifts.facts import Facts
from volunteer_hub.shifts.models import SEATED, Post, Shift, ShiftStatus, SignUp, SignUpStatus
from volunteer_hub.shifts.places import NO_LIMIT
from volunteer_hub.shifts.reasons import CannotSignUp, Reason

FIRST_STEP = timedelta(days=7)
LAST_STEP = timedelta(hours=48)
NEWCOMERS_UNTIL = timedelta(hours=24)

_POST = bindparam("post", type_=Integer)
_SEATS = select(
    Post.capacity,
    select(func.count())
    .where(SignUp.post_id == _POST, SignUp.status.in_([str(s) for s in SEATED]), SignUp.newcomer)
    .scalar_subquery(),
).where(Post.id == _POST)


_SERVED = (
    select(SignUp.id)
    .join(Shift, Shift.id == SignUp.shift_id)
    .where(
        SignUp.person_id == bindparam("person", type_=Integer),
        SignUp.status == str(SignUpStatus.CONFIRMED),
        Shift.ends_at < bindparam("now", type_=UtcDateTime),
        Shift.status == str(ShiftStatus.PUBLISHED),
    )
    .limit(1)
)


class _Places(Protocol):
    @property
    def capacity(self) -> int: ...
    @property
    def taken(self) -> int: ...


class _Steps(Protocol):
    @property
    def starts_at(self) -> datetime: ...
    @property
    def early_percent(self) -> int: ...
    @property
    def newcomer_percent(self) -> int: ...


def open_places(post: _Places, early_percent: int, ahead: timedelta) -> int:
    """Return how many places of a post can be had now, `ahead` of its shift's start."""
    return max(0, opened_of(post.capacity, early_percent, ahead) - post.taken)


def opened_of(capacity: int, early_percent: int, ahead: timedelta) -> int:
    """Return how many places of a post are open `ahead` of its shift's start, taken ones too."""
    if early_percent == 100 or ahead <= LAST_STEP:
        return capacity
    return ceil(capacity * early_percent / 100) if ahead <= FIRST_STEP else 0


def not_open_yet(facts: Facts, *, now: datetime) -> CannotSignUp | None:
    """Return from when on places can be had, for a project that opens them in steps."""
    opens_at = facts.starts_at - FIRST_STEP
    if facts.early_percent == 100 or now >= opens_at:
        return None
    return CannotSignUp(
        _(
            "Sign-up opens on %(day)s, seven days before, so that everybody has a fair chance.",
            day=day(facts.day - FIRST_STEP),
        ),
        Reason.NOT_OPEN_YET,
    )


def limit(session: Session, facts: _Steps, *, post_id: int, newcomer: bool, now: datetime) -> int:
    """Return up to how many taken places this person can still take one of this post."""
    ahead = facts.starts_at - now
    stepped = facts.early_percent < 100 and ahead > LAST_STEP
    kept = facts.newcomer_percent > 0 and ahead > NEWCOMERS_UNTIL
    if not stepped and not kept:
        return NO_LIMIT
    capacity, newcomers = session.connection().execute(_SEATS, {"post": post_id}).one()
    opened = opened_of(capacity, facts.early_percent, ahead)
    return for_all(opened, facts.newcomer_percent if kept and not newcomer else 0, newcomers)


def for_all(opened: int, newcomer_percent: int, newcomers: int) -> int:
    """Return how many of the opened places are not kept for people who have not served yet."""
    return opened - max(0, opened * newcomer_percent // 100 - newcomers)


def is_newcomer(session: Session, facts: Facts, *, person_id: int, now: datetime) -> bool:
    """Tell whether the person has not served yet, for projects that keep places for newcomers."""
    if facts.newcomer_percent == 0:
        return False
    served = session.connection().execute(_SERVED, {"person": person_id, "now": now})
    return served.first() is None
