"""What volunteers must know before they sign up (rule 3), and what of it is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _
from volunteer_hub.projects.models import Category, Project


@dataclass(frozen=True)
class Missing:
    """One thing that publication needs: its form field and its name in words."""

    field: str
    name: str


class NotComplete(InvalidInput):
    """Something that volunteers must know before they sign up is missing (rule 3)."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        names = _(", ").join(thing.name for thing in missing)
        super().__init__(
            _("Before publication, please add: %(names)s.", names=names), field=missing[0].field
        )
        self.missing = tuple(missing)


class Described(Protocol):
    """A project, or what has been typed of one."""

    @property
    def place_id(self) -> int | None: ...
    @property
    def content_zh(self) -> str: ...
    @property
    def content_en(self) -> str: ...
    @property
    def risk_zh(self) -> str: ...
    @property
    def risk_en(self) -> str: ...
    @property
    def contact_name(self) -> str: ...
    @property
    def contact_phone(self) -> str: ...
    @property
    def insurance(self) -> str: ...


def missing_for_publication(project: Described, *, hazardous: bool) -> list[Missing]:
    """Return what rule 3 of the domain still needs; time and seats belong to the shifts."""
    needs = [
        ("place_id", _("the place"), project.place_id is not None),
        ("content_zh", _("what volunteers do"), project.content_zh or project.content_en),
        ("risk_zh", _("the risk notice"), project.risk_zh or project.risk_en),
        ("contact_name", _("the name of a contact"), project.contact_name),
        ("contact_phone", _("the phone of the contact"), project.contact_phone),
        ("insurance", _("the insurance (this kind of work needs one)"), project.insurance),
    ]
    return [
        Missing(field, name)
        for field, name, given in needs
        if not given and (field != "insurance" or hazardous)
    ]


def require_complete(session: Session, project: Project) -> None:
    """Raise NotComplete, naming everything that is missing."""
    category = session.get_one(Category, project.category_id)
    missing = missing_for_publication(project, hazardous=category.hazardous)
    if missing:
        raise NotComplete(missing)
