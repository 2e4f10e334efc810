"""Accounts: register, change, delete."""

from __future__ import annotations

import secrets
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from volunteer_hub.accounts import guardians, memberships, qualifications, role_services
from volunteer_hub.accounts.models import BranchMembership, Consent, Person, RoleGrant
from volunteer_hub.accounts.queries import id_of_phone
from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.notifications import services as notifications
from volunteer_hub.registry.models import Building

SERVICE_CONSENT = "service"
CONSENT_VERSION = "2026-1"
FIRST_BIRTHDAY = date(1900, 1, 1)
# Short, so that what everybody types first is refused without a word list to keep.
COMMON_PASSWORDS = frozenset(
    [
        "12345678",
        "123456789",
        "1234567890",
        "password",
        "password1",
        "passw0rd",
        "qwertyui",
        "qwerty123",
        "11111111",
        "88888888",
        "66666666",
        "00000000",
        "abc12345",
        "abcd1234",
        "a1234567",
        "1q2w3e4r",
        "iloveyou",
        "woaini1314",
        "5201314520",
    ]
)


class PhoneTaken(InvalidInput):
    """Somebody has registered this phone already."""


def new_session_key() -> str:
    """Return a fresh key; all sessions made with the old one end."""
    return secrets.token_urlsafe(12)


def check_password(password: str, *, phone: str, name: str) -> None:
    """Raise InvalidInput when the password is easy to guess (trust.md S01)."""
    folded = password.casefold()
    easy = folded in COMMON_PASSWORDS or len(set(folded)) < 4
    if easy or phone.removeprefix("+86") in folded or (len(name) > 2 and name.casefold() in folded):
        raise InvalidInput(
            _("This password is easy to guess. Please take another one, for example three words."),
            field="password",
        )


def register(
    session: Session,
    *,
    phone: str,
    name: str,
    password_hash: str,
    building_id: int | None,
    language: str | None,
    now: datetime,
    consented: bool = True,
) -> Person:
    """Open an account with phone, name and consent; raises PhoneTaken.

    `consented` is false where somebody else opens it: nobody agrees for another person.
    """
    person = Person(
        phone=phone,
        name=name,
        password_hash=password_hash,
        session_key=new_session_key(),
        building_id=building_id,
        language=language,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:
        raise PhoneTaken(
            _("This phone has an account already. Please sign in instead."), field="phone"
        ) from None
    if consented:
        session.add(
            Consent(
                person_id=person.id, purpose=SERVICE_CONSENT, version=CONSENT_VERSION, given_at=now
            )
        )
    actor_id = person.id if consented else None
    audit.record(session, "person:register", actor_id=actor_id, object_id=person.id, now=now)
    session.flush()
    return person


def change_profile(
    session: Session,
    *,
    person_id: int,
    name: str,
    nickname: str,
    birth_date: date | None,
    building_id: int | None,
    email: str | None,
    shows_membership: bool,
    today: date,
    now: datetime,
) -> None:
    """Change what a person says of themselves; raises InvalidInput for what cannot be."""
    person = session.get_one(Person, person_id)
    if birth_date and not FIRST_BIRTHDAY <= birth_date <= today:
        raise InvalidInput(_("Please check the year of birth."), field="birth_date")
    guardians.check_birthday(person, birth_date, today=today)
    if building_id is not None and session.get(Building, building_id) is None:
        raise InvalidInput(_("Please choose a building from the list."), field="building_id")
    person.name, person.nickname = name, nickname
    person.birth_date = birth_date
    person.building_id = building_id
    person.email = email
    person.shows_membership = shows_membership
    audit.record(session, "person:change", actor_id=person_id, object_id=person_id, now=now)
    session.flush()


def choose_language(session: Session, *, person_id: int, language: str) -> None:
    """Remember the language for messages that are sent while the person is away."""
    session.execute(update(Person).where(Person.id == person_id).values(language=language))


def reset_password(session: Session, *, phone: str, password_hash: str, now: datetime) -> None:
    """Set a new password for a phone, from the command line; raises NotFound."""
    person_id = id_of_phone(session, phone)
    if person_id is None:
        raise NotFound(_("Nobody has registered this phone."))
    change_password(session, person_id=person_id, password_hash=password_hash, now=now)


def change_password(session: Session, *, person_id: int, password_hash: str, now: datetime) -> str:
    """Set a new password, end all other sessions and return the new session key."""
    person = session.get_one(Person, person_id)
    person.password_hash = password_hash
    person.session_key = new_session_key()
    audit.record(session, "person:password", actor_id=person_id, object_id=person_id, now=now)
    session.flush()
    return person.session_key


def end_sessions(session: Session, *, person_id: int, now: datetime) -> None:
    """Sign the person out everywhere: cookies that were handed out before open nothing more."""
    session.get_one(Person, person_id).session_key = new_session_key()
    audit.record(session, "person:sign_out", actor_id=person_id, object_id=person_id, now=now)
    session.flush()


def delete_account(session: Session, *, person_id: int, today: date, now: datetime) -> None:
    """Take out everything that names the person; ledger entries stay with the nameless row.

    Future places must have been given back before (`shifts.leaving.leave_all`). Raises
    CannotChangeRole for the last office account.
    """
    role_services.keep_an_office(session, leaving=person_id, now=now)
    guardians.release(session, guardian_id=person_id, now=now)
    qualifications.forget(session, person_id=person_id)
    person = session.get_one(Person, person_id)
    person.phone = person.email = person.password_hash = None
    person.name, person.nickname = "", ""
    person.birth_date = person.enterprise_id = person.building_id = person.guardian_id = None
    person.shows_membership = False
    person.session_key = new_session_key()
    person.deleted_at = now
    membership = session.scalar(
        select(BranchMembership).where(
            BranchMembership.person_id == person_id, BranchMembership.ended_on.is_(None)
        )
    )
    if membership:
        membership.ended_on = max(today, membership.started_on)
    memberships.withdraw(session, person_id=person_id, now=now)
    session.execute(
        update(Consent)
        .where(Consent.person_id == person_id, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )
    session.execute(
        update(RoleGrant)
        .where(RoleGrant.person_id == person_id, role_services.is_live(now))
        .values(ends_on=role_services.day_before(now))
    )
    notifications.forget(session, person_id=person_id)
    audit.record(session, "person:delete", actor_id=person_id, object_id=person_id, now=now)
    session.flush()
