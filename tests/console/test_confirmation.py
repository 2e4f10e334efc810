"""The confirmation pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    grant_role,
    make_attendance,
    make_organisation,
    make_person,
    make_project,
    make_shift,
    make_sign_up,
)
from tests.support import count_queries, login
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import Role
from volunteer_hub.hours.models import LedgerEntry


@pytest.fixture
def shift(session, organisation, now):
    """One hour, over since yesterday."""
    project = make_project(session, organisation=organisation)
    start = now - timedelta(hours=25)
    return make_shift(session, project=project, starts_at=start, ends_at=start + timedelta(hours=1))


@pytest.fixture
def desk(client, alice):
    return login(client, alice)


@pytest.fixture
def row(session, shift, bob):
    return make_attendance(session, shift, bob, sign_up=make_sign_up(session, shift, bob))


def minutes(session):
    return session.scalars(select(LedgerEntry.minutes).order_by(LedgerEntry.id)).all()


def test_what_waits_is_listed_oldest_first(session, shift, row, bob, organisation, desk, now):
    project = make_project(session, organisation=organisation, title_zh="更早的")
    start = now - timedelta(days=5)
    older = make_shift(session, project=project, starts_at=start)
    make_attendance(session, older, bob)
    make_shift(session, project=project, starts_at=start)  # nobody signed up
    coming = make_shift(session, project=project)
    make_sign_up(session, coming, bob)
    page = desk.get("/console/confirmations").text
    assert page.count("data-id=") == 2
    assert page.index(f'data-id="{older.id}"') < page.index(f'data-id="{shift.id}"')
    # Wednesday's shift: Thursday and Friday, and Monday have begun.
    assert "还剩 7 个工作日" in page


def test_what_waits_comes_in_pages_of_twenty_and_the_board_counts_all(
    session, organisation, bob, desk, now
):
    project = make_project(session, organisation=organisation)
    for days in range(1, 23):
        start = now - timedelta(days=days)
        make_attendance(session, make_shift(session, project=project, starts_at=start), bob)
    assert desk.get("/console/confirmations").text.count("data-id=") == 20
    assert desk.get("/console/confirmations?page=2").text.count("data-id=") == 2
    assert desk.get(f"/console/confirmations?page={10**9 - 1}").text.count("data-id=") == 2
    odd = desk.get("/console/confirmations?page=x")
    assert odd.text.count("data-id=") == 20
    assert "页码" in odd.text
    assert "22 场已结束的班次待确认" in desk.get("/console").text


def test_after_two_months_only_hours_that_wait_are_listed(session, organisation, bob, desk, now):
    project = make_project(session, organisation=organisation)
    old = [
        make_shift(session, project=project, starts_at=now - timedelta(days=n)) for n in (62, 63)
    ]
    make_sign_up(session, old[0], bob)
    make_attendance(session, old[1], bob)
    page = desk.get("/console/confirmations").text
    assert [f'data-id="{shift.id}"' in page for shift in old] == [False, True]


def test_an_empty_form_says_that_nothing_was_sent(session, shift, row, desk):
    answer = desk.post(f"/console/confirmations/{shift.id}?lang=en")
    assert answer.status_code == 422
    assert "Nothing was sent" in answer.text
    assert f'name="minutes-{row.id}" value="60"' in answer.text


def test_a_shift_where_nobody_was_ticked_asks_who_came(session, shift, bob, desk):
    make_sign_up(session, shift, bob)
    page = desk.get("/console/confirmations").text
    assert f'href="/console/shifts/{shift.id}"' in page


def test_when_all_is_confirmed_the_page_says_so(desk):
    page = desk.get("/console/confirmations")
    assert page.status_code == 200
    assert 'class="empty"' in page.text


def test_proposed_minutes_are_confirmed_in_one_tap(session, shift, row, desk):
    page = desk.get(f"/console/confirmations/{shift.id}").text
    assert f'name="minutes-{row.id}" value="60"' in page
    answer = desk.post(f"/console/confirmations/{shift.id}", data={f"minutes-{row.id}": "60"})
    assert (answer.status_code, answer.location) == (303, "/console/confirmations")
    assert minutes(session) == [60]
    assert f'data-id="{shift.id}"' not in desk.get("/console/confirmations").text
    assert f"minutes-{row.id}" not in desk.get(f"/console/confirmations/{shift.id}").text


def test_two_taps_confirm_once(session, shift, row, desk):
    for _tap in range(2):
        answer = desk.post(f"/console/confirmations/{shift.id}", data={f"minutes-{row.id}": "60"})
        assert answer.status_code == 303
    assert minutes(session) == [60]


def test_exceptions_stand_on_top(session, shift, row, desk):
    early = make_attendance(
        session, shift, make_person(session), check_out_at=shift.starts_at + timedelta(minutes=30)
    )
    unknown = make_attendance(session, shift, make_person(session), check_out_at=None)
    page = desk.get(f"/console/confirmations/{shift.id}").text
    last = page.index(f'data-id="{row.id}"')
    assert page.index(f'data-id="{early.id}"') < last
    assert page.index(f'data-id="{unknown.id}"') < last
    assert f'name="minutes-{unknown.id}" value=""' in page


def test_all_that_is_wrong_comes_back_at_once_with_what_was_typed(session, shift, row, desk):
    unknown = make_attendance(session, shift, make_person(session), check_out_at=None)
    third = make_attendance(session, shift, make_person(session))
    typed = {
        f"minutes-{row.id}": "45",
        f"minutes-{unknown.id}": "999",
        f"minutes-{third.id}": "60",
        f"reason-{third.id}": "<b>五分</b>",
    }
    answer = desk.post(f"/console/confirmations/{shift.id}", data=typed)
    assert answer.status_code == 422
    assert f'id="reason-{row.id}-error"' in answer.text
    assert f'id="minutes-{unknown.id}-error"' in answer.text
    assert 'value="45"' in answer.text
    assert 'value="999"' in answer.text
    assert "&lt;b&gt;五分&lt;/b&gt;" in answer.text
    assert minutes(session) == []


@pytest.mark.parametrize("text", ["", "abc", "-5", "60.5", "６０", "1e3", "9" * 400])
def test_minutes_that_are_no_number_are_refused(session, shift, row, desk, text):
    answer = desk.post(f"/console/confirmations/{shift.id}", data={f"minutes-{row.id}": text})
    assert answer.status_code == 422
    assert f'id="minutes-{row.id}-error"' in answer.text
    assert minutes(session) == []


def test_those_who_stayed_to_the_end_are_checked_out_from_the_page(session, shift, bob, desk):
    row = make_attendance(
        session, shift, bob, sign_up=make_sign_up(session, shift, bob), check_out_at=None
    )
    answer = desk.post(f"/console/shifts/{shift.id}/check-out", data={"back": "confirmation"})
    assert answer.location == f"/console/confirmations/{shift.id}"
    assert f'name="minutes-{row.id}" value="60"' in desk.get(answer.location).text


def test_ones_own_hours_are_left_to_somebody_else(session, shift, row, alice, desk):
    own = make_attendance(session, shift, alice)
    page = desk.get(f"/console/confirmations/{shift.id}").text
    assert f"minutes-{own.id}" not in page
    answer = desk.post(
        f"/console/confirmations/{shift.id}",
        data={f"minutes-{own.id}": "60", f"minutes-{row.id}": "60"},
    )
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert minutes(session) == []


def test_a_shift_that_goes_on_cannot_be_confirmed_yet(
    session, shift, row, alice, desk, time_machine
):
    time_machine.move_to(shift.ends_at - timedelta(minutes=1), tick=False)
    login(desk, alice)
    assert desk.get(f"/console/confirmations/{shift.id}").status_code == 200
    answer = desk.post(f"/console/confirmations/{shift.id}", data={f"minutes-{row.id}": "60"})
    assert answer.status_code == 409
    assert minutes(session) == []


def test_confirmations_of_another_organisation_are_not_there(session, shift, row, client):
    stranger = make_person(session)
    grant_role(session, stranger, Role.COORDINATOR, organisation=make_organisation(session))
    login(client, stranger)
    assert f'data-id="{shift.id}"' not in client.get("/console/confirmations").text
    assert client.get(f"/console/confirmations/{shift.id}").status_code == 404
    answer = client.post(f"/console/confirmations/{shift.id}", data={f"minutes-{row.id}": "60"})
    assert answer.status_code == 404
    assert minutes(session) == []


def test_a_sheet_costs_the_same_queries_for_two_and_for_thirty(session, organisation, now, desk):
    counts = []
    for size in (2, 30):
        shift = make_shift(
            session,
            project=make_project(session, organisation=organisation),
            starts_at=now - timedelta(days=1),
        )
        for _ in range(size):
            make_attendance(session, shift, make_person(session))
        address = f"/console/confirmations/{shift.id}"
        with count_queries(db.engine) as queries:
            assert desk.get(address).status_code == 200
        counts.append(queries.count)
    assert counts == [8, 8]
