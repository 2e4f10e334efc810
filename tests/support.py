"""What tests hold in their hands: a client that sends the form token, a query counter."""

from __future__ import annotations

import contextvars
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pytest
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from volunteer_hub.accounts.models import Person
from volunteer_hub.core.db import db

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Client(FlaskClient):
    """A browser without JavaScript.

    Each request has a context of its own, as in a server, though the test holds one too; rows that
    the test prepared are committed first. Unsafe requests carry the form token as the page's own
    form would; `csrf=False` leaves it out.
    """

    def open(self, *args: Any, csrf: bool = True, **kwargs: Any) -> TestResponse:
        if db.session.registry.has():
            db.session.commit()
        if csrf and kwargs.get("method", "GET") in UNSAFE:
            headers = dict(kwargs.pop("headers", None) or {})
            headers.setdefault("X-CSRFToken", self.csrf_token())
            kwargs["headers"] = headers
        return contextvars.Context().run(super().open, *args, **kwargs)

    def csrf_token(self) -> str:
        """Return a token that belongs to this client's session."""
        with self.session_transaction() as cookie:
            raw = cookie.setdefault("csrf_token", "0" * 40)
        serializer = URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token")
        return str(serializer.dumps(raw))


def login(client: FlaskClient, person: Person) -> FlaskClient:
    """Sign the person in without the login page; returns the client."""
    with client.session_transaction() as cookie:
        cookie["_user_id"] = f"{person.id}:{person.session_key}"
        cookie["_fresh"] = True
    return client


@dataclass
class Queries:
    """The statements that ran, without those that open and close transactions."""

    statements: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.statements)


@contextmanager
def count_queries(engine: Engine) -> Iterator[Queries]:
    """Count what is sent to the database inside the block."""
    queries = Queries()

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            queries.statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield queries
    finally:
        event.remove(engine, "before_cursor_execute", note)


def skip_or_fail(reason: str) -> NoReturn:
    """Leave a test out and say why; under CI=true nothing may be left out."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
