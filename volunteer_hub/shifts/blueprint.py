"""The blueprint of shifts; each module of views beside this one hangs its pages on it."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("shifts", __name__)
