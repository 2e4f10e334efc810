"""Looking at the whole site as each identity: every page, every form."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import world
from tests.forms import Form, forms_of
from tests.pages import actor_of, pages_of
from tests.support import Client, login
from volunteer_hub.core.db import db
from volunteer_hub.core.limits import limiter


class Visit:
    """A browser of one identity in a small world."""

    def __init__(self, client: Client, session: Session, identity: str) -> None:
        self.client = client
        self.session = session
        self.phone = world.PHONES.get(identity)
        # A form may change the password, or delete the account: then nobody is signed in.
        self.sign_in()

    def sign_in(self) -> None:
        """Sign in again with the session key of now."""
        if self.phone is not None:
            person = actor_of(self.session, self.phone)
            login(self.client, person)  # type: ignore[arg-type]
            self.session.rollback()

    def pages(self) -> list[str]:
        """Return the addresses of all pages for this identity."""
        actor = actor_of(self.session, self.phone)
        return pages_of(self.client.application, self.session, actor)

    def forms(self) -> list[Form]:
        """Return the different forms of all pages; those that end the account come last."""
        found: dict[object, Form] = {}
        for address in self.pages():
            answer = self.client.get(address)
            if answer.mimetype == "text/html":
                for form in forms_of(answer.text, address):
                    found.setdefault(form.key, form)
        return sorted(
            found.values(), key=lambda form: ("delete" in form.action, "password" in form.action)
        )


def row_counts(session: Session) -> dict[str, int]:
    """Return how many rows each table holds."""
    session.rollback()
    return {
        table.name: session.scalar(text(f"SELECT count(*) FROM {table.name}")) or 0
        for table in db.metadata.sorted_tables
    }


def send(visit: Visit, form: Form, values: dict[str, list[str]]) -> tuple[int, str]:
    """Send the form; returns status and body."""
    limiter.reset()
    request: Callable[..., object] = visit.client.get if form.method == "GET" else visit.client.post
    field = "query_string" if form.method == "GET" else "data"
    answer = request(form.action, **{field: values})
    return answer.status_code, answer.text  # type: ignore[attr-defined]
