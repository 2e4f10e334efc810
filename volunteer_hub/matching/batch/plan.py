"""From the database to a plan: read, solve, explain. Nothing is written here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Qualification
from volunteer_hub.matching.batch.pairs import Batch, build
from volunteer_hub.matching.batch.people import FAR, read_people
from volunteer_hub.matching.batch.posts import read_posts
from volunteer_hub.matching.explain import explain
from volunteer_hub.matching.models import Proposal
from volunteer_hub.matching.planned import Pair, Planned, PostPlan, Wanted
from volunteer_hub.matching.problem import Ints
from volunteer_hub.matching.reasons import reasons
from volunteer_hub.matching.reserves import reserves
from volunteer_hub.matching.solver import solve
from volunteer_hub.projects.models import Category

# From so much interest in a category on it is named as a reason.
LIKED = 0.5
# How many people are kept for each post that may be refused.
RESERVES = 8


@dataclass(frozen=True)
class Read:
    """Everything a plan needs of the database; what follows takes no transaction."""

    batch: Batch
    categories: dict[int, tuple[str, str]]
    skills: dict[int, tuple[str, str]]
    before: set[tuple[int, int]]


def read(session: Session, wanted: Wanted, *, today: date, now: datetime) -> Read:
    """Read posts, people and what explains them."""
    posts = read_posts(session, wanted.span, organisation_id=wanted.organisation_id, now=now)
    people = read_people(session, wanted.span, today=today, weeks=posts.weeks)
    before = select(Proposal.post_id, Proposal.person_id).where(Proposal.run_id == wanted.close_to)
    return Read(
        batch=build(session, posts, people),
        categories=_names(session, Category),
        skills=_names(session, Qualification),
        before={(row[0], row[1]) for row in session.execute(before)},
    )


def _names(session: Session, model: Any) -> dict[int, tuple[str, str]]:
    rows = session.execute(select(model.id, model.name_zh, model.name_en))
    return {row[0]: (row[1], row[2]) for row in rows}


def work_out(found: Read, *, reward: int, seconds: Callable[[], float] = time.monotonic) -> Planned:
    """Solve and explain; pure, and takes as long as the solver needs."""
    began = seconds()
    batch = found.batch
    plan = solve(batch.problem, reward=reward, before=_before(found))
    pairs = [
        *_pairs(found, plan.chosen),
        *_pinned(found),
    ]
    posts = list(_posts(found, plan))
    return Planned(
        pairs=pairs,
        posts=posts,
        value=plan.value,
        bound=plan.bound,
        figures={
            "people": len(batch.people.id),
            "posts": batch.posts.rows,
            "possible": len(batch.problem.person),
            "places": int(batch.posts.places.sum()),
            "filled": len(pairs),
            "invited": len({pair.person_id for pair in pairs}),
            "before": len(found.before),
            "kept": sum((pair.post_id, pair.person_id) in found.before for pair in pairs),
            "seconds": round(seconds() - began, 1),
        },
    )


def _before(found: Read) -> Ints | None:
    """Return the pairs of the problem that an earlier plan proposed."""
    if not found.before:
        return None
    posts, people = found.batch.posts.id, found.batch.people.id
    problem = found.batch.problem
    ids = zip(posts[problem.post].tolist(), people[problem.person].tolist(), strict=True)
    return np.array([row for row, pair in enumerate(ids) if pair in found.before], np.int64)


def _pairs(found: Read, rows: Any) -> Iterator[Pair]:
    problem = found.batch.problem
    for row in rows.tolist():
        person, post = int(problem.person[row]), int(problem.post[row])
        yield _pair(found, person, post, int(problem.worth[row]))


def _pinned(found: Read) -> Iterator[Pair]:
    for person, post in found.batch.pinned:
        yield _pair(found, person, post, 0, pinned=True)


def _pair(found: Read, person: int, post: int, value: int, *, pinned: bool = False) -> Pair:
    batch = found.batch
    return Pair(
        post_id=int(batch.posts.id[post]),
        person_id=int(batch.people.id[person]),
        value=value,
        why=_why(found, person, post),
        pinned=pinned,
    )


def _why(found: Read, person: int, post: int) -> list[Any]:
    posts, people = found.batch.posts, found.batch.people
    project, category = int(posts.project[post]), int(posts.category[post])
    from_offices = people.walks.get(int(posts.place[post]))
    walk = FAR if from_offices is None else int(from_offices[people.office[person]])
    liked = people.liking.category(category)[person] >= LIKED
    return reasons(
        window=posts.window[post],
        walk=walk if walk < FAR else None,
        skills=[found.skills[need] for need in sorted(posts.needs.get(post, ()))],
        branch=_known(people.liking.adopted, project, person),
        served=_known(people.liking.served, project, person),
        liked=found.categories[category] if liked else None,
        short=int(posts.needed[post]),
    )


def _known(flags: dict[int, Any], project: int, person: int) -> bool:
    return project in flags and bool(flags[project][person])


def _posts(found: Read, plan: Any) -> Iterator[PostPlan]:
    """Say of every post with open places how many are filled, why not all, and who comes next."""
    batch = found.batch
    problem, posts = batch.problem, batch.posts
    filled = problem.people_of(plan.chosen) + (posts.places - problem.places)
    causes = explain(problem, plan.chosen, batch.funnel)
    next_ones = reserves(problem, plan.chosen, most=RESERVES)
    for post in np.flatnonzero(posts.places > 0).tolist():
        cause = causes.get(post)
        yield PostPlan(
            post_id=int(posts.id[post]),
            places=int(posts.places[post]),
            filled=int(filled[post]),
            cause=str(cause.cause) if cause else "",
            counts=cause.counts if cause else {},
            reserves=[
                [int(batch.people.id[person]), _why(found, person, post)]
                for person in problem.person[next_ones[post]].tolist()
            ],
        )
