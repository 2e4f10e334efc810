"""The coordinator's desk: places, people, messages, rain, the door."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    make_attendance,
    make_person,
    make_project,
    make_shift,
    make_sign_up,
    post_of,
)
from tests.support import login
from volunteer_hub.accounts.models import Qualification
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.notifications.models import Notice
from volunteer_hub.shifts.models import (
    ChangeReceipt,
    Post,
    PostNeed,
    Shift,
    ShiftStatus,
    SignUp,
    SignUpStatus,
)

WAITING = SignUpStatus.WAITLISTED


@pytest.fixture
def project(session, organisation):
    return make_project(session, organisation=organisation, outdoors=True)


@pytest.fixture
def desk(client, alice):
    return login(client, alice)


@pytest.fixture
def shift(session, project, now):
    """In three days: a desk with two places and a machine with one."""
    posts = [{"name_zh": "分诊台", "capacity": 2}, {"name_zh": "缴费机", "capacity": 1}]
    return make_shift(session, project=project, starts_at=now + timedelta(days=3), posts=posts)


@pytest.fixture
def soon(session, project, now):
    """Begins in an hour; one place."""
    start = now + timedelta(hours=1)
    return make_shift(session, project=project, starts_at=start, capacity=1)


def status_of(session, sign_up):
    session.expire_all()
    return session.get(SignUp, sign_up.id).status


def kinds(session, person):
    session.expire_all()
    query = select(Notice.kind).where(Notice.person_id == person.id).order_by(Notice.id)
    return list(session.scalars(query))


def details_of(session, action):
    session.expire_all()
    return session.scalars(select(AuditEntry.details).where(AuditEntry.action == action)).one()


def add(session, text="上海话", kind="language"):
    one = Qualification(kind=kind, key="dialect", name_zh=text, name_en=text, position=1)
    session.add(one)
    session.commit()
    return one


# ---------------------------------------------------------------- places and the line


def test_places_added_in_one_tap_let_the_line_move_up_in_order(session, shift, desk):
    first, second, third = (make_person(session) for _n in range(3))
    machine = post_of(session, shift, 1)
    make_sign_up(session, shift, first, post=machine)
    two = make_sign_up(session, shift, second, post=machine, status=WAITING)
    three = make_sign_up(session, shift, third, post=machine, status=WAITING)
    version = shift.version
    answer = desk.post(f"/console/shifts/{shift.id}/places", data={"post": machine.id, "more": "1"})
    assert answer.status_code == 303
    assert (status_of(session, two), status_of(session, three)) == ("confirmed", "waitlisted")
    assert kinds(session, second) == ["moved_up"]
    assert session.get(Shift, shift.id).version == version + 1


@pytest.mark.parametrize("more", ["0", "", "-1", "1000", "x"])
def test_only_what_the_buttons_say_can_be_added(session, shift, desk, more):
    post = post_of(session, shift)
    answer = desk.post(f"/console/shifts/{shift.id}/places", data={"post": post.id, "more": more})
    assert answer.status_code == 422
    session.expire_all()
    assert session.get(Post, post.id).capacity == 2


def test_a_post_of_another_shift_gets_no_places_here(session, shift, desk):
    other = post_of(session, make_shift(session))
    answer = desk.post(f"/console/shifts/{shift.id}/places", data={"post": other.id, "more": "1"})
    assert answer.status_code == 404


def test_somebody_in_line_is_given_a_free_place_and_told(session, shift, bob, desk):
    sign_up = make_sign_up(session, shift, bob, status=WAITING)
    page = desk.get(f"/console/shifts/{shift.id}").text
    assert f"/console/signups/{sign_up.id}/promote" in page
    assert desk.post(f"/console/signups/{sign_up.id}/promote").status_code == 303
    assert status_of(session, sign_up) == "confirmed"
    assert kinds(session, bob) == ["moved_up"]
    assert post_of(session, shift).taken == 1
    desk.post(f"/console/signups/{sign_up.id}/promote")
    assert post_of(session, shift).taken == 1


def test_passing_over_the_line_asks_for_a_reason_that_the_audit_keeps(session, shift, bob, desk):
    make_sign_up(session, shift, make_person(session), status=WAITING)
    sign_up = make_sign_up(session, shift, bob, status=WAITING)
    answer = desk.post(f"/console/signups/{sign_up.id}/promote")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert status_of(session, sign_up) == "waitlisted"
    done = desk.post(f"/console/signups/{sign_up.id}/promote", data={"reason": "会上海话"})
    assert done.status_code == 303
    details = details_of(session, "sign_up:promote")
    assert (details["passed_over"], details["reason"]) == (1, "会上海话")


def test_near_the_start_the_coordinator_has_called_first(session, soon, bob, desk):
    sign_up = make_sign_up(session, soon, bob, status=WAITING)
    assert desk.post(f"/console/signups/{sign_up.id}/promote").status_code == 422
    assert status_of(session, sign_up) == "waitlisted"
    answer = desk.post(f"/console/signups/{sign_up.id}/promote", data={"asked": "y"})
    assert answer.status_code == 303
    assert status_of(session, sign_up) == "confirmed"


def test_a_full_post_gives_no_place_and_says_to_add_one(session, soon, bob, charlie, desk):
    make_sign_up(session, soon, charlie)
    sign_up = make_sign_up(session, soon, bob, status=WAITING)
    answer = desk.post(f"/console/signups/{sign_up.id}/promote?lang=en", data={"asked": "y"})
    assert answer.status_code == 409
    assert "No place of this post is free" in answer.text
    assert post_of(session, soon).taken == 1


def test_whoever_has_another_place_at_that_hour_gets_none_and_where_is_not_told(
    session, shift, bob, desk
):
    elsewhere = make_shift(session, starts_at=shift.starts_at)
    make_sign_up(session, elsewhere, bob)
    sign_up = make_sign_up(session, shift, bob, status=WAITING)
    answer = desk.post(f"/console/signups/{sign_up.id}/promote?lang=en")
    assert answer.status_code == 409
    assert "another place at that time" in answer.text
    assert f'href="/shifts/{elsewhere.id}"' not in answer.text


# ---------------------------------------------------------------- moving and taking off


def test_a_person_moves_to_another_post_and_the_tick_goes_along(session, shift, bob, desk):
    sign_up = make_sign_up(session, shift, bob)
    tick = make_attendance(session, shift, bob, sign_up=sign_up)
    machine = post_of(session, shift, 1)
    answer = desk.post(f"/console/signups/{sign_up.id}/move", data={"post": machine.id})
    assert answer.status_code == 303
    session.expire_all()
    assert session.get(SignUp, sign_up.id).post_id == machine.id
    assert session.get(Attendance, tick.id).post_id == machine.id
    assert [post_of(session, shift, n).taken for n in (0, 1)] == [0, 1]
    assert kinds(session, bob) == ["post_moved"]


def test_nobody_moves_into_a_full_post(session, shift, bob, charlie, desk):
    machine = post_of(session, shift, 1)
    make_sign_up(session, shift, charlie, post=machine)
    sign_up = make_sign_up(session, shift, bob)
    answer = desk.post(f"/console/signups/{sign_up.id}/move", data={"post": machine.id})
    assert answer.status_code == 409
    assert [post_of(session, shift, n).taken for n in (0, 1)] == [1, 1]


def test_a_post_that_asks_for_something_takes_a_reason(session, shift, bob, desk):
    machine = post_of(session, shift, 1)
    session.add(PostNeed(post_id=machine.id, qualification_id=add(session).id))
    sign_up = make_sign_up(session, shift, bob)
    address, data = f"/console/signups/{sign_up.id}/move", {"post": machine.id}
    answer = desk.post(address, data=data)
    assert answer.status_code == 422
    assert "上海话" in answer.text
    assert post_of(session, shift, 1).taken == 0
    assert desk.post(address, data={**data, "reason": "听得懂"}).status_code == 303
    assert details_of(session, "sign_up:move")["reason"] == "听得懂"


def test_whoever_is_taken_off_reads_why_and_the_next_gets_an_offer(session, shift, bob, desk):
    machine = post_of(session, shift, 1)
    sign_up = make_sign_up(session, shift, bob, post=machine)
    following = make_sign_up(session, shift, make_person(session), post=machine, status=WAITING)
    address = f"/console/signups/{sign_up.id}/remove"
    assert desk.post(address).status_code == 422
    assert desk.post(address, data={"reason": "需要会上海话"}).status_code == 303
    assert status_of(session, sign_up) == "cancelled"
    assert status_of(session, following) == "offered"
    assert kinds(session, bob) == ["place_lost"]
    assert post_of(session, shift, 1).taken == 1


def test_whoever_was_ticked_is_not_taken_off(session, soon, bob, desk):
    sign_up = make_sign_up(session, soon, bob)
    make_attendance(session, soon, bob, sign_up=sign_up)
    answer = desk.post(f"/console/signups/{sign_up.id}/remove", data={"reason": "点错"})
    assert answer.status_code == 409
    assert status_of(session, sign_up) == "confirmed"


@pytest.mark.parametrize("act", ["", "/promote", "/move", "/remove"])
def test_a_stranger_cannot_see_or_touch_a_place(session, desk, bob, act):
    sign_up = make_sign_up(session, make_shift(session), bob)
    address = f"/console/signups/{sign_up.id}{act}"
    answer = desk.post(address, data={"reason": "x"}) if act else desk.get(address)
    assert answer.status_code == 404
    assert status_of(session, sign_up) == "confirmed"


# ---------------------------------------------------------------- walk-ins


def test_a_walk_in_is_on_the_roster_with_one_field(session, soon, bob, desk):
    answer = desk.post(f"/console/shifts/{soon.id}/walk-in", data={"phone": bob.phone[3:]})
    assert answer.status_code == 303
    row = session.scalars(select(Attendance)).one()
    assert (row.person_id, row.status, row.method) == (bob.id, "present", "walk_in")
    assert post_of(session, soon).taken == 1
    desk.post(f"/console/shifts/{soon.id}/walk-in", data={"phone": bob.phone})
    assert post_of(session, soon).taken == 1


def test_an_unknown_phone_creates_nobody_and_says_what_to_do(session, soon, desk):
    answer = desk.post(f"/console/shifts/{soon.id}/walk-in?lang=en", data={"phone": "13800138000"})
    assert answer.status_code == 422
    assert "register on their own phone" in answer.text
    assert 'value="13800138000"' in answer.text
    assert session.scalars(select(SignUp)).all() == []


def test_a_walk_in_at_a_full_shift_gets_a_place_on_the_second_tap(
    session, soon, bob, charlie, desk
):
    make_sign_up(session, soon, charlie)
    address, data = f"/console/shifts/{soon.id}/walk-in", {"phone": bob.phone}
    answer = desk.post(address, data=data)
    assert answer.status_code == 409
    assert 'name="add_place"' in answer.text
    assert desk.post(address, data={**data, "add_place": "1"}).status_code == 303
    post = post_of(session, soon)
    session.refresh(post)
    assert (post.taken, post.capacity) == (2, 2)


def test_nobody_walks_in_hours_before_or_after(
    session, shift, soon, bob, desk, time_machine, alice
):
    assert desk.post(
        f"/console/shifts/{shift.id}/walk-in",
        data={"phone": bob.phone, "post": post_of(session, shift).id},
    ).status_code == 409  # fmt: skip
    time_machine.move_to(soon.ends_at + timedelta(minutes=1), tick=False)
    login(desk, alice)
    answer = desk.post(f"/console/shifts/{soon.id}/walk-in", data={"phone": bob.phone})
    assert answer.status_code == 409
    assert session.scalars(select(SignUp)).all() == []


# ---------------------------------------------------------------- messages


def test_a_message_reaches_each_once_though_it_was_tapped_twice(session, shift, bob, charlie, desk):
    make_sign_up(session, shift, bob)
    make_sign_up(session, shift, charlie, status=WAITING)
    data = {"to": "both", "text": "请带伞", "request_key": "one"}
    for _tap in range(2):
        assert desk.post(f"/console/shifts/{shift.id}/message", data=data).status_code == 303
    assert kinds(session, bob) == kinds(session, charlie) == ["message"]
    details = details_of(session, "shift:message")
    assert (details["people"], details["text"]) == (2, "请带伞")


@pytest.mark.parametrize("text", ["", "   ", "长" * 301])
def test_a_message_is_neither_empty_nor_long_and_nothing_typed_is_lost(
    session, shift, bob, desk, text
):
    make_sign_up(session, shift, bob)
    answer = desk.post(f"/console/shifts/{shift.id}/message", data={"to": "both", "text": text})
    assert answer.status_code == 422
    assert text.strip() in answer.text
    assert kinds(session, bob) == []


def test_messages_are_limited_by_the_hour(session, shift, bob, desk):
    make_sign_up(session, shift, bob)
    answers = [
        desk.post(f"/console/shifts/{shift.id}/message", data={"to": "both", "text": f"第{n}条"})
        for n in range(21)
    ]
    assert [answer.status_code for answer in answers[-2:]] == [303, 429]


# ---------------------------------------------------------------- rain


def outdoor(session, project, now, count=2):
    start = now + timedelta(days=1)
    return [
        make_shift(session, project=project, starts_at=start + timedelta(hours=2 * n))
        for n in range(count)
    ]


def test_a_rainy_day_is_called_off_in_one_go(session, project, now, bob, desk):
    shifts = outdoor(session, project, now)
    make_sign_up(session, shifts[0], bob)
    day = shifts[0].day.isoformat()
    page = desk.get(f"/console/outdoors?date={day}").text
    assert all(f'value="{shift.id}" checked' in page for shift in shifts)
    data = {"shifts": [shift.id for shift in shifts], "act": "cancel", "reason": "下雨"}
    assert desk.post(f"/console/outdoors?date={day}", data=data).status_code == 303
    session.expire_all()
    assert {shift.status for shift in shifts} == {"cancelled"}
    assert kinds(session, bob) == ["shift_cancelled"]


def test_a_day_moves_by_whole_days_and_everybody_is_asked_again(session, project, now, bob, desk):
    shifts = outdoor(session, project, now)
    make_sign_up(session, shifts[0], bob)
    before = [shift.starts_at for shift in shifts]
    day = shifts[0].day
    to = (day + timedelta(days=2)).isoformat()
    data = {"shifts": [shift.id for shift in shifts], "act": "move", "to": to}
    answer = desk.post(f"/console/outdoors?date={day.isoformat()}", data=data)
    assert answer.status_code == 303
    session.expire_all()
    assert [shift.starts_at - then for shift, then in zip(shifts, before, strict=True)] == [
        timedelta(days=2)
    ] * 2
    assert session.scalars(select(ChangeReceipt.state)).all() == ["asked"]


def test_one_shift_that_cannot_be_called_off_keeps_all_and_is_named(session, project, now, desk):
    running = make_shift(session, project=project, starts_at=now - timedelta(minutes=10))
    later = make_shift(session, project=project, starts_at=now + timedelta(hours=3))
    data = {"shifts": [running.id, later.id], "act": "cancel", "reason": "下雨"}
    answer = desk.post(f"/console/outdoors?date={later.day.isoformat()}", data=data)
    assert answer.status_code == 409
    assert 'value="下雨"' in answer.text
    session.expire_all()
    assert {running.status, later.status} == {ShiftStatus.PUBLISHED}


@pytest.mark.parametrize(
    "data",
    [
        {"act": "cancel", "reason": "下雨"},
        {"act": "cancel"},
        {"act": "move", "to": "2026-11-01"},
        {"act": "move", "to": "never"},
        {"act": "move", "to": "9999-12-31"},
    ],
)
def test_nothing_ticked_no_reason_or_an_impossible_day_change_nothing(
    session, project, now, desk, data
):
    shift = outdoor(session, project, now, count=1)[0]
    chosen = {} if data.get("reason") else {"shifts": [shift.id]}
    day = shift.day.isoformat()
    answer = desk.post(f"/console/outdoors?date={day}", data={**data, **chosen})
    assert answer.status_code == 422
    session.expire_all()
    assert shift.status == ShiftStatus.PUBLISHED


def test_shifts_of_strangers_are_not_called_off(session, now, desk):
    theirs = make_shift(session, starts_at=now + timedelta(days=1))
    data = {"shifts": [theirs.id], "act": "cancel", "reason": "下雨"}
    assert desk.post("/console/outdoors", data=data).status_code in (404, 422)
    session.expire_all()
    assert theirs.status == ShiftStatus.PUBLISHED


# ---------------------------------------------------------------- fewer places


def stored(desk, shift):
    page = desk.get(f"/console/shifts/{shift.id}/edit").text
    pairs = re.findall(r'<input[^>]*?name="([^"]+)"[^>]*?value="([^"]*)"', page)
    pairs += [
        (b, a) for a, b in re.findall(r'<input[^>]*?value="([^"]*)"[^>]*?name="([^"]+)"', page)
    ]
    fields = {name: value for name, value in pairs if name not in ("csrf_token", "request_key")}
    place = re.search(r'<option selected value="(\d+)"', page)
    return {**fields, "place_id": place[1]}


@pytest.fixture
def cut(session, project, now, desk):
    """A shift in three days with three people on three places, and its form with one place."""
    shift = make_shift(session, project=project, starts_at=now + timedelta(days=3), capacity=3)
    people = [make_person(session, name=name) for name in ("早来", "中间", "晚来")]
    sign_ups = [make_sign_up(session, shift, person) for person in people]
    form = {**stored(desk, shift), "posts-0-capacity": "2", "meeting_point": "新的门口"}
    return shift, sign_ups, form


def asked(answer):
    return re.search(r'name="cut_for" value="([^"]*)"', answer.text)[1]


def test_fewer_places_than_people_ask_what_to_do_and_name_who_would_go(cut, desk):
    shift, _sign_ups, form = cut
    answer = desk.post(f"/console/shifts/{shift.id}/edit", data=form)
    assert answer.status_code == 422
    assert 'name="cut" value="back"' in answer.text
    assert "晚来" in answer.text
    assert "中间" not in answer.text
    assert "新的门口" in answer.text


def test_everybody_stays_and_the_places_shrink(session, cut, desk):
    shift, sign_ups, form = cut
    address = f"/console/shifts/{shift.id}/edit"
    key = asked(desk.post(address, data=form))
    assert desk.post(address, data={**form, "cut": "shrink", "cut_for": key}).status_code == 303
    assert {status_of(session, one) for one in sign_ups} == {"confirmed"}
    post = post_of(session, shift)
    assert (post.capacity, post.shrink_to) == (3, 2)
    assert "将减到 2" in desk.get(f"/console/shifts/{shift.id}").text


def test_the_latest_goes_back_to_the_front_of_the_line(session, cut, desk):
    shift, sign_ups, form = cut
    address = f"/console/shifts/{shift.id}/edit"
    key = asked(desk.post(address, data=form))
    assert desk.post(address, data={**form, "cut": "back", "cut_for": key}).status_code == 303
    assert [status_of(session, one) for one in sign_ups] == ["confirmed", "confirmed", "waitlisted"]


def test_an_answer_about_other_numbers_does_not_count(session, cut, desk):
    shift, sign_ups, form = cut
    address = f"/console/shifts/{shift.id}/edit"
    key = asked(desk.post(address, data=form))
    fewer = {**form, "posts-0-capacity": "1", "cut": "back", "cut_for": key}
    assert desk.post(address, data=fewer).status_code == 422
    assert {status_of(session, one) for one in sign_ups} == {"confirmed"}


def test_places_added_meanwhile_are_shown_to_whoever_saves_the_form_later(session, shift, desk):
    form = stored(desk, shift)
    post = post_of(session, shift)
    desk.post(f"/console/shifts/{shift.id}/places", data={"post": post.id, "more": "2"})
    answer = desk.post(
        f"/console/shifts/{shift.id}/edit", data={**form, "meeting_point": "我打的字"}
    )
    assert answer.status_code == 409
    assert "分诊台 4" in answer.text
    assert "我打的字" in answer.text


# ---------------------------------------------------------------- board and roster


def test_the_board_names_who_cancelled_since_last_evening(session, shift, bob, desk, now):
    make_sign_up(
        session, shift, bob, status=SignUpStatus.CANCELLED, cancelled_at=now - timedelta(hours=3)
    )
    early = make_person(session, name="前天的人")
    make_sign_up(
        session, shift, early, status=SignUpStatus.CANCELLED, cancelled_at=now - timedelta(days=2)
    )
    page = desk.get("/console").text
    assert "Bob" in page
    assert "前天的人" not in page


def test_after_a_move_board_and_roster_show_who_has_not_accepted_and_who_collides(
    session, project, shift, bob, desk
):
    make_sign_up(session, shift, bob)
    moved = make_shift(session, project=project, starts_at=shift.starts_at - timedelta(hours=5))
    make_sign_up(session, moved, bob)
    form = {**stored(desk, moved)}
    local = shift.starts_at + timedelta(hours=8)
    form["starts_at"] = local.strftime("%Y-%m-%dT%H:%M")
    form["ends_at"] = (local + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    assert desk.post(f"/console/shifts/{moved.id}/edit", data=form).status_code == 303
    assert "moved: 1 person has another place then" in desk.get("/console?lang=en").text
    roster = desk.get(f"/console/shifts/{moved.id}?lang=en").text
    assert "0 accepted, 1 not yet, 0 gave the place back." in roster
    assert "has another place then" in roster


def test_the_sheet_of_paper_shows_phones_only_around_the_shift(session, shift, soon, bob, desk):
    make_sign_up(session, shift, bob)
    make_sign_up(session, soon, bob)
    number = bob.phone[3:]
    assert number not in desk.get(f"/console/shifts/{shift.id}/print").text
    assert number in desk.get(f"/console/shifts/{soon.id}/print").text
