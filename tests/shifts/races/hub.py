"""The site in processes of its own, started as `make run` starts it, and people who use it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode
from urllib.request import urlopen

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session

from tests.factories import (
    SHANGHAI,
    grant_role,
    make_organisation,
    make_person,
    make_project,
    make_shift,
    post_of,
)
from volunteer_hub.accounts.models import Person
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import Role
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Organisation
from volunteer_hub.shifts.models import Post, Shift

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 30
# The embedded database has one writer, so one process serves it best (docs/decisions).
WORKERS = {"sqlite": 1, "postgresql": 2}
CSRF = "1" * 40
ROW = ("id", "name_zh", "capacity", "minimum")

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Reply:
    """What came back: 0 when the connection ended without an answer."""

    status: int
    location: str = ""
    seconds: float = 0.0


class Hub:
    """A running site and an application on its database, to prepare things and look them up."""

    def __init__(self, app: Flask, port: int, process: subprocess.Popen[bytes]) -> None:
        self.app = app
        self.port = port
        self.process = process
        self.token = str(URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(CSRF))
        self.signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        self.serial = 0

    def ask(self, question: Callable[[Session], Answer]) -> Answer:
        """Ask or change something in a session of its own."""
        with self.app.app_context():
            try:
                return question(db.session())
            finally:
                db.session.remove()

    def cookie(self, person: Person) -> str:
        """Return the cookie of somebody who has signed in."""
        held = {"_user_id": f"{person.id}:{person.session_key}", "csrf_token": CSRF}
        return f"session={self.signer.dumps(held)}"

    def post(self, cookie: str, path: str, **form: Any) -> bytes:
        """Return the request that a form of the site sends."""
        self.serial += 1
        fields = {"csrf_token": self.token, "request_key": f"key-{self.serial}", **form}
        body = urlencode(fields).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {cookie}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def at_once(self, requests: Sequence[bytes], *, patience: float = 60) -> list[Reply]:
        """Send all requests at the same moment, each on a connection of its own."""

        async def everybody() -> list[Reply]:
            return await asyncio.gather(*(self._send(one, patience) for one in requests))

        return asyncio.run(everybody())

    async def _send(self, request: bytes, patience: float) -> Reply:
        began = time.monotonic()
        try:
            async with asyncio.timeout(patience):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    writer.write(request)
                    await writer.drain()
                    answer = (await reader.read()).decode(errors="replace")
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return Reply(0)
        head = answer.partition("\r\n\r\n")[0].split("\r\n")
        if not head[0].startswith("HTTP/"):
            return Reply(0)
        fields = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
        return Reply(int(head[0].split()[1]), fields.get("Location", ""), time.monotonic() - began)

    def workers(self) -> list[int]:
        """Return the processes that serve requests."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def kill_a_worker(self) -> None:
        """End one web worker without a chance to tidy up; its master starts another."""
        with suppress(ProcessLookupError, IndexError):
            os.kill(self.workers()[0], signal.SIGKILL)

    def wait(self) -> None:
        """Wait until the site answers."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            assert self.process.poll() is None, "the server has ended"
            with suppress(OSError), urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                return
            time.sleep(0.05)
        raise TimeoutError(self.port)


@contextmanager
def open_hub(app: Flask, *, workers: int | None = None) -> Iterator[Hub]:
    """Serve the application's database by gunicorn until the block ends."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    number = workers or WORKERS[url.partition(":")[0].partition("+")[0]]
    environment = os.environ | {
        "DATABASE_URL": url,
        "SECRET_KEY": app.secret_key,
        "HUB_DEMO": "0",
        "HUB_HTMX_URL": "",
    }
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        port = listener.getsockname()[1]
        server = subprocess.Popen(
            [
                sys.executable, "-m", "gunicorn", "--no-control-socket", "--worker-class",
                "gthread", "--threads", "8", "--workers", str(number),
                "--bind", f"fd://{listener.fileno()}", "--log-level", "critical", "wsgi:app",
            ],
            cwd=ROOT,
            env=environment,
            pass_fds=[listener.fileno()],
        )  # fmt: skip
    hub = Hub(app, port, server)
    try:
        hub.wait()
        yield hub
    finally:
        server.terminate()
        server.wait(20)


# ---------------------------------------------------------------- what a race needs


@dataclass(frozen=True)
class Runner:
    """Somebody who takes part."""

    id: int
    cookie: str


def people(hub: Hub, number: int) -> list[Runner]:
    """Add people who have signed in."""

    def add(session: Session) -> list[Runner]:
        first = make_person(session)
        mine = {"birth_date": first.birth_date, "created_at": first.created_at}
        rows = [
            Person(name=f"跑者{n}", nickname=f"跑者{n}", session_key=f"key-{n}", **mine)
            for n in range(number)
        ]
        session.add_all(rows)
        session.commit()
        return [Runner(row.id, hub.cookie(row)) for row in rows]

    return hub.ask(add)


@dataclass(frozen=True)
class Course:
    """Project and organisation of the shifts that are raced for."""

    project_id: int
    organisation_id: int


def course(hub: Hub, **fields: Any) -> Course:
    """Add a project with an organisation of its own."""

    def add(session: Session) -> Course:
        organisation = make_organisation(session)
        project = make_project(session, organisation=organisation, **fields)
        return Course(project.id, organisation.id)

    return hub.ask(add)


def shift(hub: Hub, of: Course, number: int, capacity: int) -> tuple[int, int]:
    """Add a shift, at another time for each number; returns it and its post."""
    starts_at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(
        days=3, hours=2 * number
    )

    def add(session: Session) -> tuple[int, int]:
        project = session.get_one(Project, of.project_id)
        made = make_shift(session, project=project, starts_at=starts_at, capacity=capacity)
        return made.id, post_of(session, made).id

    return hub.ask(add)


def coordinator(hub: Hub, of: Course) -> str:
    """Add somebody who coordinates the organisation; returns the cookie."""

    def add(session: Session) -> str:
        person = make_person(session)
        organisation = session.get_one(Organisation, of.organisation_id)
        grant_role(session, person, Role.COORDINATOR, organisation=organisation)
        return hub.cookie(person)

    return hub.ask(add)


def edit_form(session: Session, shift_id: int) -> tuple[dict[str, Any], Post]:
    """Return what the form of a shift with one post sends when nothing was typed, and the post."""
    shift = session.get_one(Shift, shift_id)
    post = post_of(session, shift)
    rows = {f"posts-{n}-{field}": "" for n in range(4) for field in ROW}
    form = {
        **rows,
        "version": shift.version,
        "place_id": shift.place_id,
        "starts_at": f"{shift.starts_at.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}",
        "ends_at": f"{shift.ends_at.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}",
        "meeting_point": shift.meeting_point,
        "publish": "1",
        "posts-0-id": post.id,
        "posts-0-capacity": post.capacity,
        "posts-0-minimum": 0,
    }
    return form, post
