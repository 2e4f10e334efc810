"""The blueprint of the volunteer's screens; the modules beside this one hang their pages on it."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("volunteer", __name__)
