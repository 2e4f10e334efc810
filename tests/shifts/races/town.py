"""A few people and shifts that get in each other's way, for tests that act at random."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from tests.factories import (
    NOW,
    make_branch,
    make_enterprise,
    make_membership,
    make_organisation,
    make_person,
    make_place,
    make_project,
    make_shift,
    make_sign_up,
)
from volunteer_hub.accounts.models import PersonQualification, Qualification
from volunteer_hub.shifts.models import Post, PostNeed

PEOPLE = 8
COLLEAGUES = 4  # the first ones work for one enterprise
SERVED = (0, 1, 4)  # are no newcomers
TRAINED = (1, 2, 4, 6, 7)
IN_BRANCH = {3: 0, 5: 1, 6: 1}
LATE = timedelta(days=9)

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Town:
    """Ids of what there is; people and shifts are chosen by their number."""

    people: list[int]
    shifts: list[int]
    places: list[int]
    organisation: int
    enterprise: int
    coordinator: int
    leader: int
    projects: list[int]
    branches: list[int]
    phones: list[str]


def build(session: Session) -> Town:
    """Add eight people, and six shifts of a plain and of a fair project that overlap partly."""
    organisation = make_organisation(session)
    near, far = make_place(session), make_place(session, lat=31.2600, lng=121.5000)
    plain = make_project(session, organisation=organisation, place=near)
    fair = make_project(
        session, organisation=organisation, place=near, early_percent=50, newcomer_percent=40
    )
    company = make_enterprise(session)
    people = [
        make_person(session, enterprise_id=company.id if number < COLLEAGUES else None)
        for number in range(PEOPLE)
    ]
    # Those of the branch below the first one may have what either adopts.
    above = make_branch(session)
    branches = [above, make_branch(session, parent=above)]
    for number, branch in IN_BRANCH.items():
        make_membership(session, people[number], branches[branch])
    day = NOW.replace(hour=2) + timedelta(days=4)
    hour = timedelta(hours=1)
    shifts = [
        # Two posts, the second asks for a training; everything else turns around this morning.
        make_shift(
            session, project=plain, starts_at=day, ends_at=day + 2 * hour,
            posts=[{"capacity": 2, "name_zh": "大厅", "name_en": "Hall"},
                   {"capacity": 2, "name_zh": "有证", "name_en": "Trained"}],
        ),
        make_shift(session, project=plain, starts_at=day + hour, ends_at=day + 3 * hour,
                   capacity=1),
        # Ten minutes after the first one ends, but half an hour away.
        make_shift(session, project=plain, place=far,
                   starts_at=day + timedelta(minutes=130), ends_at=day + 4 * hour, capacity=2),
        make_shift(session, project=fair, starts_at=day + timedelta(days=1), capacity=4),
        make_shift(session, project=fair, starts_at=NOW + LATE, capacity=3),
        make_shift(session, project=plain, starts_at=NOW + timedelta(hours=14), capacity=1),
    ]  # fmt: skip
    _train(session, shifts[0].id, [people[number].id for number in TRAINED])
    before = make_shift(
        session, project=plain, starts_at=NOW - timedelta(days=3), capacity=len(SERVED)
    )
    for number in SERVED:
        make_sign_up(session, before, people[number])
    return Town(
        people=[person.id for person in people],
        shifts=[shift.id for shift in shifts],
        places=[near.id, far.id],
        organisation=organisation.id,
        enterprise=company.id,
        coordinator=make_person(session).id,
        leader=make_person(session).id,
        projects=[plain.id, fair.id],
        branches=[branch.id for branch in branches],
        phones=[person.phone for person in people],
    )


def _train(session: Session, shift_id: int, people: list[int]) -> None:
    training = Qualification(
        kind="training", key=f"made-up-{next(_numbers)}", name_zh="培训", name_en="Training"
    )
    session.add(training)
    session.flush()
    post = session.query(Post).filter_by(shift_id=shift_id, position=1).one()
    session.add(PostNeed(post_id=post.id, qualification_id=training.id))
    session.add_all(
        PersonQualification(person_id=one, qualification_id=training.id, since=date(2026, 1, 1))
        for one in people
    )
    session.commit()
