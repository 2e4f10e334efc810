"""“Only what I can join” lists what the sign-up engine would take, and nothing else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.factories import (
    NOW,
    make_category,
    make_need,
    make_person,
    make_place,
    make_project,
    make_shift,
    make_sign_up,
    post_of,
)
from volunteer_hub.accounts.models import PersonQualification
from volunteer_hub.shifts import signing
from volunteer_hub.shifts.models import PostNeed
from volunteer_hub.shifts.reasons import CannotSignUp
from volunteer_hub.volunteer import queries
from volunteer_hub.volunteer.filters import Filter

HOUR = timedelta(hours=1)
START = NOW + timedelta(days=3)
FAR = {"lat": 31.33, "lng": 121.60}


def listed(session, person):
    page = queries.shifts(session, Filter(eligible=True), now=NOW, person_id=person.id)
    return {row.id for row in page.rows}


def taken(session, shift, person):
    """Tell whether the engine takes the person; nothing stays of the try."""
    nested = session.begin_nested()
    try:
        signing.sign_up(
            session,
            shift_id=shift.id,
            person_id=person.id,
            post_id=None,
            risk_accepted=True,
            now=NOW,
        )
    except CannotSignUp:
        return False
    finally:
        nested.rollback()
    return True


@pytest.fixture
def here(session):
    return make_place(session)


@pytest.fixture
def people(session, here):
    guardian = make_person(session)
    own = make_shift(session, place=here, starts_at=START)
    night = make_shift(session, place=here, starts_at=START + 14.5 * HOUR)
    busy = make_person(session)
    make_sign_up(session, own, busy)
    make_sign_up(session, night, busy)
    make_sign_up(session, own, guardian)
    return {
        "somebody": make_person(session),
        "no birthday": make_person(session, birth_date=None),
        "trained until next week": make_person(session),
        "busy": busy,
        "fifteen alone": make_person(session, birth_date=date(2011, 6, 1)),
        "fifteen": make_person(session, birth_date=date(2011, 6, 1), guardian_id=guardian.id),
        "thirteen": make_person(session, birth_date=date(2013, 6, 1), guardian_id=guardian.id),
        "eighteen on the day": make_person(session, birth_date=date(2008, 11, 26)),
        "seventeen on the day": make_person(session, birth_date=date(2008, 11, 27)),
    }


@pytest.fixture
def shifts(session, here, people):
    def project(**fields):
        return make_project(session, place=here, **{"minimum_age": 10} | fields)

    far = make_place(session, **FAR)
    hazardous = make_category(session, hazardous=True)
    asks = make_shift(session, place=here, project=project(), starts_at=START)
    wanted = make_need(session, asks, kind="training")
    later = make_shift(session, place=here, project=project(), starts_at=START + timedelta(days=4))
    session.add(PostNeed(post_id=post_of(session, later).id, qualification_id=wanted.id))
    session.add(
        PersonQualification(
            person_id=people["trained until next week"].id,
            qualification_id=wanted.id,
            since=date(2026, 1, 1),
            expires_on=asks.day + timedelta(days=2),
        )
    )
    session.commit()
    return [
        asks,
        later,
        make_shift(session, place=here, project=project(), starts_at=START),
        make_shift(session, place=here, project=project(), starts_at=START + HOUR),
        make_shift(session, place=far, project=project(), starts_at=START + HOUR),
        make_shift(session, place=far, project=project(), starts_at=START - 1.25 * HOUR),
        make_shift(session, place=far, project=project(), starts_at=START + 4 * HOUR),
        # The person's own place there ends after midnight.
        make_shift(session, place=far, project=project(), starts_at=START + 15.75 * HOUR),
        make_shift(session, place=here, project=project(minimum_age=18), starts_at=START),
        make_shift(
            session,
            place=here,
            project=project(category=hazardous, insurance=""),
            starts_at=START + 5 * HOUR,
        ),
        make_shift(
            session,
            place=here,
            project=project(category=hazardous, insurance="平安 2026-7"),
            starts_at=START + 5 * HOUR,
        ),
        make_shift(
            session,
            place=here,
            project=project(early_percent=50),
            starts_at=NOW + timedelta(days=9),
        ),
    ]


@pytest.mark.parametrize(
    "who",
    [
        "somebody",
        "no birthday",
        "trained until next week",
        "busy",
        "fifteen alone",
        "fifteen",
        "thirteen",
        "eighteen on the day",
        "seventeen on the day",
    ],
)
def test_the_list_and_the_engine_agree(session, people, shifts, who):
    person = people[who]
    fits = {shift.id for shift in shifts if taken(session, shift, person)}
    assert listed(session, person) & {shift.id for shift in shifts} == fits
    assert len(fits) < len(shifts)


def test_a_child_finds_the_shift_to_which_the_guardian_goes(session, people, here):
    child = people["thirteen"]
    shift = make_shift(
        session,
        project=make_project(session, place=here, minimum_age=10),
        starts_at=START + 3 * HOUR,
    )
    assert shift.id not in listed(session, child)
    guardian = session.get_one(type(child), child.guardian_id)
    make_sign_up(session, shift, guardian)
    assert shift.id in listed(session, child)
