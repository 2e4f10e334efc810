"""What people of the demo can do, and what its posts ask for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.demo.conftest import TODAY, Build, by_id
from volunteer_hub.accounts.models import Person, PersonQualification, Qualification
from volunteer_hub.demo.plan import Plan
from volunteer_hub.demo.skills import IDS
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import (
    ACTIVE,
    Offer,
    Post,
    PostNeed,
    Series,
    Shift,
    SignUp,
    SignUpStatus,
)


def test_the_demo_numbers_qualifications_as_the_database_does(session: Session) -> None:
    assert dict(session.execute(select(Qualification.key, Qualification.id)).all()) == IDS


def test_whoever_has_a_place_has_what_its_post_asks_for(plan: Plan) -> None:
    posts, shifts = by_id(plan, Post), by_id(plan, Shift)
    held = {
        (row["person_id"], row["qualification_id"]): row for row in plan.rows[PersonQualification]
    }
    assert len(held) == len(plan.rows[PersonQualification])
    needs = {row["post_id"]: row["qualification_id"] for row in plan.rows[PostNeed]}
    for row in plan.rows[SignUp]:
        if row["status"] in ACTIVE and row["post_id"] in needs:
            has = held[row["person_id"], needs[row["post_id"]]]
            day = shifts[posts[row["post_id"]]["shift_id"]]["day"]
            assert has["expires_on"] is None or has["expires_on"] >= day


def test_no_shift_asks_for_something_in_all_its_posts(plan: Plan) -> None:
    asking = {row["post_id"] for row in plan.rows[PostNeed]}
    assert asking
    by_shift: dict[int, list[int]] = {}
    for row in plan.rows[Post]:
        by_shift.setdefault(row["shift_id"], []).append(row["id"])
    assert not any(set(posts) <= asking for posts in by_shift.values())


def test_the_volunteer_speaks_shanghainese_and_has_no_training(plan: Plan) -> None:
    own = {
        row["qualification_id"] for row in plan.rows[PersonQualification] if row["person_id"] == 1
    }
    assert IDS["lang_sh"] in own
    assert own.isdisjoint({IDS["hospital"], IDS["elders"], IDS["first_aid"]})


def test_trainings_are_confirmed_by_somebody_else(plan: Plan) -> None:
    trainings = {IDS[key] for key in ("hospital", "first_aid", "aed", "elders", "dementia")}
    for row in plan.rows[PersonQualification]:
        assert (row["qualification_id"] in trainings) == (row["confirmed_by"] is not None)
        assert row["confirmed_by"] != row["person_id"]


@pytest.mark.parametrize("today", [TODAY, date(2026, 12, 30), date(2028, 2, 29)])
def test_on_any_day_an_induction_with_free_places_opens_shifts(today: date, build: Build) -> None:
    plan = build(today)
    (project,) = [row for row in plan.rows[Project] if row["teaches_id"]]
    assert project["teaches_id"] == IDS["hospital"]
    (series,) = plan.rows[Series]
    posts = {row["shift_id"]: row for row in plan.rows[Post]}
    lessons = [row for row in plan.rows[Shift] if row["project_id"] == project["id"]]
    assert all(row["series_id"] == series["id"] for row in lessons)
    soon = [row for row in lessons if today < row["day"] <= today + timedelta(days=8)]
    assert any(posts[row["id"]]["taken"] < posts[row["id"]]["capacity"] for row in soon)
    needing = [row for row in plan.rows[PostNeed] if row["qualification_id"] == IDS["hospital"]]
    assert len(needing) >= 5


def test_a_few_projects_open_in_steps(plan: Plan) -> None:
    shares = [(row["early_percent"], row["newcomer_percent"]) for row in plan.rows[Project]]
    assert 0 < shares.count((50, 0)) < len(shares) / 10
    assert 0 < shares.count((100, 20)) < len(shares) / 10


def test_somebodys_training_has_run_out(plan: Plan) -> None:
    (guest,) = [row for row in plan.rows[Person] if row["language"] == "en"]
    (row,) = [
        row
        for row in plan.rows[PersonQualification]
        if row["person_id"] == guest["id"] and row["qualification_id"] == IDS["hospital"]
    ]
    assert row["expires_on"] < TODAY


def test_one_place_is_held_for_the_first_in_line(plan: Plan) -> None:
    (offer,) = plan.rows[Offer]
    sign_up = by_id(plan, SignUp)[offer["sign_up_id"]]
    assert sign_up["status"] == SignUpStatus.OFFERED
    assert offer["state"] == "open"
    post = by_id(plan, Post)[offer["post_id"]]
    assert post["taken"] == post["capacity"]
    assert offer["expires_at"] > plan.moment(TODAY, 24 * 60)
    assert offer["expires_at"] < by_id(plan, Shift)[post["shift_id"]]["starts_at"]


def test_nobody_who_left_can_do_anything(plan: Plan) -> None:
    (gone,) = [row for row in plan.rows[Person] if row["deleted_at"]]
    assert not any(row["person_id"] == gone["id"] for row in plan.rows[PersonQualification])
