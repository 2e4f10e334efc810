"""Codes that prove presence: rotating, typed, offline; and leaving by one tap."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_person, make_project, make_shift, make_sign_up
from tests.support import login
from volunteer_hub.attendance import check_in, jobs, offline, services
from volunteer_hub.attendance.check_in import NoPlace, NotHere, NotOpen
from volunteer_hub.attendance.events import Source
from volunteer_hub.attendance.models import (
    Attendance,
    AttendanceMethod,
    AttendanceStatus,
    Flag,
    SiteEvent,
)
from volunteer_hub.core import codes
from volunteer_hub.core.codes import Direction, Scan
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.notifications.models import Notice

KEY = "a key of tests"
AT = datetime(2026, 11, 23, 7, 0, 5, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


# ---------------------------------------------------------------- the codes themselves


@given(
    st.integers(1, 2**31 - 1),
    st.sampled_from(Direction),
    st.integers(1_700_000_000, 2_100_000_000),
)
def test_s36_a_token_says_shift_direction_and_time_and_fits_a_small_qr_code(
    shift_id, direction, at
):
    scan = Scan(shift_id, direction, codes.step_of(datetime.fromtimestamp(at, UTC)))
    text = codes.token(KEY, scan)
    assert len(text) == 22
    assert codes.read_token(KEY, text) == scan
    assert codes.read_token("another key", text) is None


@given(st.integers(0, 127))
def test_s36_one_changed_bit_is_refused(bit):
    text = codes.token(KEY, Scan(7, Direction.IN, codes.step_of(AT)))
    raw = bytearray(codes.urlsafe_b64decode(text + "=="))
    raw[bit // 8] ^= 1 << bit % 8
    changed = codes.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    assert codes.read_token(KEY, changed) is None


@pytest.mark.parametrize("text", ["", "x", "no such token at all!!", "A" * 22, "ä" * 22, "=" * 22])
def test_what_is_no_token_is_refused(text):
    assert codes.read_token(KEY, text) is None


@pytest.mark.parametrize(
    ("age", "fresh"),
    [(0, True), (29, True), (54, True), (90, False), (3600, False), (-86400, False)],
)
def test_s36_a_photo_older_than_ninety_seconds_is_refused(age, fresh):
    scan = Scan(7, Direction.IN, codes.step_of(AT))
    assert scan.is_fresh(AT + age * SECOND) is fresh
    found = codes.find_digits(
        KEY,
        codes.digits(KEY, scan),
        shift_id=7,
        direction=Direction.IN,
        now=AT + age * SECOND,
    )
    assert (found == scan) is fresh


def test_digits_of_another_shift_or_direction_open_nothing():
    typed = codes.digits(KEY, Scan(7, Direction.IN, codes.step_of(AT)))
    assert not codes.find_digits(KEY, typed, shift_id=8, direction=Direction.IN, now=AT)
    assert not codes.find_digits(KEY, typed, shift_id=7, direction=Direction.OUT, now=AT)


# ---------------------------------------------------------------- checking in


@pytest.fixture
def shift(session, now):
    return make_shift(session, starts_at=now, ends_at=now + 60 * MINUTE, capacity=50)


@pytest.fixture
def bob_comes(session, shift, bob):
    make_sign_up(session, shift, bob)
    return {"shift_id": shift.id, "person_id": bob.id}


def by_code(person, now, **more):
    return Source(AttendanceMethod.CODE, person.id, **{"code_step": codes.step_of(now)} | more)


def count(session, model=SiteEvent):
    return session.scalar(sa.select(sa.func.count()).select_from(model))


def test_the_same_scan_twice_is_one_event_even_after_leaving(session, bob_comes, bob, now):
    scan = by_code(bob, now)
    first = check_in.check_in(session, **bob_comes, source=scan, now=now)
    assert check_in.check_in(session, **bob_comes, source=scan, now=now + SECOND) == first
    check_in.check_out(
        session, **bob_comes, source=Source(AttendanceMethod.TAP, bob.id), now=now + 5 * MINUTE
    )
    again = check_in.check_in(session, **bob_comes, source=scan, now=now + 6 * MINUTE)
    assert again.left_at == now + 5 * MINUTE
    assert count(session) == 2


def test_s37_the_same_scan_a_hundred_times_at_once_is_one_row(app, session, bob_comes, bob, now):
    scan = by_code(bob, now)

    def work(_n):
        with app.app_context():
            return write_tx(
                lambda: check_in.check_in(db.session(), **bob_comes, source=scan, now=now)
            )

    session.rollback()
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(work, range(100)))
    assert len(found) == 1
    session.rollback()
    assert (count(session), count(session, Attendance)) == (1, 1)


@pytest.mark.parametrize(("minutes", "opens"), [(-31, False), (-30, True), (90, True), (91, False)])
def test_s36_codes_open_half_an_hour_around_the_shift(session, bob_comes, bob, now, minutes, opens):
    at = now + minutes * MINUTE
    if opens:
        assert check_in.check_in(session, **bob_comes, source=by_code(bob, at), now=at)
        return
    with pytest.raises(NotOpen):
        check_in.check_in(session, **bob_comes, source=by_code(bob, at), now=at)


def test_s37_a_stranger_with_a_forwarded_link_gets_nothing(session, shift, now):
    stranger = make_person(session)
    with pytest.raises(NoPlace) as no:
        check_in.check_in(
            session,
            shift_id=shift.id,
            person_id=stranger.id,
            source=by_code(stranger, now),
            now=now,
        )
    assert no.value.status == 403
    assert count(session) == 0


def test_s37_one_phone_for_two_people_within_a_minute_is_flagged_not_refused(
    session, shift, bob_comes, bob, now
):
    other = make_person(session)
    make_sign_up(session, shift, other)
    check_in.check_in(session, **bob_comes, source=by_code(bob, now, device="d"), now=now)
    for at in (now + 59 * SECOND, now + 59 * SECOND):
        check_in.check_in(
            session,
            shift_id=shift.id,
            person_id=other.id,
            source=by_code(other, at, device="d"),
            now=at,
        )
    (flag,) = session.scalars(sa.select(Flag)).all()
    assert (flag.kind, flag.person_id, flag.details) == (
        "one_device",
        other.id,
        {"with_person": bob.id},
    )


def test_who_was_noted_absent_too_early_comes_by_the_code(session, bob_comes, bob, alice, now):
    services.mark(session, **bob_comes, status=AttendanceStatus.NO_SHOW, actor_id=alice.id, now=now)
    at = now + 10 * MINUTE
    presence = check_in.check_in(session, **bob_comes, source=by_code(bob, at), now=at)
    assert presence.came_at == at
    row = session.scalars(sa.select(Attendance)).one()
    assert (row.status, row.method) == ("present", "code")


def test_nobody_leaves_who_has_not_come(session, bob_comes, bob, now):
    with pytest.raises(NotHere):
        check_in.check_out(
            session, **bob_comes, source=Source(AttendanceMethod.TAP, bob.id), now=now
        )


# ---------------------------------------------------------------- forgotten check-outs


def test_a_forgotten_check_out_is_asked_for_once_and_then_the_plan_counts(
    session, bob_comes, bob, shift, now
):
    check_in.check_in(session, **bob_comes, source=by_code(bob, now), now=now)
    later = shift.ends_at + 10 * MINUTE
    assert [jobs.remind_to_check_out(session, later) for _twice in range(2)] == [1, 0]
    notice = session.scalars(sa.select(Notice)).one()
    assert (notice.kind, notice.link) == ("check_out", f"/shifts/{shift.id}/check-in")
    assert jobs.close_forgotten(session, shift.ends_at + 29 * MINUTE) == 0
    assert jobs.close_forgotten(session, shift.ends_at + 30 * MINUTE) == 1
    row = session.scalars(sa.select(Attendance)).one()
    assert row.check_out_at == shift.ends_at


# ---------------------------------------------------------------- offline codes


def test_an_offline_code_checks_its_owner_in_at_the_time_that_is_said(
    session, shift, bob, alice, now
):
    sign_up = make_sign_up(session, shift, bob)
    make_sign_up(session, shift, make_person(session))
    typed = codes.offline_digits(KEY, sign_up.id)
    found = offline.check_in(
        session,
        shift_id=shift.id,
        typed=offline.Typed(typed, "10:05"),
        key=KEY,
        zone=offline.ZoneInfo("Asia/Shanghai"),
        actor_id=alice.id,
        now=now + 40 * MINUTE,
    )
    assert found.person_id == bob.id
    row = session.scalars(sa.select(Attendance)).one()
    assert (row.method, row.check_in_at) == ("offline_code", now + 5 * MINUTE)


@pytest.mark.parametrize(
    ("code", "came"), [("000000", ""), ("", ""), ("x" * 20, ""), ("ok", "25:00")]
)
def test_an_offline_code_that_is_nobodys_is_refused_in_words(
    session, shift, bob, alice, now, code, came
):
    sign_up = make_sign_up(session, shift, bob)
    typed = codes.offline_digits(KEY, sign_up.id) if code == "ok" else code
    with pytest.raises(InvalidInput):
        offline.check_in(
            session,
            shift_id=shift.id,
            typed=offline.Typed(typed, came),
            key=KEY,
            zone=offline.ZoneInfo("Asia/Shanghai"),
            actor_id=alice.id,
            now=now,
        )


# ---------------------------------------------------------------- on the screen


@pytest.fixture
def here(client, session, bob, now):
    shift = make_shift(session, project=make_project(session), starts_at=now)
    make_sign_up(session, shift, bob)
    return shift


def key_of(client):
    return client.application.config["SECRET_KEY"]


def token_for(client, shift, at, direction=Direction.IN):
    return codes.token(key_of(client), Scan(shift.id, direction, codes.step_of(at)))


def test_opening_the_link_asks_and_only_the_tap_checks_in(client, session, bob, here, now):
    login(client, bob)
    address = f"/c/{token_for(client, here, now)}"
    assert "确认签到" in client.get(address).text
    assert count(session) == 0
    answer = client.post(address)
    assert (answer.status_code, answer.location) == (303, f"/shifts/{here.id}/check-in#done")
    page = client.get(f"/shifts/{here.id}/check-in").text
    assert "签到成功" in page
    assert "10:00" in page


def test_who_has_to_sign_in_first_may_still_use_the_code_that_was_fresh(
    client, session, bob, here, now, time_machine
):
    address = f"/c/{token_for(client, here, now)}"
    assert client.get(address).location == f"/login?next={address}"
    time_machine.move_to(now + 100 * SECOND, tick=False)
    login(client, bob)
    assert client.post(address).status_code == 303
    time_machine.move_to(now + 200 * SECOND, tick=False)
    other = client.application.test_client()
    login(other, bob)
    assert other.get(address).status_code == 409


def test_a_link_without_a_place_is_refused_with_403(client, session, here, now):
    login(client, make_person(session, password="orange-2026-tree"))
    address = f"/c/{token_for(client, here, now)}"
    assert client.get(address).status_code == 403
    assert client.post(address).status_code == 403
    assert count(session) == 0


def test_six_digits_check_in_and_wrong_ones_keep_what_was_typed(client, session, bob, here, now):
    login(client, bob)
    wrong = client.post(f"/shifts/{here.id}/check-in", data={"code": "12 34"})
    assert wrong.status_code == 409
    assert 'value="1234"' in wrong.text
    typed = codes.digits(key_of(client), Scan(here.id, Direction.IN, codes.step_of(now)))
    right = client.post(f"/shifts/{here.id}/check-in", data={"code": f"{typed[:3]} {typed[3:]}"})
    assert right.status_code == 303
    assert client.post(f"/shifts/{here.id}/check-out").status_code == 303
    assert "签退成功" in client.get(f"/shifts/{here.id}/check-in").text


def test_somebody_elses_shift_is_none_of_ones_check_ins(client, session, here):
    login(client, make_person(session))
    assert client.get(f"/shifts/{here.id}/check-in").status_code == 404
    assert client.post(f"/shifts/{here.id}/check-out").status_code == 404


def test_guessing_digits_ends_after_ten_tries(client, session, bob, here):
    login(client, bob)
    tries = [
        client.post(f"/shifts/{here.id}/check-in", data={"code": "000000"}).status_code
        for _n in range(11)
    ]
    assert tries == [409] * 10 + [429]


def test_the_screen_shows_the_code_and_is_drawn_anew_only_when_it_changes(
    client, session, bob, alice, organisation, now, time_machine
):
    project = make_project(session, organisation=organisation)
    shift = make_shift(session, project=project, starts_at=now)
    make_sign_up(session, shift, bob)
    login(client, alice)
    page = client.get(f"/console/shifts/{shift.id}/code").text
    digits = codes.digits(key_of(client), Scan(shift.id, Direction.IN, codes.step_of(now)))
    assert f"{digits[:3]} {digits[3:]}" in page
    assert re.search(r'<path d="M\d+ \d+h', page)
    again = html.unescape(re.search(r'hx-get="([^"]+)"', page)[1])
    assert client.get(again, headers={"HX-Request": "true"}).status_code == 204
    time_machine.move_to(now + 31 * SECOND, tick=False)
    fragment = client.get(again, headers={"HX-Request": "true"})
    assert fragment.status_code == 200
    assert digits not in fragment.text.replace(" ", "")


def test_before_the_time_the_screen_says_when_the_code_comes(
    client, session, alice, organisation, now
):
    project = make_project(session, organisation=organisation)
    shift = make_shift(session, project=project, starts_at=now + 2 * 60 * MINUTE)
    login(client, alice)
    page = client.get(f"/console/shifts/{shift.id}/code").text
    assert "签到码将在 11:30" in page
    assert '<path d="M' not in page.partition('id="code"')[2]
