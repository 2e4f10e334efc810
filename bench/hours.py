"""`python -m bench.hours`: check-ins at the door, a ledger of a million entries, certificates.

Prints seconds, memory and growth; SQLite in a temporary folder, this process alone.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import insert, text

from tests.databases import TEST_SETTINGS
from tests.factories import make_person, make_shift, make_sign_up
from volunteer_hub.app import create_app
from volunteer_hub.attendance import check_in
from volunteer_hub.attendance.events import Source
from volunteer_hub.attendance.models import Attendance, AttendanceMethod
from volunteer_hub.certificates import document
from volunteer_hub.certificates.services import digest
from volunteer_hub.core.codes import step_of
from volunteer_hub.core.db import NO_TRANSACTION, db, write_tx
from volunteer_hub.hours.chain import entry_digest
from volunteer_hub.hours.ledger import COLUMNS
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.hours.verify import verify

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PEOPLE = 400
# The real load at a door: 200 people in five minutes.
REAL = 200 / 300
SIZES = (10_000, 1_000_000)
CHUNK = 20_000


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="hub-hours-") as name:
        folder = Path(name)
        _certificates(folder)
        _door(_app(folder / "door.db"))
        for size in SIZES:
            _verify(_app(folder / f"ledger-{size}.db"), size)


def _app(path: Path) -> Flask:
    app = create_app(replace(TEST_SETTINGS, database_url=f"sqlite:///{path}"))
    with app.app_context():
        upgrade()
    return app


def _door(app: Flask) -> None:
    """Let people check in from eight threads, each in a transaction that is durable."""
    with app.app_context():
        shift = make_shift(db.session(), starts_at=NOW, capacity=500)
        places = [
            make_sign_up(db.session(), shift, make_person(db.session())).person_id
            for _person in range(PEOPLE)
        ]
        shift_id = shift.id
        db.session.remove()

    def come(person_id: int) -> None:
        with app.app_context():
            source = Source(AttendanceMethod.CODE, person_id, code_step=step_of(NOW))
            write_tx(
                lambda: check_in.check_in(
                    db.session(), shift_id=shift_id, person_id=person_id, source=source, now=NOW
                )
            )

    began = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(come, places))
    rate = PEOPLE / (time.perf_counter() - began)
    print(f"check-ins: {rate:.0f}/s, {rate / REAL:.0f} times 200 people in five minutes")


def _verify(app: Flask, size: int) -> None:
    with app.app_context():
        _fill(size)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        verdict = verify(db.session())
        seconds = time.perf_counter() - began
        assert not verdict.problem, verdict.problem
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"ledger verify, {verdict.entries:,} entries: {seconds:.1f} s, +{grown:.0f} MB")


def _fill(size: int) -> None:
    # People and shifts behind the rows are left out: only the ledger is measured.
    with db.engine.connect().execution_options(begin=NO_TRANSACTION) as writing:
        writing.execute(text("PRAGMA foreign_keys = OFF"))
        writing.execute(text("BEGIN IMMEDIATE"))
        attendance, ledger = [], []
        for row, entry in _rows(size):
            attendance.append(row)
            ledger.append(entry)
            if len(ledger) == CHUNK:
                writing.execute(insert(Attendance), attendance)
                writing.execute(insert(LedgerEntry), ledger)
                attendance, ledger = [], []
        if ledger:
            writing.execute(insert(Attendance), attendance)
            writing.execute(insert(LedgerEntry), ledger)
        writing.execute(text("COMMIT"))


def _rows(size: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    previous = ""
    for number in range(1, size + 1):
        day = date(2024, 1, 1) + timedelta(days=number % 700)
        person = number % 30_000 + 1
        shared = {"person_id": person, "shift_id": number}
        fields = {
            **shared,
            "attendance_id": number,
            "project_id": number % 2000 + 1,
            "category_id": number % 17 + 1,
            "organisation_id": number % 40 + 1,
            "service_day": day,
            "minutes": 60 + number % 60,
            "reverses_id": None,
            "is_late_entry": False,
            "branch_id": number % 160 + 1,
            "branch_path": f"/1/{number % 160 + 1}/",
            "enterprise_id": number % 1500 + 1,
            "building_id": number % 38 + 1,
            "is_party_member": number % 3 == 0,
            "rule": "2026-1",
            "confirmed_by": 30_001,
            "recorded_at": NOW,
        }
        previous = entry_digest(previous, {name: fields[name] for name in COLUMNS})
        attendance = {
            **shared,
            "id": number,
            "post_id": number,
            "status": "present",
            "method": "roster",
            "check_in_at": NOW,
            "check_out_at": NOW,
            "recorded_at": NOW,
            "minutes": fields["minutes"],
            "confirmed_by": 30_001,
            "confirmed_at": NOW,
        }
        yield attendance, fields | {"digest": previous}


def _certificates(folder: Path, count: int = 20) -> None:
    row = {
        "day": "2026-11-20",
        "title_zh": "“班前一小时”华山医院扶梯口引导导医",
        "title_en": "One hour before work",
        "organisation_zh": "华山医院门诊志愿服务站",
        "organisation_en": "Hospital volunteers",
        "minutes": 62,
        "late": False,
    }
    figures = {
        "name": "王敏",
        "first": "2026-01-01",
        "last": "2026-11-23",
        "minutes": 62 * 12,
        "rows": [row] * 12,
    }
    paper = document.Paper(
        serial="2026-000001",
        language="zh",
        issued_at=NOW,
        issued_on=NOW.date(),
        digest=digest(figures),
        verify_address="https://hub.example.org/verify/AbCdEfGhIjKlMnOpQrStUv",
        site_name="小橙子志愿",
        folder=folder,
    )
    document.pdf(figures, paper)
    began = time.perf_counter()
    for _one in range(count):
        document.pdf(figures, paper)
    rate = count / (time.perf_counter() - began)
    print(f"certificates of 12 rows: {rate:.1f}/s")


if __name__ == "__main__":
    main()
