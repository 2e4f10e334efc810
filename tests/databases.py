"""Fresh databases for tests: migrated once per engine, then copied."""

from __future__ import annotations

import itertools
import os
import shutil
from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, text
from sqlalchemy.engine import URL

from tests import postgres
from volunteer_hub.app import create_app
from volunteer_hub.core.config import Settings
from volunteer_hub.core.db import db

TEST_SETTINGS = Settings(
    database_url="sqlite://",
    secret_key="a key for tests only, long enough for anybody",
    site_name="小橙子志愿",
    timezone="Asia/Shanghai",
    htmx_url="https://cdn.jsdelivr.net/npm/htmx.org@2.0.11/dist/htmx.min.js",
    demo=False,
    production=False,
    redis_url="",
)

_serial = itertools.count(1)


class Databases(ABC):
    """One engine: an application on one address whose database is replaced before each test."""

    url: str

    def prepare(self) -> None:
        """Migrate the template once and build the application that all tests share."""
        template = create_app(replace(TEST_SETTINGS, database_url=self.template_url()))
        with template.app_context():
            upgrade()
            db.engine.dispose()
        self.app = self.make_app()

    def make_app(self, **changes: object) -> Flask:
        """Return one more application on the same database, with other settings."""
        app = create_app(replace(TEST_SETTINGS, database_url=self.url, **changes))
        app.testing = True
        with app.app_context():
            if db.engine.dialect.name == "sqlite":
                event.listen(db.engine, "connect", _do_not_wait_for_the_disk)
        return app

    def renew(self) -> None:
        """Put a fresh copy of the template in place of the database."""
        with self.app.app_context():
            db.engine.dispose()
            self.copy_template()
            # Caches keyed by this number never mistake one test's rows for another's.
            with db.engine.begin() as connection:
                connection.execute(
                    text("UPDATE content_version SET value = :value"),
                    {"value": next(_serial) * 1_000_000},
                )

    @abstractmethod
    def template_url(self) -> str:
        """Return the address of the database that is migrated once."""

    @abstractmethod
    def copy_template(self) -> None:
        """Replace the database; no connection of the application is open."""

    @abstractmethod
    def empty_url(self) -> str:
        """Return the address of one more database, without any table."""

    @abstractmethod
    def close(self) -> None:
        """Remove what was made."""


class SQLiteDatabases(Databases):
    """Files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.template = folder / "template.db"
        self.file = folder / "test.db"
        self.url = f"sqlite:///{self.file}"
        self.prepare()

    def template_url(self) -> str:
        return f"sqlite:///{self.template}"

    def copy_template(self) -> None:
        for ending in ("-wal", "-shm"):
            Path(f"{self.file}{ending}").unlink(missing_ok=True)
        shutil.copyfile(self.template, self.file)

    def empty_url(self) -> str:
        return f"sqlite:///{self.file.with_name(f'empty-{next(_serial)}.db')}"

    def close(self) -> None:
        with self.app.app_context():
            db.engine.dispose()


class PostgreSQLDatabases(Databases):
    """Databases on one server."""

    def __init__(self, server_url: URL) -> None:
        self.server_url = server_url
        own = f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
        self.template = f"hub_template_{own}"
        self.name = f"hub_test_{own}"
        self.url = _text(server_url.set(database=self.name))
        postgres.recreate(server_url, self.template)
        self.prepare()

    def template_url(self) -> str:
        return _text(self.server_url.set(database=self.template))

    def copy_template(self) -> None:
        postgres.recreate(self.server_url, self.name, template=self.template)

    def empty_url(self) -> str:
        return _text(postgres.recreate(self.server_url, f"{self.name}_empty"))

    def close(self) -> None:
        with self.app.app_context():
            db.engine.dispose()
        for name in (f"{self.name}_empty", self.name, self.template):
            postgres.drop(self.server_url, name)


def _do_not_wait_for_the_disk(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
