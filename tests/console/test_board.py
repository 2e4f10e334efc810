"""The coordinator's board."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    make_attendance,
    make_branch,
    make_person,
    make_project,
    make_shift,
    make_sign_up,
)
from tests.support import count_queries, login
from volunteer_hub.attendance.models import AttendanceStatus
from volunteer_hub.console.queries import read_board
from volunteer_hub.core import clock
from volunteer_hub.core.calendar import day_bounds
from volunteer_hub.core.db import db
from volunteer_hub.projects.models import Adoption, AdoptionState
from volunteer_hub.shifts import adoptions
from volunteer_hub.shifts.models import ShiftStatus


@pytest.fixture
def project(session, organisation):
    return make_project(session, organisation=organisation, title_zh="班前一小时")


@pytest.fixture
def board(session, organisation, now):
    def read():
        today = clock.local(now).date()
        start, _end = day_bounds(today, clock.zone())
        return read_board(
            session, organisation_ids=(organisation.id,), today=today, start=start, now=now
        )

    return read


def test_the_board_holds_today_and_seven_days_of_own_organisations(session, project, board, now):
    hours = {"running": -1, "tomorrow": 24, "last": 7 * 24, "too late": 9 * 24, "over": -26}
    made = {
        name: make_shift(session, project=project, starts_at=now + timedelta(hours=after),
                         ends_at=now + timedelta(hours=after + 2))
        for name, after in hours.items()
    }  # fmt: skip
    make_shift(session, starts_at=now + timedelta(hours=3))
    shown = [shift.id for day in board().days for shift in day.shifts]
    assert shown == [made["running"].id, made["tomorrow"].id, made["last"].id]


def test_a_shift_that_began_last_night_belongs_to_today(session, project, board, now):
    shift = make_shift(
        session,
        project=project,
        starts_at=now - timedelta(hours=12),
        ends_at=now + timedelta(hours=1),
    )
    assert [line.id for line in board().today.shifts] == [shift.id]


def test_under_sixty_percent_or_under_a_minimum_is_short(session, project, board):
    shift = make_shift(session, project=project, capacity=5)
    for _n in range(3):
        make_sign_up(session, shift, make_person(session))
    assert [line.is_short for day in board().days for line in day.shifts] == [False]
    picky = make_shift(session, project=project, posts=[{"capacity": 3, "minimum": 3, "taken": 2}])
    lines = {line.id: line for day in board().days for line in day.shifts}
    assert lines[picky.id].is_short


def test_shifts_of_the_next_two_days_that_lack_people_come_first(session, project, board, now):
    soon = make_shift(session, project=project, starts_at=now + timedelta(hours=20))
    make_shift(session, project=project, starts_at=now + timedelta(days=5))
    make_shift(
        session, project=project, starts_at=now + timedelta(hours=9), status=ShiftStatus.CANCELLED
    )
    assert [line.id for line in board().short] == [soon.id]


def test_finished_shifts_wait_until_everybody_is_settled(session, project, board, now):
    def waiting():
        return board().unconfirmed

    shift = make_shift(session, project=project, starts_at=now - timedelta(days=1))
    assert waiting() == 0
    first, second = make_person(session), make_person(session)
    one, two = make_sign_up(session, shift, first), make_sign_up(session, shift, second)
    assert waiting() == 1
    make_attendance(session, shift, first, sign_up=one, status=AttendanceStatus.NO_SHOW)
    came = make_attendance(session, shift, second, sign_up=two)
    assert waiting() == 1
    came.confirmed_at, came.minutes = now, 60
    session.commit()
    assert waiting() == 0


def test_posts_show_only_when_there_are_several(session, client, project, alice, now):
    make_shift(session, project=project, starts_at=now + timedelta(hours=5),
               posts=[{"capacity": 4, "name_zh": "导诊台"}])  # fmt: skip
    page = login(client, alice).get("/console").text
    assert "导诊台" not in page
    assert "0/4" in page
    make_shift(
        session,
        project=project,
        starts_at=now + timedelta(hours=6),
        posts=[
            {"capacity": 2, "name_zh": "缴费机", "taken": 1},
            {"capacity": 3, "name_zh": "取药口"},
        ],
    )
    page = client.get("/console").text
    assert "缴费机" in page
    assert "1/2" in page


def test_a_coordinator_without_projects_is_led_to_the_first_one(client, alice):
    page = login(client, alice).get("/console").text
    assert "/console/projects/new" in page


def test_the_board_takes_few_queries_however_many_shifts_there_are(
    session, client, project, alice, now
):
    for hour in range(12):
        make_shift(session, project=project, starts_at=now + timedelta(hours=hour + 1))
    login(client, alice)
    with count_queries(db.engine) as queries:
        assert client.get("/console").status_code == 200
    assert queries.count <= 9


@pytest.mark.parametrize("path", ["/console", "/console/shifts", "/console/projects"])
def test_the_desk_is_closed_to_strangers_and_asks_visitors_to_sign_in(client, charlie, path):
    assert client.get(path).status_code in (302, 303)
    assert login(client, charlie).get(path).status_code == 404


def test_the_old_address_of_shifts_leads_to_the_board(client, alice):
    answer = login(client, alice).get("/console/shifts")
    assert (answer.status_code, answer.location) == (303, "/console")


def test_adoptions_that_wait_for_an_answer_come_first(session, client, project, alice, board, now):
    branch, leader = make_branch(session), make_person(session)
    today = clock.local(now).date()
    adoptions.propose(
        session, branch_id=branch.id, project_id=project.id, first_day=today,
        last_day=today + timedelta(days=30), places=2, message="", today=today,
        actor_id=leader.id, now=now,
    )  # fmt: skip
    session.commit()
    assert board().adoptions == 1
    page = login(client, alice).get("/console").text
    assert "1 个认领等你答复" in page
    adoption = session.scalars(select(Adoption)).one()
    adoption.state = str(AdoptionState.AGREED)
    session.commit()
    assert board().adoptions == 0
