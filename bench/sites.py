"""A database at article size, and what the measuring needs to know of it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import generate_csrf
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person, RoleGrant
from volunteer_hub.app import create_app
from volunteer_hub.core.config import read_settings
from volunteer_hub.core.db import db
from volunteer_hub.registry.models import Walk
from volunteer_hub.shifts.models import Shift, SignUp

ROOT = Path(__file__).resolve().parents[1]
VOLUNTEER, LEADER = "+8619900000001", "+8619900000003"
PREPARE_SECONDS = 300
LUNCH = (11 * 60 + 45, 13 * 60 + 15)


@dataclass(frozen=True)
class Identity:
    """A signed-in person: what a browser would send after `/login`."""

    person_id: int
    cookie: str
    csrf_token: str


class Site:
    """One database with demo data, seen through the application in this process."""

    def __init__(self, engine: str, url: str, scale: str) -> None:
        self.engine = engine
        # Pages are measured as they are made; one row alone shows what the cache adds.
        self.environment = {
            "HUB_CACHE": "0",
            "DATABASE_URL": url,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
        }
        self._flask("db", "upgrade")
        self._flask("demo", "load", "--scale", scale)
        self.app: Flask = create_app(read_settings(self.environment))

    def _flask(self, *arguments: str) -> None:
        finished = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
            cwd=ROOT,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=PREPARE_SECONDS,
        )
        if finished.returncode:
            raise SystemExit(f"flask {' '.join(arguments)} failed:\n{finished.stderr}")

    def close(self) -> None:
        with self.app.app_context():
            db.engine.dispose()

    def ask(self, statement: Any) -> Any:
        """Return the rows of a statement."""
        with self.app.app_context(), db.engine.connect() as connection:
            return connection.execute(statement).all()

    def change(self, statement: Any) -> None:
        """Run a statement and commit it."""
        with self.app.app_context(), db.engine.begin() as connection:
            connection.execute(statement)

    def add(self, rows: Iterable[Any]) -> list[int]:
        """Add rows and commit; returns the ids of those that have one."""
        with self.app.app_context():
            made = list(rows)
            db.session.add_all(made)
            db.session.commit()
            return [row.id for row in made if hasattr(row, "id")]

    def database_pid(self) -> int | None:
        """Return the first process of our own PostgreSQL; None for SQLite or without /proc."""
        if self.engine == "sqlite" or not Path("/proc/self/stat").exists():
            return None
        backend = self.ask(select(func.pg_backend_pid()))[0][0]
        return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])

    def identities(self, people: Any) -> list[Identity]:
        """Return sessions for rows of (id, session key), signed as the site signs them."""
        signer = SecureCookieSessionInterface().get_signing_serializer(self.app)
        assert signer is not None
        name, found = self.app.config["SESSION_COOKIE_NAME"], []
        for person_id, session_key in people:
            raw = secrets.token_hex(20)
            with self.app.test_request_context() as context:
                context.session["csrf_token"] = raw
                token = generate_csrf()
            held = {
                "_fresh": True,
                "_permanent": True,
                "_user_id": f"{person_id}:{session_key}",
                "csrf_token": raw,
            }
            found.append(Identity(person_id, f"{name}={signer.dumps(held)}", token))
        return found

    def identity(self, phone: str) -> Identity:
        """Return the session of one person."""
        people = self.ask(select(Person.id, Person.session_key).where(Person.phone == phone))
        return self.identities(people)[0]

    def facts(self) -> Facts:
        """Return the ids that the pages need."""
        with self.app.app_context():
            return _facts(db.session())


@dataclass(frozen=True)
class Facts:
    """Ids of things that the measured pages show."""

    building_id: int
    shift_id: int
    branch_id: int
    lunch_day: date


def _facts(session: Session) -> Facts:
    soon = datetime.now(UTC) + timedelta(days=1)
    upcoming = (Shift.status == "published", Shift.starts_at > soon)
    building_id = session.scalars(select(Person.building_id).where(Person.phone == VOLUNTEER)).one()
    shift_id = session.scalars(
        select(Shift.id).where(*upcoming).order_by(Shift.starts_at, Shift.id).limit(1)
    ).one()
    branch_id = session.scalars(
        select(RoleGrant.branch_id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(Person.phone == LEADER, RoleGrant.branch_id.is_not(None))
        .limit(1)
    ).one()
    # The day with most to choose from at lunch near that building.
    lunch_day = session.scalars(
        select(Shift.day)
        .join(Walk, (Walk.place_id == Shift.place_id) & (Walk.building_id == building_id))
        .where(
            *upcoming,
            Shift.start_minute >= LUNCH[0],
            Shift.end_minute <= LUNCH[1],
            Walk.minutes <= 15,
        )
        .group_by(Shift.day)
        .order_by(func.count().desc(), Shift.day)
        .limit(1)
    ).one()
    assert building_id is not None
    assert branch_id is not None
    return Facts(building_id, shift_id, branch_id, lunch_day)


def active_sign_ups(site: Site, shift_ids: list[int]) -> int:
    """Return how many people have a place in these shifts."""
    statement = select(func.count()).where(
        SignUp.shift_id.in_(shift_ids), SignUp.status == "confirmed"
    )
    return int(site.ask(statement)[0][0])
