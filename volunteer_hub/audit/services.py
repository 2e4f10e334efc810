"""Write the audit trail, beside the change and in its transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from volunteer_hub.audit.models import AuditEntry

_INSERT = insert(AuditEntry)


def record(
    session: Session,
    action: str,
    *,
    actor_id: int | None,
    object_id: int | None,
    now: datetime,
    organisation_id: int | None = None,
    **details: Any,
) -> None:
    """Add one entry; `action` is `object:verb`, such as `sign_up:cancel`."""
    session.connection().execute(
        _INSERT,
        {
            "at": now,
            "actor_id": actor_id,
            "action": action,
            "object_type": action.partition(":")[0],
            "object_id": object_id,
            "organisation_id": organisation_id,
            "details": details,
        },
    )
