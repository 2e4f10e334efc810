"""Read the audit trail."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.audit.models import AuditEntry


def fields_changed_since(
    session: Session, object_type: str, object_id: int, *, version: int
) -> tuple[int | None, list[str]]:
    """Return who changed the object last, and which fields changed after this version of it."""
    entries = session.execute(
        select(AuditEntry.actor_id, AuditEntry.details)
        .where(AuditEntry.object_type == object_type, AuditEntry.object_id == object_id)
        .order_by(AuditEntry.id.desc())
        .limit(50)
    )
    newer = [entry for entry in entries if entry.details.get("version", 0) > version]
    fields = {field for entry in newer for field in entry.details.get("fields", [])}
    return newer[0].actor_id if newer else None, sorted(fields)
