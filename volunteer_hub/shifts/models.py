"""Shifts, the posts in them, and who signed up."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer_hub.core.db import Base, UtcDateTime


class ShiftStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class SignUpStatus(StrEnum):
    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    CANCELLED = "cancelled"


ACTIVE = (SignUpStatus.CONFIRMED, SignUpStatus.WAITLISTED, SignUpStatus.OFFERED)
# A held place is counted in `Post.taken` like a confirmed one.
SEATED = (SignUpStatus.CONFIRMED, SignUpStatus.OFFERED)
_ACTIVE_SQL = text("status IN ('confirmed', 'waitlisted', 'offered')")
_PUBLISHED_SQL = text("status = 'published'")


class Series(Base):
    """Shifts that come again: a rule of RFC 5545 (`rule`, without its start) from `first_day` on.

    Kept is what was asked for; the shifts are rows of their own and an edit never makes old ones
    come back. With `skip_holidays` public holidays are left out; with `workdays_only` the rule is
    FREQ=DAILY and the days are those on which offices work, swapped ones 调休 included.
    """

    __tablename__ = "series"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    rule: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]
    skip_holidays: Mapped[bool] = mapped_column(default=True)
    workdays_only: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


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
        Index("uq_shift_series_day", "series_id", "series_day", unique=True),
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
    # The series it belongs to, and the day for which the rule gave it (moving it changes `day`).
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"))
    series_day: Mapped[date | None]


class Post(Base):
    """A role inside a shift 岗位 with its own places.

    `taken` counts confirmed sign-ups, places held by an open offer, and places held for colleagues.
    `shrink_to` is the lower capacity a coordinator wants: it falls there as people leave.
    """

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
    shrink_to: Mapped[int | None]


class PostNeed(Base):
    """A post asks for this skill, language or training."""

    __tablename__ = "post_need"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("post.id", ondelete="CASCADE"), primary_key=True
    )
    qualification_id: Mapped[int] = mapped_column(
        ForeignKey("qualification.id"), primary_key=True, index=True
    )


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
    # The place in line when somebody got into it, kept for the odds of those who come later.
    line_position: Mapped[int | None]
    # Had not served before; only set where a project keeps places for newcomers.
    newcomer: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class OfferState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


_OPEN_SQL = text("state = 'open'")


class Offer(Base):
    """A place held for one person until `expires_at` 递补邀约; the place counts as taken meanwhile.

    `invited_by` is the colleague who held the place, None when it came from the line.
    """

    __tablename__ = "offer"
    __table_args__ = (
        Index(
            "uq_offer_open",
            "sign_up_id",
            unique=True,
            sqlite_where=_OPEN_SQL,
            postgresql_where=_OPEN_SQL,
        ),
        Index("ix_offer_due", "expires_at", sqlite_where=_OPEN_SQL, postgresql_where=_OPEN_SQL),
        Index(None, "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sign_up_id: Mapped[int] = mapped_column(ForeignKey("sign_up.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(default=OfferState.OPEN)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Hold(Base):
    """Places of a post held for still unnamed colleagues of one enterprise or branch.

    `places` is what is left of them; after `until` they fall back to everybody. Those reserved by
    an adoption 预留名额 name it, and stand for the branch with all below it.
    """

    __tablename__ = "hold"
    __table_args__ = (
        CheckConstraint("places >= 0", name="places"),
        CheckConstraint("(enterprise_id IS NULL) <> (branch_id IS NULL)", name="one_group"),
        Index(None, "post_id"),
        # Without an adoption it is NULL, and NULLs never collide.
        Index("uq_hold_adoption", "adoption_id", "post_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    adoption_id: Mapped[int | None] = mapped_column(ForeignKey("adoption.id"))
    holder_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"))
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
    places: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class ShiftChange(Base):
    """Time or place of a published shift moved: what it was, what it is, and answer by when.

    `before` and `after` hold the fields that differ: `starts_at`, `ends_at` (ISO 8601, UTC),
    `place_id`, `meeting_point`.
    """

    __tablename__ = "shift_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"), index=True)
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer_by: Mapped[datetime] = mapped_column(UtcDateTime)


class ReceiptState(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


_ASKED_SQL = text("state = 'asked'")


class ChangeReceipt(Base):
    """One person's answer to a change; at most one is being asked of a sign-up at a time."""

    __tablename__ = "change_receipt"
    __table_args__ = (
        Index(
            "uq_change_receipt_asked",
            "sign_up_id",
            unique=True,
            sqlite_where=_ASKED_SQL,
            postgresql_where=_ASKED_SQL,
        ),
        Index(None, "change_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("shift_change.id"))
    sign_up_id: Mapped[int] = mapped_column(ForeignKey("sign_up.id"))
    state: Mapped[str] = mapped_column(default=ReceiptState.ASKED)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


# Written out, not as parameters: only then SQLite sees that the index of active rows will do.
IS_ACTIVE = SignUp.status.in_(
    [literal_column("'confirmed'"), literal_column("'waitlisted'"), literal_column("'offered'")]
)
