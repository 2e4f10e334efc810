"""The blueprint of matching; the modules beside this one hang their pages on it."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("matching", __name__)
