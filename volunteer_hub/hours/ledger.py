"""Add entries to the ledger: one chain, whoever writes at the same moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from volunteer_hub.hours import summary
from volunteer_hub.hours.chain import UNCHAINED, entry_digest
from volunteer_hub.hours.models import LedgerEntry

COLUMNS = tuple(
    column.name for column in LedgerEntry.__table__.columns if column.name not in UNCHAINED
)
# Any number that nothing else in this database uses.
_LOCK = 4_210_608


def lock(session: Session) -> None:
    """Let only this transaction add entries until it ends.

    Take it before reading what the new entries depend on (the last digest, the minutes of the
    day). SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def append(session: Session, entries: Sequence[Mapping[str, Any]]) -> None:
    """Add the entries in this order; each needs every column but `id` and `digest`.

    The sums of branches grow with them. The caller holds the `lock`.
    """
    if not entries:
        return
    previous = last_digest(session)
    rows = []
    for entry in entries:
        fields = {name: entry[name] for name in COLUMNS}
        previous = entry_digest(previous, fields)
        rows.append({**fields, "digest": previous})
    # One statement after another, so that ids grow in the order of the chain.
    session.connection().execute(insert(LedgerEntry), rows)
    summary.add(session, rows)


def last_digest(session: Session) -> str:
    """Return the end of the chain, or an empty text before the first entry."""
    query = select(LedgerEntry.digest).order_by(LedgerEntry.id.desc()).limit(1)
    return session.scalar(query) or ""
