"""Shifts recommended to one person, each with why in one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import PersonQualification, Qualification
from volunteer_hub.core.i18n import _, ngettext
from volunteer_hub.matching.candidates import Best, best_shifts
from volunteer_hub.matching.reasons import in_words, reasons
from volunteer_hub.matching.tastes import Tastes
from volunteer_hub.shifts.models import Post, PostNeed
from volunteer_hub.volunteer import queries
from volunteer_hub.volunteer.cards import Card, shift_cards
from volunteer_hub.volunteer.queries import ShiftCard

# The rules of signing up are asked of so many of the best at a time.
AT_ONCE = 60
# From so much interest in a category on it is named as a reason.
LIKED = 0.5


def recommended(
    session: Session,
    *,
    person_id: int,
    building_id: int | None,
    tastes: Tastes,
    now: datetime,
    local: datetime,
    most: int,
) -> list[Card]:
    """Return up to `most` shifts that the person can join, the most recommendable first."""
    best = best_shifts(
        session, person_id=person_id, tastes=tastes, now=now, local=local, most=most + AT_ONCE
    )
    found: list[tuple[Best, ShiftCard]] = []
    for start in range(0, len(best), AT_ONCE):
        chunk = best[start : start + AT_ONCE]
        ids = [one.shift_id for one in chunk]
        fitting = queries.joinable(
            session, ids, person_id=person_id, building_id=building_id, now=now
        )
        found += [
            (one, fitting[id_]) for one, id_ in zip(chunk, ids, strict=True) if id_ in fitting
        ]
        if len(found) >= most:
            break
    found = [(one, card) for one, card in found if not card.state][:most]
    skills = _skills(session, [one for one, _card in found], person_id=person_id)
    # The way stands among the reasons.
    cards = shift_cards((card._replace(walk=None) for _one, card in found), dated=True)
    # Why says how many it lacks to go ahead; another number of “needed” beside it would confuse.
    return [
        card._replace(
            why=why(one, row, skills.get(row.id, [])),
            needed=ngettext("%(num)s place free", "%(num)s places free", row.left)
            if row.left
            else card.needed,
        )
        for card, (one, row) in zip(cards, found, strict=True)
    ]


def _skills(
    session: Session, best: Sequence[Best], *, person_id: int
) -> dict[int, list[tuple[str, str]]]:
    """Return the names of what posts of these shifts ask for and the person has, by shift."""
    ids = [one.shift_id for one in best if one.skilled]
    if not ids:
        return {}
    rows = session.execute(
        select(Post.shift_id, Qualification.name_zh, Qualification.name_en)
        .join(PostNeed, PostNeed.post_id == Post.id)
        .join(Qualification, Qualification.id == PostNeed.qualification_id)
        .join(PersonQualification, PersonQualification.qualification_id == Qualification.id)
        .where(Post.shift_id.in_(ids), PersonQualification.person_id == person_id)
        .order_by(Qualification.position, Qualification.id)
    )
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for shift_id, *names in rows:
        if tuple(names) not in found[shift_id]:
            found[shift_id].append((names[0], names[1]))
    return found


def why(best: Best, row: ShiftCard, skills: Sequence[tuple[str, str]]) -> str:
    """Return in one line what speaks for the shift, and what it still lacks."""
    found = reasons(
        window=row.window if best.in_window else "",
        walk=best.walk,
        skills=skills,
        branch=best.branch,
        served=best.served,
        liked=(row.category_zh, row.category_en) if best.interest >= LIKED else None,
        short=best.short,
    )
    return in_words(found) or _("%(n)s more needed", n=row.left)
