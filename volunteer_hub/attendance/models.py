"""Who came to a shift, and for how long."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from volunteer_hub.core.db import Base, UtcDateTime

_UNCONFIRMED = text("status = 'present' AND confirmed_at IS NULL")
_NO_SHOW = text("status = 'no_show'")


class AttendanceStatus(StrEnum):
    PRESENT = "present"
    NO_SHOW = "no_show"
    EXCUSED = "excused"


class AttendanceMethod(StrEnum):
    """How the attendance, or one event on site, became known."""

    ROSTER = "roster"
    WALK_IN = "walk_in"
    CODE = "code"
    TAP = "tap"
    OFFLINE_CODE = "offline_code"
    FORGOTTEN = "forgotten"
    LATE_ENTRY = "late_entry"
    DISPUTE = "dispute"


class EventKind(StrEnum):
    """What happened on site; a void takes back an event that was wrong."""

    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"
    NO_SHOW = "no_show"
    EXCUSED = "excused"
    VOID = "void"


class SiteEvent(Base):
    """Somebody came, left, stayed away or was excused: added, never changed (triggers).

    `at` is when it happened by the server's clock, `recorded_at` when it was written down. A
    mistake is taken back by an event of kind void that names it. `device` is a random mark of the
    browser that scanned, `code_step` the time step of the code: one scan is one row.
    """

    __tablename__ = "site_event"
    __table_args__ = (
        CheckConstraint("(kind = 'void') = (voids_id IS NOT NULL)", name="voids"),
        Index(None, "shift_id", "person_id"),
        Index(
            "uq_site_event_scan",
            "shift_id",
            "person_id",
            "kind",
            "code_step",
            unique=True,
            sqlite_where=text("code_step IS NOT NULL"),
            postgresql_where=text("code_step IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    method: Mapped[str]
    voids_id: Mapped[int | None] = mapped_column(ForeignKey("site_event.id"), unique=True)
    code_step: Mapped[int | None]
    device: Mapped[str | None]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    link_id: Mapped[int | None] = mapped_column(ForeignKey("leader_link.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Attendance(Base):
    """One person at one shift: what the events on site add up to (`events.settle`).

    `minutes` is set when the hours are confirmed, `counted` the times they stand for (ISO moments).
    Only a reversing entry in the ledger empties them again, so that `minutes` is always the sum of
    entries and no other shift counts those times.

    `check_in_at` is the first arrival, `check_out_at` the last departure; `stays` holds all pairs
    (ISO moments) of somebody who came more than once. A check-in without a check-out waits:
    somebody must say when the person left. Company and building are those of the person when the
    row was made: the ledger freezes them (rule 8). `missed_path` is the branch's path of the day
    while the row is a no-show, empty for people without a branch; None says that it is none.
    """

    __tablename__ = "attendance"
    __table_args__ = (
        UniqueConstraint("shift_id", "person_id"),
        CheckConstraint("check_out_at >= check_in_at", name="order"),
        CheckConstraint("minutes BETWEEN 0 AND 480", name="minutes"),
        Index(
            "ix_attendance_unconfirmed",
            "shift_id",
            sqlite_where=_UNCONFIRMED,
            postgresql_where=_UNCONFIRMED,
        ),
        Index(
            "ix_attendance_no_show",
            "person_id",
            "shift_id",
            sqlite_where=_NO_SHOW,
            postgresql_where=_NO_SHOW,
        ),
        Index(
            "ix_attendance_no_show_at",
            "shift_id",
            "person_id",
            sqlite_where=_NO_SHOW,
            postgresql_where=_NO_SHOW,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    sign_up_id: Mapped[int | None] = mapped_column(ForeignKey("sign_up.id"))
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"))
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id"))
    status: Mapped[str]
    method: Mapped[str]
    check_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    check_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stays: Mapped[list[list[str | None]] | None] = mapped_column(JSON(none_as_null=True))
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(default="")
    minutes: Mapped[int | None]
    counted: Mapped[list[list[str]] | None] = mapped_column(JSON(none_as_null=True))
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    missed_path: Mapped[str | None]
    missed_as_member: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class BranchNoShows(Base):
    """How many no-shows 爽约 a branch with all below it had in a quarter (its first day).

    Sums of `Attendance.missed_path`, kept by `attendance.no_shows`; by membership of the day.
    """

    __tablename__ = "branch_no_shows"

    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    quarter: Mapped[date] = mapped_column(primary_key=True)
    is_party_member: Mapped[bool] = mapped_column(primary_key=True)
    no_shows: Mapped[int]


class LeaderLink(Base):
    """A signed link to one shift's door page for a stand-in leader; can be taken back."""

    __tablename__ = "leader_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"), index=True)
    name: Mapped[str]
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FlagKind(StrEnum):
    """What somebody should look at twice; nobody loses anything by it."""

    ONE_DEVICE = "one_device"
    SAME_MINUTES = "same_minutes"
    HASTY = "hasty"
    MADE_AFTERWARDS = "made_afterwards"


class Flag(Base):
    """Something unusual about the hours of a shift, for the coordinator and the office to see.

    `details` holds what was noticed; whoever has looked says so with a remark.
    """

    __tablename__ = "hours_flag"

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    noticed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    remark: Mapped[str] = mapped_column(default="")


# Written out, not as parameters: only then SQLite sees that the index of such rows will do.
IS_PRESENT = Attendance.status == literal_column("'present'")
IS_NO_SHOW = Attendance.status == literal_column("'no_show'")
