"""The places of a post: lock, take, give back. Everything that moves people stands on these.

Rows are locked in one order on PostgreSQL: person, post, sign-up. SQLite has one writer anyway.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, bindparam, case, select, update
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.audit import services as audit
from volunteer_hub.core.db import touch_lists
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _
from volunteer_hub.shifts.facts import Facts
from volunteer_hub.shifts.models import Post

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
_SHRINKS = Post.shrink_to.is_not(None) & (Post.capacity > Post.shrink_to)
_GIVE = (
    update(Post)
    .where(Post.id == _POST)
    .values(
        taken=Post.taken - bindparam("places", type_=Integer),
        capacity=case((_SHRINKS, Post.capacity - 1), else_=Post.capacity),
    )
)
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
_LOCK_POST = select(Post.id).where(Post.id == _POST).with_for_update(key_share=True)


def lock_person(session: Session, person_id: int) -> None:
    """Let nobody else decide over this person until the transaction ends.

    Two taps of one person on two shifts at the same hour must see each other.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(_LOCK_PERSON, {"person": person_id})


def lock_person_if_free(session: Session, person_id: int) -> bool:
    """Lock a person without waiting; False while that person is doing something."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    return session.connection().execute(_LOCK_IF_FREE, {"person": person_id}).first() is not None


def lock_post(session: Session, post_id: int) -> None:
    """Let nobody else take or give back places of this post until the transaction ends."""
    session.connection().execute(_LOCK_POST, {"post": post_id})


def take_place(session: Session, post_id: int, *, limit: int = NO_LIMIT) -> bool:
    """Count one more place of the post as taken; False when there is none below the limit."""
    return session.connection().execute(_TAKE, {"post": post_id, "limit": limit}).rowcount == 1


def give_place(session: Session, post_id: int, *, places: int = 1) -> None:
    """Count places as free again; a post that is to shrink loses one with them."""
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
