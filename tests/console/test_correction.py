"""Hours that are in the ledger are taken back and confirmed anew."""

from __future__ import annotations

import re
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
from tests.support import login
from volunteer_hub.core.permissions import Role
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.hours.services import confirm
from volunteer_hub.hours.verify import verify


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


@pytest.fixture
def entry(session, shift, row, now):
    """Bob's hour, confirmed by somebody."""
    who = make_person(session)
    confirm(session, shift_id=shift.id, rows=[(row.id, 60)], actor_id=who.id, now=now)
    session.commit()
    return session.scalars(select(LedgerEntry)).one()


def minutes(session):
    session.rollback()
    return session.scalars(select(LedgerEntry.minutes).order_by(LedgerEntry.id)).all()


def test_wrong_minutes_are_taken_back_and_the_right_ones_confirmed(
    session, shift, row, entry, alice, bob, branch, desk
):
    sheet = f"/console/confirmations/{shift.id}"
    address = f"/console/ledger/{entry.id}/reverse"
    assert f'href="{address}"' in desk.get(sheet).text
    assert desk.get(address).status_code == 200
    answer = desk.post(address, data={"reason": "只到了半小时"})
    assert (answer.status_code, answer.location) == (303, sheet)
    page = desk.get(sheet).text
    assert f'name="minutes-{row.id}" value="60"' in page
    assert "只到了半小时" in page
    typed = {f"minutes-{row.id}": "30", f"reason-{row.id}": "半小时"}
    assert desk.post(sheet, data=typed).status_code == 303
    assert minutes(session) == [60, -60, 30]
    assert verify(session).problem == ""
    grant_role(session, alice, Role.BRANCH_LEADER, branch=branch)
    login(desk, alice)
    assert re.search(r"<b[^>]*>(<a[^>]*>)?0\.5\b", desk.get(f"/branches/{branch.id}").text)
    lines = desk.get(f"/branches/{branch.id}/hours.csv").text.splitlines()
    assert len(lines) == 4
    own = login(desk, bob).get("/me/hours").text
    assert "<b>0.5 <small>" in own
    assert own.count('data-state="reversal"') == 1


def test_a_reason_is_needed(session, entry, desk):
    answer = desk.post(f"/console/ledger/{entry.id}/reverse", data={"reason": "  "})
    assert answer.status_code == 422
    assert 'href="#reason"' in answer.text
    assert minutes(session) == [60]


def test_hours_are_taken_back_once(session, entry, desk):
    address = f"/console/ledger/{entry.id}/reverse"
    assert [desk.post(address, data={"reason": "x"}).status_code for _tap in range(2)] == [303, 409]
    assert minutes(session) == [60, -60]
    assert "<form class=" not in desk.get(address).text
    assert desk.get(f"/console/ledger/{entry.id + 1}/reverse").status_code == 404


def test_nobody_takes_their_own_hours_back(session, shift, entry, bob, organisation, client):
    grant_role(session, bob, Role.COORDINATOR, organisation=organisation)
    login(client, bob)
    address = f"/console/ledger/{entry.id}/reverse"
    assert address not in client.get(f"/console/confirmations/{shift.id}").text
    assert client.post(address, data={"reason": "x"}).status_code == 409
    assert minutes(session) == [60]


def test_hours_of_another_organisation_are_not_there(session, entry, client, bob):
    address = f"/console/ledger/{entry.id}/reverse"
    assert login(client, bob).get(address).status_code == 404
    stranger = make_person(session)
    grant_role(session, stranger, Role.COORDINATOR, organisation=make_organisation(session))
    login(client, stranger)
    assert client.get(address).status_code == 404
    assert client.post(address, data={"reason": "x"}).status_code == 404
    assert minutes(session) == [60]
