"""Shifts, the posts in them, and who signed up."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer_hub.core.db import Base, UtcDateTime


class ShiftStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class SignUpStatus(StrEnum):
    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    CANCELLED = "cancelled"


ACTIVE = (SignUpStatus.CONFIRMED, SignUpStatus.WAITLISTED)
_ACTIVE_SQL = text("status IN ('confirmed', 'waitlisted')")
_PUBLISHED_SQL = text("status = 'published'")


class Shift(Base):
    """One occasion of a project at a place.

    `day`, `start_minute` and `end_minute` repeat the times on the local wall clock (minutes since
    midnight of `day`; past midnight counts on), so that searches for a free hour use an index.
    """

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="order"),
        CheckConstraint("end_minute > start_minute", name="minutes"),
        Index(
            "ix_shift_upcoming",
            "starts_at",
            "id",
            "project_id",
            sqlite_where=_PUBLISHED_SQL,
            postgresql_where=_PUBLISHED_SQL,
        ),
        Index(
            "ix_shift_of_project",
            "project_id",
            "starts_at",
            "id",
            sqlite_where=_PUBLISHED_SQL,
            postgresql_where=_PUBLISHED_SQL,
        ),
        Index(None, "project_id"),
        Index(None, "day", "start_minute"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date]
    start_minute: Mapped[int]
    end_minute: Mapped[int]
    window: Mapped[str]
    meeting_point: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=ShiftStatus.PUBLISHED)
    cancel_reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)


class Post(Base):
    """A role inside a shift 岗位 with its own places. `taken` counts confirmed sign-ups."""

    __tablename__ = "post"
    __table_args__ = (
        CheckConstraint("taken BETWEEN 0 AND capacity", name="never_overbooked"),
        CheckConstraint("capacity BETWEEN 1 AND 500", name="capacity"),
        CheckConstraint("minimum BETWEEN 0 AND capacity", name="minimum"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    name_zh: Mapped[str] = mapped_column(default="")
    name_en: Mapped[str] = mapped_column(default="")
    capacity: Mapped[int]
    minimum: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int] = mapped_column(default=0)


class SignUp(Base):
    """A person's place, or place in line, in one shift; the line is in order of id."""

    __tablename__ = "sign_up"
    __table_args__ = (
        Index(
            "uq_sign_up_active",
            "shift_id",
            "person_id",
            unique=True,
            sqlite_where=_ACTIVE_SQL,
            postgresql_where=_ACTIVE_SQL,
        ),
        Index(None, "person_id", "status"),
        Index(None, "post_id", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    status: Mapped[str]
    signed_up_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When the risk notice was acknowledged, and which text it was (digest of the notice).
    risk_accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    risk_digest: Mapped[str] = mapped_column(default="")
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_reason: Mapped[str] = mapped_column(default="")


# Written out, not as parameters: only then SQLite sees that the index of active rows will do.
IS_ACTIVE = SignUp.status.in_([literal_column("'confirmed'"), literal_column("'waitlisted'")])
