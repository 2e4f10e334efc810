"""The sign-up engine: who gets a place and who waits.

Never overbooked: every rule is read again inside the writing transaction, the place is taken by a
conditional UPDATE, and CHECK and unique index of the database have the last word. On PostgreSQL
rows are locked in one order, person before post.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.audit import services as audit
from volunteer_hub.core.db import touch_lists
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _
from volunteer_hub.shifts.models import Post, SignUp, SignUpStatus
from volunteer_hub.shifts.queries import place_in_line
from volunteer_hub.shifts.rules import (
    MOVE_UP_UNTIL,
    CannotSignUp,
    Facts,
    read_facts,
    refusal,
)

_TAKE = (
    update(Post)
    .where(Post.id == bindparam("post", type_=Integer), Post.taken < Post.capacity)
    .values(taken=Post.taken + 1)
)
_INSERT = {
    "postgresql": postgresql.insert(SignUp).on_conflict_do_nothing().returning(SignUp.id),
    "sqlite": sqlite.insert(SignUp).on_conflict_do_nothing().returning(SignUp.id),
}
_POST = bindparam("post", type_=Integer)
# Weaker than FOR UPDATE: rows that only name this person need not wait.
_LOCK_PERSON = (
    select(Person.id)
    .where(Person.id == bindparam("person", type_=Integer))
    .with_for_update(key_share=True)
)
_LOCK_POST = select(Post.id).where(Post.id == _POST).with_for_update(key_share=True)


@dataclass(frozen=True)
class Outcome:
    """What a tap led to: the sign-up, its state, and the place in line (0 when confirmed)."""

    sign_up_id: int
    status: SignUpStatus
    position: int = 0


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
    lock_person(session, person_id)
    facts = read_facts(session, shift_id=shift_id, person_id=person_id)
    if facts.sign_up_id is not None and facts.sign_up_status == SignUpStatus.CONFIRMED:
        return Outcome(facts.sign_up_id, SignUpStatus.CONFIRMED)
    no = refusal(session, facts, now=now)
    if no:
        raise no
    if not risk_accepted and (facts.risk_zh or facts.risk_en):
        raise InvalidInput(
            _("Please read the risk notice and tick that you have."), field="risk_accepted"
        )
    if facts.sign_up_id is not None and facts.sign_up_post_id is not None:
        return _take_from_line(
            session, facts, facts.sign_up_id, facts.sign_up_post_id, person_id=person_id, now=now
        )
    return _sign_up_anew(
        session, facts, post_id=_choose_post(session, facts, post_id), person_id=person_id, now=now
    )


def lock_person(session: Session, person_id: int) -> None:
    """Let nobody else decide over this person until the transaction ends.

    Two taps of one person on two shifts at the same hour must see each other. SQLite has one
    writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(_LOCK_PERSON, {"person": person_id})


def _choose_post(session: Session, facts: Facts, post_id: int | None) -> int:
    if facts.only_post_id is not None and post_id in (None, facts.only_post_id):
        return facts.only_post_id
    chosen = session.scalar(
        select(Post.id).where(Post.id == post_id, Post.shift_id == facts.shift_id)
    )
    if chosen is None:
        raise InvalidInput(_("Please choose one of the posts."), field="post")
    return chosen


def take_place(session: Session, post_id: int) -> bool:
    """Count one more place of the post as taken; False when there is none."""
    return session.connection().execute(_TAKE, {"post": post_id}).rowcount == 1


def _take_last_look(session: Session, post_id: int) -> bool:
    """Look again with the post locked, and keep it locked while getting in line.

    Else somebody could give a place back in between, and this person would wait beside it.
    """
    session.connection().execute(_LOCK_POST, {"post": post_id})
    return take_place(session, post_id)


def _sign_up_anew(
    session: Session, facts: Facts, *, post_id: int, person_id: int, now: datetime
) -> Outcome:
    seated = take_place(session, post_id) or _take_last_look(session, post_id)
    status = SignUpStatus.CONFIRMED if seated else SignUpStatus.WAITLISTED
    sign_up_id = session.connection().scalar(
        _INSERT[session.get_bind().dialect.name],
        {
            "shift_id": facts.shift_id,
            "post_id": post_id,
            "person_id": person_id,
            "status": str(status),
            "signed_up_at": now,
            "risk_accepted_at": now,
            "risk_digest": risk_digest(facts.risk_zh, facts.risk_en),
            "cancel_reason": "",
        },
    )
    if sign_up_id is None:
        # Only possible when the same person got in between; the whole transaction is undone.
        raise CannotSignUp(_("You are already signed up. Reload the page to see your place."))
    note(session, f"sign_up:{status}", sign_up_id, facts, actor_id=person_id, now=now)
    if seated:
        return Outcome(sign_up_id, status)
    line = place_in_line(session, sign_up_id=sign_up_id, post_id=post_id)
    return Outcome(sign_up_id, status, line)


def risk_digest(risk_zh: str, risk_en: str) -> str:
    """Return which text of the risk notice was acknowledged."""
    return hashlib.sha256(f"{risk_zh}\0{risk_en}".encode()).hexdigest()[:16]


def _take_from_line(
    session: Session,
    facts: Facts,
    sign_up_id: int,
    post_id: int,
    *,
    person_id: int,
    now: datetime,
) -> Outcome:
    place = place_in_line(session, sign_up_id=sign_up_id, post_id=post_id)
    first_or_open = place == 1 or facts.starts_at - now < MOVE_UP_UNTIL
    if not first_or_open or not take_place(session, post_id):
        return Outcome(sign_up_id, SignUpStatus.WAITLISTED, place)
    session.execute(
        update(SignUp).where(SignUp.id == sign_up_id).values(status=str(SignUpStatus.CONFIRMED))
    )
    note(session, "sign_up:confirmed", sign_up_id, facts, actor_id=person_id, now=now)
    return Outcome(sign_up_id, SignUpStatus.CONFIRMED)


def note(
    session: Session,
    action: str,
    sign_up_id: int,
    facts: Facts,
    *,
    actor_id: int | None,
    now: datetime,
) -> None:
    """Write the change of a sign-up into the audit; lists show it from now on."""
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
