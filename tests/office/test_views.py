"""The office: who may come in, roles, the audit trail."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from tests.factories import grant_role, make_branch, make_person, make_shift
from tests.reports.books import open_books
from tests.support import count_queries, login
from volunteer_hub.accounts.models import Consent, RoleGrant
from volunteer_hub.accounts.services import CONSENT_VERSION
from volunteer_hub.audit import services as audit
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import Role
from volunteer_hub.reports.queries.office import audit_actions, audit_page


@pytest.fixture
def office(session):
    person = make_person(session, name="街道老张")
    grant_role(session, person, Role.OFFICE)
    return person


def give(client, **fields):
    return client.post("/office/roles?lang=en", data=fields)


@pytest.mark.parametrize(
    "page",
    ["/office", "/office/roles", "/office/guardians", "/office/audit", "/office/qualifications"],
)
def test_only_the_office_comes_in(client, session, alice, bob, branch, office, page):
    assert client.get(page).status_code == 303
    grant_role(session, bob, Role.BRANCH_LEADER, branch=branch)
    for person in (alice, bob):
        assert login(client, person).get(page).status_code == 404
    assert login(client, office).get(page).status_code == 200


def test_the_front_page_counts_the_sub_district(client, session, office, now):
    books = open_books(session)
    books.serve(make_person(session), make_branch(session), now.date(), 90)
    make_shift(session, project=books.project)
    make_person(session, deleted_at=now, phone=None)
    text = login(client, office).get("/office?lang=en").text
    figures = [part.split("<")[0] for part in text.split("<dd><b>")[1:]]
    assert figures == ["4", "1", "1", "1.5"]


# ---------------------------------------------------------------- roles


def test_the_office_gives_a_role_by_phone(client, session, office, charlie, branch):
    login(client, office)
    answer = give(client, phone=charlie.phone[3:], role="branch_leader", branch_id=branch.id)
    assert answer.status_code == 303
    assert login(client, charlie).get(f"/branches/{branch.id}").status_code == 200
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "role:grant")).one()
    assert entry.actor_id == office.id
    assert entry.details["person_id"] == charlie.id
    assert charlie.phone not in str(entry.details)


def test_nobody_gives_a_role_to_themselves(client, session, office, organisation):
    """S20."""
    login(client, office)
    answer = give(client, phone=office.phone, role="coordinator", organisation_id=organisation.id)
    assert answer.status_code == 409
    assert "Nobody gives a role to themselves" in answer.text
    assert session.scalars(select(RoleGrant)).one().role == Role.OFFICE


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"phone": "13800138000", "role": "office"}, "Nobody has registered this phone."),
        ({"phone": "12", "role": "office"}, "Please type a mobile number"),
        ({"role": "coordinator"}, "A coordinator needs an organisation."),
        ({"role": "branch_leader"}, "A branch leader needs a branch."),
        ({"role": "branch_leader", "branch_id": str(2**70)}, "Not a valid choice"),
        ({"role": "emperor"}, "Not a valid choice"),
    ],
)
def test_a_form_that_lacks_something_comes_back_with_what_was_typed(
    client, session, office, charlie, fields, sentence
):
    login(client, office)
    answer = give(client, **{"phone": charlie.phone, **fields})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{fields.get("phone", charlie.phone)}"' in answer.text


def test_the_same_role_is_not_given_twice_but_may_be_given_again(client, session, office, charlie):
    login(client, office)
    assert give(client, phone=charlie.phone, role="office").status_code == 303
    assert give(client, phone=charlie.phone, role="office").status_code == 409
    grant = session.scalars(select(RoleGrant).where(RoleGrant.person_id == charlie.id)).one()
    client.post(f"/office/roles/{grant.id}/end")
    assert give(client, phone=charlie.phone, role="office").status_code == 303


def test_a_role_that_is_ended_is_gone_at_once(client, session, office, alice):
    grant = session.scalars(select(RoleGrant).where(RoleGrant.person_id == alice.id)).one()
    grant_id = grant.id
    assert "Alice" in login(client, office).get("/office/roles").text
    assert client.post(f"/office/roles/{grant_id}/end").status_code == 303
    assert "Alice" not in client.get("/office/roles").text
    assert client.post(f"/office/roles/{grant_id}/end").status_code == 404
    assert login(client, alice).get("/console").status_code == 404
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "role:end")).one()
    assert (entry.actor_id, entry.details["role"]) == (office.id, "coordinator")


def test_the_last_office_role_cannot_be_ended(client, session, office, charlie):
    """S20."""
    login(client, office)
    own = session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == office.id)).one()
    assert client.post(f"/office/roles/{own}/end").status_code == 409
    grant_role(session, charlie, Role.OFFICE)
    assert client.post(f"/office/roles/{own}/end").status_code == 303


@pytest.mark.parametrize("person", ["alice", "charlie"])
def test_others_can_neither_give_nor_end_a_role(client, session, office, request, person):
    """S14."""
    stranger = request.getfixturevalue(person)
    grant = session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == office.id)).one()
    login(client, stranger)
    assert give(client, phone=stranger.phone, role="office").status_code == 404
    assert client.post(f"/office/roles/{grant}/end").status_code == 404
    assert session.get(RoleGrant, grant).ends_on is None


# ---------------------------------------------------------------- guardians


def note(client, minor, guardian):
    data = {"phone": minor, "guardian_phone": guardian}
    return client.post("/office/guardians?lang=en", data=data)


def test_the_office_notes_a_guardian_who_agrees(client, session, office, charlie):
    minor = make_person(session, birth_date=date(2011, 5, 4))
    login(client, office)
    assert note(client, minor.phone[3:], charlie.phone).status_code == 303
    session.refresh(minor)
    assert minor.guardian_id == charlie.id
    consent = session.scalars(select(Consent).where(Consent.person_id == minor.id)).one()
    assert (consent.purpose, consent.version) == ("guardian", CONSENT_VERSION)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person:guardian")).one()
    assert (entry.actor_id, entry.object_id) == (office.id, minor.id)
    assert entry.details == {"guardian_id": charlie.id}


def test_a_new_guardian_takes_the_place_of_the_old_one(client, session, office, charlie, bob):
    minor = make_person(session, birth_date=date(2011, 5, 4))
    login(client, office)
    note(client, minor.phone, charlie.phone)
    assert note(client, minor.phone, charlie.phone).status_code == 409
    assert note(client, minor.phone, bob.phone).status_code == 303
    session.refresh(minor)
    assert minor.guardian_id == bob.id
    consents = session.scalars(select(Consent).where(Consent.person_id == minor.id)).all()
    assert sorted(one.withdrawn_at is None for one in consents) == [False, True]


@pytest.mark.parametrize(
    ("minor", "guardian", "status", "sentence"),
    [
        ("child", "child", 409, "Nobody is their own guardian."),
        ("child", "teenager", 409, "A guardian is 18 or older."),
        ("charlie", "office", 409, "This person is 18 or older"),
        ("child", "+8613800138000", 422, "Nobody has registered this phone."),
        ("12", "charlie", 422, "Please type a mobile number"),
        ("child", "", 422, "Please fill this in."),
    ],
)
def test_people_who_cannot_be_minor_and_guardian_are_refused_at_the_field(
    client, session, office, charlie, minor, guardian, status, sentence
):
    phones = {"office": office.phone, "charlie": charlie.phone}
    for name, born in (("child", date(2013, 5, 4)), ("teenager", date(2010, 5, 4))):
        phones[name] = make_person(session, birth_date=born).phone
    login(client, office)
    answer = note(client, phones.get(minor, minor), phones.get(guardian, guardian))
    assert answer.status_code == status
    assert sentence in answer.text
    assert f'value="{phones.get(minor, minor)}"' in answer.text
    assert session.scalars(select(Consent)).all() == []


# ---------------------------------------------------------------- audit


def test_the_audit_trail_shows_the_newest_twenty_and_filters_by_act(
    client, session, office, charlie, now
):
    for number in range(25):
        audit.record(session, "sign_up:cancel", actor_id=charlie.id, object_id=number, now=now)
    audit.record(session, "role:grant", actor_id=office.id, object_id=99, now=now, role="office")
    login(client, office)
    text = client.get("/office/audit?lang=en").text
    assert text.count("<tr data-id") == 20
    assert text.index('data-act="role:grant"') < text.index('data-act="sign_up:cancel"')
    assert 'rel="next"' in text
    last = client.get("/office/audit?page=2&lang=en").text
    assert last.count("<tr data-id") == 6
    assert 'rel="next"' not in last
    assert "past the end" in client.get("/office/audit?page=3&lang=en").text
    only = client.get("/office/audit?action=role:grant&lang=en").text
    assert only.count("<tr data-id") == 1
    assert "街道老张" in only
    assert "Role: Office" in only


def test_the_kinds_of_act_to_choose_from_are_those_that_occur(session, now):
    assert audit_actions(session) == []
    for action in ("sign_up:cancel", "person:register", "role:end", "person:register"):
        audit.record(session, action, actor_id=None, object_id=1, now=now)
    assert audit_actions(session) == ["person:register", "role:end", "sign_up:cancel"]


def test_the_audit_trail_is_not_read_whole_to_show_a_page(session, now):
    if session.get_bind().dialect.name != "sqlite":
        return
    with count_queries(db.engine) as queries:
        audit_actions(session)
        audit_page(session, action="role:end", number=1)
    assert queries.count == 2
    for statement in queries.statements:
        values = tuple(["role:end"] + [0] * 9)[: statement.count("?")]
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        steps = [row[3] for row in plan if "audit_entry" in row[3]]
        assert steps
        assert all("ix_audit_entry_action_id" in step for step in steps), steps


def test_the_audit_trail_names_only_people_with_a_role(client, session, office, charlie, now):
    audit.record(session, "sign_up:cancel", actor_id=charlie.id, object_id=1, now=now)
    text = login(client, office).get("/office/audit").text
    assert "Charlie" not in text
    assert f"志愿者 {charlie.id} 号" in text


@pytest.mark.parametrize("query", ["action=no:such", "page=0", "page=x", f"page={10**9}0"])
def test_audit_queries_that_make_no_sense_are_ignored_and_named(client, office, query):
    answer = login(client, office).get(f"/office/audit?lang=en&{query}")
    assert answer.status_code == 200
    assert "We could not use:" in answer.text


def test_roles_come_twenty_a_page_and_by_kind(client, session, office, organisation):
    for _ in range(21):
        grant_role(session, make_person(session), Role.COORDINATOR, organisation=organisation)
    login(client, office)
    assert client.get("/office/roles").text.count("<li class") == 20
    assert client.get("/office/roles?page=2").text.count("<li class") == 2
    only = client.get("/office/roles?of=office&lang=en").text
    assert only.count("<li class") == 1
    assert "We could not use:" in client.get("/office/roles?of=king&lang=en").text
