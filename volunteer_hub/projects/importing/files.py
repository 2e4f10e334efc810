"""Keep an uploaded sheet between its preview and its import: one a person, for a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from volunteer_hub.core.errors import NotFound
from volunteer_hub.projects.models import ImportFile

KEPT = timedelta(days=1)
MAX_NAME = 120


def keep_file(
    session: Session,
    *,
    owner_id: int,
    organisation_id: int,
    name: str,
    content: bytes,
    now: datetime,
) -> int:
    """Keep the sheet in place of the owner's last one; returns its id. Old ones are forgotten."""
    session.execute(
        delete(ImportFile).where(
            or_(ImportFile.owner_id == owner_id, ImportFile.created_at < now - KEPT)
        )
    )
    file = ImportFile(
        owner_id=owner_id,
        organisation_id=organisation_id,
        name="".join(letter for letter in name if letter.isprintable())[:MAX_NAME],
        content=content,
        created_at=now,
    )
    session.add(file)
    session.flush()
    return file.id


def own_file(session: Session, *, file_id: int, owner_id: int, now: datetime) -> ImportFile:
    """Return the owner's sheet; raises NotFound for anybody else's and after a day."""
    file = session.scalar(
        select(ImportFile).where(
            ImportFile.id == file_id,
            ImportFile.owner_id == owner_id,
            ImportFile.created_at >= now - KEPT,
        )
    )
    if file is None:
        raise NotFound
    return file


def forget_file(session: Session, *, file_id: int, owner_id: int) -> bool:
    """Delete the owner's sheet and tell whether it was still there."""
    gone = session.execute(
        delete(ImportFile)
        .where(ImportFile.id == file_id, ImportFile.owner_id == owner_id)
        .returning(ImportFile.id)
    )
    return gone.first() is not None
