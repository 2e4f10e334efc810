"""Plans of who might be invited where: asked for, worked out, looked at, sent or put away.

A plan is worked out by the worker or a command (`matching.batch`, `matching.sending`), never in a
web request.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.matching import invitations
from volunteer_hub.matching.models import (
    MatchRun,
    MatchWish,
    PostOutcome,
    Proposal,
    RunState,
    WishKind,
)
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import Post, Shift

# The longest span of a plan, and how many points a place earns while its shift lacks people:
# few, some or many shifts reach their minimum with the same number of places filled.
MOST_DAYS = 28
REWARDS = {"even": 0, "balanced": 50, "minimum": 600}


class NotReady(DomainError):
    """The plan is not one that can still be changed or sent."""


def ask(
    session: Session,
    *,
    organisation_id: int | None,
    first_day: date,
    last_day: date,
    reward: int,
    asked_by: int | None,
    today: date,
    now: datetime,
    again_of: int | None = None,
) -> MatchRun:
    """Queue a plan; an unsent one that shares days with it is put away. Raises InvalidInput."""
    if last_day < first_day:
        raise InvalidInput(_("The last day cannot be before the first."), field="last_day")
    if first_day < today:
        raise InvalidInput(_("This day has passed. Please choose a later one."), field="first_day")
    if (last_day - first_day).days >= MOST_DAYS:
        raise InvalidInput(_("A plan covers at most four weeks."), field="last_day")
    session.execute(
        update(MatchRun)
        .where(
            MatchRun.organisation_id.is_(organisation_id)
            if organisation_id is None
            else MatchRun.organisation_id == organisation_id,
            MatchRun.first_day <= last_day,
            MatchRun.last_day >= first_day,
            MatchRun.state.in_([str(RunState.QUEUED), str(RunState.READY)]),
        )
        .values(state=str(RunState.PUT_AWAY))
    )
    run = MatchRun(
        organisation_id=organisation_id,
        first_day=first_day,
        last_day=last_day,
        reward=reward,
        asked_by=asked_by,
        asked_at=now,
        again_of=again_of,
        figures={},
    )
    session.add(run)
    session.flush()
    _note(session, run, "match:ask", actor_id=asked_by, now=now)
    return run


def ask_again(
    session: Session,
    *,
    run_id: int,
    organisation_ids: Collection[int],
    actor_id: int,
    today: date,
    now: datetime,
) -> MatchRun:
    """Queue the same plan anew, close to what it proposed; raises NotFound, NotReady."""
    run = own_run(session, run_id, organisation_ids)
    _require(run, RunState.READY, RunState.PUT_AWAY, RunState.FAILED)
    return ask(
        session,
        organisation_id=run.organisation_id,
        first_day=max(run.first_day, today),
        last_day=max(run.last_day, today),
        reward=run.reward,
        asked_by=actor_id,
        today=today,
        now=now,
        again_of=run.id,
    )


def own_run(session: Session, run_id: int, organisation_ids: Collection[int]) -> MatchRun:
    """Return a plan of these organisations, locked; raises NotFound for one of others."""
    run = session.get(MatchRun, run_id, with_for_update=True, populate_existing=True)
    if run is None or run.organisation_id not in organisation_ids:
        raise NotFound
    return run


def put_away(
    session: Session,
    *,
    run_id: int,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> None:
    """Let a plan be: nothing is sent. Raises NotFound, NotReady."""
    run = own_run(session, run_id, organisation_ids)
    _require(run, RunState.QUEUED, RunState.READY, RunState.FAILED, RunState.PUT_AWAY)
    run.state = RunState.PUT_AWAY
    _note(session, run, "match:put_away", actor_id=actor_id, now=now)


def send(
    session: Session,
    *,
    run_id: int,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> None:
    """Let the invitations of a plan go out; sending again changes nothing. Raises as `put_away`."""
    run = own_run(session, run_id, organisation_ids)
    if run.state in (RunState.SENDING, RunState.SENT):
        return
    _require(run, RunState.READY)
    start_sending(session, run, actor_id=actor_id, now=now)


def start_sending(session: Session, run: MatchRun, *, actor_id: int | None, now: datetime) -> None:
    """Let the invitations of a plan go out, piece by piece (`send_some`)."""
    run.state, run.sent_at = RunState.SENDING, now
    _note(session, run, "match:send", actor_id=actor_id, now=now)


def take_back(
    session: Session,
    *,
    run_id: int,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> int:
    """Take back what a sent plan asked and nobody has answered; nobody else is asked instead.

    Returns how many; raises as `put_away`.
    """
    run = own_run(session, run_id, organisation_ids)
    _require(run, RunState.SENDING, RunState.SENT)
    run.state = RunState.SENT
    session.execute(update(PostOutcome).where(PostOutcome.run_id == run.id).values(reserves=[]))
    taken = invitations.take_back(session, run.id, now=now)
    _note(session, run, "match:take_back", actor_id=actor_id, now=now)
    return taken


def _require(run: MatchRun, *states: RunState) -> None:
    if run.state not in states:
        raise NotReady(
            _("This plan has been sent or put away meanwhile. Reload the page to see its state.")
        )


def _note(
    session: Session, run: MatchRun, action: str, *, actor_id: int | None, now: datetime
) -> None:
    session.flush()
    audit.record(
        session,
        action,
        actor_id=actor_id,
        object_id=run.id,
        now=now,
        organisation_id=run.organisation_id,
    )


# ---------------------------------------------------------------- wishes of the coordinator


def wish(
    session: Session,
    *,
    run_id: int,
    post_id: int,
    person_id: int,
    kind: WishKind | None,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> None:
    """Keep a proposed pair in the next plan, keep it out for good, or (None) leave it open.

    Only pairs that the plan proposes can be wished for, so that nobody can look people up; what
    was wished for before can always be let go. Raises NotFound.
    """
    run = own_run(session, run_id, organisation_ids)
    shift_id = _shift_of(session, run, post_id)
    known: ColumnElement[bool] = exists().where(
        Proposal.run_id == run.id, Proposal.post_id == post_id, Proposal.person_id == person_id
    )
    if kind is None:
        known |= exists().where(MatchWish.shift_id == shift_id, MatchWish.person_id == person_id)
    if not session.scalar(select(known)):
        raise NotFound
    session.execute(
        delete(MatchWish).where(MatchWish.shift_id == shift_id, MatchWish.person_id == person_id)
    )
    if kind is not None:
        session.add(
            MatchWish(
                shift_id=shift_id,
                person_id=person_id,
                kind=str(kind),
                post_id=post_id if kind is WishKind.PIN else None,
                made_by=actor_id,
                made_at=now,
            )
        )
    audit.record(
        session,
        f"match:{kind or 'no_wish'}",
        actor_id=actor_id,
        object_id=shift_id,
        now=now,
        organisation_id=run.organisation_id,
        shift_id=shift_id,
        person_id=person_id,
    )
    session.flush()


def _shift_of(session: Session, run: MatchRun, post_id: int) -> int:
    """Return the shift of a post that the plan may speak of; raises NotFound."""
    shift_id = session.scalar(
        select(Post.shift_id)
        .join(Shift, Shift.id == Post.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(Post.id == post_id, Project.organisation_id == run.organisation_id)
    )
    if shift_id is None:
        raise NotFound
    return shift_id
