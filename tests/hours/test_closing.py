"""A closed month never changes; what is corrected later shows in the next one."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from tests.factories import grant_role, make_branch, make_person
from tests.reports.books import fill, open_books
from tests.support import login
from volunteer_hub.core.permissions import Role
from volunteer_hub.hours import closed_months, closing
from volunteer_hub.hours.closing import CannotClose
from volunteer_hub.hours.models import LedgerEntry, MonthClose, MonthSheet
from volunteer_hub.hours.summary import steps_of
from volunteer_hub.registry.models import Branch

JUNE, JULY, AUGUST = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
KEY = "a key of tests"


def body(draft):
    return f"{draft.number} {draft.figures['minutes']}".encode()


def close(session, month, *, today=date(2026, 11, 24), at=NOW):
    actor = make_person(session)
    return closing.close(
        session, month=month, key=KEY, sheet=body, today=today, actor_id=actor.id, now=at
    )


def figures(session, branch, month):
    return closed_months.sheet_of(session, branch.id, month).figures


def test_later_entries_show_as_corrections_in_the_next_month(session):
    branch, books = make_branch(session), open_books(session)
    person = make_person(session)
    entry = books.serve(person, branch, date(2026, 6, 10), 60)
    close(session, JUNE)
    books.serve(make_person(session), branch, date(2026, 6, 20), 45)
    books.serve(person, branch, date(2026, 7, 2), 30)
    books.take_back(entry)
    close(session, JULY)
    close(session, AUGUST)
    first, second, third = (figures(session, branch, month) for month in (JUNE, JULY, AUGUST))
    assert (first["minutes"], first["people"], first["delta_minutes"]) == (60, 1, 0)
    assert (second["minutes"], second["delta_minutes"], second["delta_attendances"]) == (30, -15, 0)
    assert (third["minutes"], third["delta_minutes"]) == (0, 0)


@pytest.mark.parametrize("seed", range(4))
def test_the_figures_and_corrections_of_all_closes_add_up_to_the_ledger(session, seed):
    """Random entries and reversals between closes, for every branch of a random tree."""
    world, draw = fill(session, seed, entries=25), random.Random(seed)
    books = open_books(session)
    month = closing.next_month(session, today=date(2026, 11, 24))
    while month and month < date(2026, 11, 1):
        close(session, month, at=NOW + timedelta(minutes=month.month))
        for _ in range(4):
            branch = draw.choice(world.branches)
            day = date(2026, 5, 1) + timedelta(days=draw.randrange(190))
            entry = books.serve(draw.choice(world.people), branch, day, draw.choice([30, 61]))
            if draw.random() < 0.4:
                books.take_back(entry)
        month = closing.next_month(session, today=date(2026, 11, 24))
    last = session.scalars(select(MonthClose).order_by(MonthClose.month.desc())).first()
    until = date(last.month.year, last.month.month + 1, 1)
    true = {branch.id: [0, 0] for branch in session.scalars(select(Branch))}
    for entry in session.scalars(select(LedgerEntry)):
        if entry.id <= last.last_entry_id and entry.service_day < until:
            for branch_id in steps_of(entry.branch_path):
                true[branch_id][0] += entry.minutes
                true[branch_id][1] += 1 if entry.reverses_id is None else -1
    sums = {branch_id: [0, 0] for branch_id in true}
    for sheet in session.scalars(select(MonthSheet)):
        sums[sheet.branch_id][0] += sheet.figures["minutes"] + sheet.figures["delta_minutes"]
        sums[sheet.branch_id][1] += (
            sheet.figures["attendances"] + sheet.figures["delta_attendances"]
        )
    assert sums == true


def test_hours_of_before_the_first_closed_month_show_as_corrections_too(session):
    """Somebody's late entry for May, when June was the first month to be closed."""
    branch, books = make_branch(session), open_books(session)
    books.serve(make_person(session), branch, date(2026, 6, 10), 60)
    close(session, JUNE)
    books.serve(make_person(session), branch, date(2026, 5, 20), 45)
    close(session, JULY)
    assert figures(session, branch, JULY)["delta_minutes"] == 45


def test_a_month_without_hours_is_closed_with_zeros(session):
    branch, books = make_branch(session), open_books(session)
    books.serve(make_person(session), branch, date(2026, 6, 10), 60)
    books.serve(make_person(session), branch, date(2026, 8, 10), 30)
    for month in (JUNE, JULY, AUGUST):
        close(session, month)
    assert figures(session, branch, JULY)["minutes"] == 0
    assert figures(session, branch, AUGUST)["minutes"] == 30


def test_the_office_sees_what_closing_would_freeze(client, session, office):
    branch, books = make_branch(session), open_books(session)
    assert "第一个有已确认时长的月份" in login(client, office).get("/office/months").text
    books.serve(make_person(session), branch, date(2026, 6, 10), 60)
    page = client.get("/office/months").text
    assert "1.0" in page
    assert "更早的月份没有时长" in page
    close(session, JUNE)
    books.serve(make_person(session), branch, date(2026, 6, 20), 45)
    page = client.get("/office/months").text
    assert "+0.8 小时 · 1 人次" in page
    assert "照样可以月结" in page


def test_a_close_can_be_worked_out_again_and_a_forged_figure_shows(session):
    branch, books = make_branch(session), open_books(session)
    books.serve(make_person(session), branch, date(2026, 6, 10), 60, is_party_member=True)
    closed = close(session, JUNE)
    books.serve(make_person(session), branch, date(2026, 6, 11), 60)
    kept = closed_months.sheet_of(session, branch.id, JUNE)
    assert dict(closing.figures_of(session, closed)[branch.id]) == kept.figures
    assert closing.is_whole(closed, kept, KEY)
    assert not closing.is_whole(closed, kept, "another key")
    forged = MonthSheet(
        branch_id=kept.branch_id,
        figures={**kept.figures, "minutes": 61},
        digest=kept.digest,
        signature=kept.signature,
    )
    assert not closing.is_whole(closed, forged, KEY)


def test_months_are_closed_one_after_the_other_and_only_once_they_are_over(session):
    assert closing.next_month(session, today=date(2026, 11, 24)) is None
    books = open_books(session)
    books.serve(make_person(session), make_branch(session), date(2026, 10, 31), 60)
    assert closing.next_month(session, today=date(2026, 10, 31)) is None
    assert closing.next_month(session, today=date(2026, 11, 1)) == date(2026, 10, 1)
    for month in (date(2026, 9, 1), date(2026, 11, 1)):
        with pytest.raises(CannotClose):
            close(session, month)
    close(session, date(2026, 10, 1))
    with pytest.raises(CannotClose):
        close(session, date(2026, 10, 1))


@pytest.mark.parametrize("table", ["month_close", "month_sheet"])
def test_the_database_refuses_to_change_what_is_closed(session, table):
    open_books(session).serve(make_person(session), make_branch(session), date(2026, 6, 1), 60)
    close(session, JUNE)
    session.commit()
    for act in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="append-only"):
            session.execute(sa.text(act))
        session.rollback()


# ---------------------------------------------------------------- on the screens


@pytest.fixture
def office(session):
    person = make_person(session)
    grant_role(session, person, Role.OFFICE)
    return person


def test_a_closed_sheet_is_the_same_file_for_ever(client, session, office):
    branch, books = make_branch(session, name_zh="第一支部"), open_books(session)
    for _ in range(5):
        books.serve(make_person(session), branch, date(2026, 10, 10), 60)
    leader = make_person(session)
    grant_role(session, leader, Role.BRANCH_LEADER, branch=branch)
    login(client, office)
    page = client.get("/office/months").text
    assert "2026-10" in page
    answer = client.post("/office/months", data={"month": "2026-10", "request_key": "close"})
    assert answer.status_code == 303
    login(client, leader)
    address = f"/branches/{branch.id}/months/2026-10.xlsx"
    first = client.get(address).data
    books.serve(make_person(session), branch, date(2026, 10, 11), 60)
    session.commit()
    assert client.get(address).data == first
    from io import BytesIO

    from openpyxl import load_workbook

    rows = dict(load_workbook(BytesIO(first)).active.iter_rows(max_col=2, values_only=True))
    assert rows["服务总时长(小时)"] == 5
    assert rows["参与总人次"] == 5
    text = client.get(f"/branches/{branch.id}/months").text
    assert "签名无误" in text
    assert ">5.0<" in text
    assert client.get(f"/branches/{branch.id}/months/2026-09.xlsx").status_code == 404
    assert client.get(f"/branches/{branch.id}/months/x.xlsx").status_code == 404


def test_closing_asks_once_more_and_the_office_can_download_what_it_closed(client, session, office):
    branch, books = make_branch(session, name_zh="街道党工委"), open_books(session)
    for _ in range(5):
        books.serve(make_person(session), branch, date(2026, 10, 10), 60)
    login(client, office)
    page = client.get("/office/months").text
    # The button is behind what it does: one tap to read, a second one to close.
    asked = page[page.index("<summary>月结 2026-10……") :]
    assert "5.0 小时、5 人次" in asked
    assert "不能撤销" in asked
    assert "确认月结 2026-10</button>" in asked
    client.post("/office/months", data={"month": "2026-10", "request_key": "one"})
    address = f"/branches/{branch.id}/months/2026-10.xlsx"
    assert f'href="{address}"' in client.get("/office/months").text
    assert client.get(address).status_code == 200


def test_the_office_is_offered_no_sheet_that_it_may_not_open(client, session, office):
    """S16."""
    branch = make_branch(session)
    open_books(session).serve(make_person(session), branch, date(2026, 10, 1), 77)
    login(client, office)
    client.post("/office/months", data={"month": "2026-10", "request_key": "one"})
    assert "2026-10.xlsx" not in client.get("/office/months").text


def test_closing_twice_says_so_and_changes_nothing(client, session, office):
    open_books(session).serve(make_person(session), make_branch(session), date(2026, 10, 1), 60)
    login(client, office)
    for key, status in (("one", 303), ("two", 409)):
        answer = client.post("/office/months", data={"month": "2026-10", "request_key": key})
        assert answer.status_code == status
    assert len(closed_months.closes(session)) == 1


def test_a_month_of_few_people_is_shown_to_their_own_leader_only(client, session, office):
    """S16."""
    branch = make_branch(session)
    open_books(session).serve(make_person(session), branch, date(2026, 10, 1), 77)
    login(client, office)
    client.post("/office/months", data={"month": "2026-10", "request_key": "one"})
    assert "参与不足五人" in client.get(f"/branches/{branch.id}/months").text
    assert client.get(f"/branches/{branch.id}/months/2026-10.xlsx").status_code == 404
    leader = make_person(session)
    grant_role(session, leader, Role.BRANCH_LEADER, branch=branch)
    login(client, leader)
    assert client.get(f"/branches/{branch.id}/months/2026-10.xlsx").status_code == 200


def test_only_the_office_closes_a_month(client, session, alice):
    login(client, alice)
    assert client.get("/office/months").status_code == 404
    answer = client.post("/office/months", data={"month": "2026-10", "request_key": "x"})
    assert answer.status_code == 404
