"""A volunteer's own hours."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import make_attendance, make_person, make_project, make_shift
from tests.support import count_queries, login
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import duration, speaking
from volunteer_hub.hours.reversing import reverse
from volunteer_hub.hours.services import confirm


@pytest.fixture
def serve(session, alice, organisation, now):
    """Let a person serve one hour some days ago, confirmed unless said otherwise."""
    project = make_project(session, organisation=organisation, title_zh="医院导诊")

    def serve(person, days, *, confirmed=True, minutes=60, **fields):
        start = now - timedelta(days=days, hours=2)
        shift = make_shift(session, project=project, starts_at=start)
        row = make_attendance(session, shift, person, **fields)
        if confirmed:
            said = [(row.id, minutes, "因为")]
            confirm(session, shift_id=shift.id, rows=said, actor_id=alice.id, now=now)
            session.commit()
        return row

    return serve


def states(page):
    return [part.partition('"')[0] for part in page.split('data-state="')[1:]]


def test_whoever_has_not_served_is_shown_where_to_begin(client, bob):
    page = login(client, bob).get("/me/hours")
    assert page.status_code == 200
    assert "还没有服务记录，从一场 1 小时的活动开始吧。" in page.text
    assert 'href="/shifts?seats=1"' in page.text


def test_totals_by_quarter_year_and_all_time_and_what_waits(client, bob, serve):
    serve(bob, 1)
    serve(bob, 100, minutes=90)
    serve(bob, 400, minutes=30)
    serve(bob, 2, confirmed=False)
    page = login(client, bob).get("/me/hours").text
    figures = [part.partition(" ")[0] for part in page.split("<b>") if part[0].isdigit()]
    assert figures == ["1.0", "2.5", "3.0", "1.0"]
    assert states(page) == ["waiting", "recorded", "recorded", "recorded"]
    assert "平台记录" in page
    assert states(client.get("/me/hours?period=quarter").text) == ["waiting", "recorded"]
    assert len(states(client.get("/me/hours?period=year").text)) == 3


def test_a_reversal_is_a_line_of_its_own(session, client, alice, bob, serve, now):
    row = serve(bob, 1)
    reverse(session, entry_id=1, reason="x", actor_id=alice.id, now=now)
    session.commit()
    page = login(client, bob).get("/me/hours").text
    assert states(page) == ["waiting", "reversal", "recorded"]
    assert "−1 小时" in page
    assert row.minutes is None


def test_a_late_entry_is_marked(client, bob, serve):
    serve(bob, 1, method="late_entry")
    assert "补录" in login(client, bob).get("/me/hours").text


def test_records_come_twenty_a_page_newest_first(client, bob, serve):
    for days in range(1, 23):
        serve(bob, days)
    login(client, bob)
    assert len(states(client.get("/me/hours").text)) == 20
    assert len(states(client.get("/me/hours?page=2").text)) == 2


@pytest.mark.parametrize("query", ["page=0", "page=x", f"page={2**70}", "period=decade", "page=-1"])
def test_what_makes_no_sense_in_the_address_is_ignored_with_a_hint(client, bob, serve, query):
    serve(bob, 1)
    page = login(client, bob).get(f"/me/hours?{query}")
    assert page.status_code == 200
    assert states(page.text) == ["recorded"]
    assert query.partition("=")[0] in page.text


def test_a_page_far_beyond_the_end_is_the_last_one(client, bob, serve):
    serve(bob, 1)
    assert states(login(client, bob).get("/me/hours?page=1000000").text) == ["recorded"]


def test_nobody_sees_the_hours_of_others(client, bob, charlie, serve):
    serve(bob, 1)
    assert states(login(client, charlie).get("/me/hours").text) == []
    client.post("/logout")
    assert client.get("/me/hours").status_code == 303


def test_many_records_cost_no_more_queries(client, session, serve):
    person = make_person(session)
    for days in range(1, 9):
        serve(person, days)
        serve(person, days, confirmed=False)
    login(client, person)
    with count_queries(db.engine) as queries:
        client.get("/me/hours")
    assert queries.count <= 7


def test_records_are_shown_to_the_minute_so_that_they_add_up_to_the_total(some_app):
    with some_app.test_request_context("/"), speaking("zh"):
        assert [duration(one) for one in (72, 60, 45, 0, -90)] == [
            "1 小时 12 分", "1 小时", "45 分钟", "0 分钟", "−1 小时 30 分",
        ]  # fmt: skip
