"""Certificates of service 服务记录证明: what was stated, so that a stranger can check it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from volunteer_hub.core.db import Base, UtcDateTime


class Certificate(Base):
    """What the ledger said of a person and a period at the moment of issue (product rule 9).

    `figures` is all that the document shows; `digest` (SHA-256 of it as canonical JSON) proves
    that it is still the same, and `last_entry_id` tells which ledger entries came after it.
    `code` is the unguessable end of the public address, `serial` the readable number.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint("last_day >= first_day", name="order"),
        CheckConstraint("minutes > 0", name="minutes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    code: Mapped[str] = mapped_column(unique=True)
    serial: Mapped[str] = mapped_column(unique=True)
    language: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]
    minutes: Mapped[int]
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str]
    last_entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entry.id"))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
