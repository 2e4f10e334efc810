"""Shifts at the desk."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    make_person,
    make_place,
    make_project,
    make_shift,
    make_sign_up,
    post_of,
)
from tests.support import login
from volunteer_hub.accounts.models import Qualification
from volunteer_hub.registry.models import Place
from volunteer_hub.shifts.models import Post, PostNeed, Shift, ShiftStatus


@pytest.fixture
def desk(client, alice):
    return login(client, alice)


@pytest.fixture
def project(session, organisation):
    return make_project(session, organisation=organisation)


@pytest.fixture
def typed(project):
    """Wednesday noon, eight places, as the form sends it: one row filled, the others empty."""
    rows = {
        f"posts-{n}-{field}": ""
        for n in range(4)
        for field in ("id", "name_zh", "capacity", "minimum")
    }
    return {
        **rows,
        "starts_at": "2026-11-25T12:00",
        "ends_at": "2026-11-25T13:00",
        "place_id": str(project.place_id),
        "posts-0-capacity": "8",
        "posts-0-minimum": "5",
        "publish": "1",
    }


@pytest.fixture
def send(desk, project):
    def send(typed):
        return desk.post(f"/console/projects/{project.id}/shifts/new", data=typed)

    return send


def ids_of(session, *keys):
    known = dict(session.execute(select(Qualification.key, Qualification.id)).all())
    return [known[key] for key in keys]


def only_shift(session):
    session.expire_all()
    return session.scalars(select(Shift)).one()


def test_a_shift_is_published_with_local_times(session, send, typed, project):
    answer = send(typed)
    shift = only_shift(session)
    assert (answer.status_code, answer.location) == (303, f"/console/projects/{project.id}")
    assert shift.starts_at.isoformat() == "2026-11-25T04:00:00+00:00"
    assert (shift.status, shift.window) == (ShiftStatus.PUBLISHED, "lunch")
    assert post_of(session, shift).capacity == 8


def test_only_what_a_shift_needs_must_be_sent(session, send, typed):
    needed = ("starts_at", "ends_at", "place_id", "posts-0-capacity", "publish")
    assert send({name: typed[name] for name in needed}).status_code == 303
    assert only_shift(session)


def needs_of_posts(session):
    rows = session.execute(select(PostNeed.post_id, PostNeed.qualification_id)).all()
    return {post: {one for other, one in rows if other == post} for post, _one in rows}


def test_a_post_asks_for_what_was_ticked_and_a_copy_asks_for_the_same(
    session, desk, project, send, typed
):
    hospital, shanghainese = ids_of(session, "hospital", "lang_sh")
    ticks = {"posts-0-needs": [str(hospital), str(shanghainese)]}
    assert send({**typed, **ticks}).status_code == 303
    shift = only_shift(session)
    assert needs_of_posts(session) == {post_of(session, shift).id: {hospital, shanghainese}}
    copy = desk.get(f"/console/projects/{project.id}/shifts/new?copy={shift.id}").text
    assert re.findall(r'name="posts-0-needs" value="(\d+)" checked', copy) == [
        str(shanghainese), str(hospital)
    ]  # fmt: skip


def test_needs_are_taken_away_by_taking_the_ticks_away(session, desk, send, typed):
    (hospital,) = ids_of(session, "hospital")
    send({**typed, "posts-0-needs": [str(hospital)]})
    shift = only_shift(session)
    form = stored_form(desk, shift)
    assert desk.post(f"/console/shifts/{shift.id}/edit", data=form).status_code == 303
    assert only_shift(session).version == 1
    del form["posts-0-needs"]
    assert desk.post(f"/console/shifts/{shift.id}/edit", data=form).status_code == 303
    assert needs_of_posts(session) == {}
    assert only_shift(session).version == 2


@pytest.mark.parametrize("value", ["0", "9999", str(2**70), "'", "医院"])
def test_a_need_that_is_not_in_the_list_is_a_form_error(session, send, typed, value):
    answer = send({**typed, "posts-0-needs": [value], "meeting_point": "门诊大厅"})
    assert answer.status_code == 422
    assert 'href="#posts-0-needs"' in answer.text
    assert "门诊大厅" in answer.text


def test_a_shift_may_be_saved_as_a_draft_and_published_later(session, desk, send, typed):
    send({**typed, "publish": ""})
    shift = only_shift(session)
    assert shift.status == ShiftStatus.DRAFT
    again = {**typed, "version": "1", "posts-0-id": str(post_of(session, shift).id)}
    assert desk.post(f"/console/shifts/{shift.id}/edit", data=again).status_code == 303
    assert only_shift(session).status == ShiftStatus.PUBLISHED


def test_several_posts_come_from_rows_and_empty_rows_count_for_nothing(session, send, typed):
    rows = {
        "posts-0-name_zh": "导诊",
        "posts-2-name_zh": "缴费机",
        "posts-2-capacity": "3",
    }
    assert send({**typed, **rows}).status_code == 303
    posts = session.scalars(select(Post).order_by(Post.position)).all()
    assert [(post.name_zh, post.capacity) for post in posts] == [("导诊", 8), ("缴费机", 3)]


def test_a_post_without_a_name_beside_others_is_an_error_at_its_own_row(send, typed):
    answer = send({**typed, "posts-0-name_zh": "导诊", "posts-3-capacity": "3"})
    assert answer.status_code == 422
    assert 'href="#posts-3-name_zh"' in answer.text


def test_a_new_place_is_added_in_the_same_form(session, send, typed):
    assert send({**typed, "place_id": "", "place_name": "江边广场"}).status_code == 303
    place = session.get(Place, only_shift(session).place_id)
    assert (place.name_zh, place.lat) == ("江边广场", None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("starts_at", "2026-11-20T12:00"),
        ("starts_at", "1900-01-01T00:00"),
        ("starts_at", "0001-01-01T00:00"),
        ("starts_at", "9999-12-31T23:59"),
        ("starts_at", "2029-11-25T12:00"),
        ("starts_at", "soon"),
        ("starts_at", ""),
        ("starts_at", "2026-02-30T12:00"),
        ("ends_at", "2026-11-25T12:00"),
        ("ends_at", "2026-11-25T12:14"),
        ("ends_at", "2026-11-26T13:00"),
        ("ends_at", "2026-11-25T11:00"),
        ("ends_at", "9999-12-31T23:59"),
        ("place_id", ""),
        ("place_id", str(2**70)),
        ("place_id", "'"),
        ("posts-0-capacity", ""),
        ("posts-0-capacity", "0"),
        ("posts-0-capacity", "501"),
        ("posts-0-capacity", "-3"),
        ("posts-0-capacity", "eight"),
        ("posts-0-capacity", "9" * 5000),
        ("posts-0-minimum", "9"),
        ("posts-0-minimum", "-1"),
        ("posts-0-name_zh", "长" * 41),
        ("meeting_point", "长" * 101),
    ],
)
def test_what_cannot_be_taken_is_a_form_error_with_the_typed_text_kept(
    session, send, typed, field, value
):
    answer = send({**typed, "meeting_point": "门诊大厅", field: value})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text or 'href="#ends_at"' in answer.text
    assert "门诊大厅" in answer.text or field == "meeting_point"
    assert session.scalar(select(Shift.id)) is None


def test_rows_of_posts_without_end_are_refused_and_not_an_error(send, typed):
    many = {f"posts-{n}-capacity": "1" for n in range(400)}
    assert send({**typed, **many}).status_code == 422


def test_the_form_starts_a_week_after_the_shift_that_is_copied(session, desk, project, now):
    shift = make_shift(session, project=project, capacity=7, starts_at=now - timedelta(days=20))
    page = desk.get(f"/console/projects/{project.id}/shifts/new?copy={shift.id}").text
    assert 'value="2026-11-24T10:00"' in page
    assert 'value="7"' in page


def test_copying_names_only_shifts_one_may_see(session, desk, project):
    theirs = make_shift(session)
    base = f"/console/projects/{project.id}/shifts/new"
    assert desk.get(f"{base}?copy={theirs.id}").status_code == 404
    assert desk.get(f"{base}?copy=x").status_code == 200
    assert desk.get(f"{base}?copy={2**70}").status_code == 200


def stored_form(desk, shift):
    """Return the edit form as the page shows it."""
    page = desk.get(f"/console/shifts/{shift.id}/edit").text
    form = page[page.index('name="version"') - 60 :]
    found = re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form)
    chosen = re.search(r'name="place_id".*?<option selected value="(\d+)"', form, re.DOTALL)
    ticked: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="(posts-\d+-needs)" value="(\d+)" checked', form):
        ticked.setdefault(name, []).append(value)
    texts = {name: value for name, value in found if not name.endswith("-needs")}
    # A key of its own for each sending, as if the page had been opened again.
    return {**texts, **ticked, "place_id": chosen[1], "publish": "", "request_key": ""}


def test_an_edit_keeps_everything_that_was_not_touched(session, desk, project):
    shift = make_shift(
        session,
        project=project,
        posts=[
            {"capacity": 2, "name_zh": "甲", "name_en": "One"},
            {"capacity": 3, "name_zh": "乙"},
        ],
    )
    form = stored_form(desk, shift)
    assert desk.post(f"/console/shifts/{shift.id}/edit", data=form).status_code == 303
    session.expire_all()
    assert shift.version == 1
    assert post_of(session, shift).name_en == "One"


def test_places_cut_below_the_signed_up_are_refused_at_their_field(session, desk, project):
    shift = make_shift(session, project=project, capacity=3)
    for _n in range(2):
        make_sign_up(session, shift, make_person(session))
    form = {**stored_form(desk, shift), "posts-0-capacity": "1"}
    answer = desk.post(f"/console/shifts/{shift.id}/edit?lang=en", data=form)
    assert answer.status_code == 422
    assert "2 places are taken already" in answer.text


def test_a_stale_edit_shows_the_other_change_and_keeps_what_was_typed(session, desk, project):
    shift = make_shift(session, project=project)
    old = stored_form(desk, shift)
    place = make_place(session, name_zh="江边")
    make_shift(session, project=project, place=place)
    desk.post(f"/console/shifts/{shift.id}/edit", data={**old, "place_id": str(place.id)})
    answer = desk.post(
        f"/console/shifts/{shift.id}/edit", data={**old, "meeting_point": "我写的集合点"}
    )
    assert answer.status_code == 409
    assert "江边" in answer.text
    assert "我写的集合点" in answer.text
    session.expire_all()
    assert (shift.place_id, shift.version) == (place.id, 2)


def test_a_shift_is_called_off_with_a_reason(session, desk, project, bob):
    shift = make_shift(session, project=project)
    make_sign_up(session, shift, bob)
    path = f"/console/shifts/{shift.id}/cancel"
    refused = desk.post(path, data={"reason": " "})
    assert refused.status_code == 422
    assert 'href="#reason"' in refused.text
    assert desk.post(path, data={"reason": "下雨"}).status_code == 303
    session.expire_all()
    assert shift.status == ShiftStatus.CANCELLED
    assert "下雨" in desk.get(f"/console/projects/{project.id}").text
    assert desk.get(f"/console/shifts/{shift.id}/edit").status_code == 200


def test_a_running_shift_is_ended_on_its_roster_and_not_called_off(session, desk, project, now):
    shift = make_shift(session, project=project, starts_at=now - timedelta(minutes=10))
    page = desk.get(f"/console/shifts/{shift.id}/edit?lang=en").text
    assert f'action="/console/shifts/{shift.id}/cancel"' not in page
    assert "All leave now" in page
    answer = desk.post(f"/console/shifts/{shift.id}/cancel", data={"reason": "下雨"})
    assert answer.status_code == 409
    session.expire_all()
    assert shift.status == ShiftStatus.PUBLISHED


def test_an_emptied_minimum_is_none_at_all(session, desk, project):
    shift = make_shift(session, project=project, posts=[{"capacity": 3, "minimum": 2}])
    form = {**stored_form(desk, shift), "posts-0-minimum": ""}
    assert desk.post(f"/console/shifts/{shift.id}/edit", data=form).status_code == 303
    session.expire_all()
    assert post_of(session, shift).minimum == 0


def test_an_emptied_row_takes_its_post_out(session, desk, project):
    shift = make_shift(
        session,
        project=project,
        posts=[{"capacity": 2, "name_zh": "甲"}, {"capacity": 3, "name_zh": "乙"}],
    )
    form = {
        **stored_form(desk, shift),
        **{f"posts-1-{name}": "" for name in ("name_zh", "capacity", "minimum")},
    }
    assert desk.post(f"/console/shifts/{shift.id}/edit", data=form).status_code == 303
    session.expire_all()
    names = session.scalars(select(Post.name_zh).where(Post.shift_id == shift.id)).all()
    assert names == ["甲"]


def test_an_emptied_start_is_an_error_and_not_the_old_one(session, desk, project):
    shift = make_shift(session, project=project)
    answer = desk.post(
        f"/console/shifts/{shift.id}/edit", data={**stored_form(desk, shift), "starts_at": " "}
    )
    assert answer.status_code == 422
    assert 'href="#starts_at"' in answer.text


def test_shifts_of_others_are_not_there(session, desk):
    theirs = make_shift(session)
    assert desk.get(f"/console/shifts/{theirs.id}/edit").status_code == 404
    for verb in ("edit", "cancel"):
        assert desk.post(f"/console/shifts/{theirs.id}/{verb}").status_code == 404
        assert desk.post(f"/console/shifts/{2**40}/{verb}").status_code == 404


def test_volunteers_have_no_desk(session, client, charlie):
    shift = make_shift(session)
    login(client, charlie)
    assert (
        client.post(f"/console/shifts/{shift.id}/cancel", data={"reason": "x"}).status_code == 404
    )
    session.expire_all()
    assert shift.status == ShiftStatus.PUBLISHED
