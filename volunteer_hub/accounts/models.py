"""People, their roles, consents and branch memberships."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer_hub.core.db import Base, UtcDateTime


class Person(Base):
    """Somebody with an account.

    `phone` is E.164 and is the sign-in name. Deleting an account empties phone, password, name and
    birthday and sets `deleted_at`; the row stays so that ledger entries keep a pseudonymous owner.
    """

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str | None] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    # Part of every session cookie: a new value ends all sessions of this person.
    session_key: Mapped[str]
    name: Mapped[str]
    nickname: Mapped[str] = mapped_column(default="")
    birth_date: Mapped[date | None]
    guardian_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    language: Mapped[str | None]
    # Where notices are mailed to as well; nobody has to give one.
    email: Mapped[str | None]
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"), index=True)
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id"))
    shows_membership: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BranchMembership(Base):
    """From when to when a person counts to a branch, and whether as a Party member 党员.

    Both dates are included; an open end is None. At most one membership is open per person.
    """

    __tablename__ = "branch_membership"
    __table_args__ = (
        Index(
            "uq_branch_membership_open",
            "person_id",
            unique=True,
            sqlite_where=text("ended_on IS NULL"),
            postgresql_where=text("ended_on IS NULL"),
        ),
        Index(None, "branch_id", "started_on"),
        CheckConstraint("ended_on >= started_on", name="dates"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"))
    is_party_member: Mapped[bool] = mapped_column(default=False)
    started_on: Mapped[date]
    ended_on: Mapped[date | None]


class RequestState(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class MembershipRequest(Base):
    """Somebody says to which branch they belong, and as what; its leader confirms by a date.

    Nothing counts to the branch before that: a membership is a row of its own.
    """

    __tablename__ = "membership_request"
    __table_args__ = (
        Index(
            "uq_membership_request_open",
            "person_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), index=True)
    is_party_member: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(default=RequestState.OPEN)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RoleGrant(Base):
    """A role with its scope; ended by `ends_on` (last day), never deleted."""

    __tablename__ = "role_grant"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_on: Mapped[date | None]


class Consent(Base):
    """What a person agreed to: purpose and version of the text, given, withdrawn."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    purpose: Mapped[str]
    version: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class QualificationKind(StrEnum):
    """Skills and languages are said by oneself; a training is confirmed by who gave it."""

    SKILL = "skill"
    LANGUAGE = "language"
    TRAINING = "training"


class Qualification(Base):
    """Something a post can ask for; a training may run out after `valid_months`."""

    __tablename__ = "qualification"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    valid_months: Mapped[int | None]


class PersonQualification(Base):
    """What a person can do, since when, until when (last day), and who confirmed it."""

    __tablename__ = "person_qualification"
    __table_args__ = (UniqueConstraint("person_id", "qualification_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    qualification_id: Mapped[int] = mapped_column(ForeignKey("qualification.id"), index=True)
    since: Mapped[date]
    expires_on: Mapped[date | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
