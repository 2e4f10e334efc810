"""Everything that pairing in one shift looks at, read at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import (
    Person,
    PersonQualification,
    Qualification,
    QualificationKind,
)
from volunteer_hub.attendance.models import Attendance, AttendanceStatus
from volunteer_hub.core.i18n import ENGLISH
from volunteer_hub.core.names import called
from volunteer_hub.matching.one_to_one import posts
from volunteer_hub.matching.one_to_one.ending import IS_STANDING
from volunteer_hub.matching.one_to_one.history import read_history
from volunteer_hub.matching.one_to_one.models import (
    Pairing,
    PairingState,
    RequestState,
    ServiceRequest,
    Topic,
    TopicHelper,
)
from volunteer_hub.matching.one_to_one.pairs import History, Senior, Volunteer
from volunteer_hub.matching.one_to_one.wanted import Wanted
from volunteer_hub.registry.models import Building, Walk
from volunteer_hub.shifts.models import Shift, SignUp

MANDARIN = "lang_zh"
AWAY = (AttendanceStatus.NO_SHOW, AttendanceStatus.EXCUSED)


@dataclass(frozen=True)
class Seat(Wanted):
    """One placed wish: who sits where and wants what; `key` is the same for the same senior."""

    id: int
    key: int
    table_no: int
    given_name: str
    language_id: int
    language_zh: str
    language_en: str
    topic_id: int
    topic_zh: str
    topic_en: str
    building_zh: str | None
    building_en: str | None
    venue: str
    absent_at: datetime | None

    def senior(self) -> Senior:
        return Senior(self.id, self.language_id, self.topic_id)


@dataclass(frozen=True)
class Comer:
    """One confirmed place of a partner, or who has met a senior.

    `away` is set when the roster says that they did not come, and `assumed` when the
    person named no language, and is taken to speak Mandarin.
    """

    sign_up_id: int
    person_id: int
    name: str
    nickname: str
    languages: frozenset[int]
    topics: frozenset[int]
    walk: int | None
    away: bool
    assumed: bool

    @property
    def called(self) -> str:
        """What the senior calls them: the nickname, else the given name."""
        return self.nickname or called(self.name)

    def volunteer(self) -> Volunteer:
        return Volunteer(self.person_id, self.languages, self.topics, self.walk)


@dataclass(frozen=True)
class Occasion:
    """One shift: its wishes by table, its volunteers, and the pairings that stand or were missed.

    `gone` are pairings that cannot stand any more: the place was given back, the wish left.
    """

    seats: list[Seat]
    comers: list[Comer]
    standing: list[Pairing]
    missed: list[Pairing]
    gone: list[Pairing]
    history: History

    @property
    def absent_seniors(self) -> frozenset[int]:
        marked = {one.request_id for one in self.missed if one.absent == "senior"}
        return frozenset(marked | {one.id for one in self.seats if one.absent_at})

    @property
    def absent_volunteers(self) -> frozenset[int]:
        marked = {one.person_id for one in self.missed if one.absent == "volunteer"}
        return frozenset(marked | {one.person_id for one in self.comers if one.away})

    def comer(self, person_id: int) -> Comer:
        return next(one for one in self.comers if one.person_id == person_id)

    def seat(self, request_id: int) -> Seat:
        return next(one for one in self.seats if one.id == request_id)


def read(session: Session, shift_id: int) -> Occasion:
    """Return the occasion; the caller has made sure that the reader may see it."""
    seats = _seats(session, shift_id)
    comers = _comers(session, shift_id)
    rows = session.scalars(
        select(Pairing)
        .where(
            Pairing.shift_id == shift_id,
            IS_STANDING | (Pairing.state == str(PairingState.NOT_COME)),
        )
        .order_by(Pairing.id)
        .execution_options(populate_existing=True)
    ).all()
    placed = {one.id for one in seats}
    coming = {one.sign_up_id for one in comers if not one.away}
    known = {one.sign_up_id for one in comers}
    standing = [one for one in rows if one.state != PairingState.NOT_COME]
    stands = [one for one in standing if one.request_id in placed and one.sign_up_id in coming]
    missed = [
        one
        for one in rows
        if one.state == PairingState.NOT_COME
        and one.request_id in placed
        and one.sign_up_id in known
    ]
    return Occasion(
        seats=seats,
        comers=comers,
        standing=stands,
        missed=missed,
        gone=[one for one in standing if one not in stands],
        history=read_history(
            session, {one.id: one.key for one in seats}, [one.person_id for one in comers]
        ),
    )


_SEAT_COLUMNS: Sequence[Any] = (
    ServiceRequest.id,
    func.coalesce(ServiceRequest.first_id, ServiceRequest.id),
    ServiceRequest.table_no,
    ServiceRequest.given_name,
    ServiceRequest.language_id,
    Qualification.name_zh,
    Qualification.name_en,
    ServiceRequest.topic_id,
    Topic.name_zh,
    Topic.name_en,
    Building.name_zh,
    Building.name_en,
    ServiceRequest.venue,
    ServiceRequest.absent_at,
)


_SEATS = (
    select(*_SEAT_COLUMNS)
    .join(Qualification, Qualification.id == ServiceRequest.language_id)
    .join(Topic, Topic.id == ServiceRequest.topic_id)
    .outerjoin(Building, Building.id == ServiceRequest.building_id)
    .where(ServiceRequest.state.in_([str(RequestState.PLACED), str(RequestState.SERVED)]))
    .order_by(ServiceRequest.table_no, ServiceRequest.id)
)


def _seats(session: Session, shift_id: int) -> list[Seat]:
    rows = session.execute(_SEATS.where(ServiceRequest.shift_id == shift_id))
    return [Seat(*row) for row in rows]


def seat_of(session: Session, request_id: int) -> Seat | None:
    """Return one placed wish, None when it is in no shift (any more)."""
    row = session.execute(_SEATS.where(ServiceRequest.id == request_id)).first()
    return Seat(*row) if row else None


def _comers(session: Session, shift_id: int) -> list[Comer]:
    rows = session.execute(
        select(
            SignUp.id,
            SignUp.person_id,
            Person.name,
            Person.nickname,
            Person.language,
            Walk.minutes,
            Attendance.status,
        )
        .join(Person, Person.id == SignUp.person_id)
        .join(Shift, Shift.id == SignUp.shift_id)
        .outerjoin(
            Walk, (Walk.place_id == Shift.place_id) & (Walk.building_id == Person.building_id)
        )
        .outerjoin(
            Attendance,
            (Attendance.shift_id == SignUp.shift_id) & (Attendance.person_id == SignUp.person_id),
        )
        .where(SignUp.shift_id == shift_id, posts.SITS_DOWN)
        .order_by(SignUp.id)
    ).all()
    people = [row.person_id for row in rows]
    spoken, topics = _languages(session, people), _topics(session, people)
    mandarin = session.scalar(select(Qualification.id).where(Qualification.key == MANDARIN))
    found = []
    for row in rows:
        said = spoken.get(row.person_id, frozenset())
        # Nearly everybody here speaks it and few think of ticking it; who reads English may not.
        assumed = not said and mandarin is not None and row.language != ENGLISH
        found.append(
            Comer(
                sign_up_id=row.id,
                person_id=row.person_id,
                name=row.name,
                nickname=row.nickname,
                languages=frozenset({mandarin}) if assumed and mandarin else said,
                topics=topics.get(row.person_id, frozenset()),
                walk=row.minutes,
                away=row.status in AWAY,
                assumed=assumed,
            )
        )
    return found


def _languages(session: Session, people: Collection[int]) -> dict[int, frozenset[int]]:
    return _grouped(
        session.execute(
            select(PersonQualification.person_id, PersonQualification.qualification_id)
            .join(Qualification, Qualification.id == PersonQualification.qualification_id)
            .where(
                PersonQualification.person_id.in_(people),
                Qualification.kind == str(QualificationKind.LANGUAGE),
            )
        )
    )


def _topics(session: Session, people: Collection[int]) -> dict[int, frozenset[int]]:
    """Return what people like to teach, and what they have taught."""
    said = session.execute(
        select(TopicHelper.person_id, TopicHelper.topic_id).where(TopicHelper.person_id.in_(people))
    )
    taught = session.execute(
        select(Pairing.person_id, ServiceRequest.topic_id)
        .join(ServiceRequest, ServiceRequest.id == Pairing.request_id)
        .where(Pairing.person_id.in_(people), Pairing.state == str(PairingState.MET))
    )
    return _grouped([*said, *taught])


def _grouped(rows: Any) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for owner, value in rows:
        found[owner].add(value)
    return {owner: frozenset(values) for owner, values in found.items()}
