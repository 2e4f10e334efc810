"""The check-in page of a volunteer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import make_attendance, make_project, make_shift, make_sign_up
from tests.support import login
from volunteer_hub.shifts.models import ShiftStatus, SignUpStatus


@pytest.fixture
def shift(session, now):
    return make_shift(session, starts_at=now + timedelta(hours=1), project=make_project(session))


def test_a_visitor_is_asked_to_sign_in(client):
    answer = client.get("/check-in")
    assert (answer.status_code, answer.location) == (303, "/login?next=/check-in")


def test_without_a_shift_the_page_shows_where_to_find_one(client, bob):
    page = login(client, bob).get("/check-in").text
    assert 'class="empty"' in page
    assert 'href="/shifts?seats=1"' in page


def test_a_shift_of_today_says_where_to_be_whom_to_call_and_what_to_do(client, session, bob, shift):
    make_sign_up(session, shift, bob)
    page = login(client, bob).get("/check-in").text
    assert 'data-state="none"' in page
    assert "未签到" in page
    assert "开始前半小时起可以签到" in page
    assert "没有网络？把离线码报给队长" in page
    assert "tel:+8613800138000" in page
    assert "一楼大厅" in page


def test_after_the_tick_the_page_says_since_when(client, session, bob, shift, now):
    make_attendance(
        session,
        shift,
        bob,
        sign_up=make_sign_up(session, shift, bob),
        check_in_at=now,
        check_out_at=None,
    )
    assert "已到 10:00" in login(client, bob).get("/check-in").text


def test_the_next_shift_stands_below(client, session, bob, shift):
    later = make_shift(session, starts_at=shift.starts_at + timedelta(days=3))
    make_sign_up(session, later, bob)
    page = login(client, bob).get("/check-in").text
    assert "你的下一场" in page
    assert f'href="/shifts/{later.id}"' in page


def test_a_shift_that_began_yesterday_and_goes_on_is_of_today(
    client, session, bob, now, time_machine
):
    start = now + timedelta(hours=12, minutes=30)  # 22:30
    night = make_shift(session, starts_at=start, ends_at=start + timedelta(hours=3))
    make_sign_up(session, night, bob)
    for hours, seen in ((2, True), (4, False)):
        time_machine.move_to(start + timedelta(hours=hours), tick=False)
        page = login(client, bob).get("/check-in").text
        assert (f'data-id="{night.id}"' in page) is seen


def test_a_cancelled_shift_is_not_hidden(client, session, bob, shift):
    make_sign_up(session, shift, bob)
    shift.status, shift.cancel_reason = ShiftStatus.CANCELLED, "下雨"
    page = login(client, bob).get("/check-in").text
    assert "已取消" in page
    assert "下雨" in page


@pytest.mark.parametrize("status", [SignUpStatus.WAITLISTED, SignUpStatus.CANCELLED])
def test_who_has_no_place_sees_nothing_of_the_shift(client, session, bob, shift, status):
    make_sign_up(session, shift, bob, status=status)
    page = login(client, bob).get("/check-in").text
    assert "tel:" not in page
