"""Add places and organisations; walking times are computed when a place or building comes in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.geo import walking_minutes
from volunteer_hub.core.i18n import _
from volunteer_hub.registry.models import Building, Organisation, Place, SubDistrict, Walk

MAX_NAME = 100


def add_organisation(
    session: Session, *, name_zh: str, name_en: str = "", actor_id: int | None, now: datetime
) -> Organisation:
    """Add a recording organisation, or return the one that has this name already."""
    if not name_zh or len(name_zh) > MAX_NAME:
        raise InvalidInput(_("Please give a name of 1 to 100 characters."), field="organisation")
    known = session.scalar(select(Organisation).where(Organisation.name_zh == name_zh))
    if known is not None:
        return known
    organisation = Organisation(name_zh=name_zh, name_en=name_en)
    session.add(organisation)
    session.flush()
    audit.record(
        session,
        "organisation:add",
        actor_id=actor_id,
        object_id=organisation.id,
        organisation_id=organisation.id,
        now=now,
        name=name_zh,
    )
    return organisation


def add_place(
    session: Session,
    *,
    name_zh: str,
    name_en: str = "",
    address_zh: str = "",
    address_en: str = "",
    lat: float | None = None,
    lng: float | None = None,
    beside_building_id: int | None = None,
    actor_id: int | None,
    now: datetime,
) -> Place:
    """Add a place with its walking times from all buildings, or return the same one again.

    The same place is one with the same name and address. Coordinates are WGS-84 degrees; without
    them those of the building it lies in or beside are taken; without either the place has no
    walking times.
    """
    if not name_zh or len(name_zh) > MAX_NAME:
        raise InvalidInput(_("Please give a name of 1 to 100 characters."), field="place_name")
    known = session.scalar(
        select(Place).where(Place.name_zh == name_zh, Place.address_zh == address_zh).limit(1)
    )
    if known is not None:
        return known
    if lat is None or lng is None:
        lat, lng = _beside(session, beside_building_id)
    place = Place(
        name_zh=name_zh,
        name_en=name_en,
        address_zh=address_zh,
        address_en=address_en,
        lat=lat,
        lng=lng,
    )
    session.add(place)
    session.flush()
    _add_walks(session, place)
    audit.record(session, "place:add", actor_id=actor_id, object_id=place.id, now=now, name=name_zh)
    return place


def _beside(session: Session, building_id: int | None) -> tuple[float | None, float | None]:
    if building_id is None:
        return None, None
    building = session.get(Building, building_id)
    if building is None:
        raise InvalidInput(_("Please choose a building from the list."), field="place_building")
    return building.lat, building.lng


def _add_walks(session: Session, place: Place) -> None:
    if place.lat is None or place.lng is None:
        return
    rows = [
        {
            "building_id": building.id,
            "place_id": place.id,
            "minutes": walking_minutes(building.lat, building.lng, place.lat, place.lng),
        }
        for building in session.execute(select(Building.id, Building.lat, Building.lng))
    ]
    if rows:
        session.execute(insert(Walk), rows)


def switch_league(session: Session, *, on: bool, actor_id: int, now: datetime) -> None:
    """Let branches see how they rank, or not (product rule 12)."""
    session.execute(update(SubDistrict).values(league=on))
    audit.record(session, "league:switch", actor_id=actor_id, object_id=None, now=now, on=on)
