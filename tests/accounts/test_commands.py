"""`flask user …`: people and roles from the terminal."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from tests.factories import make_branch, make_organisation, make_person
from volunteer_hub.accounts.models import Consent, Person, RoleGrant
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core import passwords

PASSWORD = "orange-2026-tree"


@pytest.fixture
def run(app, session):
    """Run a command as the terminal does; rows prepared before are committed."""

    def go(*arguments, typed=None):
        session.commit()
        return app.test_cli_runner().invoke(args=["user", *arguments], input=typed)

    return go


def create(run, *more, phone="13800138000", password=PASSWORD):
    return run("create", "--phone", phone, "--name", "王敏", "--password", password, *more)


def test_an_account_is_opened_with_a_role_in_one_go(run, session):
    answer = create(run, "--role", "office")
    assert answer.exit_code == 0, answer.output
    person = session.scalars(select(Person)).one()
    assert (person.phone, person.name) == ("+8613800138000", "王敏")
    assert passwords.matches(person.password_hash, PASSWORD)
    grant = session.scalars(select(RoleGrant)).one()
    assert (grant.role, grant.granted_by) == ("office", None)
    acts = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert acts == ["person:register", "role:grant"]


def test_nobody_agrees_for_another_person(run, session):
    create(run)
    assert session.scalars(select(Consent)).all() == []


def test_the_password_is_asked_for_without_showing_it(run, session):
    answer = run(
        "create", "--phone", "13800138000", "--name", "王敏", typed=f"{PASSWORD}\n{PASSWORD}\n"
    )
    assert answer.exit_code == 0, answer.output
    assert PASSWORD not in answer.output
    assert passwords.matches(session.scalars(select(Person.password_hash)).one(), PASSWORD)


@pytest.mark.parametrize("by", ["id", "name_zh", "name_en"])
def test_an_organisation_is_named_by_number_or_name(run, session, by):
    organisation = make_organisation(session, name_zh="第一医院社工部", name_en="First Hospital")
    answer = create(run, "--role", "coordinator", "--organisation", str(getattr(organisation, by)))
    assert answer.exit_code == 0, answer.output
    assert session.scalars(select(RoleGrant.organisation_id)).one() == organisation.id


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--role", "coordinator"], "A coordinator needs an organisation."),
        (["--role", "coordinator", "--organisation", "nowhere"], "no organisation nowhere"),
        (["--role", "coordinator", "--organisation", "9" * 30], "no organisation 999"),
        (["--role", "branch_leader"], "A branch leader needs a branch."),
        (["--role", "branch_leader", "--branch", "77"], "A branch leader needs a branch."),
    ],
)
def test_a_refused_role_opens_no_account_either(run, session, arguments, sentence):
    answer = create(run, *arguments)
    assert answer.exit_code == 1
    assert sentence in answer.output
    assert session.scalars(select(Person)).all() == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"phone": "12"}, "12 is no mobile number."),
        ({"password": "12345678"}, "This password is easy to guess."),
        ({"password": "short"}, "8 to 128 characters"),
        ({"phone": "13900139000"}, "This phone has an account already."),
    ],
)
def test_bad_details_are_refused_in_one_sentence(run, session, fields, sentence):
    make_person(session, phone="+8613900139000")
    answer = create(run, **fields)
    assert answer.exit_code == 1
    assert sentence in answer.output
    assert "Traceback" not in answer.output
    assert len(session.scalars(select(Person)).all()) == 1


def test_a_role_is_given_to_who_has_registered(run, session, charlie):
    branch = make_branch(session)
    answer = run("grant", charlie.phone, "branch_leader", "--branch", str(branch.id))
    assert answer.exit_code == 0, answer.output
    grant = session.scalars(select(RoleGrant)).one()
    assert (grant.person_id, grant.branch_id) == (charlie.id, branch.id)
    again = run("grant", charlie.phone, "branch_leader", "--branch", str(branch.id))
    assert (again.exit_code, again.output) == (1, "Error: This person has this role already.\n")


def test_an_unknown_phone_gets_no_role(run):
    answer = run("grant", "13800138000", "office")
    assert (answer.exit_code, answer.output) == (1, "Error: Nobody has registered this phone.\n")


def test_a_guardian_is_noted_from_the_terminal(run, session, charlie):
    minor = make_person(session, birth_date=date(2011, 5, 4))
    answer = run("guardian", minor.phone, charlie.phone)
    assert answer.exit_code == 0, answer.output
    session.refresh(minor)
    assert minor.guardian_id == charlie.id
    again = run("guardian", minor.phone, minor.phone)
    assert (again.exit_code, again.output) == (1, "Error: Nobody is their own guardian.\n")


def test_a_birthday_that_a_minor_may_not_change_is_corrected_from_the_terminal(run, session):
    minor = make_person(session, birth_date=date(2011, 5, 4))
    assert run("birthday", minor.phone, "2001-05-04").exit_code == 0
    session.refresh(minor)
    assert minor.birth_date == date(2001, 5, 4)
    assert "cannot be a date of birth" in run("birthday", minor.phone, "2999-01-01").output
