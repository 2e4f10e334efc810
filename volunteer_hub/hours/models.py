"""The ledger of service hours: rows are only ever added (triggers in the database)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
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
