"""What people say about their time, plans of who might come where, and invitations."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer_hub.core.db import Base, UtcDateTime


class Availability(Base):
    """How somebody would like to be asked; without a row nobody is asked.

    `standby`: may be proposed by a plan and called out. At most `weekly_limit` shifts a week,
    `farthest_walk` minutes on foot from the office, `calls_a_month` call-outs, none of them before
    `called_from` (minutes since midnight). `recommends` off: lists are soonest first.
    """

    __tablename__ = "availability"
    __table_args__ = (
        CheckConstraint("weekly_limit BETWEEN 1 AND 7", name="weekly_limit"),
        CheckConstraint("farthest_walk BETWEEN 1 AND 120", name="farthest_walk"),
        CheckConstraint("calls_a_month BETWEEN 0 AND 8", name="calls_a_month"),
        CheckConstraint("called_from BETWEEN 0 AND 1439", name="called_from"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    standby: Mapped[bool] = mapped_column(default=False)
    weekly_limit: Mapped[int] = mapped_column(default=2)
    farthest_walk: Mapped[int] = mapped_column(default=15)
    calls_a_month: Mapped[int] = mapped_column(default=2)
    called_from: Mapped[int] = mapped_column(default=7 * 60)
    recommends: Mapped[bool] = mapped_column(default=True)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FreeWindow(Base):
    """When somebody is free on a weekday (Monday is 0), in minutes since midnight."""

    __tablename__ = "free_window"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("end_minute > start_minute", name="minutes"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    window: Mapped[str] = mapped_column(primary_key=True)
    start_minute: Mapped[int]
    end_minute: Mapped[int]


class Away(Base):
    """Days on which somebody is away, both included."""

    __tablename__ = "away"
    __table_args__ = (CheckConstraint("last_day >= first_day", name="days"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    first_day: Mapped[date]
    last_day: Mapped[date]


class Interest(Base):
    """A kind of service that somebody likes."""

    __tablename__ = "interest"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), primary_key=True)


class RunState(StrEnum):
    """A plan is asked for, worked out, looked at, and sent or put away."""

    QUEUED = "queued"
    READY = "ready"
    SENDING = "sending"
    SENT = "sent"
    PUT_AWAY = "put_away"
    FAILED = "failed"


class MatchRun(Base):
    """One plan: which people might be invited to the open places of these days.

    Without an organisation it is for all. `value` and `bound` are points of the objective
    (docs/decisions/matching.md), `figures` whole numbers for the page. `again_of` is the plan that
    this one should stay close to. `leased_until` keeps two workers from solving the same.
    """

    __tablename__ = "match_run"
    __table_args__ = (Index(None, "organisation_id", "id"), Index(None, "state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    reward: Mapped[int]
    state: Mapped[str] = mapped_column(default=RunState.QUEUED)
    again_of: Mapped[int | None] = mapped_column(ForeignKey("match_run.id"))
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    solved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    value: Mapped[int] = mapped_column(default=0)
    bound: Mapped[int] = mapped_column(default=0)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Proposal(Base):
    """One pair of a plan, with what it is worth and why (`matching.reasons`).

    `done_at` is when it was sent, or passed over because `kept_out` (a reason of the sign-up engine
    or of asking) had come to stand against it.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        Index(None, "run_id", "post_id"),
        Index("uq_proposal_pair", "run_id", "post_id", "person_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("match_run.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    value: Mapped[int]
    pinned: Mapped[bool] = mapped_column(default=False)
    why: Mapped[list[Any]] = mapped_column(JSON)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kept_out: Mapped[str] = mapped_column(default="")


class PostOutcome(Base):
    """What a plan says of a post with open places: how many it fills, and why not all.

    `counts` belong to the cause (`matching.explain`). `reserves` are the people who come next, best
    first, each with why: a refusal is answered from them and not by a new plan.
    """

    __tablename__ = "post_outcome"

    run_id: Mapped[int] = mapped_column(ForeignKey("match_run.id"), primary_key=True)
    post_id: Mapped[int] = mapped_column(
        ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    places: Mapped[int]
    filled: Mapped[int]
    cause: Mapped[str] = mapped_column(default="")
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    reserves: Mapped[list[Any]] = mapped_column(JSON, default=list)


class WishKind(StrEnum):
    PIN = "pin"
    FORBID = "forbid"


class MatchWish(Base):
    """A coordinator wants somebody invited to a post of this shift, or not to the shift at all."""

    __tablename__ = "match_wish"
    __table_args__ = (CheckConstraint("(kind = 'pin') = (post_id IS NOT NULL)", name="post"),)

    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    kind: Mapped[str]
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class InvitationKind(StrEnum):
    MATCH = "match"
    CALL_OUT = "call_out"


class InvitationState(StrEnum):
    """Withdrawn: the place went to somebody else, or the shift does not take place."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


_OPEN_SQL = text("state = 'open'")


class Invitation(Base):
    """Somebody is asked whether they would like to come; it holds no place and costs nothing."""

    __tablename__ = "invitation"
    __table_args__ = (
        Index(
            "uq_invitation_open",
            "shift_id",
            "person_id",
            unique=True,
            sqlite_where=_OPEN_SQL,
            postgresql_where=_OPEN_SQL,
        ),
        Index(
            "ix_invitation_due", "expires_at", sqlite_where=_OPEN_SQL, postgresql_where=_OPEN_SQL
        ),
        Index(None, "person_id", "made_at"),
        Index(None, "post_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("match_run.id"), index=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(default=InvitationState.OPEN)
    why: Mapped[list[Any]] = mapped_column(JSON)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
