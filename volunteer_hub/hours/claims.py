"""Late entries 补录 and disputes 异议: times stated afterwards, decided by a second person.

A claim is never lost: it stays open until somebody else has granted or declined it, or whoever
asked withdraws it. Granted times go the same way as all others: events on site, confirmation, an
entry in the ledger; hours that were there are first taken back by a reversing entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from volunteer_hub.accounts import duty
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.attendance.rules import OPENS_BEFORE, attendance_of
from volunteer_hub.attendance.times import LATEST_AFTER
from volunteer_hub.audit import services as audit
from volunteer_hub.core import workdays
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.hours.deadlines import DAYS
from volunteer_hub.hours.models import ClaimKind, ClaimState, HoursClaim
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts import told
from volunteer_hub.shifts.models import IS_ACTIVE, Post, Shift, ShiftStatus, SignUp, SignUpStatus

TEXT_LENGTH = 500


class CannotClaim(DomainError):
    """There is nothing to claim, it is too late, or somebody has asked already."""


@dataclass(frozen=True)
class Stated:
    """What somebody states: when the person came and left, why it is not recorded, and proof."""

    check_in_at: datetime
    check_out_at: datetime
    reason: str
    evidence: str = ""
    witness: str = ""


@dataclass(frozen=True)
class ClaimShift:
    """What the rules about claims look at."""

    id: int
    day: date
    starts_at: datetime
    ends_at: datetime
    organisation_id: int


def ask(
    session: Session,
    *,
    shift_id: int,
    person_id: int,
    stated: Stated,
    asked_by: int,
    today: date,
    latest_days: int,
    now: datetime,
) -> HoursClaim:
    """Ask for the times of a person at a shift that is over.

    It is a dispute when something is recorded of the person there, else a late entry: that one
    needs evidence, and its day lies at most `latest_days` back. The coordinators are told. Raises
    NotFound, InvalidInput, or CannotClaim: not over, not in the shift, too long ago, asked already.
    """
    shift = claim_shift(session, shift_id)
    if now < shift.ends_at:
        raise CannotClaim(_("This shift is not over yet. Ask the shift leader on site."))
    row = attendance_of(session, shift_id, person_id)
    kind = ClaimKind.DISPUTE if row else ClaimKind.LATE_ENTRY
    post_id = row.post_id if row else _post_of(session, shift_id, person_id, asked_by)
    _check(shift, stated, kind, now=now)
    if kind is ClaimKind.LATE_ENTRY and shift.day < today - timedelta(days=latest_days):
        raise CannotClaim(
            _("Late entries are possible up to %(n)s days after the shift.", n=latest_days)
        )
    claim = HoursClaim(
        kind=str(kind),
        shift_id=shift_id,
        post_id=post_id,
        person_id=person_id,
        check_in_at=stated.check_in_at,
        check_out_at=stated.check_out_at,
        reason=stated.reason.strip(),
        evidence=stated.evidence.strip(),
        witness=stated.witness.strip(),
        asked_by=asked_by,
        asked_at=now,
        due_on=workdays.nth_after(today, DAYS),
        state=str(ClaimState.OPEN),
    )
    try:
        with session.begin_nested():
            session.add(claim)
    except IntegrityError:
        raise CannotClaim(
            _("A question about these hours is open already. It is answered soon.")
        ) from None
    _note(session, "claim:ask", claim, shift, actor_id=asked_by, now=now)
    _tell_coordinators(session, claim, shift, now=now)
    return claim


def claim_shift(session: Session, shift_id: int) -> ClaimShift:
    """Return a shift that took place, else raise NotFound."""
    row = session.execute(
        select(Shift.id, Shift.day, Shift.starts_at, Shift.ends_at, Project.organisation_id)
        .join(Project, Project.id == Shift.project_id)
        .where(Shift.id == shift_id, Shift.status == str(ShiftStatus.PUBLISHED))
    ).first()
    if row is None:
        raise NotFound
    return ClaimShift(*row)


def _post_of(session: Session, shift_id: int, person_id: int, asked_by: int) -> int:
    """Return the post for a person of whom nothing is recorded.

    Volunteers ask only about shifts in which they had a place; a coordinator may name anybody.
    """
    mine = select(SignUp.post_id).where(
        SignUp.shift_id == shift_id,
        SignUp.person_id == person_id,
        IS_ACTIVE,
        SignUp.status == str(SignUpStatus.CONFIRMED),
    )
    post_id = session.scalar(mine)
    if post_id is None and asked_by == person_id:
        raise CannotClaim(
            _("You had no place in this shift. Please ask its coordinator for a late entry.")
        )
    first = select(Post.id).where(Post.shift_id == shift_id).order_by(Post.position, Post.id)
    return post_id or session.scalars(first.limit(1)).one()


def _check(shift: ClaimShift, stated: Stated, kind: ClaimKind, *, now: datetime) -> None:
    if not shift.starts_at - OPENS_BEFORE <= stated.check_in_at <= shift.ends_at:
        raise InvalidInput(
            _("Please give an arrival between 2 hours before the start and the end of the shift."),
            field="check_in",
        )
    latest = min(now, shift.ends_at + LATEST_AFTER)
    if not stated.check_in_at < stated.check_out_at <= latest:
        raise InvalidInput(
            _("Please give a departure after the arrival, at most 4 hours after the end."),
            field="check_out",
        )
    texts = {"reason": stated.reason, "evidence": stated.evidence, "witness": stated.witness}
    for field, text in texts.items():
        if len(text.strip()) > TEXT_LENGTH:
            raise InvalidInput(_("Please write at most 500 characters."), field=field)
    if not stated.reason.strip():
        raise InvalidInput(_("Please say in a few words what is wrong."), field="reason")
    if kind is ClaimKind.LATE_ENTRY and not stated.evidence.strip():
        raise InvalidInput(
            _("A late entry needs evidence, such as the line of the paper list."), field="evidence"
        )


def withdraw(session: Session, *, claim_id: int, person_id: int, now: datetime) -> int:
    """Take one's own question back; returns its shift. Doing it again changes nothing."""
    claim = session.get(HoursClaim, claim_id, with_for_update=True)
    if claim is None or claim.asked_by != person_id:
        raise NotFound
    if claim.state == ClaimState.OPEN:
        claim.state, claim.decided_at = str(ClaimState.WITHDRAWN), now
        shift = claim_shift(session, claim.shift_id)
        _note(session, "claim:withdraw", claim, shift, actor_id=person_id, now=now)
    return claim.shift_id


def _tell_coordinators(
    session: Session, claim: HoursClaim, shift: ClaimShift, *, now: datetime
) -> None:
    for person_id in duty.coordinators_of(session, shift.organisation_id, now):
        if person_id in (claim.asked_by, claim.person_id):
            continue
        told.tell(
            session,
            "claim_asked",
            shift_id=claim.shift_id,
            person_id=person_id,
            key=f"claim_asked:{claim.id}:{person_id}",
            now=now,
            link=f"/console/claims/{claim.id}",
            due_on=claim.due_on.isoformat(),
        )


def _note(
    session: Session,
    action: str,
    claim: HoursClaim,
    shift: ClaimShift,
    *,
    actor_id: int,
    now: datetime,
) -> None:
    audit.record(
        session,
        action,
        actor_id=actor_id,
        object_id=claim.id,
        now=now,
        organisation_id=shift.organisation_id,
        shift_id=claim.shift_id,
        person_id=claim.person_id,
        kind=claim.kind,
    )
    session.flush()


def record_of(session: Session, claim: HoursClaim) -> Attendance | None:
    """Return what is recorded of the person, locked until the transaction ends."""
    return attendance_of(session, claim.shift_id, claim.person_id)
