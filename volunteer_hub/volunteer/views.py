"""The volunteer's screens, composed from features."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("volunteer", __name__)
