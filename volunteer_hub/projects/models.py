"""Projects, their categories and the search index."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from volunteer_hub.core.db import Base, UtcDateTime


class ProjectStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"


class Category(Base):
    """Kind of service; `hazardous` ones need insurance details before publication."""

    __tablename__ = "category"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    position: Mapped[int]
    hazardous: Mapped[bool] = mapped_column(default=False)


class Project(Base):
    """What volunteers do, for whom, and what they must know first.

    Text comes in two languages; an empty English text falls back to the Chinese one and back.
    """

    __tablename__ = "project"
    __table_args__ = (
        CheckConstraint("minimum_age BETWEEN 0 AND 99", name="minimum_age"),
        CheckConstraint("early_percent BETWEEN 1 AND 100", name="early_percent"),
        CheckConstraint("newcomer_percent BETWEEN 0 AND 50", name="newcomer_percent"),
        Index(None, "status", "last_starts_at"),
        Index(None, "organisation_id", "id"),
        Index("uq_project_source", "source", "source_key", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), index=True)
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    title_zh: Mapped[str]
    title_en: Mapped[str] = mapped_column(default="")
    content_zh: Mapped[str] = mapped_column(default="")
    content_en: Mapped[str] = mapped_column(default="")
    risk_zh: Mapped[str] = mapped_column(default="")
    risk_en: Mapped[str] = mapped_column(default="")
    insurance: Mapped[str] = mapped_column(default="")
    contact_name: Mapped[str] = mapped_column(default="")
    contact_phone: Mapped[str] = mapped_column(default="")
    minimum_age: Mapped[int] = mapped_column(default=16)
    outdoors: Mapped[bool] = mapped_column(default=False)
    # Its shifts pair one volunteer with one senior (`matching.one_to_one`).
    one_to_one: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The training that an induction gives to those who come.
    teaches_id: Mapped[int | None] = mapped_column(ForeignKey("qualification.id"))
    # Fair release: under 100 this share of the places opens seven days before a shift and the rest
    # 48 hours before; at 100 all are open at once.
    early_percent: Mapped[int] = mapped_column(default=100, server_default="100")
    # Share of the places kept until 24 hours before for people who have not served yet.
    newcomer_percent: Mapped[int] = mapped_column(default=0, server_default="0")
    status: Mapped[str] = mapped_column(default=ProjectStatus.DRAFT)
    # Start of the last published shift, kept by shifts.services: which projects have a future
    # is then one index range instead of a look at every shift.
    last_starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Where an imported row came from, so that the same file twice adds nothing.
    source: Mapped[str | None]
    source_key: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Grows with every change: an edit made on an older one is refused, not overwritten.
    version: Mapped[int] = mapped_column(default=1)


class SearchTerm(Base):
    """One entry of the search index: a term of a project's text and what a hit is worth."""

    __tablename__ = "search_term"
    __table_args__ = ({"sqlite_with_rowid": False},)

    # Ordered by code point on both engines: "begins with" is then a range of the primary key.
    term: Mapped[str] = mapped_column(
        String().with_variant(String(collation="C"), "postgresql"), primary_key=True
    )
    project_id: Mapped[int] = mapped_column(
        ForeignKey("project.id"), primary_key=True, index=True, autoincrement=False
    )
    weight: Mapped[int]


class ImportFile(Base):
    """A sheet between its preview and its import: the owner's one and only, for a day."""

    __tablename__ = "import_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str]
    content: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class HelpWanted(Base):
    """A project asks branches for help in a period: `places` a shift, until it is closed."""

    __tablename__ = "help_wanted"
    __table_args__ = (
        CheckConstraint("places BETWEEN 1 AND 50", name="places"),
        CheckConstraint("last_day >= first_day", name="days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    first_day: Mapped[date]
    last_day: Mapped[date]
    places: Mapped[int]
    text: Mapped[str] = mapped_column(default="")
    asked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AdoptionState(StrEnum):
    """A branch proposes, the project's coordinator agrees; either side may end it early."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class Adoption(Base):
    """A branch stands by a project for a period 认领, with `places` reserved in each shift.

    Both dates are included; ending it early sets `last_day`. `review` is the branch's look back,
    `thanks` the project's.
    """

    __tablename__ = "adoption"
    __table_args__ = (
        CheckConstraint("places BETWEEN 1 AND 50", name="places"),
        CheckConstraint("last_day >= first_day", name="days"),
        Index(None, "project_id", "state"),
        Index(None, "branch_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    places: Mapped[int]
    state: Mapped[str] = mapped_column(default=AdoptionState.PROPOSED)
    message: Mapped[str] = mapped_column(default="")
    proposed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(default="")
    review: Mapped[str] = mapped_column(default="")
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    thanks: Mapped[str] = mapped_column(default="")
    thanked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
