"""People under 18: who answers for them, and what they may not change themselves."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Consent, Person
from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _

GUARDIAN_CONSENT = "guardian"
ADULT = 18
# Below this age the guardian comes along (product.md, rule 4).
ALONE = 14


class CannotLink(DomainError):
    """These two people cannot be minor and guardian."""


def age_on(birth_date: date, day: date) -> int:
    """Return completed years of life on a day."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def is_minor(person: Person, today: date) -> bool:
    """Tell whether somebody is known to be under 18: by birthday, else by having a guardian."""
    if person.birth_date is None:
        return person.guardian_id is not None
    return age_on(person.birth_date, today) < ADULT


def check_birthday(person: Person, birth_date: date | None, *, today: date) -> None:
    """Raise InvalidInput when a minor would step out of the rules of age by a new birthday."""
    if birth_date == person.birth_date or not is_minor(person, today):
        return
    step = None if birth_date is None else _step(birth_date, today)
    known = 1 if person.birth_date is None else _step(person.birth_date, today)
    if step is None or step > known:
        raise InvalidInput(
            _(
                "Under 18 the date of birth stays. If it is wrong, please ask the coordinator,"
                " who has it corrected in the sub-district office."
            ),
            field="birth_date",
        )


def _step(birth_date: date, today: date) -> int:
    """Return how many of the two ages of the rules are reached: 0, 1 or 2."""
    age = age_on(birth_date, today)
    return (age >= ALONE) + (age >= ADULT)


def correct_birthday(session: Session, *, phone: str, birth_date: date, now: datetime) -> None:
    """Set a birthday that was proved to who keeps the server; raises NotFound."""
    person = _person(session, phone, field="phone")
    person.birth_date = birth_date
    audit.record(session, "person:birthday", actor_id=None, object_id=person.id, now=now)
    session.flush()


def link_guardian(
    session: Session,
    *,
    phone: str,
    guardian_phone: str,
    version: str,
    linked_by: int | None,
    today: date,
    now: datetime,
) -> None:
    """Note that a guardian agrees to a minor's volunteering, in place of any earlier guardian.

    The consent is a row of the minor; `version` is that of the text the guardian agreed to.
    Raises NotFound for an unknown phone, CannotLink when the two do not fit.
    """
    minor = _person(session, phone, field="phone")
    guardian = _person(session, guardian_phone, field="guardian_phone")
    _check_pair(minor, guardian, today)
    _withdraw(session, [minor.id], now)
    minor.guardian_id = guardian.id
    session.add(
        Consent(person_id=minor.id, purpose=GUARDIAN_CONSENT, version=version, given_at=now)
    )
    audit.record(
        session,
        "person:guardian",
        actor_id=linked_by,
        object_id=minor.id,
        now=now,
        guardian_id=guardian.id,
    )
    session.flush()


def release(session: Session, *, guardian_id: int, now: datetime) -> None:
    """End what a guardian agreed to, for all their minors; a new guardian is needed then."""
    minors = list(session.scalars(select(Person.id).where(Person.guardian_id == guardian_id)))
    if minors:
        _withdraw(session, minors, now)
        session.execute(update(Person).where(Person.id.in_(minors)).values(guardian_id=None))


def _withdraw(session: Session, minors: list[int], now: datetime) -> None:
    session.execute(
        update(Consent)
        .where(
            Consent.person_id.in_(minors),
            Consent.purpose == GUARDIAN_CONSENT,
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
    )


def _person(session: Session, phone: str, *, field: str) -> Person:
    found = session.scalar(
        select(Person).where(Person.phone == phone, Person.deleted_at.is_(None)).with_for_update()
    )
    if found is None:
        raise NotFound(_("Nobody has registered this phone."), field=field)
    return found


def _check_pair(minor: Person, guardian: Person, today: date) -> None:
    if minor.id == guardian.id:
        raise CannotLink(_("Nobody is their own guardian."), field="guardian_phone")
    if minor.birth_date is not None and not is_minor(minor, today):
        raise CannotLink(_("This person is 18 or older and needs no guardian."), field="phone")
    if is_minor(guardian, today):
        raise CannotLink(
            _("A guardian is 18 or older. Please take another person."), field="guardian_phone"
        )
    if minor.guardian_id == guardian.id:
        raise CannotLink(_("This guardian is noted already."), field="guardian_phone")
