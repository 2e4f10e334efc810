"""Places and organisations."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.factories import make_building
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.registry.models import Walk
from volunteer_hub.registry.services import add_organisation, add_place


def walks(session, place):
    rows = session.scalars(select(Walk).where(Walk.place_id == place.id))
    return {row.building_id: row.minutes for row in rows}


def test_a_place_comes_with_the_walk_from_every_building(session, now):
    here = make_building(session, lat=31.2304, lng=121.4737)
    far = make_building(session, lat=31.2304, lng=121.4847)
    place = add_place(
        session, name_zh="瑞金医院", lat=31.2304, lng=121.4737, actor_id=None, now=now
    )
    assert walks(session, place) == {here.id: 1, far.id: 18}


def test_a_place_beside_a_building_walks_as_the_building_does(session, now):
    here = make_building(session)
    place = add_place(
        session, name_zh="楼下广场", beside_building_id=here.id, actor_id=None, now=now
    )
    assert (place.lat, walks(session, place)) == (here.lat, {here.id: 1})


def test_a_place_without_coordinates_has_no_walks(session, now):
    make_building(session)
    place = add_place(session, name_zh="线上", actor_id=None, now=now)
    assert walks(session, place) == {}


def test_the_same_name_and_address_is_the_same_place(session, now):
    first = add_place(session, name_zh="一号", address_zh="和平路1号", actor_id=None, now=now)
    again = add_place(session, name_zh="一号", address_zh="和平路1号", actor_id=None, now=now)
    other = add_place(session, name_zh="一号", address_zh="和平路2号", actor_id=None, now=now)
    assert first.id == again.id != other.id


def test_an_unknown_building_and_an_empty_name_are_refused(session, now):
    with pytest.raises(InvalidInput) as refused:
        add_place(session, name_zh="一号", beside_building_id=77, actor_id=None, now=now)
    assert refused.value.field == "place_building"
    with pytest.raises(InvalidInput):
        add_place(session, name_zh="", actor_id=None, now=now)


def test_an_organisation_is_added_once(session, now):
    first = add_organisation(session, name_zh="服务站", actor_id=None, now=now)
    assert add_organisation(session, name_zh="服务站", actor_id=None, now=now).id == first.id
    with pytest.raises(InvalidInput):
        add_organisation(session, name_zh="长" * 101, actor_id=None, now=now)
