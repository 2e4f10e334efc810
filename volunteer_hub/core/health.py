"""Is the process alive; can it serve."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from volunteer_hub.core.db import db, sqlite_module
from volunteer_hub.core.permissions import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def alive() -> Response:
    """Answer while the process runs, whatever the database does."""
    engine = db.engine.dialect.name
    version = sqlite_module().sqlite_version if engine == "sqlite" else None
    return jsonify(status="ok", engine=engine, sqlite=version)


@bp.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    """Answer 200 when the database answers, else 503."""
    try:
        db.session.execute(text("SELECT 1 FROM content_version"))
    except SQLAlchemyError:
        return jsonify(status="database unavailable"), 503
    return jsonify(status="ready"), 200
