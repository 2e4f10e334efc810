"""What lists can be narrowed by: categories and buildings, read in one query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session

from volunteer_hub.core.i18n import either
from volunteer_hub.projects.models import Category
from volunteer_hub.registry.models import Building


class Facet(NamedTuple):
    """One choice: `key` is the stable word for addresses, `name` is in the reader's language."""

    id: int
    key: str
    name: str


@dataclass(frozen=True)
class Facets:
    """Categories in their order and buildings by code."""

    categories: tuple[Facet, ...]
    buildings: tuple[Facet, ...]

    def category_id(self, text: str) -> int:
        """Return the id of a category written as key or id; raises KeyError."""
        return _find(self.categories, text)

    def building_id(self, text: str) -> int:
        """Return the id of a building written as code or id; raises KeyError."""
        return _find(self.buildings, text)


NONE = Facets((), ())


def _find(facets: tuple[Facet, ...], text: str) -> int:
    for facet in facets:
        if text in (facet.key, str(facet.id)):
            return facet.id
    raise KeyError(text)


_CATEGORY = "category"
_BUILDING = "building"
_QUERY = union_all(
    select(
        literal(_CATEGORY).label("kind"),
        Category.position.label("place"),
        Category.id.label("id"),
        Category.key.label("key"),
        Category.name_zh.label("name_zh"),
        Category.name_en.label("name_en"),
    ),
    select(
        literal(_BUILDING),
        literal(0),
        Building.id,
        Building.code,
        Building.name_zh,
        Building.name_en,
    ),
).order_by("kind", "place", "key")


def read(session: Session) -> Facets:
    """Return all categories and buildings."""
    kinds: dict[str, list[Facet]] = {_CATEGORY: [], _BUILDING: []}
    for kind, _place, id_, key, name_zh, name_en in session.connection().execute(_QUERY).all():
        kinds[kind].append(Facet(id_, key, either(name_zh, name_en)))
    return Facets(tuple(kinds[_CATEGORY]), tuple(kinds[_BUILDING]))
