"""The worker: periodic jobs, then the outbox, again and again until it is told to stop."""

from __future__ import annotations

import logging
import os
import secrets
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from volunteer_hub.core import i18n
from volunteer_hub.core.db import db, end_reading, write_tx
from volunteer_hub.core.i18n import _
from volunteer_hub.notifications import outbox, texts
from volunteer_hub.notifications.outbox import Claimed
from volunteer_hub.notifications.transports import Message, Refused, Transport

# What is done at intervals: changes rows, tells people, returns how much there was to do.
Job = Callable[[Session, datetime], int]

# A slow mail server must not keep the jobs waiting: offers run out by the minute.
BUDGET_SECONDS = 20.0
STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Worker:
    """What one worker works with; `name` tells its leases from those of others."""

    name: str
    jobs: Sequence[Job]
    transports: Mapping[str, Transport]
    public_url: str
    site_name: str
    now: Callable[[], datetime]


def new_name() -> str:
    """Return a name that no other worker has, on this machine or another one."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def run(worker: Worker, *, interval: float) -> None:
    """Make rounds until SIGTERM or SIGINT; the message in hand is finished first."""
    with _told_to_stop() as told:
        while not told(0):
            make_round(worker, stop=lambda: told(0))
            if told(interval):
                return


@contextmanager
def _told_to_stop() -> Iterator[Callable[[float], bool]]:
    """Let signals wait until they are asked for (within some seconds); no step is left half done.

    Blocking them would not do: libraries start threads of their own, in which they are not blocked.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    before = {sign: signal.signal(sign, lambda *_: None) for sign in STOP_SIGNALS}
    fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield lambda seconds: bool(select.select([reader], [], [], seconds)[0])
    finally:
        signal.set_wakeup_fd(fd)
        for sign, handler in before.items():
            signal.signal(sign, handler)
        reader.close()
        writer.close()


def make_round(worker: Worker, *, stop: Callable[[], bool] = lambda: False) -> bool:
    """Run every job and then deliver what is due; False when something of it failed.

    Each job has a transaction of its own, and what fails is logged and keeps nobody else waiting.
    """
    fine = True
    for job in worker.jobs:
        if stop():
            return fine
        fine &= _attempt(partial(_do, worker, job))
    return _attempt(lambda: deliver_due(worker, stop=stop)) and fine


def own_transaction(job: Job) -> Job:
    """Mark a job that calls `write_tx` itself, because it has slow work to do between."""
    job.own_transaction = True  # type: ignore[attr-defined]
    return job


def _do(worker: Worker, job: Job) -> int:
    if getattr(job, "own_transaction", False):
        return job(db.session(), worker.now())
    return write_tx(lambda: job(db.session(), worker.now()))


def _attempt(step: Callable[[], object]) -> bool:
    try:
        step()
    except Exception:
        log.exception("a step of the worker failed; it is tried again in the next round")
        return False
    finally:
        db.session.remove()
    return True


def deliver_due(worker: Worker, *, stop: Callable[[], bool] = lambda: False) -> int:
    """Deliver what is due, one message after the other; return how many were handed over."""
    sent, channels = 0, list(worker.transports)
    until = time.monotonic() + BUDGET_SECONDS
    if not _is_due(worker, channels):
        return 0
    write_tx(lambda: outbox.drop_late(db.session(), now=worker.now()))
    while not stop() and time.monotonic() < until:
        message = write_tx(
            lambda: outbox.claim(
                db.session(), channels=channels, worker=worker.name, now=worker.now()
            )
        )
        if message is None:
            break
        sent += _deliver(worker, message)
    return sent


def _is_due(worker: Worker, channels: Sequence[str]) -> bool:
    found = outbox.is_due(db.session(), channels=channels, now=worker.now())
    end_reading(db.session())
    db.session.remove()
    return found


def _deliver(worker: Worker, message: Claimed) -> bool:
    """Hand one claimed message over, outside any transaction, and note what came of it."""
    if message.address is None:
        _note(worker, message, outbox.mark_dropped, outbox.NO_ADDRESS)
        return False
    try:
        worker.transports[message.channel].deliver(compose(worker, message))
    except Refused as refusal:
        _note(worker, message, outbox.mark_dropped, _reason(refusal, message))
        return False
    except Exception as error:  # noqa: BLE001 - whatever it is, the message is tried again
        _note(worker, message, outbox.mark_failed, _reason(error, message))
        return False
    write_tx(lambda: outbox.mark_sent(db.session(), delivery_id=message.id, now=worker.now()))
    return True


def _note(worker: Worker, message: Claimed, mark: Callable[..., None], error: str) -> None:
    log.warning("message %s was not delivered: %s", message.key, error)
    write_tx(
        lambda: mark(
            db.session(), message=message, worker=worker.name, error=error, now=worker.now()
        )
    )


def _reason(error: Exception, message: Claimed) -> str:
    """Return the error in one line without the person's address (trust.md S39)."""
    text = f"{type(error).__name__}: {error}".replace(message.address or "\n", "…")
    return " ".join(text.split())


def compose(worker: Worker, message: Claimed) -> Message:
    """Write the message in the language of its reader, with a link and the way to end such mail."""
    language = message.language if message.language in i18n.LANGUAGES else i18n.CHINESE
    with i18n.speaking(language):
        text = texts.write(message.kind, message.params)
        parts = [
            text.sentence,
            f"{worker.public_url}{message.link}" if message.link else "",
            _(
                "You gave %(site)s this address for notices. You can take it out here: %(link)s",
                site=worker.site_name,
                link=f"{worker.public_url}/me/profile",
            ),
        ]
    return Message(
        key=message.key,
        to=message.address or "",
        subject=text.title,
        body="\n\n".join(part for part in parts if part) + "\n",
        language="zh-CN" if language == i18n.CHINESE else language,
        written_at=message.made_at,
    )
