"""Issue certificates, and say whether one still stands."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.audit import services as audit
from volunteer_hub.certificates.models import Certificate
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.names import masked
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Organisation

LANGUAGES = ("zh", "en")
# 128 bits: nobody finds a certificate by trying.
CODE_BYTES = 16


class NothingToCertify(DomainError):
    """The period holds no confirmed hours."""


class State(StrEnum):
    """What the public page says of a certificate."""

    VALID = "valid"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Standing:
    """Whether a certificate stands, and by how many minutes its hours were corrected since."""

    state: State
    corrected_by: int = 0


def issue(
    session: Session,
    *,
    person_id: int,
    first: date,
    last: date,
    language: str,
    today: date,
    now: datetime,
) -> Certificate:
    """State what the ledger says of the person in this period; free of charge (product rule 9).

    Raises InvalidInput for dates that cannot be, NothingToCertify without hours.
    """
    if first > last:
        raise InvalidInput(_("The first day lies after the last one."), field="first")
    if last > today:
        raise InvalidInput(_("The period ends in the future. Choose today at most."), field="last")
    if language not in LANGUAGES:
        raise InvalidInput(_("Please choose a language."), field="language")
    rows = _rows(session, person_id, first, last)
    minutes = sum(row["minutes"] for row in rows)
    if minutes <= 0:
        raise NothingToCertify(_("There are no confirmed hours in this period yet."))
    figures = {
        "name": session.get_one(Person, person_id).name,
        "first": first.isoformat(),
        "last": last.isoformat(),
        "minutes": minutes,
        "rows": rows,
    }
    code = secrets.token_urlsafe(CODE_BYTES)
    certificate = Certificate(
        person_id=person_id,
        code=code,
        serial=code,
        language=language,
        first_day=first,
        last_day=last,
        minutes=minutes,
        figures=figures,
        digest=digest(figures),
        last_entry_id=session.scalar(select(func.max(LedgerEntry.id))) or 0,
        issued_at=now,
    )
    session.add(certificate)
    session.flush()
    certificate.serial = f"{today.year}-{certificate.id:06}"
    _note(session, "certificate:issue", certificate, actor_id=person_id, now=now)
    return certificate


def _rows(session: Session, person_id: int, first: date, last: date) -> list[dict[str, Any]]:
    """Return one row per shift with hours left after corrections, in order of day."""
    minutes = func.sum(LedgerEntry.minutes)
    rows = session.execute(
        select(
            LedgerEntry.service_day,
            Project.title_zh,
            Project.title_en,
            Organisation.name_zh,
            Organisation.name_en,
            minutes.label("minutes"),
            func.max(LedgerEntry.id).label("newest"),
        )
        .join(Project, Project.id == LedgerEntry.project_id)
        .join(Organisation, Organisation.id == LedgerEntry.organisation_id)
        .where(LedgerEntry.person_id == person_id, LedgerEntry.service_day.between(first, last))
        .group_by(
            LedgerEntry.attendance_id,
            LedgerEntry.service_day,
            Project.title_zh,
            Project.title_en,
            Organisation.name_zh,
            Organisation.name_en,
        )
        .having(minutes > 0)
        .order_by(LedgerEntry.service_day, func.max(LedgerEntry.id))
    ).all()
    late = set(
        session.scalars(
            select(LedgerEntry.id).where(
                LedgerEntry.id.in_([row.newest for row in rows]), LedgerEntry.is_late_entry
            )
        )
    )
    return [
        {
            "day": row.service_day.isoformat(),
            "title_zh": row.title_zh,
            "title_en": row.title_en,
            "organisation_zh": row.name_zh,
            "organisation_en": row.name_en,
            "minutes": int(row.minutes),
            "late": row.newest in late,
        }
        for row in rows
    ]


def digest(figures: dict[str, Any]) -> str:
    """Return SHA-256 over the figures as canonical JSON, as 64 hex digits."""
    text = json.dumps(figures, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def by_code(session: Session, code: str) -> Certificate:
    """Return the certificate with this code; raises NotFound, also when it was tampered with."""
    found = session.scalar(select(Certificate).where(Certificate.code == code))
    if found is None or digest(found.figures) != found.digest:
        raise NotFound
    return found


def standing(session: Session, certificate: Certificate) -> Standing:
    """Return whether the certificate stands: hours of its period taken back since do show."""
    if certificate.withdrawn_at is not None:
        return Standing(State.WITHDRAWN)
    stated = LedgerEntry.reverses_id <= certificate.last_entry_id
    changed, reversed_ = session.execute(
        select(func.sum(LedgerEntry.minutes), func.count(LedgerEntry.id).filter(stated)).where(
            LedgerEntry.person_id == certificate.person_id,
            LedgerEntry.service_day.between(certificate.first_day, certificate.last_day),
            LedgerEntry.id > certificate.last_entry_id,
        )
    ).one()
    if reversed_:
        return Standing(State.CORRECTED, int(changed or 0))
    return Standing(State.VALID)


def own(session: Session, person_id: int) -> list[Certificate]:
    """Return a person's certificates, the newest first."""
    return list(
        session.scalars(
            select(Certificate)
            .where(Certificate.person_id == person_id)
            .order_by(Certificate.id.desc())
        )
    )


def withdraw(session: Session, *, certificate_id: int, person_id: int, now: datetime) -> None:
    """Withdraw one's own certificate; its public page says so. Again changes nothing."""
    found = session.get(Certificate, certificate_id, with_for_update=True)
    if found is None or found.person_id != person_id:
        raise NotFound
    if found.withdrawn_at is None:
        found.withdrawn_at = now
        _note(session, "certificate:withdraw", found, actor_id=person_id, now=now)


def forget(session: Session, *, person_id: int, now: datetime) -> None:
    """Withdraw all of somebody whose account is deleted, and keep only the masked name."""
    for found in own(session, person_id):
        found.withdrawn_at = found.withdrawn_at or now
        found.figures = found.figures | {"name": masked(found.figures["name"])}
        found.digest = digest(found.figures)
    session.flush()


def _note(
    session: Session, action: str, certificate: Certificate, *, actor_id: int, now: datetime
) -> None:
    audit.record(
        session,
        action,
        actor_id=actor_id,
        object_id=certificate.id,
        now=now,
        serial=certificate.serial,
        minutes=certificate.minutes,
    )
    session.flush()
