"""Enter a senior's wish: a given name, a language, a topic, when and where, and no notes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Qualification, QualificationKind
from volunteer_hub.core.calendar import Window
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _
from volunteer_hub.matching.one_to_one import steps
from volunteer_hub.matching.one_to_one.arranging import arranging
from volunteer_hub.matching.one_to_one.models import (
    RequestState,
    RequestWindow,
    ServiceRequest,
    Topic,
)
from volunteer_hub.matching.one_to_one.requests import CannotChange, seen
from volunteer_hub.matching.one_to_one.typed import check_name, check_venue
from volunteer_hub.matching.windows import DAYS
from volunteer_hub.registry.models import Building


@dataclass(frozen=True)
class Wish:
    """What is typed about a senior's wish; there is no field for notes, on purpose.

    `again_of` is an earlier request of the same senior.
    """

    organisation_id: int
    given_name: str
    language_id: int
    topic_id: int
    windows: frozenset[tuple[int, Window]]
    building_id: int | None = None
    venue: str = ""
    again_of: int | None = None


def enter(
    session: Session,
    *,
    wish: Wish,
    actor_id: int,
    organisation_ids: Collection[int],
    now: datetime,
) -> ServiceRequest:
    """Enter a wish; it waits for somebody else to verify it.

    Raises InvalidInput with the field at fault, NotFound for an earlier request of strangers.
    """
    _check(session, wish, organisation_ids)
    first_id = None
    if wish.again_of is not None:
        earlier = seen(
            session,
            wish.again_of,
            person_id=actor_id,
            organisation_ids=organisation_ids,
            lock=True,
        )
        # Of a forgotten one nothing tells any more that it was the same senior.
        first_id = None if earlier.forgotten_at else earlier.first_id or earlier.id
    request = ServiceRequest(
        first_id=first_id, entered_by=actor_id, entered_at=now, state_at=now, **_columns(wish)
    )
    session.add(request)
    session.flush()
    _add_windows(session, request.id, wish)
    steps.move(session, request, RequestState.ENTERED, actor_id=actor_id, now=now)
    return request


def change(
    session: Session,
    *,
    request_id: int,
    wish: Wish,
    actor_id: int,
    organisation_ids: Collection[int],
    now: datetime,
) -> ServiceRequest:
    """Take over what was typed while the wish is in no shift; it waits to be verified again.

    Raises NotFound, CannotChange, InvalidInput with the field at fault.
    """
    request = seen(
        session, request_id, person_id=actor_id, organisation_ids=organisation_ids, lock=True
    )
    if request.state not in (RequestState.ENTERED, RequestState.VERIFIED):
        raise CannotChange(
            _("Only a wish that is in no shift can be changed. Take it out of the shift first.")
        )
    _check(session, wish, organisation_ids)
    for name, value in _columns(wish).items():
        setattr(request, name, value)
    session.execute(delete(RequestWindow).where(RequestWindow.request_id == request.id))
    _add_windows(session, request.id, wish)
    steps.move(
        session, request, RequestState.ENTERED, actor_id=actor_id, now=now, act="request:change"
    )
    return request


def _columns(wish: Wish) -> dict[str, Any]:
    return {
        "organisation_id": wish.organisation_id,
        "given_name": wish.given_name.strip(),
        "language_id": wish.language_id,
        "topic_id": wish.topic_id,
        "building_id": wish.building_id,
        "venue": wish.venue.strip(),
    }


def _add_windows(session: Session, request_id: int, wish: Wish) -> None:
    for weekday, window in sorted(wish.windows):
        session.add(RequestWindow(request_id=request_id, weekday=weekday, window=str(window)))
    session.flush()


def _check(session: Session, wish: Wish, organisation_ids: Collection[int]) -> None:
    if wish.organisation_id not in {row.id for row in arranging(session, organisation_ids)}:
        raise InvalidInput(
            _("Please choose an organisation from the list."), field="organisation_id"
        )
    check_name(wish.given_name)
    language = session.get(Qualification, wish.language_id)
    if language is None or language.kind != QualificationKind.LANGUAGE:
        raise InvalidInput(_("Please choose a language from the list."), field="language_id")
    topic = session.get(Topic, wish.topic_id)
    if topic is None or topic.hidden:
        raise InvalidInput(_("Please choose a topic from the list."), field="topic_id")
    _check_windows(wish)
    _check_place(session, wish)


def _check_windows(wish: Wish) -> None:
    if not wish.windows:
        raise InvalidInput(_("Please tick when the senior has time."), field="windows")
    if any(weekday not in DAYS.get(window, ()) for weekday, window in wish.windows):
        raise InvalidInput(_("Please choose from the list."), field="windows")


def _check_place(session: Session, wish: Wish) -> None:
    if wish.building_id is not None and session.get(Building, wish.building_id) is None:
        raise InvalidInput(_("Please choose a building from the list."), field="building_id")
    check_venue(wish.venue)
    if wish.building_id is None and not wish.venue.strip():
        raise InvalidInput(
            _("Please say where: a building, or the neighbourhood or venue."), field="venue"
        )
