"""Read seniors' wishes, for who arranges them and for who entered them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    case,
    cast,
    exists,
    extract,
    func,
    select,
)
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person, Qualification
from volunteer_hub.core.errors import NotFound
from volunteer_hub.matching.one_to_one.models import (
    RequestState,
    RequestStep,
    RequestWindow,
    ServiceRequest,
    Topic,
)
from volunteer_hub.matching.one_to_one.wanted import Wanted
from volunteer_hub.registry.models import Building, Organisation
from volunteer_hub.shifts.models import Shift, ShiftStatus

PAGE_SIZE = 20
# Wait for somebody to do something.
WAITING = (RequestState.ENTERED, RequestState.VERIFIED)


@dataclass(frozen=True)
class WishLine(Wanted):
    """One wish; `starts_at` is set while it is in a shift, `given_name` empty once forgotten."""

    id: int
    organisation_id: int
    organisation_zh: str
    organisation_en: str
    given_name: str
    language_id: int
    language_zh: str
    language_en: str
    topic_id: int
    topic_zh: str
    topic_en: str
    building_id: int | None
    building_zh: str | None
    building_en: str | None
    venue: str
    state: str
    state_at: datetime
    entered_by: int
    entered_at: datetime
    first_id: int | None
    shift_id: int | None
    starts_at: datetime | None
    forgotten_at: datetime | None


@dataclass(frozen=True)
class Wishes:
    """One page of the list, and how many wishes there are in each state."""

    rows: list[WishLine]
    windows: dict[int, list[tuple[int, str]]]
    page: int
    last: int
    counts: dict[str, int]


@dataclass(frozen=True)
class StepLine:
    """One step of a wish: the state, when, by whom (empty: by itself), the answer."""

    state: str
    at: datetime
    by: str
    words: str


_LINE: Select[*tuple[Any, ...]] = (
    select(
        ServiceRequest.id,
        ServiceRequest.organisation_id,
        Organisation.name_zh,
        Organisation.name_en,
        ServiceRequest.given_name,
        ServiceRequest.language_id,
        Qualification.name_zh,
        Qualification.name_en,
        ServiceRequest.topic_id,
        Topic.name_zh,
        Topic.name_en,
        ServiceRequest.building_id,
        Building.name_zh,
        Building.name_en,
        ServiceRequest.venue,
        ServiceRequest.state,
        ServiceRequest.state_at,
        ServiceRequest.entered_by,
        ServiceRequest.entered_at,
        ServiceRequest.first_id,
        ServiceRequest.shift_id,
        Shift.starts_at,
        ServiceRequest.forgotten_at,
    )
    .join(Organisation, Organisation.id == ServiceRequest.organisation_id)
    .join(Qualification, Qualification.id == ServiceRequest.language_id)
    .join(Topic, Topic.id == ServiceRequest.topic_id)
    .outerjoin(Building, Building.id == ServiceRequest.building_id)
    .outerjoin(Shift, Shift.id == ServiceRequest.shift_id)
)


def _seen(person_id: int, organisation_ids: Collection[int]) -> ColumnElement[bool]:
    return (ServiceRequest.entered_by == person_id) | ServiceRequest.organisation_id.in_(
        organisation_ids
    )


def wishes(
    session: Session,
    *,
    person_id: int,
    organisation_ids: Collection[int],
    state: RequestState | None = None,
    page: int = 1,
) -> Wishes:
    """Return a page of the wishes that one arranges or has entered; a page too far is the last.

    Of all, those that wait come first, then those in a shift, each the latest change first; of one
    state that waits, the longest waiting.
    """
    mine = _seen(person_id, organisation_ids)
    counted = session.execute(
        select(ServiceRequest.state, func.count()).where(mine).group_by(ServiceRequest.state)
    )
    counts = {str(row[0]): int(row[1]) for row in counted}
    total = counts.get(str(state), 0) if state else sum(counts.values())
    last = max(1, -(-total // PAGE_SIZE))
    page = min(page, last)
    query = _LINE.where(mine)
    if state:
        query = query.where(ServiceRequest.state == str(state))
    if state in WAITING:
        query = query.order_by(ServiceRequest.state_at, ServiceRequest.id)
    else:
        waits = ServiceRequest.state.in_([str(one) for one in WAITING])
        latest = (ServiceRequest.state_at.desc(), ServiceRequest.id.desc())
        placed = ServiceRequest.state == str(RequestState.PLACED)
        query = query.order_by(case((waits, 0), (placed, 1), else_=2), *latest)
    rows = session.execute(query.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE))
    lines = [WishLine(*row) for row in rows]
    return Wishes(lines, windows_of(session, [one.id for one in lines]), page, last, counts)


def wish(
    session: Session, *, request_id: int, person_id: int, organisation_ids: Collection[int]
) -> WishLine:
    """Return one wish for who arranges it or entered it, else raise NotFound."""
    mine = _seen(person_id, organisation_ids)
    row = session.execute(_LINE.where(ServiceRequest.id == request_id, mine)).first()
    if row is None:
        raise NotFound
    return WishLine(*row)


def windows_of(session: Session, request_ids: Collection[int]) -> dict[int, list[tuple[int, str]]]:
    """Return weekdays (Monday is 0) and windows by wish."""
    found: dict[int, list[tuple[int, str]]] = {one: [] for one in request_ids}
    rows = session.execute(
        select(RequestWindow.request_id, RequestWindow.weekday, RequestWindow.window)
        .where(RequestWindow.request_id.in_(request_ids))
        .order_by(RequestWindow.weekday)
    )
    for request_id, weekday, window in rows:
        found[request_id].append((weekday, window))
    return found


def steps_of(session: Session, request_id: int) -> list[StepLine]:
    """Return what became of a wish, oldest first; the caller has made sure who reads it."""
    rows = session.execute(
        select(RequestStep.state, RequestStep.at, Person.name, RequestStep.words)
        .outerjoin(Person, Person.id == RequestStep.by_id)
        .where(RequestStep.request_id == request_id)
        .order_by(RequestStep.id)
    )
    return [StepLine(state, at, by or "", words) for state, at, by, words in rows]


def waiting(organisation_ids: Collection[int]) -> ScalarSelect[int]:
    """Count, inside another question, wishes that wait to be verified or for a shift."""
    query = select(func.count()).where(
        ServiceRequest.organisation_id.in_(organisation_ids),
        ServiceRequest.state.in_([str(one) for one in WAITING]),
    )
    return query.scalar_subquery()


def out_of_time(
    organisation_ids: Collection[int], now: datetime
) -> tuple[ScalarSelect[int], ScalarSelect[int | None]]:
    """Count, inside another question, placed wishes whose shift has moved to a time not named.

    The second column is the soonest shift that holds such a wish.
    """
    named = exists().where(RequestWindow.request_id == ServiceRequest.id)
    # Monday is 0 here, Sunday is 0 for the database.
    weekday = (cast(extract("dow", Shift.day), Integer) + 6) % 7
    fits = named.where(RequestWindow.weekday == weekday, RequestWindow.window == Shift.window)
    lost = (
        Shift.id == ServiceRequest.shift_id,
        ServiceRequest.organisation_id.in_(organisation_ids),
        ServiceRequest.state == str(RequestState.PLACED),
        Shift.status != str(ShiftStatus.CANCELLED),
        Shift.starts_at > now,
        named,
        ~fits,
    )
    count = select(func.count(ServiceRequest.id)).where(*lost)
    soonest = select(Shift.id).where(*lost).order_by(Shift.starts_at, Shift.id).limit(1)
    return count.scalar_subquery(), soonest.scalar_subquery()
