"""Coordinators say who else coordinates."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.factories import grant_role, make_organisation
from tests.support import login
from volunteer_hub.accounts.models import RoleGrant
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.permissions import Role
from volunteer_hub.notifications.models import Notice


@pytest.fixture
def desk(client, alice):
    return login(client, alice)


def add(desk, organisation, phone):
    data = {"phone": phone, "organisation_id": str(organisation.id)}
    return desk.post("/console/team?lang=en", data=data)


def grant_of(session, person):
    return session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == person.id)).one()


def test_a_colleague_joins_by_phone_is_told_and_opens_the_desk(
    client, session, desk, organisation, charlie, alice
):
    assert add(desk, organisation, charlie.phone[3:]).status_code == 303
    (notice,) = session.scalars(select(Notice)).all()
    assert (notice.kind, notice.person_id, notice.link) == ("role_granted", charlie.id, "/console")
    assert notice.params["organisation_zh"] == organisation.name_zh
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "role:grant")).one()
    assert (entry.actor_id, entry.organisation_id) == (alice.id, organisation.id)
    page = login(client, charlie).get("/console/team").text
    assert "Alice" in page
    assert "Charlie" in page
    assert charlie.phone[3:] not in page


def test_only_success_tells_whether_a_phone_has_an_account(desk, session, organisation, alice, bob):
    add(desk, organisation, bob.phone)
    told = set()
    for phone in ("13900139000", alice.phone, bob.phone):
        answer = add(desk, organisation, phone)
        assert answer.status_code == 409
        told.add(answer.text.split('id="phone-error">')[1].split("<")[0])
    assert len(told) == 1


def test_tries_are_counted(desk, organisation):
    codes = [add(desk, organisation, f"139001390{n:02}").status_code for n in range(11)]
    assert codes == [409] * 10 + [429]


def test_colleagues_are_added_only_to_an_own_organisation(desk, session, charlie):
    other = make_organisation(session)
    assert add(desk, other, charlie.phone).status_code == 422
    assert session.scalar(select(RoleGrant.id).where(RoleGrant.person_id == charlie.id)) is None


def test_somebody_leaves_with_a_reason(client, session, desk, organisation, charlie):
    add(desk, organisation, charlie.phone)
    path = f"/console/team/{grant_of(session, charlie)}/remove"
    empty = desk.post(path, data={"reason": " "})
    assert empty.status_code == 422
    assert 'href="#reason"' in empty.text
    assert desk.post(path, data={"reason": "换了岗位"}).status_code == 303
    assert desk.post(path, data={"reason": "换了岗位"}).status_code == 404
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "role:end")).one()
    assert entry.details["reason"] == "换了岗位"
    assert login(client, charlie).get("/console/team").status_code == 404


def test_the_last_coordinator_stays(session, desk, alice):
    answer = desk.post(
        f"/console/team/{grant_of(session, alice)}/remove?lang=en", data={"reason": "tired"}
    )
    assert answer.status_code == 409
    assert "the last coordinator" in answer.text
    assert 'value="tired"' in answer.text


def test_the_team_of_others_is_not_there(session, desk, charlie):
    other = make_organisation(session)
    grant_role(session, charlie, Role.COORDINATOR, organisation=other)
    assert "Charlie" not in desk.get("/console/team").text
    path = f"/console/team/{grant_of(session, charlie)}/remove"
    assert desk.post(path, data={"reason": "x"}).status_code == 404


def test_volunteers_have_no_team_page(client, bob):
    assert login(client, bob).get("/console/team").status_code == 404
