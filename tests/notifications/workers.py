"""Workers: one in this process whose clock a test sets, and real ones that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from flask import Flask

from tests.databases import TEST_SETTINGS
from tests.factories import NOW
from volunteer_hub.notifications import worker
from volunteer_hub.notifications.transports import SmtpTransport, Transport
from volunteer_hub.notifications.worker import Job, Worker

ROOT = Path(__file__).resolve().parents[2]
SENDER = "小橙子志愿 <hub@example.org>"
SITE = "https://hub.example.org"
PATIENCE_SECONDS = 30


class Mailing:
    """A worker whose present moment is `at`."""

    def __init__(
        self,
        app: Flask,
        *,
        port: int,
        jobs: Sequence[Job] = (),
        at: datetime = NOW,
        transports: Mapping[str, Transport] | None = None,
    ) -> None:
        self.app = app
        self.at = at
        mail = {"mail": SmtpTransport(f"smtp://127.0.0.1:{port}", SENDER)}
        self.worker = Worker(
            name=worker.new_name(),
            jobs=jobs,
            transports=mail if transports is None else transports,
            public_url=SITE,
            site_name="小橙子志愿",
            now=lambda: self.at,
        )

    def round(self) -> bool:
        """Do what is due now."""
        # A context of its own, and so a database session of its own, as in a process of its own.
        with self.app.app_context():
            return worker.make_round(self.worker)


@contextmanager
def real_worker(url: str, port: int, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start `flask worker` in a process of its own; it is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker", *options],
        cwd=ROOT,
        env=environment(url, port),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE_SECONDS)


def environment(url: str, port: int) -> dict[str, str]:
    """Return the settings of a worker that sends mail to this port."""
    return os.environ | {
        "DATABASE_URL": url,
        "SECRET_KEY": TEST_SETTINGS.secret_key,
        "HUB_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "HUB_MAIL_FROM": SENDER,
        "HUB_URL": SITE,
    }


def wait_until(happened: Callable[[], bool]) -> None:
    """Look again and again until it has happened in another process."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.01)
