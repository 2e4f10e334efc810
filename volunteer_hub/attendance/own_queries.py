"""Read what one volunteer has to do with shifts on site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from volunteer_hub.attendance.models import Attendance
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Place
from volunteer_hub.shifts.models import Shift, ShiftStatus, SignUp, SignUpStatus


@dataclass(frozen=True)
class OwnShift:
    """A shift of the volunteer who looks; `status` is None while nobody ticked them."""

    shift_id: int
    sign_up_id: int
    title_zh: str
    title_en: str
    place_zh: str
    place_en: str
    address_zh: str
    address_en: str
    meeting_point: str
    contact_name: str
    contact_phone: str
    day: date
    starts_at: datetime
    ends_at: datetime
    shift_status: str
    cancel_reason: str
    status: str | None
    check_in_at: datetime | None
    check_out_at: datetime | None
    one_to_one: bool


def own_shifts(
    session: Session, *, person_id: int, day_start: datetime, day_end: datetime, now: datetime
) -> tuple[list[OwnShift], OwnShift | None]:
    """Return the person's shifts of the day between these moments, and the next one after it.

    A shift that began yesterday and still goes on belongs to today too.
    """
    query = _own_query(person_id)
    today = query.where(
        or_(
            and_(Shift.starts_at >= day_start, Shift.starts_at < day_end),
            and_(Shift.starts_at < day_start, Shift.ends_at > now),
        )
    )
    later = query.where(
        Shift.starts_at >= day_end, Shift.status == str(ShiftStatus.PUBLISHED)
    ).limit(1)
    following = session.execute(later).first()
    return (
        [OwnShift(*row) for row in session.execute(today)],
        OwnShift(*following) if following else None,
    )


@dataclass(frozen=True)
class RecordOfPerson:
    """What is recorded of one person at one shift; `status` None: only the place is known."""

    title_zh: str
    title_en: str
    status: str | None
    check_in_at: datetime | None
    check_out_at: datetime | None
    minutes: int | None


def record_of_person(session: Session, *, shift_id: int, person_id: int) -> RecordOfPerson | None:
    """Return what is recorded, None for somebody who had nothing to do with the shift."""
    row: Any = session.execute(
        select(
            Project.title_zh,
            Project.title_en,
            Attendance.status,
            Attendance.check_in_at,
            Attendance.check_out_at,
            Attendance.minutes,
            SignUp.id,
            Attendance.id,
        )
        .select_from(Shift)
        .join(Project, Project.id == Shift.project_id)
        .outerjoin(
            SignUp,
            (SignUp.shift_id == Shift.id)
            & (SignUp.person_id == person_id)
            & (SignUp.status == str(SignUpStatus.CONFIRMED)),
        )
        .outerjoin(
            Attendance,
            (Attendance.shift_id == Shift.id) & (Attendance.person_id == person_id),
        )
        .where(Shift.id == shift_id)
    ).first()
    if row is None or (row[6] is None and row[7] is None):
        return None
    return RecordOfPerson(*row[:6])


def own_shift(session: Session, *, person_id: int, shift_id: int) -> OwnShift | None:
    """Return a shift in which the person has a confirmed place, else None."""
    row = session.execute(_own_query(person_id).where(Shift.id == shift_id)).first()
    return OwnShift(*row) if row else None


def _own_query(person_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Shift.id,
            SignUp.id,
            Project.title_zh,
            Project.title_en,
            Place.name_zh,
            Place.name_en,
            Place.address_zh,
            Place.address_en,
            Shift.meeting_point,
            Project.contact_name,
            Project.contact_phone,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            Shift.status,
            Shift.cancel_reason,
            Attendance.status,
            Attendance.check_in_at,
            Attendance.check_out_at,
            Project.one_to_one,
        )
        .join(SignUp, SignUp.shift_id == Shift.id)
        .join(Project, Project.id == Shift.project_id)
        .join(Place, Place.id == Shift.place_id)
        .outerjoin(
            Attendance,
            and_(Attendance.shift_id == Shift.id, Attendance.person_id == person_id),
        )
        .where(
            SignUp.person_id == person_id,
            SignUp.status == str(SignUpStatus.CONFIRMED),
            Shift.status != str(ShiftStatus.DRAFT),
        )
        .order_by(Shift.starts_at, Shift.id)
    )
