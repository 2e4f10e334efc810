"""`python -m bench.branches`: what branch pages cost as the ledger grows, on both engines.

Ledgers of 10,000, 1,000,000 and 10,000,000 entries over three years, 160 branches, 4,560 members.
Pages are made by the application in this process, one after the other; ratios are to the smallest
ledger in the same run. A period of days that no sums are kept for is measured against one index
scan of its rows. `--sizes 10000 1000000` leaves the largest out.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from tests import postgres
from tests.databases import TEST_SETTINGS
from tests.factories import grant_role, make_branch, make_person, make_project
from tests.reports.books import open_books
from tests.support import login
from volunteer_hub.accounts.models import BranchMembership, Person
from volunteer_hub.app import create_app
from volunteer_hub.attendance import no_shows
from volunteer_hub.core.calendar import Period
from volunteer_hub.core.db import NO_TRANSACTION, db
from volunteer_hub.core.i18n import speaking
from volunteer_hub.core.permissions import Role
from volunteer_hub.hours import summary
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.registry.models import Branch, BranchKind
from volunteer_hub.registry.tree import draw_lines
from volunteer_hub.reports import book
from volunteer_hub.reports.filters import read_filters
from volunteer_hub.reports.queries.sums import tallies
from volunteer_hub.reports.scope import Members, Scope
from volunteer_hub.shifts.models import Shift

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SIZES = (10_000, 1_000_000, 10_000_000)
# 160 branches: one root, seven general ones, the others below these; 4,560 members.
GENERALS, LEAVES, EACH, PROJECTS = 7, 152, 30, 40
FIRST, DAYS = date(2024, 1, 1), 1050
ROUNDS = 15
PERIOD = Period(date(2026, 1, 3), date(2026, 11, 17))
GOAL = 1.2


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.branches", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--engine", choices=["sqlite", "postgresql"])
    given = parser.parse_args()
    engines = [given.engine] if given.engine else ["sqlite", "postgresql"]
    for engine in engines:
        known: dict[str, float] = {}
        for size in given.sizes:
            with tempfile.TemporaryDirectory(prefix="hub-branches-") as name:
                _measure(engine, size, Path(name), known)


def _measure(engine: str, size: int, folder: Path, known: dict[str, float]) -> None:
    if engine == "sqlite":
        _at(f"sqlite:///{folder / 'hub.db'}", engine, size, known)
        return
    with postgres.server() as server:
        url = postgres.recreate(server, "branches")
        _at(url.render_as_string(hide_password=False), engine, size, known)


def _at(url: str, engine: str, size: int, known: dict[str, float]) -> None:
    app = create_app(replace(TEST_SETTINGS, database_url=url))
    with app.app_context():
        upgrade()
        leader, office, leaf, root = _fill(size)
        people = {id_: db.session.get(Person, id_) for id_ in (leader, office)}
        db.session.expunge_all()
    print(f"\n{engine}, {size:,} entries", flush=True)
    pages = {
        "branch page": (leader, f"/branches/{leaf}?quarter=2026Q3"),
        "page of the whole": (office, f"/branches/{root}?quarter=2026Q3"),
        "league and tree": (leader, "/branches?quarter=2026Q3"),
        "whole tree": (office, "/branches?quarter=2026Q3"),
    }
    for name, (person, address) in pages.items():
        seconds = _page(app, people[person], address)
        ratio = seconds / known.setdefault(name, seconds)
        mark = "" if ratio <= GOAL else f"  ABOVE {GOAL}"
        print(f"  {name}: {1000 * seconds:.1f} ms, {ratio:.2f} × the smallest{mark}", flush=True)
    with app.app_context():
        _period(root)
        _proof()
        if size == 1_000_000:
            _spreadsheet(root)
        db.session.remove()
        db.engine.dispose()


def _page(app: Flask, person: Person, address: str) -> float:
    client = login(app.test_client(), person)
    taken = []
    for _round in range(ROUNDS + 3):
        began = time.perf_counter()
        answer = client.get(address)
        taken.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.status_code
    return median(taken[3:])


def _timed(work: Callable[[], Any], rounds: int = 3) -> float:
    taken = []
    for _round in range(rounds):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def _period(root: int) -> None:
    """Members only, over days that no sums are kept for, against one scan of the index."""
    session = db.session()
    branch = session.get_one(Branch, root)
    scope = Scope(branch.id, branch.path, PERIOD, Members.MEMBER)
    scan = text(
        "SELECT count(*), max(branch_path) FROM ledger_entry"
        " WHERE service_day BETWEEN :first AND :last"
    )
    values = {"first": PERIOD.first.isoformat(), "last": PERIOD.last.isoformat()}
    floor = _timed(lambda: session.execute(scan, values).one())
    ours = _timed(lambda: tallies(session, scope, [root], [PERIOD]))
    print(
        f"  3 Jan – 17 Nov, members only: {ours:.2f} s,"
        f" {ours / floor:.1f} × one index scan of the period ({floor:.2f} s)",
        flush=True,
    )


def _proof() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    problem = summary.verify(db.session()) or no_shows.verify(db.session())
    seconds = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert not problem, problem
    print(f"  reports verify: {seconds:.1f} s, +{grown:.0f} MB", flush=True)


def _spreadsheet(root: int) -> None:
    """Write a spreadsheet of some hundred thousand rows and see that memory stays flat."""
    branch = db.session().get_one(Branch, root)
    typed = {"from": "2026-07-01", "to": "2026-10-14"}
    wanted = read_filters(typed, today=date(2026, 11, 23))
    scope = Scope(branch.id, branch.path, wanted.period)
    rows = db.session().scalar(
        select(func.count()).where(
            LedgerEntry.service_day.between(wanted.period.first, wanted.period.last)
        )
    )
    report = book.Report(
        title="bench", line="", number="1", scope=scope, wanted=wanted, now=NOW, named=False,
        kept=book.Kept(), ranks={}, adopted={},
    )  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    with tempfile.TemporaryFile() as target, speaking("zh"):
        book.write(target, db.session(), report)
        size = target.tell() / 1_000_000
    seconds = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"  spreadsheet with {rows:,} ledger rows: {seconds:.1f} s, {size:.1f} MB,"
        f" +{grown:.0f} MB of memory",
        flush=True,
    )


# ---------------------------------------------------------------- the ledger


def _fill(size: int) -> tuple[int, int, int, int]:
    """Fill the database; returns leader, office, one branch and the root."""
    session = db.session()
    root = make_branch(session, kind=BranchKind.WORKING_COMMITTEE)
    branches = [
        make_branch(session, kind=BranchKind.GENERAL_BRANCH, parent=root) for _ in range(GENERALS)
    ]
    general = [(row.id, row.path) for row in branches]
    first_leaf = general[-1][0] + 1
    session.execute(
        insert(Branch),
        [
            {
                "id": first_leaf + n,
                "kind": str(BranchKind.BRANCH),
                "name_zh": f"第{n}支部",
                "name_en": "",
                "parent_id": general[n % GENERALS][0],
                "path": f"{general[n % GENERALS][1]}{first_leaf + n}/",
            }
            for n in range(LEAVES)
        ],
    )
    draw_lines(session)
    books = open_books(session)
    projects = [make_project(session) for _ in range(PROJECTS)]
    leader, office = make_person(session), make_person(session)
    grant_role(session, leader, Role.BRANCH_LEADER, branch=session.get_one(Branch, first_leaf))
    grant_role(session, office, Role.OFFICE)
    shift = _as_row(session.get_one(Shift, books.attendance.shift_id))
    first_shift = shift["id"] + 1
    session.execute(
        insert(Shift),
        [{**shift, "id": first_shift + n, "day": FIRST + timedelta(days=n)} for n in range(DAYS)],
    )
    first_person = office.id + 1
    session.execute(
        insert(Person),
        [
            {"id": first_person + n, "name": "王敏", "session_key": "x", "created_at": NOW}
            for n in range(LEAVES * EACH)
        ],
    )
    session.execute(
        insert(BranchMembership),
        [
            {
                "person_id": first_person + n,
                "branch_id": first_leaf + n // EACH,
                "is_party_member": n % 3 == 0,
                "started_on": FIRST,
            }
            for n in range(LEAVES * EACH)
        ],
    )
    session.commit()
    values = {
        "size": size,
        "person": first_person,
        "leaf": first_leaf,
        "project": projects[0].id,
        "category": projects[0].category_id,
        "organisation": projects[0].organisation_id,
        "attendance": books.attendance.id,
        "post": books.attendance.post_id,
        "of_shift": shift["id"],
        "shift": first_shift,
        "confirmer": books.confirmer.id,
        "no_shows": size // 20,
    }
    ids = leader.id, office.id, first_leaf, root.id
    db.session.remove()
    _insert(values)
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        with Session(connection) as rebuilding:
            summary.rebuild(rebuilding)
            no_shows.rebuild(rebuilding)
            rebuilding.flush()
        connection.execute(text("ANALYZE"))
    return ids


def _as_row(shift: Shift) -> dict[str, Any]:
    return {column.name: getattr(shift, column.name) for column in Shift.__table__.columns}


def _insert(values: dict[str, int]) -> None:
    """Let the database make the rows itself; a Python loop would take an hour."""
    sqlite = db.engine.dialect.name == "sqlite"
    if sqlite:
        numbers = (
            "(WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < {most} - 1)"
            " SELECT n FROM c)"
        )
        day = "date('2024-01-01', '+' || ((n * 7919 + n / 4560) % 1050) || ' days')"
    else:
        numbers = "(SELECT n FROM generate_series(0, {most} - 1) AS n)"
        day = "DATE '2024-01-01' + ((n::bigint * 7919 + n / 4560) % 1050)::int"
    n = "n" if sqlite else "n::bigint"
    who = f"({n} * 104729) % 4560"
    entries = (
        "INSERT INTO ledger_entry (person_id, attendance_id, shift_id, project_id, category_id,"
        " organisation_id, service_day, minutes, is_late_entry, branch_id, branch_path,"
        " is_party_member, rule, confirmed_by, recorded_at, digest)"
        f" SELECT {values['person']} + {who}, {values['attendance']}, {values['of_shift']},"
        f" {values['project']} + n % {PROJECTS}, {values['category']} + n % 17,"
        f" {values['organisation']}, {day}, 45 + n % 60, n % 25 = 0,"
        f" b.id, b.path, ({who}) % 3 = 0, '2026-1', {values['confirmer']}, '2026-11-20', 'x'"
        f" FROM {numbers.format(most=values['size'])} AS s"
        f" JOIN branch b ON b.id = {values['leaf']} + ({who}) / {EACH}"
    )
    whom = f"({n} / {DAYS} * 37 + {n}) % 4560"
    missed = (
        "INSERT INTO attendance (shift_id, post_id, person_id, status, method, recorded_at, note,"
        " missed_path, missed_as_member)"
        f" SELECT {values['shift']} + n % {DAYS}, {values['post']}, {values['person']} + {whom},"
        f" 'no_show', 'roster', '2026-11-20', '', b.path, ({whom}) % 3 = 0"
        f" FROM {numbers.format(most=values['no_shows'])} AS s"
        f" JOIN branch b ON b.id = {values['leaf']} + ({whom}) / {EACH}"
    )
    with db.engine.connect().execution_options(begin=NO_TRANSACTION) as connection:
        if sqlite:
            connection.execute(text("PRAGMA foreign_keys = OFF"))
            connection.execute(text("BEGIN IMMEDIATE"))
        else:
            connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text(entries))
        connection.execute(text(missed))
        if sqlite:
            connection.execute(text("COMMIT"))
        else:
            connection.commit()


if __name__ == "__main__":
    main()
