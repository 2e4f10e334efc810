"""The places of a post: lock, take, give back. Everything that moves people stands on these.

Rows are locked in one order on PostgreSQL: person, shift, post, sign-up. SQLite has one writer
anyway.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, bindparam, case, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.audit import services as audit
from volunteer_hub.core.db import touch_lists
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.facts import Facts
from volunteer_hub.shifts.models import Post, Shift, SignUp

NO_LIMIT = 1_000_000
_POST = bindparam("post", type_=Integer)
_TAKE = (
    update(Post)
    .where(
        Post.id == _POST,
        Post.taken < Post.capacity,
        Post.taken < bindparam("limit", type_=Integer),
    )
    .values(taken=Post.taken + 1)
)
_PLACES = bindparam("places", type_=Integer)
_GIVE = (
    update(Post)
    .where(Post.id == _POST)
    .values(
        taken=Post.taken - _PLACES,
        capacity=case(
            (Post.shrink_to.is_(None) | (Post.shrink_to >= Post.capacity), Post.capacity),
            (Post.capacity - _PLACES < Post.shrink_to, Post.shrink_to),
            else_=Post.capacity - _PLACES,
        ),
    )
)
# Adds a sign-up and returns its id; None for somebody who has one in this shift.
JOIN = {
    "postgresql": postgresql.insert(SignUp).on_conflict_do_nothing().returning(SignUp.id),
    "sqlite": sqlite.insert(SignUp).on_conflict_do_nothing().returning(SignUp.id),
}
# Weaker than FOR UPDATE: rows that only name this person or post need not wait.
_LOCK_PERSON = (
    select(Person.id)
    .where(Person.id == bindparam("person", type_=Integer))
    .with_for_update(key_share=True)
)
_LOCK_IF_FREE = (
    select(Person.id)
    .where(Person.id == bindparam("person", type_=Integer))
    .with_for_update(key_share=True, skip_locked=True)
)
# FOR SHARE waits for a coordinator who is moving the shift or calling it off.
_LOCK_PERSON_IN_SHIFT = text(
    "SELECT person.id FROM person, shift WHERE person.id = :person AND shift.id = :shift"
    " FOR NO KEY UPDATE OF person FOR SHARE OF shift"
)
_LOCK_POST = select(Post.id).where(Post.id == _POST).with_for_update(key_share=True)


def lock_person(session: Session, person_id: int) -> None:
    """Let nobody else decide over this person until the transaction ends.

    Two taps of one person on two shifts at the same hour must see each other.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(_LOCK_PERSON, {"person": person_id})


def lock_person_in_shift(session: Session, person_id: int, shift_id: int) -> None:
    """Lock the person, and keep the shift as it is until the transaction ends.

    Else somebody could get a place at a time that has just been moved, and not be asked about it.
    """
    if session.get_bind().dialect.name == "postgresql":
        values = {"person": person_id, "shift": shift_id}
        session.connection().execute(_LOCK_PERSON_IN_SHIFT, values)


def lock_person_if_free(session: Session, person_id: int) -> bool:
    """Lock a person without waiting; False while that person is doing something."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    return session.connection().execute(_LOCK_IF_FREE, {"person": person_id}).first() is not None


def lock_post(session: Session, post_id: int) -> None:
    """Let nobody else take or give back places of this post until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(_LOCK_POST, {"post": post_id})


def take_place(session: Session, post_id: int, *, limit: int = NO_LIMIT) -> bool:
    """Count one more place of the post as taken; False when there is none below the limit."""
    return session.connection().execute(_TAKE, {"post": post_id, "limit": limit}).rowcount == 1


def give_place(session: Session, post_id: int, *, places: int = 1) -> None:
    """Count places as free again; a post that is to shrink loses them."""
    session.connection().execute(_GIVE, {"post": post_id, "places": places})


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


def note_release(
    session: Session,
    hold_id: int,
    shift_id: int,
    *,
    places: int,
    now: datetime,
    actor_id: int | None = None,
) -> None:
    """Write into the audit that held places are free again; without an actor time took them."""
    organisation_id = session.scalar(
        select(Project.organisation_id)
        .join(Shift, Shift.project_id == Project.id)
        .where(Shift.id == shift_id)
    )
    audit.record(
        session,
        "hold:release",
        actor_id=actor_id,
        object_id=hold_id,
        now=now,
        organisation_id=organisation_id,
        shift_id=shift_id,
        places=places,
    )
    touch_lists(session)


def choose_post(session: Session, facts: Facts, post_id: int | None) -> int:
    """Return the post that is meant: the chosen one of the shift, or its only one.

    Raises InvalidInput for a post of another shift, or none where there are several.
    """
    if facts.only_post_id is not None and post_id in (None, facts.only_post_id):
        return facts.only_post_id
    chosen = session.scalar(
        select(Post.id).where(Post.id == post_id, Post.shift_id == facts.shift_id)
    )
    if chosen is None:
        raise InvalidInput(_("Please choose one of the posts."), field="post")
    return chosen
