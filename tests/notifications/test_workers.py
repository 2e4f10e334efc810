"""Several workers at once, killed ones, and the command that runs them (R11, R13)."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.factories import NOW, make_person
from tests.notifications.killing import POINTS, deliver_though_killed
from tests.notifications.test_texts import SHIFT
from tests.notifications.workers import ROOT, environment, real_worker, wait_until
from volunteer_hub.notifications.models import Delivery
from volunteer_hub.notifications.services import tell


def tell_many(session, count, *, now=NOW):
    """Tell so many people something; return the keys of the mails."""
    for n in range(count):
        person = make_person(session, email=f"p{n}@example.com")
        tell(session, "reminder_day", person_id=person.id, key=f"r:{n}", now=now, **SHIFT)
    session.commit()
    return {f"r:{n}:mail" for n in range(count)}


def all_sent(session):
    session.rollback()
    return session.scalar(select(func.count(Delivery.id)).where(Delivery.sent_at.is_(None))) == 0


def test_r13_workers_side_by_side_never_send_anything_twice(session, postbox, mailing):
    keys = tell_many(session, 30)
    start = threading.Barrier(3)

    def work(_n):
        worker = mailing()
        start.wait()
        return worker.round()

    with ThreadPoolExecutor(3) as threads:
        assert all(threads.map(work, range(3)))
    assert postbox.effects == keys
    assert set(postbox.arrivals.values()) == {1}
    assert all_sent(session)


def test_r13_two_processes_never_send_anything_twice(session, databases, postbox):
    keys = tell_many(session, 20, now=datetime.now(UTC))
    with (
        real_worker(databases.url, postbox.port, "--once") as one,
        real_worker(databases.url, postbox.port, "--once") as other,
    ):
        assert one.wait(60) == 0
        assert other.wait(60) == 0
    assert postbox.effects == keys
    assert set(postbox.arrivals.values()) == {1}
    assert all_sent(session)


def test_r13_what_a_dead_worker_held_is_taken_over_within_two_minutes(session, postbox, mailing):
    tell_many(session, 1)
    held = session.scalars(select(Delivery)).one()
    held.leased_by, held.leased_until, held.attempts = "dead", NOW + timedelta(seconds=120), 1
    session.commit()
    worker = mailing(at=NOW + timedelta(seconds=119))
    worker.round()
    assert not postbox.letters
    worker.at = NOW + timedelta(seconds=120)
    worker.round()
    assert postbox.arrivals == {"r:0:mail": 1}


@pytest.mark.parametrize("point", POINTS)
def test_r11_a_killed_worker_loses_nothing_and_repeats_only_by_name(
    app, session, databases, postbox, point
):
    deliver_though_killed(app, session, databases.url, postbox, point=point, key="r")
    assert postbox.effects == {"r:mail"}


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_finishes_the_message_in_hand(
    session, databases, postbox, sign
):
    keys = tell_many(session, 3, now=datetime.now(UTC))
    with real_worker(databases.url, postbox.port, "--interval", "3600") as process:
        postbox.on_letter = lambda: process.send_signal(sign)
        assert process.wait(30) == 0
    assert len(postbox.effects & keys) == 1
    session.rollback()
    assert session.scalar(select(func.count(Delivery.id)).where(Delivery.sent_at.is_not(None))) == 1
    assert session.scalar(select(func.count(Delivery.leased_until))) == 0


def test_a_worker_stops_at_once_while_it_waits(databases, session, postbox):
    tell_many(session, 1, now=datetime.now(UTC))
    with real_worker(databases.url, postbox.port, "--interval", "3600") as process:
        wait_until(lambda: all_sent(session))
        process.terminate()
        assert process.wait(10) == 0


def test_the_command_shows_dead_letters(session, databases, postbox):
    tell_many(session, 2, now=datetime.now(UTC))
    postbox.answers["p1@example.com"] = "550 no such user"
    run_command(databases.url, postbox.port, "--once")
    shown = run_command(databases.url, postbox.port, "--status")
    assert "waiting 0 (due now 0), sent 1, dropped 1" in shown
    assert "r:1:mail after 1 tries: Refused: 550 no such user" in shown


def run_command(url, port, *options):
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker", *options],
        cwd=ROOT, env=environment(url, port), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout
