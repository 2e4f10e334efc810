"""One plan, shift by shift: who might come where and why, and where places stay open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person, Qualification
from volunteer_hub.matching.models import (
    Invitation,
    InvitationState,
    MatchRun,
    MatchWish,
    PostOutcome,
    Proposal,
)
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Building, Place
from volunteer_hub.shifts.models import Post, PostNeed, Shift

PER_PAGE = 20


@dataclass(frozen=True)
class PlannedPerson:
    """Somebody the plan proposes, or who was asked instead; `state` is that of the invitation.

    `fresh` says that the plan before did not propose the pair; `office` tells people of one name
    apart.
    """

    person_id: int
    name: str
    why: list[Any]
    wish: str = ""
    state: str = ""
    kept_out: str = ""
    proposed: bool = True
    fresh: bool = False
    office_zh: str = ""
    office_en: str = ""


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
    needs: list[tuple[str, str]] = field(default_factory=list)
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
    """One page of a plan's shifts, of so many; `passes_on`: somebody is left to be asked next."""

    shifts: list[PlannedShift]
    number: int
    last: int
    passes_on: bool


def plan_page(session: Session, run: MatchRun, *, page: int, short: bool) -> PlanPage:
    """Return a page of the plan's shifts, soonest first; `short` leaves out those that are full.

    A page past the last one is the last one.
    """
    of_run = PostOutcome.run_id == run.id
    wanted = (
        select(Post.shift_id)
        .join(PostOutcome, PostOutcome.post_id == Post.id)
        .where(of_run, *([PostOutcome.filled < PostOutcome.places] if short else []))
    )
    total = session.scalar(select(func.count(Shift.id)).where(Shift.id.in_(wanted))) or 0
    last = max(1, -(-total // PER_PAGE))
    page = min(page, last)
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
    people = _told_apart(session, _people(session, run, list(shifts)))
    needs = _needs(session, list(shifts))
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
                needs=needs[post.id],
                people=people[post.id],
            )
        )
    has_next = func.json_array_length(PostOutcome.reserves) > 0
    passes_on = session.scalar(select(PostOutcome.post_id).where(of_run, has_next).limit(1))
    return PlanPage(list(shifts.values()), page, last, passes_on is not None)


def _needs(session: Session, shift_ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Return the names of what posts of these shifts ask for, by post."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for post_id, *names in session.execute(
        select(PostNeed.post_id, Qualification.name_zh, Qualification.name_en)
        .join(Qualification, Qualification.id == PostNeed.qualification_id)
        .join(Post, Post.id == PostNeed.post_id)
        .where(Post.shift_id.in_(shift_ids))
        .order_by(Qualification.position, Qualification.id)
    ):
        found[post_id].append((names[0], names[1]))
    return found


def _told_apart(
    session: Session, people: dict[int, list[PlannedPerson]]
) -> dict[int, list[PlannedPerson]]:
    """Add the office to people who share their name with somebody else of the page."""
    names: dict[str, set[int]] = defaultdict(set)
    for one in (one for own in people.values() for one in own):
        names[one.name].add(one.person_id)
    shared = {id_ for own in names.values() if len(own) > 1 for id_ in own}
    if not shared:
        return people
    offices = {
        row[0]: (row[1], row[2])
        for row in session.execute(
            select(Person.id, Building.name_zh, Building.name_en)
            .join(Building, Building.id == Person.building_id)
            .where(Person.id.in_(shared))
        )
    }
    found: dict[int, list[PlannedPerson]] = defaultdict(list)
    for post_id, own in people.items():
        for one in own:
            zh, en = offices.get(one.person_id, ("", ""))
            found[post_id].append(replace(one, office_zh=zh, office_en=en))
    return found


def _people(
    session: Session, run: MatchRun, shift_ids: Sequence[int]
) -> dict[int, list[PlannedPerson]]:
    """Return who is proposed for, or was invited to, each post of these shifts."""
    earlier = {
        (row[0], row[1])
        for row in session.execute(
            select(Proposal.post_id, Proposal.person_id)
            .join(Post, Post.id == Proposal.post_id)
            .where(Proposal.run_id == run.again_of, Post.shift_id.in_(shift_ids))
        )
    }
    invited = {
        (row.post_id, row.person_id): row
        for row in session.scalars(
            select(Invitation).where(
                Invitation.run_id == run.id, Invitation.shift_id.in_(shift_ids)
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
        .where(Proposal.run_id == run.id, Post.shift_id.in_(shift_ids))
        .order_by(Proposal.value.desc(), Proposal.id)
    ):
        sent = invited.pop((proposal.post_id, proposal.person_id), None)
        found[proposal.post_id].append(
            PlannedPerson(
                person_id=proposal.person_id,
                name=name,
                why=_for_the_desk(proposal.why),
                wish=wish or "",
                state=_state(sent),
                kept_out=proposal.kept_out,
                fresh=bool(run.again_of) and (proposal.post_id, proposal.person_id) not in earlier,
            )
        )
    names = dict(_names(session, [row.person_id for row in invited.values()]))
    for (post_id, person_id), row in sorted(invited.items()):
        found[post_id].append(
            PlannedPerson(
                person_id,
                names.get(person_id, ""),
                _for_the_desk(row.why),
                state=_state(row),
                proposed=False,
            )
        )
    return found


def _for_the_desk(why: list[Any]) -> list[Any]:
    """Leave out what tells of a person's branch: membership is theirs to show (product rule 10)."""
    return [reason for reason in why if reason[0] != "branch"]


def _state(sent: Invitation | None) -> str:
    return str(InvitationState(sent.state)) if sent else ""


def _names(session: Session, person_ids: Sequence[int]) -> list[tuple[int, str]]:
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    return [(row[0], row[1]) for row in rows]
