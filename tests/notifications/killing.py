"""R11: kill a real worker at a chosen moment of delivering one message.

No moment is made by the worker's own code: the mail server kills it, or a lock on the outbox holds
it fast where it is.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.orm import Session

from tests.factories import make_person
from tests.notifications.postbox import Postbox, nothing
from tests.notifications.test_texts import SHIFT
from tests.notifications.workers import Mailing, real_worker, wait_until
from volunteer_hub.core.db import db
from volunteer_hub.notifications.models import Delivery
from volunteer_hub.notifications.outbox import LEASE
from volunteer_hub.notifications.services import tell

POINTS = ("before claim", "after claim", "after send", "before mark", "after mark")

Process = subprocess.Popen[bytes]


def deliver_though_killed(
    app: Flask, session: Session, url: str, postbox: Postbox, *, point: str, key: str
) -> None:
    """Tell somebody something, kill the worker at that point, and let another one take over."""
    person = make_person(session, email="dora@example.com")
    now = datetime.now(UTC)
    tell(session, "reminder_day", person_id=person.id, key=key, now=now, **SHIFT)
    session.commit()
    try:
        with real_worker(url, postbox.port, "--interval", "3600") as process:
            _kill(process, point, postbox, db.engine, f"{key}:mail")
            assert process.wait(30) == -signal.SIGKILL
    finally:
        postbox.on_connect = postbox.on_letter = postbox.on_goodbye = nothing
    assert postbox.arrivals[f"{key}:mail"] == (0 if point in POINTS[:2] else 1)
    assert Mailing(app, port=postbox.port, at=datetime.now(UTC) + LEASE).round()
    # Once where nobody had noted it, and a second time, under the same name, where it had left.
    assert postbox.arrivals[f"{key}:mail"] == (2 if point in POINTS[2:4] else 1)
    assert len(postbox.message_ids(f"{key}:mail")) == 1
    assert _is_sent(db.engine, f"{key}:mail")


def _kill(process: Process, point: str, postbox: Postbox, engine: Engine, key: str) -> None:
    if point == "before claim":
        with _outbox_locked(engine) as lock:
            wait_until(lambda: _stands_before(lock, process))
            process.kill()
            process.wait(30)
    elif point == "after claim":
        postbox.on_connect = process.kill
    elif point == "after send":
        postbox.on_letter = process.kill
    elif point == "before mark":
        _kill_before_mark(process, postbox, engine)
    else:
        wait_until(lambda: _is_sent(engine, key))
        process.kill()


def _kill_before_mark(process: Process, postbox: Postbox, engine: Engine) -> None:
    """Lock the outbox when the letter is there; the worker says goodbye and waits to note it."""
    arrived, locked, said_goodbye = (threading.Event() for _ in range(3))

    def hold() -> None:
        assert arrived.wait(30)
        with _outbox_locked(engine) as lock:
            locked.set()
            assert said_goodbye.wait(30)
            wait_until(lambda: _stands_before(lock, process))
            process.kill()
            process.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()

    def letter() -> None:
        arrived.set()
        assert locked.wait(30)

    postbox.on_letter, postbox.on_goodbye = letter, said_goodbye.set
    holder.join(60)


@contextmanager
def _outbox_locked(engine: Engine) -> Iterator[Connection]:
    """Let nobody write to the outbox inside the block."""
    with engine.connect().execution_options(begin="IMMEDIATE") as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE delivery IN EXCLUSIVE MODE"))
        else:
            connection.execute(text("SELECT 1"))
        yield connection
        connection.rollback()


def _stands_before(lock: Connection, process: Process) -> bool:
    """Tell whether the worker has come to the lock (on SQLite: has opened the database)."""
    if lock.dialect.name == "postgresql":
        return bool(lock.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
    with suppress(OSError):
        opened = [file.readlink().name for file in Path(f"/proc/{process.pid}/fd").iterdir()]
        return any(name.endswith(".db-wal") for name in opened)
    return False


def _is_sent(engine: Engine, key: str) -> bool:
    with engine.connect() as connection:
        sent_at = connection.scalar(select(Delivery.sent_at).where(Delivery.key == key))
    return sent_at is not None
