"""The roster page: who may open it, ticking with and without htmx."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import templates
from tests.factories import (
    grant_role,
    make_attendance,
    make_organisation,
    make_person,
    make_project,
    make_shift,
    make_sign_up,
    post_of,
)
from tests.support import count_queries, login
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import Role
from volunteer_hub.shifts.models import SignUpStatus

HTMX = {"HX-Request": "true"}


@pytest.fixture
def shift(session, organisation, now):
    """Begins in an hour."""
    project = make_project(session, organisation=organisation)
    start = now + timedelta(hours=1)
    return make_shift(session, project=project, starts_at=start, ends_at=start + timedelta(hours=1))


@pytest.fixture
def desk(client, alice):
    return login(client, alice)


@pytest.fixture
def at(shift, desk, alice, time_machine):
    """Move the clock, counted in minutes from the start of the shift; Alice signs in anew."""

    def at(minutes):
        time_machine.move_to(shift.starts_at + timedelta(minutes=minutes), tick=False)
        login(desk, alice)

    return at


def statuses(session):
    return [row.status for row in session.scalars(select(Attendance).order_by(Attendance.id))]


def test_a_tick_without_javascript_leads_back_to_the_row(session, shift, bob, desk):
    make_sign_up(session, shift, bob)
    answer = desk.post(
        f"/console/shifts/{shift.id}/attendance", data={"person_id": bob.id, "status": "present"}
    )
    assert answer.status_code == 303
    assert answer.location == f"/console/shifts/{shift.id}#p-{bob.id}"
    assert statuses(session) == ["present"]
    page = desk.get(f"/console/shifts/{shift.id}").text
    assert 'data-state="present"' in page
    assert '<b id="arrived" class="num">1</b>' in page


def test_a_tick_with_htmx_answers_with_the_row_and_the_new_count(session, shift, bob, desk):
    make_sign_up(session, shift, bob)
    answer = desk.post(
        f"/console/shifts/{shift.id}/attendance",
        data={"person_id": bob.id, "status": "present"},
        headers=HTMX,
    )
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith(f'<li id="p-{bob.id}"')
    assert '<b id="arrived" class="num" hx-swap-oob="innerHTML">1</b>' in answer.text
    assert "<html" not in answer.text


def test_two_taps_have_one_effect(session, shift, bob, desk):
    make_sign_up(session, shift, bob)
    for _tap in range(2):
        desk.post(
            f"/console/shifts/{shift.id}/attendance",
            data={"person_id": bob.id, "status": "present"},
            headers=HTMX,
        )
    assert statuses(session) == ["present"]


def test_a_refused_tick_says_why_and_shows_the_true_row(session, shift, bob, desk):
    make_sign_up(session, shift, bob)
    answer = desk.post(
        f"/console/shifts/{shift.id}/attendance",
        data={"person_id": bob.id, "status": "no_show"},
        headers=HTMX,
    )
    assert answer.status_code == 409
    assert answer.text.lstrip().startswith(
        f'<li id="p-{bob.id}" data-id="{bob.id}" data-state="none"'
    )
    assert 'role="alert"' in answer.text
    whole = desk.post(
        f"/console/shifts/{shift.id}/attendance", data={"person_id": bob.id, "status": "no_show"}
    )
    assert whole.status_code == 409
    assert whole.text.count('role="alert"') == 1
    assert "<h1>" in whole.text
    assert statuses(session) == []


@pytest.mark.parametrize("status", ["", "late", "x" * 5000])
def test_a_status_that_no_button_has_is_refused(session, shift, bob, desk, status):
    make_sign_up(session, shift, bob)
    answer = desk.post(
        f"/console/shifts/{shift.id}/attendance", data={"person_id": bob.id, "status": status}
    )
    assert answer.status_code == 422
    assert statuses(session) == []


@pytest.mark.parametrize("person_id", ["", "x", "-1", "99999", str(2**70)])
def test_somebody_who_is_not_on_the_roster_cannot_be_ticked(session, shift, desk, person_id):
    answer = desk.post(
        f"/console/shifts/{shift.id}/attendance", data={"person_id": person_id, "status": "present"}
    )
    assert answer.status_code == 409
    assert statuses(session) == []


def test_all_are_here_and_all_leave(session, shift, bob, charlie, desk, at):
    for person in (bob, charlie):
        make_sign_up(session, shift, person)
    at(5)
    assert desk.post(f"/console/shifts/{shift.id}/attendance/all").status_code == 303
    assert statuses(session) == ["present", "present"]
    answer = desk.post(f"/console/shifts/{shift.id}/attendance/all", headers=HTMX)
    assert answer.text.lstrip().startswith('<section id="roster"')
    assert "data-say=" in answer.text
    at(70)
    desk.post(f"/console/shifts/{shift.id}/check-out")
    left = session.scalars(select(Attendance.check_out_at)).all()
    assert left == [shift.ends_at] * 2


def test_phones_show_from_a_day_before_to_a_day_after(session, shift, bob, desk, at):
    make_sign_up(session, shift, bob)
    seen = []
    for minutes in (-24 * 60 - 1, -24 * 60, 25 * 60, 25 * 60 + 1):
        at(minutes)
        seen.append(f"tel:{bob.phone}" in desk.get(f"/console/shifts/{shift.id}").text)
    assert seen == [False, True, True, False]


def test_before_it_opens_the_roster_shows_names_and_no_buttons(session, shift, bob, desk, at):
    make_sign_up(session, shift, bob)
    at(-121)
    page = desk.get(f"/console/shifts/{shift.id}").text
    assert "Bob" in page
    assert 'name="status"' not in page


def test_posts_are_named_when_there_are_several(session, organisation, now, bob, charlie, desk):
    shift = make_shift(
        session,
        project=make_project(session, organisation=organisation),
        starts_at=now,
        posts=[{"name_zh": "导诊台", "position": 1}, {"name_zh": "自助机", "position": 0}],
    )
    make_sign_up(session, shift, bob, post=post_of(session, shift, 1))
    make_sign_up(session, shift, charlie, post=post_of(session, shift, 0))
    page = desk.get(f"/console/shifts/{shift.id}").text
    assert page.index("自助机") < page.index("Charlie") + 200
    assert page.index("Charlie") < page.index("Bob")


def test_a_roster_costs_the_same_queries_for_two_and_for_thirty(session, organisation, now, desk):
    counts = []
    for size in (2, 30):
        shift = make_shift(
            session,
            project=make_project(session, organisation=organisation),
            starts_at=now,
            capacity=size,
        )
        for _ in range(size):
            make_sign_up(session, shift, make_person(session))
        address = f"/console/shifts/{shift.id}"
        with count_queries(db.engine) as queries:
            assert desk.get(address).status_code == 200
        counts.append(queries.count)
    assert counts == [8, 8]


def test_times_of_one_person_can_be_changed(session, shift, bob, desk, at, now):
    sign_up = make_sign_up(session, shift, bob)
    row = make_attendance(session, shift, bob, sign_up=sign_up, check_out_at=None)
    at(90)
    page = desk.get(f"/console/attendance/{row.id}")
    assert 'value="11:00' in page.text
    answer = desk.post(
        f"/console/attendance/{row.id}",
        data={"status": "present", "check_in": "11:05", "check_out": "11:50"},
    )
    assert answer.status_code == 303
    session.refresh(row)
    assert row.check_in_at == shift.starts_at + timedelta(minutes=5)
    assert row.check_out_at == shift.starts_at + timedelta(minutes=50)


def test_an_emptied_departure_means_still_there(session, shift, bob, desk, at):
    row = make_attendance(session, shift, bob, sign_up=make_sign_up(session, shift, bob))
    at(30)
    answer = desk.post(
        f"/console/attendance/{row.id}",
        data={"status": "present", "check_in": "11:00", "check_out": ""},
    )
    assert answer.status_code == 303
    session.refresh(row)
    assert (row.check_in_at, row.check_out_at) == (shift.starts_at, None)


@pytest.mark.parametrize("left", ["", "11:50"])
def test_whoever_came_has_an_arrival(session, shift, bob, desk, at, left):
    row = make_attendance(session, shift, bob, sign_up=make_sign_up(session, shift, bob))
    at(90)
    answer = desk.post(
        f"/console/attendance/{row.id}",
        data={"status": "present", "check_in": "", "check_out": left},
    )
    assert answer.status_code == 422
    assert 'id="check_in-error"' in answer.text
    session.refresh(row)
    assert (row.check_in_at, row.check_out_at) == (shift.starts_at, shift.ends_at)


def test_an_absence_that_becomes_a_departure_needs_an_arrival_too(session, shift, bob, desk, at):
    row = make_attendance(
        session,
        shift,
        bob,
        sign_up=make_sign_up(session, shift, bob),
        status="no_show",
        check_in_at=None,
        check_out_at=None,
    )
    at(90)
    address = f"/console/attendance/{row.id}"
    typed = {"status": "present", "check_in": "", "check_out": "11:50"}
    assert desk.post(address, data=typed).status_code == 422
    session.refresh(row)
    assert row.status == "no_show"
    assert desk.post(address, data={**typed, "check_out": ""}).status_code == 303
    session.refresh(row)
    assert (row.check_in_at, row.check_out_at) == (shift.starts_at, shift.ends_at)


def test_times_that_cannot_be_come_back_with_what_was_typed(session, shift, bob, desk, at):
    sign_up = make_sign_up(session, shift, bob)
    row = make_attendance(session, shift, bob, sign_up=sign_up)
    at(90)
    answer = desk.post(
        f"/console/attendance/{row.id}",
        data={"status": "present", "check_in": "11:30", "check_out": "11:20"},
    )
    assert answer.status_code == 422
    assert 'value="11:30"' in answer.text
    assert 'id="check_out-error"' in answer.text
    session.refresh(row)
    assert row.check_in_at == shift.starts_at


@pytest.mark.parametrize("text", ["later", "25:00", "８点", "9" * 500])
def test_a_time_that_is_none_is_refused_in_words(session, shift, bob, desk, text):
    row = make_attendance(session, shift, bob, sign_up=make_sign_up(session, shift, bob))
    answer = desk.post(
        f"/console/attendance/{row.id}", data={"status": "present", "check_in": text}
    )
    assert answer.status_code == 422
    assert "请填时间" in answer.text


def test_a_shift_over_midnight_takes_times_of_both_days(
    session, organisation, bob, desk, now, time_machine
):
    start = now + timedelta(hours=12, minutes=30)  # 22:30
    shift = make_shift(
        session,
        project=make_project(session, organisation=organisation),
        starts_at=start,
        ends_at=start + timedelta(hours=2),
    )
    row = make_attendance(session, shift, bob, sign_up=make_sign_up(session, shift, bob))
    time_machine.move_to(start + timedelta(hours=5), tick=False)
    desk.post(
        f"/console/attendance/{row.id}",
        data={"status": "present", "check_in": "22:20", "check_out": "00:40"},
    )
    session.refresh(row)
    assert (row.check_in_at, row.check_out_at) == (
        start - timedelta(minutes=10),
        start + timedelta(minutes=130),
    )


def test_a_tick_can_be_taken_back_on_the_persons_page(session, shift, bob, desk):
    row = make_attendance(session, shift, bob, sign_up=make_sign_up(session, shift, bob))
    answer = desk.post(f"/console/attendance/{row.id}", data={"status": "none"})
    assert answer.status_code == 303
    assert statuses(session) == []


def test_a_tick_of_somebody_who_gave_the_place_back_is_taken_back_with_htmx(
    session, shift, bob, desk
):
    sign_up = make_sign_up(session, shift, bob, status=SignUpStatus.CANCELLED)
    make_attendance(session, shift, bob, sign_up=sign_up)
    answer = desk.post(
        f"/console/shifts/{shift.id}/attendance",
        data={"person_id": bob.id, "status": "none"},
        headers=HTMX,
    )
    assert answer.status_code == 200
    assert answer.headers["HX-Retarget"] == "#roster"
    assert answer.text.lstrip().startswith('<section id="roster"')
    assert f'id="p-{bob.id}"' not in answer.text
    assert statuses(session) == []


def test_the_row_of_one_person_is_one_element(session, shift, bob, desk):
    make_sign_up(session, shift, bob)
    answer = desk.post(
        f"/console/shifts/{shift.id}/attendance",
        data={"person_id": bob.id, "status": "present"},
        headers=HTMX,
    )
    assert [root.tag for root in templates.read(answer.text).roots] == ["li"]


def test_the_roster_of_another_organisation_is_not_there(session, shift, bob, client, now):
    row = make_attendance(session, shift, bob, sign_up=make_sign_up(session, shift, bob))
    stranger = make_person(session)
    grant_role(session, stranger, Role.COORDINATOR, organisation=make_organisation(session))
    login(client, stranger)
    for path in (f"/console/shifts/{shift.id}", f"/console/attendance/{row.id}"):
        assert client.get(path).status_code == 404
    before = [row.status, row.check_in_at, row.check_out_at]
    for path in ("attendance", "attendance/all", "check-out"):
        answer = client.post(
            f"/console/shifts/{shift.id}/{path}", data={"person_id": bob.id, "status": "none"}
        )
        assert answer.status_code == 404
    assert client.post(f"/console/attendance/{row.id}", data={"status": "none"}).status_code == 404
    session.refresh(row)
    assert [row.status, row.check_in_at, row.check_out_at] == before


def test_volunteers_have_no_roster(shift, bob, client):
    assert login(client, bob).get(f"/console/shifts/{shift.id}").status_code == 404
