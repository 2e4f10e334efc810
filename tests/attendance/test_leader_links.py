"""The door page: a stand-in leads one shift through a link."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_project, make_shift, make_sign_up
from tests.support import login
from volunteer_hub.attendance.models import Attendance, LeaderLink
from volunteer_hub.audit.models import AuditEntry


@pytest.fixture
def shift(session, organisation, now):
    """Begins in an hour, today."""
    start = now + timedelta(hours=1)
    project = make_project(session, organisation=organisation)
    return make_shift(session, project=project, starts_at=start)


@pytest.fixture
def address(session, app, client, alice, shift):
    """Alice has made a link for Wang; from here on nobody is signed in."""
    login(client, alice)
    answer = client.post(f"/console/shifts/{shift.id}/leader", data={"name": "王队长"})
    assert answer.status_code == 303
    page = client.get(f"/console/shifts/{shift.id}").text
    found = re.search(r'readonly value="http://localhost(/lead/[^"]+)"', page)
    with client.session_transaction() as cookie:
        cookie.clear()
    return found[1]


def test_the_link_shows_the_roster_without_an_account(session, client, shift, bob, address):
    make_sign_up(session, shift, bob)
    answer = client.get(address)
    assert answer.status_code == 200
    assert "Bob" in answer.text
    assert bob.phone in answer.text
    assert "/console/" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_a_tick_through_the_link_is_kept_with_its_name(session, client, shift, bob, address):
    make_sign_up(session, shift, bob)
    data = {"person_id": bob.id, "status": "present"}
    assert client.post(f"{address}/attendance", data=data).status_code == 303
    row = session.scalars(select(Attendance)).one()
    assert (row.status, row.recorded_by) == ("present", None)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "attendance:mark")).one()
    assert entry.actor_id is None
    assert entry.details["link_name"] == "王队长"


def test_a_wrong_tick_is_taken_back_through_the_link(session, client, shift, bob, address):
    make_sign_up(session, shift, bob)
    for status in ("present", "none"):
        client.post(f"{address}/attendance", data={"person_id": bob.id, "status": status})
    assert session.scalars(select(Attendance)).all() == []
    assert 'value="none"' not in client.get(address).text


def test_a_tick_needs_the_token_of_the_form(session, client, shift, bob, address):
    make_sign_up(session, shift, bob)
    data = {"person_id": bob.id, "status": "present"}
    assert client.post(f"{address}/attendance", data=data, csrf=False).status_code == 400
    assert session.scalars(select(Attendance)).all() == []


def test_all_come_and_all_leave_through_the_link(
    session, client, shift, bob, charlie, address, time_machine
):
    for person in (bob, charlie):
        make_sign_up(session, shift, person)
    assert client.post(f"{address}/attendance/all").status_code == 303
    time_machine.move_to(shift.ends_at, tick=False)
    assert client.post(f"{address}/check-out").status_code == 303
    assert all(row.check_out_at for row in session.scalars(select(Attendance)))


def test_phones_show_on_the_day_only(session, client, organisation, alice, now, bob):
    shift = make_shift(
        session,
        project=make_project(session, organisation=organisation),
        starts_at=now + timedelta(hours=20),
    )
    make_sign_up(session, shift, bob)
    login(client, alice)
    client.post(f"/console/shifts/{shift.id}/leader", data={"name": "王队长"})
    page = client.get(f"/console/shifts/{shift.id}").text
    link = re.search(r'readonly value="http://localhost(/lead/[^"]+)"', page)[1]
    assert bob.phone in page
    answer = client.get(link)
    assert "Bob" in answer.text
    assert bob.phone not in answer.text


def test_a_link_taken_back_is_closed_at_once(session, client, alice, shift, bob, address):
    make_sign_up(session, shift, bob)
    link = session.scalars(select(LeaderLink)).one()
    login(client, alice)
    assert client.post(f"/console/leader-links/{link.id}/revoke").status_code == 303
    answer = client.get(address)
    assert answer.status_code == 410
    assert "Bob" not in answer.text
    assert client.post(f"{address}/attendance/all").status_code == 410
    assert session.scalars(select(Attendance)).all() == []


def test_a_link_closes_two_hours_after_the_shift(session, client, shift, address, time_machine):
    time_machine.move_to(shift.ends_at + timedelta(minutes=119), tick=False)
    assert client.get(address).status_code == 200
    time_machine.move_to(shift.ends_at + timedelta(hours=2), tick=False)
    assert client.get(address).status_code == 410


@pytest.mark.parametrize("token", ["x", "MQ.x", "1", "..%00", "a" * 5000])
def test_a_made_up_link_is_kindly_not_found(client, address, token):
    answer = client.get(f"/lead/{token}")
    assert answer.status_code == 404
    assert client.post(f"/lead/{token}/attendance/all").status_code == 404


def test_a_changed_token_opens_no_other_shift(client, address):
    assert client.get(address[:-1] + ("A" if address[-1] != "A" else "B")).status_code == 404


def test_strangers_make_and_close_no_links(session, client, shift, charlie, alice, address):
    link = session.scalars(select(LeaderLink)).one()
    login(client, charlie)
    assert client.post(f"/console/leader-links/{link.id}/revoke").status_code == 404
    assert client.post(f"/console/shifts/{shift.id}/leader", data={"name": "x"}).status_code == 404
    login(client, alice)
    theirs = make_shift(session)
    assert client.post(f"/console/shifts/{theirs.id}/leader", data={"name": "x"}).status_code == 404
