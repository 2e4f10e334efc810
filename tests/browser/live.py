"""The site as it is served, with small demo data, in a process of its own."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.request import urlopen

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import pages, world
from tests.databases import TEST_SETTINGS
from tests.factories import local_times
from volunteer_hub.app import create_app
from volunteer_hub.attendance import events
from volunteer_hub.attendance.events import Source
from volunteer_hub.attendance.models import Attendance, AttendanceMethod, EventKind
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.core.permissions import Actor
from volunteer_hub.shifts.models import Shift

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30

Answer = TypeVar("Answer")


@dataclass
class Live:
    """A running site; `app` is a second application on its database, to look things up."""

    address: str
    app: Flask

    def actor(self, identity: str) -> Actor | None:
        """Return who stands behind the identity, or None for a visitor."""
        with self.app.app_context():
            return pages.actor_of(db.session(), self.phone(identity))

    def phone(self, identity: str) -> str | None:
        """Return the phone of a demo identity; any other phone stands for itself."""
        return None if identity == world.VISITOR else world.PHONES.get(identity, identity)

    def look_up(self, question: Callable[[Session], Answer]) -> Answer:
        """Ask the database something, in a session of its own."""
        with self.app.app_context():
            return question(db.session())

    def let_pass(self, shift_id: int, hours: float) -> None:
        """Let time pass for one shift: everything of it happened so many hours earlier."""
        with self.app.app_context():
            write_tx(lambda: _move(db.session(), shift_id, timedelta(hours=hours)))

    def pages(self, identity: str) -> list[str]:
        """Return all pages of visitors and volunteers, and of the others what their role adds."""
        with self.app.app_context():
            actor = pages.actor_of(db.session(), self.phone(identity))
            return pages.pages_of(
                self.app, db.session(), actor, by_role=bool(actor and actor.grants)
            )

    def session_cookie(self, identity: str) -> str | None:
        """Return the cookie of somebody who is signed in, or None for a visitor."""
        actor = self.actor(identity)
        if actor is None:
            return None
        serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        return str(serializer.dumps({"_user_id": actor.get_id(), "_fresh": True}))


def _move(session: Session, shift_id: int, back: timedelta) -> None:
    shift = session.get_one(Shift, shift_id)
    shift.starts_at -= back
    shift.ends_at -= back
    for name, value in local_times(shift.starts_at, shift.ends_at).items():
        setattr(shift, name, value)
    for row in session.scalars(select(Attendance).where(Attendance.shift_id == shift_id)):
        known = events.standing(session, shift_id=shift_id, person_id=row.person_id)
        source = Source(AttendanceMethod.ROSTER)
        events.take_back(session, known, source=source, now=shift.starts_at)
        for event in known:
            events.add(
                session,
                shift_id=shift_id,
                person_id=row.person_id,
                kind=EventKind(event.kind),
                at=event.at - back,
                source=source,
                now=shift.starts_at,
            )
        events.settle(session, row)


@contextmanager
def serve(folder: Path) -> Iterator[Live]:
    """Load small demo data into a new SQLite file and serve it with gunicorn."""
    pack_static_files()
    url = f"sqlite:///{folder / 'live.db'}"
    environment = os.environ | {
        "DATABASE_URL": url,
        "SECRET_KEY": TEST_SETTINGS.secret_key,
        "HUB_DEMO": "1",
        "HUB_HTMX_URL": "",
    }
    _run(environment, "-m", "flask", "--app", "wsgi", "db", "upgrade")
    _run(environment, "-m", "flask", "--app", "wsgi", "demo", "load", "--scale", "small")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # gunicorn takes the open socket over, so that no port is lost between two programs.
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = subprocess.Popen(
            [
                sys.executable, "-m", "gunicorn", "--no-control-socket", "--worker-class",
                "gthread", "--threads", "8", "--bind", f"fd://{listener.fileno()}",
                "--log-level", "warning", "wsgi:app",
            ],
            cwd=ROOT,
            env=environment,
            pass_fds=[listener.fileno()],
        )  # fmt: skip
    try:
        _wait(address, server)
        app = create_app(replace(TEST_SETTINGS, database_url=url, demo=True, htmx_url=""))
        yield Live(address, app)
        with app.app_context():
            db.engine.dispose()
    finally:
        server.terminate()
        server.wait(10)


def _run(environment: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, "the server has ended"
        try:
            with urlopen(f"{address}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(address)


def pack_static_files() -> None:
    """Compress the static files where a packed one is missing or older than its source."""
    with (Path(tempfile.gettempdir()) / "hub-static.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        static = ROOT / "static"
        for name in ("css/hub.css", "js/app.js", "js/boot.js", "vendor/htmx-2.0.11.min.js"):
            source, packed = static / name, static / f"{name}.gz"
            if not packed.exists() or packed.stat().st_mtime < source.stat().st_mtime:
                _run(
                    dict(os.environ), "-m", "whitenoise.compress", "-q", "--no-brotli", str(static)
                )
                return
