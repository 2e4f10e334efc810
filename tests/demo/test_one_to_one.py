"""The well-known one-to-one project has something to do at each step."""

from __future__ import annotations

from collections import Counter
from datetime import date

from tests.demo.conftest import TODAY, Build, by_id
from volunteer_hub.accounts.models import RoleGrant
from volunteer_hub.demo.plan import Plan
from volunteer_hub.matching.one_to_one.models import (
    Pairing,
    RequestState,
    RequestWindow,
    ServiceRequest,
)
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import Post, Shift, SignUp


def test_there_are_wishes_in_every_state_and_the_coordinator_sees_them(plan: Plan) -> None:
    wishes = plan.rows[ServiceRequest]
    states = Counter(row["state"] for row in wishes)
    assert set(states) == set(RequestState)
    organisation_id = next(row for row in wishes if row["state"] == "placed")["organisation_id"]
    grants = [row for row in plan.rows[RoleGrant] if row["person_id"] == 2]
    assert organisation_id in {row["organisation_id"] for row in grants}
    project = next(
        row
        for row in plan.rows[Project]
        if row["one_to_one"] and row["organisation_id"] == organisation_id
    )
    assert "白老汇" in project["title_zh"]


def test_a_shift_to_come_is_paired_and_the_volunteer_of_the_login_page_is_in_it(
    plan: Plan,
) -> None:
    shifts, places = by_id(plan, Shift), by_id(plan, SignUp)
    planned = [row for row in plan.rows[Pairing] if row["state"] == "planned"]
    assert len(planned) > 1
    assert 1 in {row["person_id"] for row in planned}
    for row in planned:
        assert shifts[row["shift_id"]]["day"] > TODAY
        assert places[row["sign_up_id"]]["shift_id"] == row["shift_id"]
        assert places[row["sign_up_id"]]["person_id"] == row["person_id"]


def test_only_partners_are_paired_and_no_table_has_two_seniors(build: Build) -> None:
    for today in (TODAY, date(2026, 11, 29), date(2026, 12, 5)):
        plan = build(today)
        posts, places = by_id(plan, Post), by_id(plan, SignUp)
        for row in plan.rows[Pairing]:
            assert posts[places[row["sign_up_id"]]["post_id"]]["position"] == 0
        tables = Counter(
            (row["shift_id"], row["table_no"])
            for row in plan.rows[ServiceRequest]
            if row["table_no"]
        )
        assert max(tables.values()) == 1


def test_placed_wishes_fit_the_time_of_their_shift(plan: Plan) -> None:
    shifts = by_id(plan, Shift)
    windows = {
        (row["request_id"], row["weekday"], row["window"]) for row in plan.rows[RequestWindow]
    }
    for row in plan.rows[ServiceRequest]:
        if row["shift_id"]:
            shift = shifts[row["shift_id"]]
            assert (row["id"], shift["day"].weekday(), shift["window"]) in windows


def test_other_days_have_wishes_too(build: Build) -> None:
    for today in (date(2026, 10, 3), date(2026, 11, 29), date(2027, 2, 20)):
        plan = build(today)
        states = Counter(row["state"] for row in plan.rows[ServiceRequest])
        assert min(states["entered"], states["verified"]) > 0
        met = [row for row in plan.rows[Pairing] if row["state"] == "met"]
        assert met
