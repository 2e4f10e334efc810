"""What people are told, and what still has to be sent out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer_hub.core.db import Base, UtcDateTime


class Notice(Base):
    """Something a person is told in the app, written in the reader's language when read.

    `kind` names the sentence and `params` fill it; `key` makes telling twice one notice.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index(None, "person_id", "id"),
        Index(
            "ix_notice_unread",
            "person_id",
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    link: Mapped[str] = mapped_column(default="")
    key: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


_WAITING_SQL = text("sent_at IS NULL AND dropped_at IS NULL")


class Delivery(Base):
    """One message of the outbox: a notice on its way through one channel.

    Claimed with a lease; tried again after a failure; dropped when it would come too late or has
    failed too often. `key` goes out with every try, so that a receiver can drop a repetition.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index(
            "ix_delivery_waiting",
            "due_at",
            sqlite_where=_WAITING_SQL,
            postgresql_where=_WAITING_SQL,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    channel: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    useless_after: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_by: Mapped[str | None]
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dropped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str] = mapped_column(default="")
