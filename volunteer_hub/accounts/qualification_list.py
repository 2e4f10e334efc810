"""The list of skills, languages and trainings, which belongs to the office."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Qualification, QualificationKind
from volunteer_hub.audit import services as audit
from volunteer_hub.core.db import touch_lists
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import _

LONGEST_NAME = 40
MOST_MONTHS = 120


def add_qualification(
    session: Session,
    *,
    kind: str,
    name_zh: str,
    name_en: str,
    valid_months: int | None,
    actor_id: int,
    now: datetime,
) -> Qualification:
    """Add one to the list; raises InvalidInput with the field at fault."""
    if kind not in set(QualificationKind):
        raise InvalidInput(_("Please choose one from the list."), field="kind")
    _check_names(session, name_zh, name_en)
    if kind != QualificationKind.TRAINING:
        valid_months = None
    if valid_months is not None and not 1 <= valid_months <= MOST_MONTHS:
        raise InvalidInput(
            _("Please give 1 to 120 months, or leave it empty."), field="valid_months"
        )
    last = session.scalar(select(func.max(Qualification.id))) or 0
    position = (session.scalar(select(func.max(Qualification.position))) or 0) + 1
    row = Qualification(
        kind=str(kind),
        key=f"{kind}_{last + 1}",
        name_zh=name_zh,
        name_en=name_en,
        position=position,
        valid_months=valid_months,
    )
    session.add(row)
    session.flush()
    _note(session, "qualification:add", row, actor_id=actor_id, now=now)
    return row


def rename_qualification(
    session: Session,
    *,
    qualification_id: int,
    name_zh: str,
    name_en: str,
    actor_id: int,
    now: datetime,
) -> None:
    """Give it other names; who has it keeps it. Raises NotFound, or InvalidInput with the field."""
    row = session.get(Qualification, qualification_id, with_for_update=True)
    if row is None:
        raise NotFound
    _check_names(session, name_zh, name_en, but=row.id)
    if (row.name_zh, row.name_en) == (name_zh, name_en):
        return
    before = row.name_zh
    row.name_zh, row.name_en = name_zh, name_en
    _note(session, "qualification:rename", row, actor_id=actor_id, now=now, before=before)


def _check_names(session: Session, name_zh: str, name_en: str, but: int | None = None) -> None:
    if not name_zh:
        raise InvalidInput(_("Please give it a name."), field="name_zh")
    for field, name in (("name_zh", name_zh), ("name_en", name_en)):
        if len(name) > LONGEST_NAME:
            raise InvalidInput(_("Please use at most 40 characters."), field=field)
    same = select(Qualification.id).where(
        Qualification.name_zh == name_zh, Qualification.id.is_distinct_from(but)
    )
    if session.scalar(same.limit(1)):
        raise InvalidInput(_("This is in the list already."), field="name_zh")


def _note(
    session: Session,
    action: str,
    row: Qualification,
    *,
    actor_id: int,
    now: datetime,
    before: str | None = None,
) -> None:
    audit.record(
        session,
        action,
        actor_id=actor_id,
        object_id=row.id,
        now=now,
        kind=row.kind,
        name_zh=row.name_zh,
        name_en=row.name_en,
        before=before,
    )
    session.flush()
    touch_lists(session)
