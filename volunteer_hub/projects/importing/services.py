"""Bring a checked sheet into the database: all of it or nothing, and never twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import DomainError, InvalidInput
from volunteer_hub.core.i18n import _
from volunteer_hub.projects.importing.categories import OTHER_EN, OTHER_KEY, OTHER_ZH
from volunteer_hub.projects.importing.check import Checked, Draft
from volunteer_hub.projects.importing.plan import Plan, Ready, Scope, compared, make_plan, source_of
from volunteer_hub.projects.importing.values import Spot, is_chinese
from volunteer_hub.projects.indexing import reindex
from volunteer_hub.projects.models import Category
from volunteer_hub.projects.services import ProjectDetails, create_project
from volunteer_hub.registry import services as registry
from volunteer_hub.registry.models import Place


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

    Raises RowsRefused, and adds nothing, when a row is refused and `skip_refused` is false;
    InvalidInput when no column is known to hold the title.
    """
    if checked.layout.problem:
        raise InvalidInput(checked.layout.problem, field="map")
    plan = make_plan(session, checked, scope=scope)
    if plan.refused and not skip_refused:
        raise RowsRefused(plan)
    writer = _Writer(session, actor_id, now)
    reindex(session, *[writer.write(ready) for ready in plan.ready])
    return plan


class _Writer:
    """Writes rows, each with its organisation, place and category: found, or added once."""

    def __init__(self, session: Session, actor_id: int | None, now: datetime) -> None:
        self.session = session
        self.actor_id = actor_id
        self.now = now
        self.added: dict[str, int] = {}
        self.other_id = 0
        self.places: dict[str, list[int]] = {}
        names = select(Place.id, Place.name_zh, Place.name_en).order_by(Place.id)
        for place_id, *both in session.execute(names):
            for name in {compared(name) for name in both if name}:
                self.places.setdefault(name, []).append(place_id)

    def write(self, ready: Ready) -> int:
        """Add the project, not yet in the search index; returns its id."""
        organisation_id = ready.organisation_id or self.organisation_id(ready.organisation)
        project = create_project(
            self.session,
            organisation_id=organisation_id,
            details=_details(
                ready.draft,
                category_id=ready.kind.id if ready.kind else self.category_id(),
                place_id=self.place_id(ready.draft.spot) if ready.draft.spot else None,
            ),
            actor_id=self.actor_id,
            now=self.now,
            source=source_of(organisation_id),
            source_key=ready.source_key,
            index=False,
        )
        return project.id

    def organisation_id(self, name: str) -> int:
        if name not in self.added:
            organisation = registry.add_organisation(
                self.session, name_zh=name, actor_id=self.actor_id, now=self.now
            )
            self.added[name] = organisation.id
        return self.added[name]

    def place_id(self, spot: Spot) -> int:
        """Return the one place of this name when no address is said, else the very same one."""
        known = self.places.get(compared(spot.name), [])
        if len(known) == 1 and not spot.address:
            return known[0]
        place = registry.add_place(
            self.session,
            name_zh=spot.name,
            address_zh=spot.address,
            lat=spot.lat,
            lng=spot.lng,
            actor_id=self.actor_id,
            now=self.now,
        )
        return place.id

    def category_id(self) -> int:
        """Add, once, the category of rows whose kind is not said or not known."""
        if not self.other_id:
            last = self.session.scalar(select(func.max(Category.position))) or 0
            other = Category(key=OTHER_KEY, name_zh=OTHER_ZH, name_en=OTHER_EN, position=last + 1)
            self.session.add(other)
            self.session.flush()
            self.other_id = other.id
            audit.record(
                self.session,
                "category:add",
                actor_id=self.actor_id,
                object_id=other.id,
                now=self.now,
            )
        return self.other_id


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
    if text and not english and not is_chinese(text):
        return "", text
    return text, english
