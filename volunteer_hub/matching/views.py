"""Matching for volunteers: one's own time, recommendations on or off, invitations."""

from __future__ import annotations

from volunteer_hub.matching import availability_views, invitation_views
from volunteer_hub.matching.blueprint import bp

__all__ = ["availability_views", "bp", "invitation_views"]
