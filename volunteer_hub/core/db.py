"""The database: engine set-up, column types and the only way to write (`write_tx`)."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, event, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, SessionTransaction, mapped_column
from sqlalchemy.types import TypeDecorator

Result = TypeVar("Result")

# A failover of PostgreSQL is then a pause and not an error.
RETRY_SECONDS = {"postgresql": 20.0, "sqlite": 10.0}
TRANSIENT_STATES = ("40001", "40P01", "55P03", "57P01", "57P02", "57P03", "25006", "08")

NO_TRANSACTION = "NONE"

_sqlite_writer = threading.Lock()


class Base(DeclarativeBase):
    """Base of all tables; names of constraints are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC; refuses naive values."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ContentVersion(Base):
    """One row that grows with every change of what lists show: the key of their caches."""

    __tablename__ = "content_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int]


class HandledForm(Base):
    """A form that was sent once: its one-time key and where it led, kept with its effect."""

    __tablename__ = "handled_form"

    key: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True)
    location: Mapped[str]
    handled_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def sqlite_module() -> Any:
    """Return pysqlite3 (a current SQLite) where installed, else the standard library's module."""
    try:
        import pysqlite3  # noqa: PLC0415

        return pysqlite3.dbapi2
    except ImportError:
        return sqlite3


def engine_options(url: str) -> dict[str, Any]:
    """Return the options of the engine for this database address."""
    if url.startswith("sqlite"):
        return {"module": sqlite_module(), "pool_size": 10, "max_overflow": 20}
    return {
        "pool_size": 8,
        "max_overflow": 8,
        "pool_pre_ping": False,
        "pool_recycle": 1800,
    }


def init_app(app: Flask) -> None:
    """Bind the database to the application."""
    db.init_app(app)
    app.before_request(_begin_reading)
    event.listen(db.session, "after_begin", _mark_transaction)
    with app.app_context():
        listen(db.engine)
        if db.engine.dialect.name == "sqlite" and sqlite_module() is sqlite3:
            app.logger.warning(
                "pysqlite3 is not installed: using SQLite %s of Python itself.",
                sqlite3.sqlite_version,
            )


def _take_off_mark(connection: Any, _record: Any) -> None:
    if connection is not None and not connection.closed:
        connection.read_only = False


def _begin_reading() -> None:
    db.session().info["reading"] = request.method in ("GET", "HEAD", "OPTIONS")


def _mark_transaction(
    session: Session, transaction: SessionTransaction, connection: Connection
) -> None:
    """Let PostgreSQL refuse what a reading request would write by mistake."""
    if connection.dialect.name == "postgresql" and not transaction.nested:
        driver: Any = connection.connection.driver_connection
        driver.read_only = session.info.get("reading", False)


def listen(engine: Engine) -> None:
    """Set up each connection and the kind of its transactions."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "checkin", _take_off_mark)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in (
        "busy_timeout=5000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    kind = connection.get_execution_options().get("begin", "DEFERRED")
    if kind != NO_TRANSACTION:
        connection.exec_driver_sql(f"BEGIN {kind}")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    autocommit, connection.autocommit = connection.autocommit, True
    connection.execute("SET statement_timeout = '15s'")
    connection.execute("SET lock_timeout = '5s'")
    connection.execute("SET timezone = 'UTC'")
    # Pages ask few, short questions again and again: planning one costs ten times running it.
    connection.execute("SET plan_cache_mode = 'force_generic_plan'")
    connection.execute("SET jit = off")
    connection.autocommit = autocommit


def is_transient(error: DBAPIError) -> bool:
    """Tell whether the same transaction may succeed when it is tried again."""
    state = getattr(error.orig, "sqlstate", None)
    if state:
        return str(state).startswith(TRANSIENT_STATES)
    return error.connection_invalidated or "database is locked" in str(error.orig)


def end_reading(session: Session) -> None:
    """End the transaction of a request that only read.

    psycopg forgets its prepared statements at a rollback, and the next request would plan them all
    again; there is nothing to keep, so a commit does the same.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.commit()


def write_tx(
    work: Callable[[], Result], *, keep: Callable[[Result], bool] = lambda _: True
) -> Result:
    """Run `work` in one writing transaction, commit it and return its result.

    SQLite: one writer of this process at a time, BEGIN IMMEDIATE. Transient errors are tried
    again with a growing, jittered pause, so `work` must be repeatable. When `keep(result)` is
    false, or `work` raises, everything is rolled back.
    """
    engine = db.engine
    deadline = time.monotonic() + RETRY_SECONDS[engine.dialect.name]
    pause = 0.01
    while True:
        try:
            return _write_once(engine, work, keep)
        except DBAPIError as error:
            if not is_transient(error) or time.monotonic() > deadline:
                raise
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
        pause = min(pause * 2, 1.0)


def _write_once(
    engine: Engine, work: Callable[[], Result], keep: Callable[[Result], bool]
) -> Result:
    session = db.session
    # The login loader has read already; a transaction that reads and then writes fails at once.
    if session.is_active and not (session.new or session.dirty or session.deleted):
        end_reading(session())
    session.rollback()
    session().info.pop("lists_changed", None)
    session().info["reading"] = False
    with _sqlite_writer if engine.dialect.name == "sqlite" else nullcontext():
        try:
            session.connection(execution_options={"begin": "IMMEDIATE"})
            result = work()
            if keep(result):
                _bump_version(session())
                session.commit()
            return result
        finally:
            session.rollback()


def content_version() -> int:
    """Return the version of what lists show: one statement without a transaction around it."""
    options = {
        "postgresql": {"isolation_level": "AUTOCOMMIT"},
        "sqlite": {"begin": NO_TRANSACTION},
    }
    with db.engine.connect() as connection:
        connection.execution_options(**options[db.engine.dialect.name])
        return connection.scalar(_VERSION) or 0


def touch_lists(session: Session) -> None:
    """Say that this transaction changes what lists show."""
    session.info["lists_changed"] = True


_VERSION = select(ContentVersion.value)
_BUMP = update(ContentVersion).values(value=ContentVersion.value + 1)


def _bump_version(session: Session) -> None:
    # Last in the transaction, so that its row lock is held only over the commit itself.
    if session.info.pop("lists_changed", False):
        session.connection().execute(_BUMP)
