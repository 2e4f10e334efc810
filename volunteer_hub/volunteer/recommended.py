"""Shifts recommended to one person, each with why in one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import PersonQualification, Qualification
from volunteer_hub.core.i18n import _, ngettext
from volunteer_hub.matching.candidates import best_shifts
from volunteer_hub.matching.reasons import in_words, reasons
from volunteer_hub.matching.scoring import Scored
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
    scored = best_shifts(
        session, person_id=person_id, tastes=tastes, now=now, local=local, most=most + AT_ONCE
    )
    found: list[tuple[Scored, ShiftCard]] = []
    for start in range(0, len(scored), AT_ONCE):
        chunk = scored[start : start + AT_ONCE]
        ids = [one.candidate.shift_id for one in chunk]
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
    session: Session, scored: Sequence[Scored], *, person_id: int
) -> dict[int, list[tuple[str, str]]]:
    """Return the names of what posts of these shifts ask for and the person has, by shift."""
    ids = [one.candidate.shift_id for one in scored if one.candidate.fit.skill]
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


def why(scored: Scored, row: ShiftCard, skills: Sequence[tuple[str, str]]) -> str:
    """Return in one line what speaks for the shift, and what it still lacks."""
    fit, staffing = scored.candidate.fit, scored.candidate.staffing
    found = reasons(
        window=row.window if fit.in_window else "",
        walk=fit.walk if fit.walk is not None and fit.walk <= fit.farthest else None,
        skills=skills,
        branch=fit.branch,
        served=fit.served,
        liked=(row.category_zh, row.category_en) if fit.interest >= LIKED else None,
        short=staffing.minimum - staffing.taken,
    )
    return in_words(found) or _("%(n)s more needed", n=row.left)
