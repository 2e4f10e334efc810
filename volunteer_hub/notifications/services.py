"""Tell people something: a notice in the app, and its way out through the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, bindparam, column, delete, insert, select, table, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from volunteer_hub.notifications.models import Delivery, Notice

MAIL = "mail"
_INSERT = {
    "postgresql": postgresql.insert(Notice).on_conflict_do_nothing().returning(Notice.id),
    "sqlite": sqlite.insert(Notice).on_conflict_do_nothing().returning(Notice.id),
}
# People belong to a feature above this one; only whether mail can reach them is needed here.
_PERSON = table("person", column("id"), column("email"))
_HAS_MAIL = select(_PERSON.c.email.is_not(None)).where(
    _PERSON.c.id == bindparam("person", type_=Integer)
)


def tell(
    session: Session,
    kind: str,
    *,
    person_id: int,
    key: str,
    now: datetime,
    link: str = "",
    useless_after: datetime | None = None,
    **params: Any,
) -> bool:
    """Tell a person something once; False when this `key` was told before.

    `kind` is one of `notifications.texts.KINDS` and `params` (JSON values; moments as ISO 8601)
    fill its sentence. Mail that could not leave before `useless_after` is dropped.
    """
    connection = session.connection()
    notice_id = connection.scalar(
        _INSERT[connection.dialect.name],
        {
            "person_id": person_id,
            "kind": kind,
            "params": params,
            "link": link,
            "key": key,
            "made_at": now,
        },
    )
    if notice_id is None:
        return False
    if connection.scalar(_HAS_MAIL, {"person": person_id}):
        connection.execute(
            insert(Delivery),
            {
                "notice_id": notice_id,
                "channel": MAIL,
                "key": f"{key}:{MAIL}",
                "due_at": now,
                "useless_after": useless_after,
                "attempts": 0,
                "last_error": "",
            },
        )
    return True


def mark_read(session: Session, *, person_id: int, up_to: int | None, now: datetime) -> None:
    """Mark the person's notices as read, up to the newest one that was on the screen."""
    unread = update(Notice).where(Notice.person_id == person_id, Notice.read_at.is_(None))
    if up_to is not None:
        unread = unread.where(Notice.id <= up_to)
    session.execute(unread.values(read_at=now))


def mark_answered(session: Session, *, person_id: int, link: str, now: datetime) -> None:
    """Mark as read what led the person to this page: they have acted on it."""
    session.execute(
        update(Notice)
        .where(Notice.person_id == person_id, Notice.read_at.is_(None), Notice.link == link)
        .values(read_at=now)
    )


def forget(session: Session, *, person_id: int) -> None:
    """Remove what a person was told, and what was still on its way to them."""
    own = select(Notice.id).where(Notice.person_id == person_id)
    session.execute(delete(Delivery).where(Delivery.notice_id.in_(own)))
    session.execute(delete(Notice).where(Notice.person_id == person_id))
