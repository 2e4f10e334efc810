"""Distances on foot. Coordinates are WGS-84 degrees of public places, never of people."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

EARTH_METRES = 6_371_000
# Streets are longer than the straight line; 1.3 is the usual detour factor of city grids.
DETOUR = 1.3
METRES_PER_MINUTE = 75


def metres(lat1: float, lng1: float, lat2: float, lng2: float) -> float:
    """Return the great-circle distance in metres (haversine)."""
    north, east = radians(lat2 - lat1), radians(lng2 - lng1)
    h = sin(north / 2) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(east / 2) ** 2
    return 2 * EARTH_METRES * asin(sqrt(h))


def walking_minutes(lat1: float, lng1: float, lat2: float, lng2: float) -> int:
    """Return whole minutes on foot, at least 1."""
    return max(1, round(metres(lat1, lng1, lat2, lng2) * DETOUR / METRES_PER_MINUTE))


# Past this walk people take the metro or a bus: the way there and a wait, then 15 km/h.
LONGEST_WALK = 20
BOARDING_MINUTES = 12
RIDE_METRES_PER_MINUTE = 250


def travel_minutes(lat1: float, lng1: float, lat2: float, lng2: float) -> int:
    """Return whole minutes between two places, on foot or by public transport."""
    way = metres(lat1, lng1, lat2, lng2) * DETOUR
    walk = round(way / METRES_PER_MINUTE)
    if walk <= LONGEST_WALK:
        return walk
    return min(walk, BOARDING_MINUTES + round(way / RIDE_METRES_PER_MINUTE))
