"""The coordinator's desk: brings together the modules that hang pages on its blueprint."""

from __future__ import annotations

from volunteer_hub.console import (
    adoption_views,
    board_views,
    claim_views,
    code_views,
    confirmation_views,
    correction_views,
    project_views,
    roster_views,
    shift_views,
    team_views,
)
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.desk import door_views, message_views, outdoor_views, place_views
from volunteer_hub.console.importing import views as import_views
from volunteer_hub.console.matching import call_out_views
from volunteer_hub.console.matching import views as matching_views
from volunteer_hub.console.one_to_one import list_views, pair_views, topic_views, wish_views
from volunteer_hub.console.series import views as series_views

__all__ = [
    "adoption_views",
    "board_views",
    "bp",
    "call_out_views",
    "claim_views",
    "code_views",
    "confirmation_views",
    "correction_views",
    "door_views",
    "import_views",
    "list_views",
    "matching_views",
    "message_views",
    "outdoor_views",
    "pair_views",
    "place_views",
    "project_views",
    "roster_views",
    "series_views",
    "shift_views",
    "team_views",
    "topic_views",
    "wish_views",
]
