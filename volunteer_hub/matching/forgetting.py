"""What matching forgets: of plans that are long over, and of somebody who leaves."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Text, cast, delete, select
from sqlalchemy.orm import Session

from volunteer_hub.core import clock
from volunteer_hub.matching import availability
from volunteer_hub.matching.models import MatchRun, MatchWish, PostOutcome, Proposal

# Who was proposed where is of use until the hours are confirmed; then the plan's figures remain.
KEPT = timedelta(days=90)


def forget_plans(session: Session, now: datetime) -> int:
    """Remove the people of plans whose last day is long past; returns how many proposals."""
    over = select(MatchRun.id).where(MatchRun.last_day < clock.local(now).date() - KEPT)
    gone = session.scalars(
        delete(Proposal).where(Proposal.run_id.in_(over)).returning(Proposal.id)
    ).all()
    session.execute(delete(PostOutcome).where(PostOutcome.run_id.in_(over)))
    return len(gone)


def forget_person(session: Session, *, person_id: int, today: date) -> None:
    """Remove what somebody said of their time, and take them out of all plans."""
    availability.forget(session, person_id=person_id)
    for model in (Proposal, MatchWish):
        session.execute(delete(model).where(model.person_id == person_id))
    outcomes = session.scalars(
        select(PostOutcome)
        .join(MatchRun, MatchRun.id == PostOutcome.run_id)
        # The database looks first: a plan of all organisations has thousands of posts.
        .where(
            MatchRun.last_day >= today - KEPT,
            cast(PostOutcome.reserves, Text).contains(f"[{person_id}, "),
        )
    )
    for outcome in outcomes:
        left = [reserve for reserve in outcome.reserves if reserve[0] != person_id]
        if len(left) < len(outcome.reserves):
            outcome.reserves = left
    session.flush()
