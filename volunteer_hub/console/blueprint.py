"""The blueprint of the coordinator's desk; each module beside this one hangs its pages on it."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("console", __name__, url_prefix="/console")
