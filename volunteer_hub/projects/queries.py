"""What is asked of projects. `search` is the only place that knows the search index."""

from __future__ import annotations

from sqlalchemy import Integer, Select, Subquery, and_, case, cast, func, or_, select, union_all

from volunteer_hub.projects.models import SearchTerm
from volunteer_hub.projects.terms import BEGINS, beginnings, query_terms

# Behind every term that begins with a text, in the order of code points.
_LAST_CHARACTER = "\U0010ffff"


def search(q: str) -> Subquery | None:
    """Return the projects that hold all of what was typed, as (`project_id`, `score`).

    A title hit scores above all other hits together. None when nothing in `q` is searchable.
    """
    terms = query_terms(q)
    if not terms:
        return None
    whole = [term for term in terms if not term.endswith(BEGINS)]
    parts = [_hits_beginning(term) for term in terms if term.endswith(BEGINS)]
    if whole:
        parts.append(
            select(SearchTerm.project_id, SearchTerm.weight).where(SearchTerm.term.in_(whole))
        )
    hits = (union_all(*parts) if len(parts) > 1 else parts[0]).subquery("hit")
    score = cast(func.sum(hits.c.weight), Integer).label("score")
    return (
        select(hits.c.project_id, score)
        .group_by(hits.c.project_id)
        .having(func.count() == len(terms))
        .subquery("found")
    )


def _hits_beginning(term: str) -> Select[int, int]:
    """One row for each project that holds a term which begins so.

    It is worth the best of its hits; the others raise it, but to less than twice as much, so that
    many small hits never pass a title.
    """
    ranges = [
        and_(SearchTerm.term >= start, SearchTerm.term < start + _LAST_CHARACTER)
        for start in beginnings(term)
    ]
    best, all_together = func.max(SearchTerm.weight), func.sum(SearchTerm.weight)
    capped = case((all_together < 2 * best, all_together), else_=2 * best - 1)
    return (
        select(SearchTerm.project_id, cast(capped, Integer).label("weight"))
        .where(or_(*ranges))
        .group_by(SearchTerm.project_id)
    )
