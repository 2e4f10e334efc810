"""Read what a person was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.orm import Session

from volunteer_hub.notifications.models import Notice

PER_PAGE = 20


@dataclass(frozen=True)
class NoticeRow:
    """One notice as it was told; `texts.write` turns kind and params into words."""

    id: int
    kind: str
    params: Mapping[str, Any]
    link: str
    made_at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class Notices:
    """One page of a person's notices, with the last page's number and the newest one's id."""

    rows: list[NoticeRow]
    page: int
    last: int
    unread: int
    newest: int | None


_OWN = Notice.person_id == bindparam("person", type_=Integer)
_COUNTS = select(
    func.count(), func.count().filter(Notice.read_at.is_(None)), func.max(Notice.id)
).where(_OWN)
_PAGE = (
    select(Notice.id, Notice.kind, Notice.params, Notice.link, Notice.made_at, Notice.read_at)
    .where(_OWN)
    .order_by(Notice.id.desc())
    .limit(PER_PAGE)
    .offset(bindparam("skip", type_=Integer))
)


def own_notices(session: Session, *, person_id: int, page: int = 1) -> Notices:
    """Return a page of what the person was told, newest first; a page too far is the last one."""
    total, unread, newest = session.execute(_COUNTS, {"person": person_id}).one()
    last = max(1, -(-total // PER_PAGE))
    page = min(max(page, 1), last)
    found = session.execute(_PAGE, {"person": person_id, "skip": (page - 1) * PER_PAGE})
    return Notices([NoticeRow(*row) for row in found], page, last, unread, newest)
