"""The sign-up engine: who gets a place, who waits, and what a cancellation sets free.

Never overbooked: every rule is read again inside the writing transaction, the place is taken by a
conditional UPDATE, and CHECK and unique index of the database have the last word. On PostgreSQL
rows are locked in one order, person before post.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import Person
from volunteer_hub.audit import services as audit
from volunteer_hub.core.db import touch_lists
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _, day, either, span
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import ACTIVE, Post, Shift, ShiftStatus, SignUp, SignUpStatus
from volunteer_hub.shifts.queries import place_in_line

# Nearer to the start nobody is moved up unasked: the place is open to whoever takes it first.
MOVE_UP_UNTIL = timedelta(hours=12)
ADULT = 18
GUARDIAN_ALONGSIDE = 14


class CannotSignUp(DomainError):
    """A rule keeps this person from this shift; the message says which, and what would help."""


class CannotCancel(DomainError):
    """The shift has begun, so the place can no longer be given back."""


@dataclass(frozen=True)
class Facts:
    """What the rules look at, read in one query."""

    shift_id: int
    status: str
    starts_at: datetime
    ends_at: datetime
    day: date
    project_id: int
    organisation_id: int
    minimum_age: int
    risk_zh: str
    risk_en: str
    birth_date: date | None
    guardian_id: int | None
    sign_up_id: int | None
    sign_up_status: str | None
    sign_up_post_id: int | None


@dataclass(frozen=True)
class Outcome:
    """What a tap led to: the sign-up, its state, and the place in line (0 when confirmed)."""

    sign_up_id: int
    status: SignUpStatus
    position: int = 0


def read_facts(session: Session, *, shift_id: int, person_id: int) -> Facts:
    """Return what decides over this person and shift; raises NotFound for an unpublished one."""
    row: Any = session.execute(
        select(
            Shift.id,
            Shift.status,
            Shift.starts_at,
            Shift.ends_at,
            Shift.day,
            Shift.project_id,
            Project.organisation_id,
            Project.minimum_age,
            Project.risk_zh,
            Project.risk_en,
            Person.birth_date,
            Person.guardian_id,
            SignUp.id.label("sign_up_id"),
            SignUp.status.label("sign_up_status"),
            SignUp.post_id.label("sign_up_post_id"),
        )
        .join(Project, Project.id == Shift.project_id)
        .join(Person, Person.id == person_id)
        .outerjoin(
            SignUp,
            (SignUp.shift_id == Shift.id)
            & (SignUp.person_id == person_id)
            & SignUp.status.in_(ACTIVE),
        )
        .where(Shift.id == shift_id)
    ).first()
    if row is None or row.status == ShiftStatus.DRAFT:
        raise NotFound
    return Facts(*row)


def refusal(
    session: Session, facts: Facts, *, person_id: int, now: datetime
) -> CannotSignUp | None:
    """Return why this person cannot have a place in this shift, or None.

    The same answer explains the button before the tap and decides after it.
    """
    if facts.status == ShiftStatus.CANCELLED:
        return CannotSignUp(_("This shift is cancelled. Have a look at the other shifts."))
    if facts.starts_at <= now:
        return CannotSignUp(_("This shift has already started. Have a look at the next ones."))
    return _too_young(session, facts) or _conflict(session, facts, person_id=person_id)


def _too_young(session: Session, facts: Facts) -> CannotSignUp | None:
    # Who has not said a birthday declares the age together with the risk notice.
    if facts.birth_date is None:
        return None
    age = age_on(facts.birth_date, facts.day)
    if age >= ADULT:
        required = facts.minimum_age
    else:
        # A guardian opens what the project allows to minors at all.
        required = max(facts.minimum_age, ADULT if facts.guardian_id is None else 0)
    if age < required:
        if facts.guardian_id is None and age < ADULT and age >= facts.minimum_age:
            return CannotSignUp(
                _(
                    "Under 18 you need a guardian's consent."
                    " Ask the coordinator to add your guardian."
                )
            )
        return CannotSignUp(_("You need to be at least %(age)s for this shift.", age=required))
    if age < GUARDIAN_ALONGSIDE and not _guardian_is_coming(session, facts):
        return CannotSignUp(_("Under 14 your guardian needs a place in the same shift first."))
    return None


def age_on(birth_date: date, day_: date) -> int:
    """Return completed years of life on a day."""
    before_birthday = (day_.month, day_.day) < (birth_date.month, birth_date.day)
    return day_.year - birth_date.year - before_birthday


def _guardian_is_coming(session: Session, facts: Facts) -> bool:
    query = select(SignUp.id).where(
        SignUp.shift_id == facts.shift_id,
        SignUp.person_id == facts.guardian_id,
        SignUp.status == SignUpStatus.CONFIRMED,
    )
    return session.scalar(query) is not None


def _conflict(session: Session, facts: Facts, *, person_id: int) -> CannotSignUp | None:
    other = session.execute(
        select(Project.title_zh, Project.title_en, Shift.day, Shift.starts_at, Shift.ends_at)
        .join(Shift, Shift.project_id == Project.id)
        .join(SignUp, SignUp.shift_id == Shift.id)
        .where(
            SignUp.person_id == person_id,
            SignUp.status == SignUpStatus.CONFIRMED,
            Shift.id != facts.shift_id,
            Shift.status == ShiftStatus.PUBLISHED,
            Shift.starts_at < facts.ends_at,
            Shift.ends_at > facts.starts_at,
        )
        .limit(1)
    ).first()
    if other is None:
        return None
    return CannotSignUp(
        _(
            "At that time you already have “%(title)s” (%(when)s). Cancel that one first if this"
            " suits you better.",
            title=either(other.title_zh, other.title_en),
            when=f"{day(other.day)} {span(other.starts_at, other.ends_at)}",
        )
    )


def sign_up(
    session: Session,
    *,
    shift_id: int,
    person_id: int,
    post_id: int | None,
    risk_accepted: bool,
    now: datetime,
) -> Outcome:
    """Give the person a place, or a place in line when the post is full.

    Asking again changes nothing and returns what there is, except that a person in line takes a
    place that has become free. Raises NotFound, InvalidInput (which post; risk notice not
    acknowledged) or CannotSignUp.
    """
    _lock_person(session, person_id)
    facts = read_facts(session, shift_id=shift_id, person_id=person_id)
    if facts.sign_up_id is not None and facts.sign_up_status == SignUpStatus.CONFIRMED:
        return Outcome(facts.sign_up_id, SignUpStatus.CONFIRMED)
    no = refusal(session, facts, person_id=person_id, now=now)
    if no:
        raise no
    if not risk_accepted and (facts.risk_zh or facts.risk_en):
        raise InvalidInput(
            _("Please read the risk notice and tick that you have."), field="risk_accepted"
        )
    if facts.sign_up_id is not None and facts.sign_up_post_id is not None:
        return _take_from_line(session, facts, person_id=person_id, now=now)
    post_id = _choose_post(session, shift_id=shift_id, post_id=post_id)
    seated = _take_place(session, post_id)
    status = SignUpStatus.CONFIRMED if seated else SignUpStatus.WAITLISTED
    sign_up_id = _insert(
        session, facts, post_id=post_id, person_id=person_id, status=status, now=now
    )
    _note(session, f"sign_up:{status}", sign_up_id, facts, actor_id=person_id, now=now)
    return Outcome(
        sign_up_id,
        status,
        0 if seated else place_in_line(session, sign_up_id=sign_up_id, post_id=post_id),
    )


def _lock_person(session: Session, person_id: int) -> None:
    # Two taps of one person on two shifts at the same hour must see each other. SQLite has one
    # writer anyway.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(Person.id).where(Person.id == person_id).with_for_update())


def _choose_post(session: Session, *, shift_id: int, post_id: int | None) -> int:
    ids = list(
        session.scalars(
            select(Post.id).where(Post.shift_id == shift_id).order_by(Post.position, Post.id)
        )
    )
    if post_id is None and len(ids) == 1:
        return ids[0]
    if post_id not in ids:
        raise InvalidInput(_("Please choose one of the posts."), field="post")
    return post_id


def _take_place(session: Session, post_id: int) -> bool:
    taken = session.connection().execute(
        update(Post)
        .where(Post.id == post_id, Post.taken < Post.capacity)
        .values(taken=Post.taken + 1)
    )
    return taken.rowcount == 1


def _insert(
    session: Session,
    facts: Facts,
    *,
    post_id: int,
    person_id: int,
    status: SignUpStatus,
    now: datetime,
) -> int:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    sign_up_id = session.connection().scalar(
        insert(SignUp)
        .values(
            shift_id=facts.shift_id,
            post_id=post_id,
            person_id=person_id,
            status=str(status),
            signed_up_at=now,
            risk_accepted_at=now,
            risk_digest=risk_digest(facts.risk_zh, facts.risk_en),
            cancel_reason="",
        )
        .on_conflict_do_nothing()
        .returning(SignUp.id)
    )
    if sign_up_id is None:
        # Only possible when the same person got in between; the whole transaction is undone.
        raise CannotSignUp(_("You are already signed up. Reload the page to see your place."))
    return int(sign_up_id)


def risk_digest(risk_zh: str, risk_en: str) -> str:
    """Return which text of the risk notice was acknowledged."""
    return hashlib.sha256(f"{risk_zh}\0{risk_en}".encode()).hexdigest()[:16]


def _take_from_line(session: Session, facts: Facts, *, person_id: int, now: datetime) -> Outcome:
    assert facts.sign_up_id is not None  # noqa: S101
    assert facts.sign_up_post_id is not None  # noqa: S101
    place = place_in_line(session, sign_up_id=facts.sign_up_id, post_id=facts.sign_up_post_id)
    first_or_open = place == 1 or facts.starts_at - now < MOVE_UP_UNTIL
    if not first_or_open or not _take_place(session, facts.sign_up_post_id):
        return Outcome(facts.sign_up_id, SignUpStatus.WAITLISTED, place)
    session.execute(
        update(SignUp)
        .where(SignUp.id == facts.sign_up_id)
        .values(status=str(SignUpStatus.CONFIRMED))
    )
    _note(session, "sign_up:confirmed", facts.sign_up_id, facts, actor_id=person_id, now=now)
    return Outcome(facts.sign_up_id, SignUpStatus.CONFIRMED)


def cancel(session: Session, *, sign_up_id: int, person_id: int, reason: str, now: datetime) -> int:
    """Give a place back and move the line up; returns the shift.

    Works until the shift begins; a reason is never asked for. Cancelling twice changes nothing.
    Raises NotFound for a sign-up of somebody else, CannotCancel after the start.
    """
    shift = aliased(Shift)
    row = session.execute(
        select(
            SignUp.status,
            SignUp.post_id,
            SignUp.shift_id,
            shift.starts_at,
            shift.status.label("shift_status"),
            Project.organisation_id,
        )
        .join(shift, shift.id == SignUp.shift_id)
        .join(Project, Project.id == shift.project_id)
        .where(SignUp.id == sign_up_id, SignUp.person_id == person_id)
    ).first()
    if row is None:
        raise NotFound
    if row.status not in ACTIVE:
        return int(row.shift_id)
    if row.starts_at <= now and row.shift_status == ShiftStatus.PUBLISHED:
        raise CannotCancel(
            _("The shift has already started. Please tell the contact person on site.")
        )
    _release(
        session,
        sign_up_id=sign_up_id,
        post_id=row.post_id,
        reason=reason,
        moves_up=row.starts_at - now >= MOVE_UP_UNTIL and row.shift_status == ShiftStatus.PUBLISHED,
        now=now,
    )
    audit.record(
        session,
        "sign_up:cancel",
        actor_id=person_id,
        object_id=sign_up_id,
        now=now,
        organisation_id=row.organisation_id,
        shift_id=row.shift_id,
    )
    touch_lists(session)
    return int(row.shift_id)


def _release(
    session: Session,
    *,
    sign_up_id: int,
    post_id: int,
    reason: str,
    moves_up: bool,
    now: datetime,
) -> None:
    successor = _first_in_line(session, post_id=post_id, now=now) if moves_up else None
    was_confirmed = session.connection().execute(
        update(SignUp)
        .where(SignUp.id == sign_up_id, SignUp.status == str(SignUpStatus.CONFIRMED))
        .values(status=str(SignUpStatus.CANCELLED), cancelled_at=now, cancel_reason=reason)
    )
    if was_confirmed.rowcount == 0:
        session.execute(
            update(SignUp)
            .where(SignUp.id == sign_up_id, SignUp.status == str(SignUpStatus.WAITLISTED))
            .values(status=str(SignUpStatus.CANCELLED), cancelled_at=now, cancel_reason=reason)
        )
        return
    session.execute(update(Post).where(Post.id == post_id).values(taken=Post.taken - 1))
    if successor is not None and successor.sign_up_id is not None:
        _move_up(session, successor, post_id=post_id, now=now)


def _first_in_line(session: Session, *, post_id: int, now: datetime) -> Facts | None:
    """Return the first person in line whom no rule keeps out any more."""
    line = session.execute(
        select(SignUp.shift_id, SignUp.person_id)
        .where(SignUp.post_id == post_id, SignUp.status == str(SignUpStatus.WAITLISTED))
        .order_by(SignUp.id)
    ).all()
    for waiting in line:
        _lock_person(session, waiting.person_id)
        facts = read_facts(session, shift_id=waiting.shift_id, person_id=waiting.person_id)
        still_waits = facts.sign_up_status == SignUpStatus.WAITLISTED
        if still_waits and refusal(session, facts, person_id=waiting.person_id, now=now) is None:
            return facts
    return None


def _move_up(session: Session, facts: Facts, *, post_id: int, now: datetime) -> None:
    moved = session.connection().execute(
        update(SignUp)
        .where(SignUp.id == facts.sign_up_id, SignUp.status == str(SignUpStatus.WAITLISTED))
        .values(status=str(SignUpStatus.CONFIRMED))
    )
    if moved.rowcount == 1 and _take_place(session, post_id):
        _note(session, "sign_up:move_up", facts.sign_up_id, facts, actor_id=None, now=now)


def fill_places(session: Session, *, post_id: int, places: int, now: datetime) -> None:
    """Give this many new places of a post to its line, first come first; the post is locked."""
    for _place in range(places):
        facts = _first_in_line(session, post_id=post_id, now=now)
        if facts is None or facts.starts_at - now < MOVE_UP_UNTIL:
            return
        _move_up(session, facts, post_id=post_id, now=now)


def leave_all(session: Session, *, person_id: int, now: datetime) -> None:
    """Give back every place in a shift that has not begun (before an account is deleted)."""
    rows = session.scalars(
        select(SignUp.id)
        .join(Shift, Shift.id == SignUp.shift_id)
        .where(SignUp.person_id == person_id, SignUp.status.in_(ACTIVE), Shift.starts_at > now)
    ).all()
    for sign_up_id in rows:
        cancel(session, sign_up_id=sign_up_id, person_id=person_id, reason="", now=now)


def _note(
    session: Session,
    action: str,
    sign_up_id: int | None,
    facts: Facts,
    *,
    actor_id: int | None,
    now: datetime,
) -> None:
    audit.record(
        session,
        action,
        actor_id=actor_id,
        object_id=sign_up_id,
        now=now,
        organisation_id=facts.organisation_id,
        shift_id=facts.shift_id,
    )
    touch_lists(session)
