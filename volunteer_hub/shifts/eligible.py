"""Whether somebody could have a place right now: the rules of signing up, asked without a tap."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import QualificationKind
from volunteer_hub.shifts import needs
from volunteer_hub.shifts.facts import read_facts
from volunteer_hub.shifts.models import Post, SignUp
from volunteer_hub.shifts.reasons import Reason
from volunteer_hub.shifts.release import is_newcomer, limit, not_open_yet
from volunteer_hub.shifts.rules import refusal

_POST = bindparam("post", type_=Integer)
_PLACES = select(
    Post.capacity,
    Post.taken,
    select(func.count())
    .where(SignUp.post_id == _POST, SignUp.status == "waitlisted")
    .scalar_subquery(),
).where(Post.id == _POST)


def kept_out_by(
    session: Session, *, shift_id: int, post_id: int, person_id: int, now: datetime
) -> Reason | None:
    """Return what keeps this person from a place of this post right now, or None.

    The same rules that decide after a tap (`signing.sign_up`), and that more places are free than
    people wait in line for. Places kept for colleagues or a branch are not looked at. Nothing is
    locked or taken, so the tap may still be refused. Raises NotFound for an unpublished shift.
    """
    facts = read_facts(session, shift_id=shift_id, person_id=person_id, now=now)
    if facts.sign_up_id is not None:
        return Reason.SIGNED_UP
    no = refusal(session, facts, person_id=person_id, now=now) or not_open_yet(facts, now=now)
    if no:
        return no.reason
    lacks = needs.lacking(session, facts, person_id=person_id).get(post_id, [])
    if lacks:
        return needs.REASONS[QualificationKind(lacks[0].kind)]
    newcomer = is_newcomer(session, facts, person_id=person_id, now=now)
    most = limit(session, facts, post_id=post_id, newcomer=newcomer, now=now)
    row = session.connection().execute(_PLACES, {"post": post_id}).first()
    if row is None or row.taken + row[2] >= min(row.capacity, most):
        return Reason.FULL
    return None
