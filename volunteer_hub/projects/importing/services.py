"""Bring a checked sheet into the database: all of it or nothing, and never twice."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.i18n import _
from volunteer_hub.projects.importing.categories import OTHER_EN, OTHER_KEY, OTHER_ZH
from volunteer_hub.projects.importing.check import Checked, Draft
from volunteer_hub.projects.importing.plan import Plan, Scope, make_plan, source_of
from volunteer_hub.projects.models import Category
from volunteer_hub.projects.services import ProjectDetails, create_project
from volunteer_hub.registry import services as registry

_CHINESE = re.compile("[\u3400-\u9fff]")


class RowsRefused(DomainError):
    """Some rows cannot be taken, so nothing was written; `plan` names them."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            _("Nothing was brought in, because some rows were refused. Correct them in the sheet,"
              " or say that they shall be left out.")
        )  # fmt: skip
        self.plan = plan


def import_projects(
    session: Session,
    checked: Checked,
    *,
    scope: Scope,
    skip_refused: bool,
    actor_id: int | None,
    now: datetime,
) -> Plan:
    """Add every row that is new, as drafts; returns what was done.

    Raises RowsRefused, and adds nothing, when a row is refused and `skip_refused` is false.
    """
    plan = make_plan(session, checked, scope=scope)
    if plan.refused and not skip_refused:
        raise RowsRefused(plan)
    other_id = None
    added: dict[str, int] = {}
    for ready in plan.ready:
        organisation_id = ready.organisation_id or added.get(ready.organisation)
        if organisation_id is None:
            organisation_id = registry.add_organisation(
                session, name_zh=ready.organisation, actor_id=actor_id, now=now
            ).id
            added[ready.organisation] = organisation_id
        if ready.kind is None and other_id is None:
            other_id = _add_other(session, actor_id=actor_id, now=now)
        create_project(
            session,
            organisation_id=organisation_id,
            details=_details(
                ready.draft,
                category_id=ready.kind.id if ready.kind else other_id or 0,
                place_id=_place_id(session, ready.draft, actor_id=actor_id, now=now),
            ),
            actor_id=actor_id,
            now=now,
            source=source_of(organisation_id),
            source_key=ready.source_key,
        )
    return plan


def _details(draft: Draft, *, category_id: int, place_id: int | None) -> ProjectDetails:
    title_zh, title_en = _by_language(draft.title, draft.title_en)
    content_zh, content_en = _by_language(draft.content, draft.content_en)
    risk_zh, risk_en = _by_language(draft.risk)
    return ProjectDetails(
        category_id=category_id,
        title_zh=title_zh,
        title_en=title_en,
        place_id=place_id,
        content_zh=content_zh,
        content_en=content_en,
        risk_zh=risk_zh,
        risk_en=risk_en,
        contact_name=draft.contact_name,
        contact_phone=draft.contact_phone,
    )


def _by_language(text: str, english: str = "") -> tuple[str, str]:
    """Return the Chinese and the English text; one column may hold either."""
    if text and not english and not _CHINESE.search(text):
        return "", text
    return text, english


def _place_id(session: Session, draft: Draft, *, actor_id: int | None, now: datetime) -> int | None:
    if draft.spot is None:
        return None
    place = registry.add_place(
        session,
        name_zh=draft.spot.name,
        address_zh=draft.spot.address,
        lat=draft.spot.lat,
        lng=draft.spot.lng,
        actor_id=actor_id,
        now=now,
    )
    return place.id


def _add_other(session: Session, *, actor_id: int | None, now: datetime) -> int:
    """Add the category for rows whose kind is not said or not known."""
    last = session.scalar(select(func.max(Category.position))) or 0
    category = Category(key=OTHER_KEY, name_zh=OTHER_ZH, name_en=OTHER_EN, position=last + 1)
    session.add(category)
    session.flush()
    audit.record(session, "category:add", actor_id=actor_id, object_id=category.id, now=now)
    return category.id
