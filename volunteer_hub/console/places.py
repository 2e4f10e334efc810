"""The place of a project or shift: choose a known one or add a new one in the same form."""

from __future__ import annotations

from flask_login import current_user

from volunteer_hub.console.forms import PlaceFields, typed_number
from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _
from volunteer_hub.registry import queries as registry
from volunteer_hub.registry.services import add_place
from volunteer_hub.shifts import desk_queries as shifts


def offer_places(form: PlaceFields, *, also: int | None = None) -> None:
    """Fill the lists: places these organisations use and `also`, and all buildings."""
    session = db.session()
    places = shifts.place_choices(
        session, organisation_ids=current_user.organisation_ids, also=also
    )
    form.place_id.choices = [
        ("", _("Choose a place")),
        *((str(place.id), place.name) for place in places),
    ]
    form.place_building.choices = [
        ("", _("Not said")),
        *((str(row.id), row.name) for row in registry.building_choices(session)),
    ]


def place_of(form: PlaceFields) -> int | None:
    """Return the place that was chosen, or add the one that was typed; None without either."""
    if not form.place_name.data:
        return typed_number(form.place_id.data) or None
    place = add_place(
        db.session(),
        name_zh=form.place_name.data,
        address_zh=form.place_address.data or "",
        beside_building_id=typed_number(form.place_building.data) or None,
        actor_id=current_user.id,
        now=clock.now(),
    )
    return place.id
