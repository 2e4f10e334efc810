"""Plans on their way: taken by a worker, kept when they are worked out, sent piece by piece."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from volunteer_hub.matching import asking, inviting
from volunteer_hub.matching.models import (
    InvitationKind,
    MatchRun,
    PostOutcome,
    Proposal,
    RunState,
)
from volunteer_hub.matching.planned import Planned
from volunteer_hub.shifts.models import Post

# A worker that has died loses its plan to the next one after so long.
LEASE = timedelta(minutes=15)
AT_ONCE = 50


def claim(session: Session, *, now: datetime) -> MatchRun | None:
    """Take the next plan to work out, for `LEASE`; None when there is none."""
    run = session.scalar(
        select(MatchRun)
        .where(
            MatchRun.state == str(RunState.QUEUED),
            or_(MatchRun.leased_until.is_(None), MatchRun.leased_until < now),
        )
        .order_by(MatchRun.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if run is not None:
        run.leased_until = now + LEASE
        session.flush()
    return run


def keep(session: Session, run_id: int, planned: Planned, *, now: datetime) -> None:
    """Keep what was worked out, unless the plan was put away meanwhile."""
    run = session.get(MatchRun, run_id, with_for_update=True, populate_existing=True)
    if run is None or run.state != RunState.QUEUED:
        return
    run.state, run.solved_at, run.leased_until = RunState.READY, now, None
    run.value, run.bound, run.figures = planned.value, planned.bound, planned.figures
    session.add_all(
        Proposal(
            run_id=run_id,
            post_id=pair.post_id,
            person_id=pair.person_id,
            value=pair.value,
            pinned=pair.pinned,
            why=pair.why,
        )
        for pair in planned.pairs
    )
    session.add_all(
        PostOutcome(
            run_id=run_id,
            post_id=post.post_id,
            places=post.places,
            filled=post.filled,
            cause=post.cause,
            counts=post.counts,
            reserves=post.reserves,
        )
        for post in planned.posts
    )
    session.flush()


def fail(session: Session, run_id: int) -> None:
    """Say that a plan could not be worked out; the log says why."""
    session.execute(
        update(MatchRun)
        .where(MatchRun.id == run_id, MatchRun.state == str(RunState.QUEUED))
        .values(state=str(RunState.FAILED), leased_until=None)
    )


def send_some(session: Session, now: datetime) -> int:
    """Send the next invitations of plans that go out; returns how many proposals were looked at.

    Every pair is asked of the rules again; the place of one that no longer fits goes to the next
    best.
    """
    run = session.scalar(
        select(MatchRun)
        .where(MatchRun.state == str(RunState.SENDING))
        .order_by(MatchRun.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if run is None:
        return 0
    rows = session.execute(
        select(Proposal, Post.shift_id)
        .join(Post, Post.id == Proposal.post_id)
        .where(Proposal.run_id == run.id, Proposal.done_at.is_(None))
        .order_by(Proposal.post_id, Proposal.id)
        .limit(AT_ONCE)
    ).all()
    for proposal, shift_id in rows:
        _send(session, run, proposal, shift_id, now=now)
    if len(rows) < AT_ONCE:
        _ask_others(session, run, now=now)
        run.state = RunState.SENT
    session.flush()
    return len(rows)


def _send(
    session: Session, run: MatchRun, proposal: Proposal, shift_id: int, *, now: datetime
) -> None:
    proposal.done_at = now
    why_not = asking.kept_from(
        session, shift_id=shift_id, post_id=proposal.post_id, person_id=proposal.person_id, now=now
    )
    if why_not is None and asking.wanting(session, proposal.post_id) > 0:
        inviting.invite(
            session,
            shift_id=shift_id,
            post_id=proposal.post_id,
            person_id=proposal.person_id,
            kind=InvitationKind.MATCH,
            why=proposal.why,
            now=now,
            run_id=run.id,
            made_by=run.asked_by,
        )
        return
    proposal.kept_out = why_not or asking.FULL


def _ask_others(session: Session, run: MatchRun, *, now: datetime) -> None:
    """Ask the next best where somebody was passed over, after all who were planned."""
    session.flush()
    for post_id, shift_id in session.execute(
        select(Post.id, Post.shift_id)
        .join(Proposal, Proposal.post_id == Post.id)
        .where(Proposal.run_id == run.id, Proposal.kept_out != "")
        .distinct()
        .order_by(Post.id)
    ).all():
        inviting.ask_next(session, run.id, shift_id, post_id, now=now)
