"""The tables of a shift as who runs it sees them: each wish with its volunteer, and who is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.core.i18n import _
from volunteer_hub.matching.one_to_one import reading, words
from volunteer_hub.matching.one_to_one.models import Pairing, PairingState
from volunteer_hub.matching.one_to_one.pairs import can_pair, points
from volunteer_hub.matching.one_to_one.queries import windows_of
from volunteer_hub.matching.one_to_one.reading import Comer, Occasion, Seat
from volunteer_hub.shifts.models import Shift


@dataclass(frozen=True)
class Missed:
    """A pair of which one (`who`: volunteer, senior) did not come."""

    pairing_id: int
    who: str
    comer: Comer


@dataclass(frozen=True)
class Candidate:
    """A volunteer who can be chosen by hand for a wish: where they sit now, and what speaks for it.

    `table_no` is None for who is free, `here` says that they sit with this senior already.
    """

    comer: Comer
    free: bool
    table_no: int | None
    here: bool
    why: str


@dataclass(frozen=True)
class Table:
    """One wish with whom it is paired (None: nobody, then `why` says why not)."""

    seat: Seat
    comer: Comer | None
    why: str
    pairing_id: int | None = None
    state: str = ""
    senior_again: bool | None = None
    volunteer_again: bool | None = None
    missed: Sequence[Missed] = ()
    candidates: Sequence[Candidate] = ()
    # The shift was moved to a time that the senior did not name.
    no_time: bool = False

    @property
    def senior_missing(self) -> bool:
        return bool(self.seat.absent_at) or any(one.who == "senior" for one in self.missed)


@dataclass(frozen=True)
class Free:
    """A volunteer without a wish, and why."""

    comer: Comer
    why: str


@dataclass(frozen=True)
class Tables:
    """All tables of a shift in order, and the volunteers who sit at none."""

    tables: list[Table]
    free: list[Free]

    @property
    def pairs(self) -> int:
        return sum(one.comer is not None for one in self.tables)

    @property
    def can_pair(self) -> bool:
        """Whether a wish has nobody while somebody is free."""
        waits = any(one.comer is None and not one.senior_missing for one in self.tables)
        return waits and bool(self.free)


def tables_of(session: Session, shift_id: int) -> Tables:
    """Return the tables; the caller has made sure that the reader runs this shift."""
    occasion = reading.read(session, shift_id)
    paired = {one.request_id: one for one in occasion.standing}
    sits = {one.person_id for one in occasion.standing}
    free = [
        one for one in occasion.comers if one.person_id not in sits | occasion.absent_volunteers
    ]
    waiting = [
        one
        for one in occasion.seats
        if one.id not in paired and one.id not in occasion.absent_seniors
    ]
    clashing = _clashing(session, shift_id, [one.id for one in occasion.seats])
    tables = [_table(occasion, seat, paired.get(seat.id), free) for seat in occasion.seats]
    return Tables(
        tables=[
            replace(
                one,
                no_time=one.seat.id in clashing,
                candidates=_candidates(occasion, one.seat, free),
            )
            for one in tables
        ],
        free=[Free(one, _why_free(occasion, one, waiting)) for one in free],
    )


def _why_free(occasion: Occasion, comer: Comer, waiting: Sequence[Seat]) -> str:
    if not occasion.seats:
        return _("No wish is in this shift yet.")
    return words.why_no_senior(comer, waiting, occasion.history)


def _candidates(occasion: Occasion, seat: Seat, free: Sequence[Comer]) -> list[Candidate]:
    """Return who can be chosen for a wish, who suits best first; of equals who is free."""
    sits = {
        one.person_id: occasion.seat(one.request_id)
        for one in occasion.standing
        if one.state != PairingState.MET
    }
    senior, history = seat.senior(), occasion.history

    def order(comer: Comer) -> tuple[bool, int, bool]:
        volunteer = comer.volunteer()
        suits = points(senior, volunteer, history)
        return not can_pair(senior, volunteer, history), -suits, comer.person_id in sits

    known = [*free, *(occasion.comer(person_id) for person_id in sits)]
    return [
        Candidate(
            comer=one,
            free=one.person_id not in sits,
            table_no=sits[one.person_id].table_no if one.person_id in sits else None,
            here=one.person_id in sits and sits[one.person_id].id == seat.id,
            why=words.in_words(words.reasons(seat, one, history, warns=True)),
        )
        for one in sorted(known, key=order)
    ]


def _clashing(session: Session, shift_id: int, request_ids: Sequence[int]) -> set[int]:
    """Return the wishes that name times, but not that of the shift."""
    when = session.execute(select(Shift.day, Shift.window).where(Shift.id == shift_id)).one()
    slot = (when.day.weekday(), when.window)
    named = windows_of(session, request_ids)
    return {request for request, windows in named.items() if windows and slot not in windows}


def _table(occasion: Occasion, seat: Seat, pairing: Pairing | None, free: Sequence[Comer]) -> Table:
    missed = [
        Missed(one.id, one.absent, occasion.comer(one.person_id))
        for one in occasion.missed
        if one.request_id == seat.id
    ]
    if pairing is None:
        why = (
            words.why_no_volunteer(seat, free, occasion.history)
            if occasion.comers
            else _("Nobody has signed up for this shift yet.")
        )
        return Table(seat, None, why, missed=missed)
    shown: dict[str, Any] = {
        "pairing_id": pairing.id,
        "state": pairing.state,
        "senior_again": pairing.senior_again,
        "volunteer_again": pairing.volunteer_again,
        "missed": missed,
    }
    return Table(seat, occasion.comer(pairing.person_id), words.in_words(pairing.why), **shown)
