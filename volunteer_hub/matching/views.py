"""Matching for volunteers: one's own time, recommendations on or off, invitations, pairings."""

from __future__ import annotations

from volunteer_hub.matching import availability_views, invitation_views
from volunteer_hub.matching.blueprint import bp
from volunteer_hub.matching.one_to_one import lead_views, own_views

__all__ = ["availability_views", "bp", "invitation_views", "lead_views", "own_views"]
