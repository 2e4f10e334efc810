"""Alembic's entry: runs migrations on the application's own engine."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from flask import current_app

from volunteer_hub.core.db import UtcDateTime, db


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own column type as the plain one, so that migrations import no models."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


OPTIONS = {"target_metadata": db.metadata, "render_item": render_item}


def run_online() -> None:
    """Run the migrations in one transaction on a connection of the application's engine."""
    arguments = {**OPTIONS, **current_app.extensions["migrate"].configure_args}
    with db.engine.connect() as connection:
        context.configure(connection=connection, **arguments)
        with context.begin_transaction():
            context.run_migrations()


run_online()
