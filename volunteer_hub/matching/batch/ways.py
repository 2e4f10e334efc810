"""The ways between places, as the sign-up engine reckons them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.core.geo import travel_minutes
from volunteer_hub.matching.problem import LONGEST_WAY, Ints
from volunteer_hub.registry.models import Place


def read_ways(session: Session, places: Ints) -> tuple[Ints, npt.NDArray[Any]]:
    """Return, for these ids of places, their rows and the whole minutes between the rows.

    A place without coordinates is no way from anywhere, as in `shifts.clash`.
    """
    ids, row = np.unique(places, return_inverse=True)
    known = {
        one.id: (one.lat, one.lng)
        for one in session.execute(select(Place.id, Place.lat, Place.lng))
    }
    spots = [known[int(id_)] for id_ in ids]
    way = np.zeros((len(ids), len(ids)), np.int16)
    for one, first in enumerate(spots):
        for other, second in enumerate(spots[:one]):
            if None not in (*first, *second):
                minutes = min(travel_minutes(*first, *second), LONGEST_WAY)
                way[one, other] = way[other, one] = minutes
    return row.astype(np.int64), way
