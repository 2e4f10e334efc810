"""Who came to a shift, and for how long."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from volunteer_hub.core.db import Base, UtcDateTime


class AttendanceStatus(StrEnum):
    PRESENT = "present"
    NO_SHOW = "no_show"
    EXCUSED = "excused"


class AttendanceMethod(StrEnum):
    """How the attendance became known."""

    ROSTER = "roster"
    WALK_IN = "walk_in"
    LATE_ENTRY = "late_entry"


class Attendance(Base):
    """One person at one shift. `minutes` is set when the hours are confirmed.

    Only a reversing entry in the ledger empties it again, so that it is always the sum of entries.

    A check-in without a check-out waits: somebody must say when the person left. Company and
    building are those of the person when the row was made: the ledger freezes them (rule 8).
    """

    __tablename__ = "attendance"
    __table_args__ = (
        UniqueConstraint("shift_id", "person_id"),
        CheckConstraint("check_out_at >= check_in_at", name="order"),
        CheckConstraint("minutes BETWEEN 0 AND 480", name="minutes"),
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
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(default="")
    minutes: Mapped[int | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LeaderLink(Base):
    """A signed link to one shift's door page for a stand-in leader; can be taken back."""

    __tablename__ = "leader_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"), index=True)
    name: Mapped[str]
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
