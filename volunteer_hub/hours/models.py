"""The ledger of service hours: rows are only ever added (triggers in the database)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer_hub.core.db import Base, UtcDateTime


class LedgerEntry(Base):
    """Whole minutes credited to a person, or taken back by a reversing entry.

    Branch, its path, enterprise, building and membership are frozen as they were on
    `service_day`; totals are sums of `minutes` over entries (product rule 8). `digest` chains the
    entry to the one before it, so that an edit made behind the triggers shows.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint(
            "(reverses_id IS NULL AND minutes BETWEEN 0 AND 480)"
            " OR (reverses_id IS NOT NULL AND minutes BETWEEN -480 AND 0)",
            name="sign",
        ),
        CheckConstraint("confirmed_by <> person_id", name="two_people"),
        Index(None, "person_id", "service_day"),
        Index(None, "branch_id", "service_day", "person_id", "minutes"),
        Index(None, "service_day", "branch_path"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    attendance_id: Mapped[int] = mapped_column(ForeignKey("attendance.id"), index=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    service_day: Mapped[date]
    minutes: Mapped[int]
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"), unique=True)
    is_late_entry: Mapped[bool] = mapped_column(default=False)
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
    branch_path: Mapped[str] = mapped_column(default="")
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"))
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id"))
    is_party_member: Mapped[bool] = mapped_column(default=False)
    rule: Mapped[str]
    confirmed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    digest: Mapped[str]


class CreditingRule(Base):
    """How minutes on site become credited ones, from a service day on; never changed (triggers).

    A new rule is a new row with a later `valid_from`; every entry names the version it used.
    """

    __tablename__ = "crediting_rule"
    __table_args__ = (
        CheckConstraint("early_minutes BETWEEN 0 AND 120", name="early_minutes"),
        CheckConstraint("late_minutes BETWEEN 0 AND 120", name="late_minutes"),
        CheckConstraint("day_cap BETWEEN 1 AND 480", name="day_cap"),
    )

    version: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(unique=True)
    early_minutes: Mapped[int]
    late_minutes: Mapped[int]
    day_cap: Mapped[int]


class StarLevel(Base):
    """Minutes in the ledger from which somebody carries this many stars."""

    __tablename__ = "star_level"

    stars: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    minutes: Mapped[int] = mapped_column(unique=True)


class ClaimKind(StrEnum):
    """A late entry 补录 adds what nobody recorded; a dispute 异议 contradicts what is recorded."""

    LATE_ENTRY = "late_entry"
    DISPUTE = "dispute"


class ClaimState(StrEnum):
    OPEN = "open"
    GRANTED = "granted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class HoursClaim(Base):
    """Times that somebody states afterwards, and what a second person decided (product rule 6).

    `due_on` is the working day by which it should be answered; it stays open until it is.
    """

    __tablename__ = "hours_claim"
    __table_args__ = (
        CheckConstraint("check_out_at > check_in_at", name="order"),
        CheckConstraint("decided_by <> asked_by AND decided_by <> person_id", name="two_people"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
        Index(
            "uq_hours_claim_open",
            "shift_id",
            "person_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    check_in_at: Mapped[datetime] = mapped_column(UtcDateTime)
    check_out_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str]
    evidence: Mapped[str] = mapped_column(default="")
    witness: Mapped[str] = mapped_column(default="")
    asked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(default=ClaimState.OPEN)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(default="")


class Axis(StrEnum):
    """By what `BranchHours` are added up; `day` is the first day of a month or quarter there."""

    QUARTER = "quarter"
    DAY = "day"
    CATEGORY = "category"
    BUILDING = "building"


class BranchHours(Base):
    """Sums of the ledger for a branch with all below it, kept in the ledger's own transaction.

    One row for each axis, day, key (a category, or a building, 0 for none) and frozen membership.
    `attendances` are entries less reversals. `flask reports verify` proves that the rows equal the
    ledger.
    """

    __tablename__ = "branch_hours"

    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    axis: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[int] = mapped_column(primary_key=True)
    is_party_member: Mapped[bool] = mapped_column(primary_key=True)
    minutes: Mapped[int]
    attendances: Mapped[int]
    late_minutes: Mapped[int]


class BranchPerson(Base):
    """How many attendances of a person stand for a branch (with all below it) in a quarter.

    `members` says of which kind: `all`, or that of the entries (`member`, `non_member`).
    """

    __tablename__ = "branch_person"

    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    quarter: Mapped[date] = mapped_column(primary_key=True)
    members: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    attendances: Mapped[int]


class BranchPeople(Base):
    """How many people have an attendance in `BranchPerson`."""

    __tablename__ = "branch_people"

    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    quarter: Mapped[date] = mapped_column(primary_key=True)
    members: Mapped[str] = mapped_column(primary_key=True)
    people: Mapped[int]


class MonthClose(Base):
    """The office closed a month: which entries it saw, and who did it; never changed (triggers).

    Entries up to `last_entry_id` are in it. `ledger_digest` is that entry's digest, so the close
    stands for one state of the ledger only.
    """

    __tablename__ = "month_close"

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(unique=True)
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    last_entry_id: Mapped[int]
    ledger_digest: Mapped[str]


class MonthSheet(Base):
    """A branch's figures of a closed month, signed, with the sheet as it was (never changed).

    `figures` holds whole numbers by name (`closing.FIGURES`); `delta_minutes` and
    `delta_attendances` of them are corrections to months that were closed before. `digest` is the
    SHA-256 of figures, month, branch and cut-off; `signature` the server's HMAC of it; `body` the
    spreadsheet's bytes.
    """

    __tablename__ = "month_sheet"
    __table_args__ = (UniqueConstraint("close_id", "branch_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    close_id: Mapped[int] = mapped_column(ForeignKey("month_close.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), index=True)
    number: Mapped[str] = mapped_column(unique=True)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str]
    signature: Mapped[str]
    body: Mapped[bytes]
