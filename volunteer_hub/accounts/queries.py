"""Read people and their roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Integer, bindparam, func, or_, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import (
    BranchMembership,
    Person,
    PersonQualification,
    Qualification,
    QualificationKind,
    RoleGrant,
)
from volunteer_hub.core.permissions import Actor, Grant, Role
from volunteer_hub.notifications.models import Notice
from volunteer_hub.registry.models import Branch, Building, Enterprise


@dataclass(frozen=True)
class Credentials:
    """What signing in needs of a person."""

    id: int
    session_key: str
    password_hash: str | None
    language: str | None


@dataclass(frozen=True)
class Profile:
    """A person's own page."""

    id: int
    phone: str
    name: str
    nickname: str
    birth_date: date | None
    language: str | None
    email: str | None
    shows_membership: bool
    created_at: datetime
    building_id: int | None
    building_zh: str | None
    building_en: str | None
    enterprise_id: int | None
    enterprise_zh: str | None
    enterprise_en: str | None
    branch_id: int | None
    branch_zh: str | None
    branch_en: str | None
    is_party_member: bool | None


@dataclass(frozen=True)
class QualificationRow:
    """A skill, language or training that posts can ask for."""

    id: int
    kind: str
    key: str
    name_zh: str
    name_en: str
    valid_months: int | None


@dataclass(frozen=True)
class Held:
    """What a person can do; `expires_on` is the last valid day, None without an end."""

    qualification_id: int
    kind: str
    name_zh: str
    name_en: str
    since: date
    expires_on: date | None

    def has_expired(self, day: date) -> bool:
        return self.expires_on is not None and self.expires_on < day


# An ended grant stays as a row; the day of the database is near enough for a last day.
_LIVE = or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= func.current_date())
_UNREAD = (
    select(func.count())
    .where(Notice.person_id == Person.id, Notice.read_at.is_(None))
    .scalar_subquery()
)
_ACTOR = (
    select(
        Person.id,
        Person.name,
        Person.session_key,
        Person.language,
        Person.building_id,
        BranchMembership.branch_id.label("own_branch_id"),
        RoleGrant.role,
        RoleGrant.organisation_id,
        RoleGrant.branch_id,
        _UNREAD.label("unread"),
    )
    .outerjoin(
        BranchMembership,
        (BranchMembership.person_id == Person.id) & BranchMembership.ended_on.is_(None),
    )
    .outerjoin(RoleGrant, (RoleGrant.person_id == Person.id) & _LIVE)
    .where(Person.id == bindparam("person", type_=Integer), Person.deleted_at.is_(None))
)


def load_actor(session: Session, cookie_id: str) -> Actor | None:
    """Return who the session cookie names, with roles, in one query; None when it has ended."""
    number, _, session_key = cookie_id.partition(":")
    if not number.isdecimal() or len(number) > 18:
        return None
    rows: Any = session.connection().execute(_ACTOR, {"person": int(number)}).all()
    if not rows or rows[0].session_key != session_key:
        return None
    first = rows[0]
    grants = tuple(
        Grant(Role(row.role), row.organisation_id, row.branch_id)
        for row in rows
        if row.role is not None
    )
    return Actor(
        id=first.id,
        name=first.name,
        session_key=first.session_key,
        language=first.language,
        building_id=first.building_id,
        branch_id=first.own_branch_id,
        grants=grants,
        unread=first.unread,
    )


def credentials(session: Session, phone: str) -> Credentials | None:
    """Return what is needed to sign this phone in, or None when nobody has it."""
    row = session.execute(
        select(Person.id, Person.session_key, Person.password_hash, Person.language).where(
            Person.phone == phone, Person.deleted_at.is_(None)
        )
    ).first()
    return Credentials(*row) if row else None


def id_of_phone(session: Session, phone: str) -> int | None:
    """Return whose phone (E.164) this is, or None when nobody has it."""
    return session.scalar(
        select(Person.id).where(Person.phone == phone, Person.deleted_at.is_(None))
    )


def profile(session: Session, person_id: int) -> Profile | None:
    """Return the person's own page, or None when the account is deleted."""
    row: Any = session.execute(
        select(
            Person.id,
            Person.phone,
            Person.name,
            Person.nickname,
            Person.birth_date,
            Person.language,
            Person.email,
            Person.shows_membership,
            Person.created_at,
            Building.id,
            Building.name_zh,
            Building.name_en,
            Enterprise.id,
            Enterprise.name_zh,
            Enterprise.name_en,
            Branch.id,
            Branch.name_zh,
            Branch.name_en,
            BranchMembership.is_party_member,
        )
        .outerjoin(Building, Building.id == Person.building_id)
        .outerjoin(Enterprise, Enterprise.id == Person.enterprise_id)
        .outerjoin(
            BranchMembership,
            (BranchMembership.person_id == Person.id) & BranchMembership.ended_on.is_(None),
        )
        .outerjoin(Branch, Branch.id == BranchMembership.branch_id)
        .where(Person.id == person_id, Person.deleted_at.is_(None))
    ).first()
    return Profile(*row) if row else None


_KIND_ORDER = tuple(QualificationKind)


def all_qualifications(session: Session) -> list[QualificationRow]:
    """Return skills, then languages, then trainings, in the order of the office."""
    rows = session.execute(
        select(
            Qualification.id,
            Qualification.kind,
            Qualification.key,
            Qualification.name_zh,
            Qualification.name_en,
            Qualification.valid_months,
        ).order_by(Qualification.position, Qualification.id)
    )
    found = [QualificationRow(*row) for row in rows]
    return sorted(found, key=lambda row: _KIND_ORDER.index(QualificationKind(row.kind)))


def of_person(session: Session, person_id: int) -> list[Held]:
    """Return what the person can do, expired trainings included."""
    rows = session.execute(
        select(
            Qualification.id,
            Qualification.kind,
            Qualification.name_zh,
            Qualification.name_en,
            PersonQualification.since,
            PersonQualification.expires_on,
        )
        .join(PersonQualification, PersonQualification.qualification_id == Qualification.id)
        .where(PersonQualification.person_id == person_id)
        .order_by(Qualification.position, Qualification.id)
    )
    return [Held(*row) for row in rows]
