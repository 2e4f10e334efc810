"""Series at the desk: dates first, then the shifts; one, the following or all."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import func, select

from tests.factories import make_person, make_project, make_series, make_shift, make_sign_up
from tests.forms import forms_of
from tests.support import login
from volunteer_hub.registry.models import Place
from volunteer_hub.shifts.models import Series, Shift, ShiftStatus, SignUp

SATURDAY = date(2026, 11, 28)


@pytest.fixture
def desk(client, alice):
    return login(client, alice)


@pytest.fixture
def project(session, organisation):
    return make_project(session, organisation=organisation)


@pytest.fixture
def typed(project):
    """Each Saturday afternoon until Christmas, six places."""
    return {
        "every": "week",
        "weekdays": ["6"],
        "weeks": "1",
        "ordinal": "2",
        "month_weekday": "6",
        "skip_holidays": "y",
        "first_day": "2026-11-28",
        "last_day": "2026-12-25",
        "start": "14:00",
        "end": "16:00",
        "place_id": str(project.place_id),
        "meeting_point": "大厅",
        "posts-0-capacity": "6",
    }


@pytest.fixture
def send(desk, project):
    def send(typed, **more):
        return desk.post(f"/console/projects/{project.id}/series/new", data={**typed, **more})

    return send


def seen(answer):
    return re.search(r'name="seen"[^>]*value="(\w+)"', answer.text)[1]


@pytest.fixture
def make(send):
    """Look at the dates, then publish them."""

    def make(typed, **more):
        looked = send(typed)
        assert looked.status_code == 200, looked.text
        return send(typed, seen=seen(looked), step="publish", **more)

    return make


def shifts(session):
    session.expire_all()
    return session.scalars(select(Shift).order_by(Shift.starts_at)).all()


def days(session):
    return [one.day.isoformat() for one in shifts(session)]


def test_the_dates_are_shown_before_anything_is_made(session, send, typed):
    answer = send(typed)
    assert answer.status_code == 200
    assert "4 场" in answer.text
    assert "每周六，跳过节假日" in answer.text
    assert "28 周六" in answer.text
    assert shifts(session) == []


def test_a_series_is_published_after_its_dates_were_seen(session, make, typed, project):
    answer = make(typed)
    assert (answer.status_code, answer.location) == (303, f"/console/projects/{project.id}")
    assert days(session) == ["2026-11-28", "2026-12-05", "2026-12-12", "2026-12-19"]
    assert {one.status for one in shifts(session)} == {ShiftStatus.PUBLISHED}


def test_a_series_may_be_saved_as_drafts(session, make, typed):
    assert make(typed).status_code == 303
    assert session.scalar(select(func.count(Series.id))) == 1


def test_publishing_without_a_look_shows_the_dates(session, send, typed):
    answer = send(typed, step="publish")
    assert answer.status_code == 422
    assert "4 场" in answer.text
    assert shifts(session) == []


def test_dates_changed_after_the_look_are_shown_again(session, send, typed):
    mark = seen(send(typed))
    answer = send({**typed, "last_day": "2026-12-12"}, seen=mark, step="publish")
    assert answer.status_code == 422
    assert "3 场" in answer.text
    assert "大厅" in answer.text
    assert shifts(session) == []


def test_the_same_form_sent_twice_makes_one_series(session, send, typed):
    ready = {**typed, "seen": seen(send(typed)), "step": "publish", "request_key": "twice"}
    first, second = send(ready), send(ready)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert len(shifts(session)) == 4


def test_looking_twice_with_the_same_form_shows_the_dates_twice(send, typed):
    for _n in range(2):
        assert "4 场" in send(typed, request_key="again").text


def test_holidays_are_named_and_swapped_workdays_marked(desk, alice, send, typed, time_machine):
    time_machine.move_to("2026-09-10 02:00:00+00:00", tick=False)
    login(desk, alice)
    dates = {"first_day": "2026-09-28", "last_day": "2026-10-16"}
    answer = send({**typed, **dates, "weekdays": ["1", "2", "3", "4", "5"]})
    assert "跳过 5 天" in answer.text
    assert "国庆节" in answer.text
    assert "10 月 10 日 周六" in answer.text
    answer = send({**typed, **dates, "every": "workday"})
    assert "10 周六 · 调休上班" in answer.text


def test_a_year_whose_holidays_are_not_known_is_said(send, typed):
    assert "2027 年的放假安排还没有公布" in send(typed, last_day="2027-02-01").text
    assert "放假安排" not in send(typed).text


def test_a_shift_over_midnight_and_a_month_by_weekday(session, make, typed):
    make({**typed, "every": "month", "last_day": "2027-01-31", "start": "22:30", "end": "00:30",
          "next_day": "y"})  # fmt: skip
    assert days(session) == ["2026-12-12", "2027-01-09"]
    assert shifts(session)[0].end_minute == 1470


def test_a_new_place_is_added_when_the_series_is_made_and_not_before(session, send, typed):
    new = {**typed, "place_id": "", "place_name": "江边广场"}
    mark = seen(send(new))
    places = select(func.count(Place.id)).where(Place.name_zh == "江边广场")
    assert session.scalar(places) == 0
    assert send(new, seen=mark, step="publish").status_code == 303
    session.commit()
    assert session.scalar(places) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_day", "1900-01-01"),
        ("first_day", "2026-11-22"),
        ("first_day", ""),
        ("first_day", "2026-02-30"),
        ("last_day", "1900-01-01"),
        ("last_day", "2026-11-27"),
        ("last_day", "2028-01-01"),
        ("last_day", "9999-12-31"),
        ("last_day", "soon"),
        ("end", "14:00"),
        ("end", "13:00"),
        ("end", "14:10"),
        ("end", ""),
        ("start", "25:00"),
        ("start", ""),
        ("every", "hour"),
        ("weekdays", []),
        ("weekdays", ["8"]),
        ("weeks", "0"),
        ("weeks", "99999"),
        ("place_id", ""),
        ("place_id", str(2**70)),
        ("posts-0-capacity", "0"),
        ("posts-0-capacity", "1000000"),
        ("posts-0-capacity", ""),
        ("posts-0-minimum", "7"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_with_everything_kept(
    session, send, typed, field, value
):
    answer = send({**typed, field: value})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "大厅" in answer.text
    assert shifts(session) == []


def test_twenty_five_hours_are_refused(send, typed):
    answer = send(typed, end="15:00", next_day="y")
    assert answer.status_code == 422
    assert 'href="#end"' in answer.text


def test_a_series_of_ten_thousand_is_refused_with_its_number(session, send, typed):
    answer = send({**typed, "every": "day", "skip_holidays": "", "last_day": "2054-04-14"})
    assert answer.status_code == 422
    assert "10,000 场" in answer.text
    assert shifts(session) == []


def test_the_form_goes_on_from_the_shift_that_is_copied(session, desk, project, now):
    shift = make_shift(session, project=project, capacity=7, meeting_point="南门")
    page = desk.get(f"/console/projects/{project.id}/series/new?copy={shift.id}").text
    assert 'value="2026-12-02"' in page
    assert "南门" in page
    assert desk.get(f"/console/projects/{project.id}/shifts/new").text.count("/series/new") == 1


# ---------------------------------------------------------------- a series that is there


@pytest.fixture
def series(session, project):
    return make_series(session, project=project, first_day=SATURDAY)


def edit_form(desk, shift):
    address = f"/console/shifts/{shift.id}/edit"
    form = next(one for one in forms_of(desk.get(address).text, address) if "reach" in one.kinds)
    return {name: values for name, values in form.values.items() if any(values)}


def test_the_rule_is_said_wherever_the_shift_is(session, desk, series, project):
    shift = shifts(session)[0]
    for address in (
        f"/console/shifts/{shift.id}",
        f"/console/shifts/{shift.id}/edit",
        f"/console/projects/{project.id}",
    ):
        assert "系列：每周六" in desk.get(address).text, address
        assert "Series: Every Sat" in desk.get(f"{address}?lang=en").text, address
        desk.get("/console?lang=zh")
    assert desk.get(f"/console/series/{series.id}").status_code == 200


def test_the_form_asks_how_far_a_change_goes(session, desk, series):
    page = desk.get(f"/console/shifts/{shifts(session)[1].id}/edit").text
    assert "仅这一场" in page
    assert "这场及以后（2 场）" in page
    assert "全部未开始的（3 场）" in page


def test_without_a_choice_only_this_shift_changes(session, desk, series):
    first = shifts(session)[0]
    typed = {**edit_form(desk, first), "meeting_point": "南门"}
    assert desk.post(f"/console/shifts/{first.id}/edit", data=typed).status_code == 303
    assert [one.meeting_point for one in shifts(session)] == ["南门", "一楼大厅", "一楼大厅"]


def test_this_and_the_following_change(session, desk, series):
    second = shifts(session)[1]
    typed = {**edit_form(desk, second), "meeting_point": "南门", "reach": "following"}
    assert desk.post(f"/console/shifts/{second.id}/edit", data=typed).status_code == 303
    assert [one.meeting_point for one in shifts(session)] == ["一楼大厅", "南门", "南门"]


def test_each_shift_that_cannot_take_it_is_named_and_none_changes(session, desk, series):
    first, _second, third = shifts(session)
    for _n in range(2):
        make_sign_up(session, third, make_person(session))
    typed = {
        **edit_form(desk, first),
        "meeting_point": "南门",
        "reach": "all",
        "posts-0-capacity": "1",
    }
    answer = desk.post(f"/console/shifts/{first.id}/edit", data=typed)
    assert answer.status_code == 409
    assert "12 月 12 日 周六" in answer.text
    assert "已占用 2 个名额" in answer.text
    assert "南门" in answer.text
    assert {one.meeting_point for one in shifts(session)} == {"一楼大厅"}


def test_the_second_coordinator_sees_the_first_ones_change_and_loses_nothing(session, desk, series):
    first = shifts(session)[0]
    old = edit_form(desk, first)
    desk.post(f"/console/shifts/{first.id}/edit", data={**old, "meeting_point": "东门"})
    typed = {**old, "meeting_point": "西门", "reach": "all"}
    answer = desk.post(f"/console/shifts/{first.id}/edit", data=typed)
    assert answer.status_code == 409
    assert "东门" in answer.text
    assert "西门" in answer.text
    again = forms_of(answer.text, f"/console/shifts/{first.id}/edit")
    form = next(one for one in again if "reach" in one.kinds)
    assert form.values["reach"] == ["all"]
    assert [one.meeting_point for one in shifts(session)] == ["东门", "一楼大厅", "一楼大厅"]
    desk.post(f"/console/shifts/{first.id}/edit", data=form.values)
    assert {one.meeting_point for one in shifts(session)} == {"西门"}


def test_a_reach_that_nobody_knows_is_a_form_error(session, desk, series):
    first = shifts(session)[0]
    typed = {**edit_form(desk, first), "reach": "past"}
    assert desk.post(f"/console/shifts/{first.id}/edit", data=typed).status_code == 422


def test_the_following_are_called_off_together(session, desk, series, bob):
    _first, second, third = shifts(session)
    make_sign_up(session, third, bob)
    path = f"/console/shifts/{second.id}/cancel"
    refused = desk.post(path, data={"cancel_reach": "following"})
    assert refused.status_code == 422
    assert 'href="#reason"' in refused.text
    answer = desk.post(path, data={"reason": "下雨", "cancel_reach": "following"})
    assert answer.status_code == 303
    assert [one.status for one in shifts(session)] == ["published", "cancelled", "cancelled"]
    assert session.scalar(select(SignUp.status)) == "confirmed"


def test_a_series_goes_on_after_its_new_dates_were_seen(session, desk, series):
    cancelled = shifts(session)[2]
    desk.post(f"/console/shifts/{cancelled.id}/cancel", data={"reason": "下雨"})
    path = f"/console/series/{series.id}/extend"
    looked = desk.post(path, data={"last_day": "2026-12-26"})
    assert looked.status_code == 200
    assert "加上 2 场" in looked.text
    assert len(shifts(session)) == 3
    answer = desk.post(path, data={"last_day": "2026-12-26", "seen": seen(looked), "step": "add"})
    assert (answer.status_code, answer.location) == (303, f"/console/series/{series.id}")
    assert days(session)[3:] == ["2026-12-19", "2026-12-26"]
    assert shifts(session)[2].status == ShiftStatus.CANCELLED


@pytest.mark.parametrize("last_day", ["", "x", "1900-01-01", "2026-12-12", "2029-01-01"])
def test_an_extension_that_cannot_be_is_told_at_its_field(desk, series, last_day):
    answer = desk.post(f"/console/series/{series.id}/extend", data={"last_day": last_day})
    assert answer.status_code == 422
    assert 'href="#last_day"' in answer.text


def test_series_of_others_are_not_there(session, desk):
    theirs = make_project(session)
    series = make_series(session, project=theirs, first_day=SATURDAY)
    assert desk.get(f"/console/series/{series.id}").status_code == 404
    assert desk.post(f"/console/series/{series.id}/extend").status_code == 404
    assert desk.get(f"/console/projects/{theirs.id}/series/new").status_code == 404
    assert desk.post(f"/console/projects/{theirs.id}/series/new").status_code == 404
