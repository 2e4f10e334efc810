"""Keep the search index in step with the projects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from volunteer_hub.core.db import Base
from volunteer_hub.projects import terms
from volunteer_hub.projects.models import Category, Project, SearchTerm
from volunteer_hub.registry.models import Organisation, Place

Part = type[Base]
_FIELDS: tuple[tuple[Part, str, int], ...] = (
    (Project, "title_zh", terms.TITLE),
    (Project, "title_en", terms.TITLE),
    (Category, "name_zh", terms.CATEGORY),
    (Category, "name_en", terms.CATEGORY),
    (Place, "name_zh", terms.PLACE),
    (Place, "name_en", terms.PLACE),
    (Organisation, "name_zh", terms.ORGANISATION),
    (Organisation, "name_en", terms.ORGANISATION),
    (Place, "address_zh", terms.ORGANISATION),
    (Place, "address_en", terms.ORGANISATION),
    (Project, "content_zh", terms.CONTENT),
    (Project, "content_en", terms.CONTENT),
)
_COLUMNS = [getattr(part, name) for part, name, _weight in _FIELDS]
_WEIGHTS = [weight for _part, _name, weight in _FIELDS]
# Projects whose texts are read, and terms written, in one statement each.
BATCH = 200


def reindex(session: Session, *project_ids: int) -> None:
    """Write the index of these projects anew, after they were created or changed."""
    session.flush()
    for start in range(0, len(project_ids), BATCH):
        ids = project_ids[start : start + BATCH]
        session.execute(delete(SearchTerm).where(SearchTerm.project_id.in_(ids)))
        rows = list(index_rows(_texts(session, ids)))
        if rows:
            session.execute(insert(SearchTerm), rows)


def _texts(session: Session, project_ids: Sequence[int]) -> Iterator[tuple[int, dict[str, int]]]:
    found = session.execute(
        select(Project.id, *_COLUMNS)
        .select_from(Project)
        .join(Category, Category.id == Project.category_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .outerjoin(Place, Place.id == Project.place_id)
        .where(Project.id.in_(project_ids))
    ).all()
    for project_id, *texts in found:
        yield project_id, weigh(zip(texts, _WEIGHTS, strict=True))


def texts_of(rows: Mapping[Part, Mapping[str, Any]]) -> dict[str, int]:
    """Return text → weight of one project, from its row and the rows that it points at."""
    return weigh((rows[part][name], weight) for part, name, weight in _FIELDS)


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
