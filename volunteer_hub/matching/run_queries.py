"""What a coordinator sees of plans: which there are, and one plan shift by shift."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.core.errors import NotFound
from volunteer_hub.matching.models import (
    Invitation,
    InvitationState,
    MatchRun,
    MatchWish,
    PostOutcome,
    Proposal,
)
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Organisation, Place
from volunteer_hub.shifts.models import Post, Shift

PER_PAGE = 20
LATEST = 20


class RunRow(NamedTuple):
    """A plan of the list, with how many invitations it led to in each state."""

    id: int
    organisation_zh: str
    organisation_en: str
    first_day: date
    last_day: date
    state: str
    asked_at: datetime
    figures: dict[str, Any]
    answers: Counter[str]


@dataclass(frozen=True)
class PlannedPerson:
    """Somebody the plan proposes, or who was asked instead; `state` is that of the invitation."""

    person_id: int
    name: str
    why: list[Any]
    wish: str = ""
    state: str = ""
    kept_out: str = ""
    proposed: bool = True


@dataclass(frozen=True)
class PlannedPost:
    """A post with what the plan does for it."""

    id: int
    name_zh: str
    name_en: str
    places: int
    filled: int
    cause: str
    counts: dict[str, Any]
    people: list[PlannedPerson] = field(default_factory=list)


@dataclass(frozen=True)
class PlannedShift:
    """A shift of the plan with its posts."""

    id: int
    title_zh: str
    title_en: str
    day: date
    starts_at: datetime
    ends_at: datetime
    place_zh: str
    place_en: str
    posts: list[PlannedPost] = field(default_factory=list)

    @property
    def is_short(self) -> bool:
        return any(post.filled < post.places for post in self.posts)


@dataclass(frozen=True)
class PlanPage:
    """One page of a plan's shifts, of so many."""

    shifts: list[PlannedShift]
    total: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // PER_PAGE))


def runs_of(session: Session, organisation_ids: Collection[int]) -> list[RunRow]:
    """Return the latest plans of these organisations, newest first."""
    rows = session.execute(
        select(MatchRun, Organisation.name_zh, Organisation.name_en)
        .join(Organisation, Organisation.id == MatchRun.organisation_id)
        .where(MatchRun.organisation_id.in_(list(organisation_ids)))
        .order_by(MatchRun.id.desc())
        .limit(LATEST)
    ).all()
    answers = answers_of(session, [row[0].id for row in rows])
    return [
        RunRow(
            run.id, name_zh, name_en, run.first_day, run.last_day, run.state, run.asked_at,
            run.figures, answers[run.id],
        )
        for run, name_zh, name_en in rows
    ]  # fmt: skip


def show(session: Session, run_id: int, organisation_ids: Collection[int]) -> MatchRun:
    """Return a plan of these organisations to look at; raises NotFound for one of others."""
    run = session.get(MatchRun, run_id)
    if run is None or run.organisation_id not in organisation_ids:
        raise NotFound
    return run


def answers_of(session: Session, run_ids: Sequence[int]) -> dict[int, Counter[str]]:
    """Count the invitations of plans by state."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for run_id, state, count in session.execute(
        select(Invitation.run_id, Invitation.state, func.count())
        .where(Invitation.run_id.in_(run_ids))
        .group_by(Invitation.run_id, Invitation.state)
    ):
        if run_id is not None:
            found[run_id][state] = count
    return found


def plan_page(session: Session, run_id: int, *, page: int, short: bool) -> PlanPage:
    """Return a page of the plan's shifts, soonest first; `short` leaves out those that are full."""
    of_run = PostOutcome.run_id == run_id
    wanted = (
        select(Post.shift_id)
        .join(PostOutcome, PostOutcome.post_id == Post.id)
        .where(of_run, *([PostOutcome.filled < PostOutcome.places] if short else []))
    )
    total = session.scalar(select(func.count(Shift.id)).where(Shift.id.in_(wanted))) or 0
    rows = session.execute(
        select(
            Shift.id,
            Project.title_zh,
            Project.title_en,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            Place.name_zh,
            Place.name_en,
        )
        .join(Project, Project.id == Shift.project_id)
        .join(Place, Place.id == Shift.place_id)
        .where(Shift.id.in_(wanted))
        .order_by(Shift.starts_at, Shift.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()
    shifts = {row[0]: PlannedShift(*row) for row in rows}
    people = _people(session, run_id, list(shifts))
    for outcome, post in session.execute(
        select(PostOutcome, Post)
        .join(Post, Post.id == PostOutcome.post_id)
        .where(of_run, Post.shift_id.in_(list(shifts)))
        .order_by(Post.position, Post.id)
    ):
        shifts[post.shift_id].posts.append(
            PlannedPost(
                id=post.id,
                name_zh=post.name_zh,
                name_en=post.name_en,
                places=outcome.places,
                filled=outcome.filled,
                cause=outcome.cause,
                counts=outcome.counts,
                people=people[post.id],
            )
        )
    return PlanPage(list(shifts.values()), total)


def _people(
    session: Session, run_id: int, shift_ids: Sequence[int]
) -> dict[int, list[PlannedPerson]]:
    """Return who is proposed for, or was invited to, each post of these shifts."""
    invited = {
        (row.post_id, row.person_id): row
        for row in session.scalars(
            select(Invitation).where(
                Invitation.run_id == run_id, Invitation.shift_id.in_(shift_ids)
            )
        )
    }
    found: dict[int, list[PlannedPerson]] = defaultdict(list)
    for proposal, name, wish in session.execute(
        select(Proposal, Person.name, MatchWish.kind)
        .join(Person, Person.id == Proposal.person_id)
        .join(Post, Post.id == Proposal.post_id)
        .outerjoin(
            MatchWish,
            (MatchWish.shift_id == Post.shift_id) & (MatchWish.person_id == Proposal.person_id),
        )
        .where(Proposal.run_id == run_id, Post.shift_id.in_(shift_ids))
        .order_by(Proposal.value.desc(), Proposal.id)
    ):
        sent = invited.pop((proposal.post_id, proposal.person_id), None)
        found[proposal.post_id].append(
            PlannedPerson(
                person_id=proposal.person_id,
                name=name,
                why=proposal.why,
                wish=wish or "",
                state=_state(sent),
                kept_out=proposal.kept_out,
            )
        )
    names = dict(_names(session, [row.person_id for row in invited.values()]))
    for (post_id, person_id), row in sorted(invited.items()):
        found[post_id].append(
            PlannedPerson(
                person_id, names.get(person_id, ""), row.why, state=_state(row), proposed=False
            )
        )
    return found


def _state(sent: Invitation | None) -> str:
    return str(InvitationState(sent.state)) if sent else ""


def _names(session: Session, person_ids: Sequence[int]) -> list[tuple[int, str]]:
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    return [(row[0], row[1]) for row in rows]
