"""Which plans there are, what was answered to them, and what was noted for their days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.core.errors import NotFound
from volunteer_hub.matching.models import (
    Invitation,
    MatchRun,
    MatchWish,
)
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Organisation
from volunteer_hub.shifts.models import Post, Shift

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


class Wish(NamedTuple):
    """What a coordinator has noted for the days of a plan: a pair to keep, or one never to ask."""

    person_id: int
    name: str
    kind: str
    post_id: int
    shift_id: int
    title_zh: str
    title_en: str
    day: date
    starts_at: datetime


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


def wishes_of(session: Session, run: MatchRun) -> list[Wish]:
    """Return what was noted for shifts of the plan's organisation and days, soonest first."""
    # A ruled out pair names no post; any of the shift's leads back to it.
    post_id = func.coalesce(
        MatchWish.post_id,
        select(func.min(Post.id)).where(Post.shift_id == MatchWish.shift_id).scalar_subquery(),
    )
    rows: Any = session.execute(
        select(
            MatchWish.person_id,
            Person.name,
            MatchWish.kind,
            post_id,
            Shift.id,
            Project.title_zh,
            Project.title_en,
            Shift.day,
            Shift.starts_at,
        )
        .join(Person, Person.id == MatchWish.person_id)
        .join(Shift, Shift.id == MatchWish.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(
            Project.organisation_id == run.organisation_id,
            Shift.day.between(run.first_day, run.last_day),
        )
        .order_by(Shift.starts_at, Shift.id, Person.name, MatchWish.person_id)
    )
    return [Wish._make(row) for row in rows]
