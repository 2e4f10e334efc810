"""Keep the search index in step with the projects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from volunteer_hub.projects import terms
from volunteer_hub.projects.models import Category, Project, SearchTerm
from volunteer_hub.registry.models import Organisation, Place

_INDEXED = (
    (terms.TITLE, (Project.title_zh, Project.title_en)),
    (terms.CATEGORY, (Category.name_zh, Category.name_en)),
    (terms.PLACE, (Place.name_zh, Place.name_en)),
    (
        terms.ORGANISATION,
        (Organisation.name_zh, Organisation.name_en, Place.address_zh, Place.address_en),
    ),
    (terms.CONTENT, (Project.content_zh, Project.content_en)),
)
_WEIGHTS = [weight for weight, columns in _INDEXED for _column in columns]
_COLUMNS = [column for _weight, columns in _INDEXED for column in columns]


def reindex(session: Session, project_id: int) -> None:
    """Write the index of one project anew, after it was created or changed."""
    session.flush()
    session.execute(delete(SearchTerm).where(SearchTerm.project_id == project_id))
    texts = session.execute(
        select(*_COLUMNS)
        .select_from(Project)
        .join(Category, Category.id == Project.category_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .outerjoin(Place, Place.id == Project.place_id)
        .where(Project.id == project_id)
    ).one()
    rows = list(index_rows([(project_id, weigh(zip(texts, _WEIGHTS, strict=True)))]))
    if rows:
        session.execute(insert(SearchTerm), rows)


def weigh(texts: Iterable[tuple[str | None, int]]) -> dict[str, int]:
    """Return text → weight; a text that comes twice keeps the higher weight."""
    weights: dict[str, int] = {}
    for text, weight in texts:
        if text:
            weights[text] = max(weight, weights.get(text, 0))
    return weights


def index_rows(projects: Iterable[tuple[int, Mapping[str, int]]]) -> Iterator[dict[str, Any]]:
    """Yield rows of `search_term` for a bulk insert, from (project id, text → weight)."""
    for project_id, texts in projects:
        for term, weight in terms.project_terms(texts).items():
            yield {"term": term, "project_id": project_id, "weight": weight}
