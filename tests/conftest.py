"""Fixtures: a fresh database on both engines for each test, a client, a cast of three."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests import factories, postgres, support
from tests.databases import Databases, PostgreSQLDatabases, SQLiteDatabases
from volunteer_hub.accounts.models import Person
from volunteer_hub.core.db import db
from volunteer_hub.core.limits import limiter
from volunteer_hub.core.permissions import Role
from volunteer_hub.registry.models import Branch, Building, Organisation

ENGINES = ("sqlite", "postgresql")


# ---------------------------------------------------------------- databases and application


@pytest.fixture(scope="session", params=ENGINES)
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    """Each test that touches the database runs once on each engine."""
    with ExitStack() as stack:
        made: Databases
        if request.param == "sqlite":
            made = SQLiteDatabases(tmp_path_factory.mktemp("sqlite"))
        else:
            made = PostgreSQLDatabases(stack.enter_context(_server()))
        stack.callback(made.close)
        yield made


@pytest.fixture(scope="session")
def some_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application, for tests of what does not depend on the engine; nobody writes here."""
    made = SQLiteDatabases(tmp_path_factory.mktemp("some"))
    made.renew()
    yield made.app
    made.close()


def _server() -> Any:
    try:
        return _Started(postgres.server())
    except postgres.NoPostgreSQL as error:
        support.skip_or_fail(str(error))


class _Started:
    """A server that is already running, so that a missing one is known before the test."""

    def __init__(self, manager: Any) -> None:
        self.manager = manager
        self.url = manager.__enter__()

    def __enter__(self) -> Any:
        return self.url

    def __exit__(self, *error: object) -> None:
        self.manager.__exit__(*error)


@pytest.fixture
def app(databases: Databases) -> Flask:
    """The application on a fresh, migrated, empty database."""
    databases.renew()
    limiter.reset()
    return databases.app


@pytest.fixture
def make_app(app: Flask, databases: Databases) -> Callable[..., Flask]:
    """Build one more application on the test's database: `make_app(demo=True)`."""
    return databases.make_app


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """The session of the test, inside an application context."""
    with app.app_context():
        yield db.session()
        db.session.remove()


@pytest.fixture
def now() -> datetime:
    """Monday 23 November 2026, 10:00 in Shanghai."""
    return factories.NOW


@pytest.fixture
def client(app: Flask, session: Session, now: datetime, time_machine: Any) -> support.Client:
    """A browser without JavaScript; the clock stands still at `now`."""
    time_machine.move_to(now, tick=False)
    app.test_client_class = support.Client
    return app.test_client()  # type: ignore[return-value]


# ---------------------------------------------------------------- the cast


@pytest.fixture
def building(session: Session) -> Building:
    return factories.make_building(session)


@pytest.fixture
def organisation(session: Session) -> Organisation:
    """The organisation that Alice coordinates."""
    return factories.make_organisation(session)


@pytest.fixture
def branch(session: Session) -> Branch:
    """The branch that Bob belongs to."""
    return factories.make_branch(session)


@pytest.fixture
def alice(session: Session, organisation: Organisation) -> Person:
    """Alice coordinates."""
    person = factories.make_person(session, name="Alice", nickname="Alice")
    factories.grant_role(session, person, Role.COORDINATOR, organisation=organisation)
    return person


@pytest.fixture
def bob(session: Session, branch: Branch, building: Building) -> Person:
    """Bob is in the branch, a Party member, and works in the building."""
    person = factories.make_person(session, name="Bob", nickname="Bob", building_id=building.id)
    factories.make_membership(session, person, branch, is_party_member=True)
    return person


@pytest.fixture
def charlie(session: Session) -> Person:
    """Charlie is a stranger."""
    return factories.make_person(session, name="Charlie", nickname="Charlie")


# ---------------------------------------------------------------- what no test may do


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(self.format(record))


@pytest.fixture(autouse=True)
def no_error_is_logged(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that logs an error fails, unless it is marked `expects_error_log`."""
    handler = _Errors()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)
    if handler.messages and not request.node.get_closest_marker("expects_error_log"):
        pytest.fail("logged as an error:\n" + "\n".join(handler.messages), pytrace=False)


def _refuse_the_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """Let no test reach beyond this machine (an audit hook sees every socket of Python)."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_local(host):
        raise PermissionError(f"a test tried to reach {host!r}")


def _is_local(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


sys.addaudithook(_refuse_the_outside)
