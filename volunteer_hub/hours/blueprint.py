"""The blueprint of a volunteer's own hours."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("hours", __name__)
