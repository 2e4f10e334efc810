"""What a volunteer sees of their own pairing, and of nobody else's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from volunteer_hub.core.errors import NotFound
from volunteer_hub.core.i18n import either
from volunteer_hub.matching.one_to_one import posts, reading
from volunteer_hub.matching.one_to_one.ending import IS_STANDING
from volunteer_hub.matching.one_to_one.models import Pairing
from volunteer_hub.matching.one_to_one.reading import Seat
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Place
from volunteer_hub.shifts.models import Shift, ShiftStatus, SignUp, SignUpStatus


@dataclass(frozen=True)
class OwnPairing:
    """The shift, and with whom: `seat` is None while nobody is paired with the reader.

    `partner` says whether the reader's post is that of the partners; `again` is what the reader
    said about meeting once more.
    """

    shift_id: int
    title_zh: str
    title_en: str
    place_zh: str
    place_en: str
    day: date
    starts_at: datetime
    ends_at: datetime
    partner: bool
    pairing_id: int | None = None
    state: str = ""
    again: bool | None = None
    seat: Seat | None = None

    @property
    def title(self) -> str:
        return either(self.title_zh, self.title_en)

    @property
    def place(self) -> str:
        return either(self.place_zh, self.place_en)


def own_pairing(session: Session, *, shift_id: int, person_id: int) -> OwnPairing:
    """Return the reader's pairing in a shift they have a place in; raises NotFound otherwise."""
    head = session.execute(
        select(
            Shift.id,
            Project.title_zh,
            Project.title_en,
            Place.name_zh,
            Place.name_en,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            posts.IS_PARTNER,
        )
        .join(Project, Project.id == Shift.project_id)
        .join(Place, Place.id == Shift.place_id)
        .join(SignUp, SignUp.shift_id == Shift.id)
        .where(
            Shift.id == shift_id,
            Shift.status == str(ShiftStatus.PUBLISHED),
            Project.one_to_one,
            SignUp.person_id == person_id,
            SignUp.status == str(SignUpStatus.CONFIRMED),
        )
    ).first()
    if head is None:
        raise NotFound
    row = session.scalar(
        select(Pairing).where(
            Pairing.shift_id == shift_id, Pairing.person_id == person_id, IS_STANDING
        )
    )
    seat = reading.seat_of(session, row.request_id) if row else None
    if row is None or seat is None:
        return OwnPairing(*head)
    return OwnPairing(
        *head, pairing_id=row.id, state=row.state, again=row.volunteer_again, seat=seat
    )


def ever_signed_up(session: Session, *, shift_id: int, person_id: int) -> bool:
    """Tell whether the person had a place in the shift once, given back or not."""
    mine = exists().where(SignUp.shift_id == shift_id, SignUp.person_id == person_id)
    return bool(session.scalar(select(mine)))
