"""`flask user …`: people and roles, for the first account and for who keeps the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select

from volunteer_hub.accounts import guardians, role_services, services
from volunteer_hub.core import clock, i18n, passwords, phones
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.permissions import Role
from volunteer_hub.registry.models import Organisation

user = AppGroup("user", help="People and roles.")
ROLES = click.Choice([role.value for role in Role])
MAX_NAME = 50


def scope_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say for what a role is given."""
    command = click.option("--branch", "branch_id", type=int, metavar="ID")(command)
    return click.option("--organisation", metavar="ID|NAME", help="For a coordinator.")(command)


@user.command("create")
@click.option("--phone", required=True)
@click.option("--name", required=True)
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True,
              help="Asked for when it is not given.")  # fmt: skip
@click.option("--role", type=ROLES)
@scope_options
def create(
    phone: str,
    name: str,
    password: str,
    role: str | None,
    organisation: str | None,
    branch_id: int | None,
) -> None:
    """Open an account, with a role when one is given: both or nothing."""
    number, name = _phone(phone), name.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise click.ClickException(f"Please give a name of 1 to {MAX_NAME} characters.")
    if not 8 <= len(password) <= 128:
        raise click.ClickException("Please use 8 to 128 characters for the password.")
    with _plain_refusals():
        services.check_password(password, phone=number, name=name)
        hashed = passwords.hash_password(password)
        person_id = write_tx(
            lambda: _open(number, name, hashed, role, organisation=organisation, branch=branch_id)
        )
    click.echo(f"Account {person_id} is open for {phones.shown(number)}.")


def _open(number: str, name: str, hashed: str, role: str | None, **scope: Any) -> int:
    person = services.register(
        db.session(),
        phone=number,
        name=name,
        password_hash=hashed,
        building_id=None,
        language=None,
        now=clock.now(),
        consented=False,
    )
    if role:
        _grant(number, role, **scope)
    return person.id


@user.command("grant")
@click.argument("phone")
@click.argument("role", type=ROLES)
@scope_options
def grant(phone: str, role: str, organisation: str | None, branch_id: int | None) -> None:
    """Give the ROLE to who has registered the PHONE."""
    number = _phone(phone)
    with _plain_refusals():
        write_tx(lambda: _grant(number, role, organisation=organisation, branch=branch_id))
    click.echo(f"{phones.shown(number)} is {role} now.")


def _grant(number: str, role: str, *, organisation: str | None, branch: int | None) -> None:
    role_services.grant_role(
        db.session(),
        phone=number,
        role=Role(role),
        organisation_id=_organisation_id(organisation),
        branch_id=branch,
        granted_by=None,
        now=clock.now(),
    )


@user.command("guardian")
@click.argument("phone_of_minor")
@click.argument("phone_of_guardian")
def guardian(phone_of_minor: str, phone_of_guardian: str) -> None:
    """Note that a guardian agrees to the volunteering of somebody under 18."""
    minor, adult = _phone(phone_of_minor), _phone(phone_of_guardian)
    with _plain_refusals():
        write_tx(
            lambda: guardians.link_guardian(
                db.session(),
                phone=minor,
                guardian_phone=adult,
                version=services.CONSENT_VERSION,
                linked_by=None,
                today=clock.today(),
                now=clock.now(),
            )
        )
    click.echo(f"{phones.shown(adult)} is the guardian of {phones.shown(minor)} now.")


@user.command("password")
@click.argument("phone")
@click.password_option()
def password(phone: str, password: str) -> None:
    """Set a new password for who has forgotten it; all their devices are signed out."""
    number = _phone(phone)
    with _plain_refusals():
        services.check_password(password, phone=number, name="")
        hashed = passwords.hash_password(password)
        write_tx(
            lambda: services.reset_password(
                db.session(), phone=number, password_hash=hashed, now=clock.now()
            )
        )
    click.echo(f"{phones.shown(number)} has a new password.")


@user.command("birthday")
@click.argument("phone")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
def birthday(phone: str, day: datetime) -> None:
    """Correct a date of birth that a minor may not change (YYYY-MM-DD)."""
    number = _phone(phone)
    if not services.FIRST_BIRTHDAY <= day.date() <= clock.today():
        raise click.ClickException(f"{day.date()} cannot be a date of birth.")
    with _plain_refusals():
        write_tx(
            lambda: guardians.correct_birthday(
                db.session(), phone=number, birth_date=day.date(), now=clock.now()
            )
        )
    click.echo(f"The date of birth of {phones.shown(number)} is {day.date()} now.")


def _phone(typed: str) -> str:
    number = phones.normalise(typed)
    if number is None:
        raise click.ClickException(f"{typed} is no mobile number.")
    return number


def _organisation_id(typed: str | None) -> int | None:
    """Return the id of the organisation with this id or name, in either language."""
    if not typed:
        return None
    query = select(Organisation.id)
    if typed.isdecimal() and len(typed) <= 18:
        query = query.where(Organisation.id == int(typed))
    else:
        query = query.where((Organisation.name_zh == typed) | (Organisation.name_en == typed))
    found = db.session().scalar(query.order_by(Organisation.id).limit(1))
    if found is None:
        raise click.ClickException(f"There is no organisation {typed}.")
    return found


@contextmanager
def _plain_refusals() -> Iterator[None]:
    """Say refusals of the rules as one sentence, with exit code 1."""
    try:
        with i18n.speaking(i18n.ENGLISH):
            yield
    except DomainError as error:
        raise click.ClickException(str(error.message)) from None
