"""What people can do: skills and languages they say of themselves, trainings others confirm."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from dateutil.relativedelta import relativedelta
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import (
    Person,
    PersonQualification,
    Qualification,
    QualificationKind,
)
from volunteer_hub.audit import services as audit
from volunteer_hub.core import clock
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _

OWN_KINDS = (QualificationKind.SKILL, QualificationKind.LANGUAGE)


def set_own(
    session: Session, *, person_id: int, qualification_ids: Collection[int], now: datetime
) -> None:
    """Make these the skills and languages that the person says of themselves; trainings stay.

    Raises InvalidInput (`qualification_ids`) for a training, which somebody else confirms, and for
    what is not in the list.
    """
    own = _ids_of(session, OWN_KINDS)
    wanted = set(qualification_ids)
    if not wanted <= own:
        raise InvalidInput(
            _("Please choose from the list. Trainings are confirmed by whoever gave them."),
            field="qualification_ids",
        )
    _lock(session, person_id)
    held = select(PersonQualification.qualification_id).where(
        PersonQualification.person_id == person_id, PersonQualification.qualification_id.in_(own)
    )
    before = set(session.scalars(held))
    if before == wanted:
        return
    session.execute(
        delete(PersonQualification).where(
            PersonQualification.person_id == person_id,
            PersonQualification.qualification_id.in_(before - wanted),
        )
    )
    since = clock.local(now).date()
    session.add_all(
        PersonQualification(person_id=person_id, qualification_id=one, since=since)
        for one in sorted(wanted - before)
    )
    audit.record(
        session,
        "person:skills",
        actor_id=person_id,
        object_id=person_id,
        now=now,
        added=len(wanted - before),
        removed=len(before - wanted),
    )
    session.flush()


def grant_training(
    session: Session,
    *,
    person_id: int,
    qualification_id: int,
    day: date,
    confirmed_by: int,
    now: datetime,
) -> PersonQualification:
    """Confirm that the person got the training on `day`; the last valid day follows from it.

    Renewing extends and never shortens, so the same training twice changes nothing. It stays when
    the hours of that day are taken back later: what was learnt was learnt. Raises NotFound for what
    is no training, DomainError for one's own.
    """
    if confirmed_by == person_id:
        raise DomainError(
            _("Nobody confirms their own training. Please ask another coordinator for yours.")
        )
    training = session.get(Qualification, qualification_id)
    if training is None or training.kind != QualificationKind.TRAINING:
        raise NotFound
    _lock(session, person_id)
    months = training.valid_months
    last_day = day + relativedelta(months=months) if months else None
    held = session.scalar(
        select(PersonQualification).where(
            PersonQualification.person_id == person_id,
            PersonQualification.qualification_id == qualification_id,
        )
    )
    if held is None:
        held = PersonQualification(
            person_id=person_id,
            qualification_id=qualification_id,
            since=day,
            expires_on=last_day,
            confirmed_by=confirmed_by,
        )
        session.add(held)
    elif held.expires_on is None or (last_day is not None and last_day <= held.expires_on):
        return held
    else:
        held.expires_on, held.confirmed_by = last_day, confirmed_by
    audit.record(
        session,
        "training:confirm",
        actor_id=confirmed_by,
        object_id=qualification_id,
        now=now,
        person_id=person_id,
        name_zh=training.name_zh,
        name_en=training.name_en,
        expires_on=last_day.isoformat() if last_day else None,
    )
    session.flush()
    return held


def forget(session: Session, *, person_id: int) -> None:
    """Take out what a person can do, when the account is deleted."""
    session.execute(delete(PersonQualification).where(PersonQualification.person_id == person_id))


def require_training(session: Session, qualification_id: int | None) -> None:
    """Raise InvalidInput (`teaches_id`) unless this is a training, or None."""
    if qualification_id is None or qualification_id in _ids_of(
        session, (QualificationKind.TRAINING,)
    ):
        return
    raise InvalidInput(_("Please choose a training from the list."), field="teaches_id")


def _ids_of(session: Session, kinds: Collection[QualificationKind]) -> set[int]:
    names = [str(kind) for kind in kinds]
    return set(session.scalars(select(Qualification.id).where(Qualification.kind.in_(names))))


def _lock(session: Session, person_id: int) -> None:
    """Let two changes of one person follow each other, so that no row is added twice."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
