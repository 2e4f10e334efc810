"""The project list, the free-hour search and the pages around them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import (
    NOW,
    make_building,
    make_category,
    make_person,
    make_place,
    make_project,
    make_shift,
    make_sign_up,
    make_walk,
)
from tests.support import count_queries, login
from volunteer_hub.core.db import db
from volunteer_hub.projects.indexing import reindex

LUNCH = datetime(2026, 11, 26, 3, 45, tzinfo=UTC)  # 11:45 in Shanghai


def ids(page):
    return [int(n) for n in re.findall(r'data-id="(\d+)"', page.get_data(as_text=True))]


def lunch_shift(session, minutes=90, start=LUNCH, **fields):
    return make_shift(
        session, starts_at=start, ends_at=start + timedelta(minutes=minutes), **fields
    )


def test_projects_come_in_order_of_their_next_shift_and_resting_ones_last(client, session):
    late, soon, resting = (make_project(session) for _ in range(3))
    make_shift(
        session,
        project=late,
        starts_at=NOW + timedelta(days=3),
        ends_at=NOW + timedelta(days=3, hours=1),
    )
    make_shift(
        session,
        project=soon,
        starts_at=NOW + timedelta(days=1),
        ends_at=NOW + timedelta(days=1, hours=1),
    )
    make_shift(
        session,
        project=soon,
        starts_at=NOW + timedelta(days=9),
        ends_at=NOW + timedelta(days=9, hours=1),
    )
    assert ids(client.get("/projects")) == [soon.id, late.id, resting.id]


def test_every_project_is_on_exactly_one_page(client, session):
    made = [make_project(session) for _ in range(45)]
    for n, project in enumerate(made[:25]):
        start = NOW + timedelta(days=1, minutes=n)
        make_shift(session, project=project, starts_at=start, ends_at=start + timedelta(hours=1))
    pages = [ids(client.get(f"/projects?page={n}")) for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [20, 20, 5]
    assert sorted(one for page in pages for one in page) == [project.id for project in made]
    assert pages[0] == [project.id for project in made[:20]]


@pytest.mark.parametrize("as_member", [False, True])
@pytest.mark.parametrize(
    "address",
    [
        "/projects",
        "/projects?page=2",
        "/projects?seats=1",
        "/shifts",
        "/shifts?date=2026-11-26&from=11:45&to=13:15&seats=1",
    ],
)
def test_lists_cost_at_most_four_queries(client, session, address, as_member):
    for n in range(25):
        project = make_project(session)
        if n < 22:
            lunch_shift(session, project=project)
    if as_member:
        login(client, make_person(session))
    client.get(address)
    with count_queries(db.engine) as queries:
        assert client.get(address).status_code == 200
    assert queries.count <= 4, queries.statements


def test_drafts_are_not_listed(client, session):
    make_project(session, status="draft")
    assert ids(client.get("/projects")) == []


def test_narrowing_to_free_places_leaves_full_projects_out(client, session):
    full, free = make_project(session), make_project(session)
    shift = lunch_shift(session, project=full, capacity=1)
    make_sign_up(session, shift, make_person(session))
    lunch_shift(session, project=free)
    assert ids(client.get("/projects?seats=1")) == [free.id]


def test_a_project_is_listed_at_its_first_shift_that_fits(client, session):
    project = make_project(session)
    morning = LUNCH - timedelta(hours=5)
    make_shift(session, project=project, starts_at=morning, ends_at=morning + timedelta(hours=1))
    lunch_shift(session, project=project)
    text = client.get("/projects?window=lunch").get_data(as_text=True)
    assert "11:45" in text
    assert "06:45" not in text


def test_category_narrows_by_key(client, session):
    wanted, other = make_category(session), make_category(session)
    project = make_project(session, category=wanted)
    make_project(session, category=other)
    assert ids(client.get(f"/projects?category={wanted.key}")) == [project.id]


def test_search_finds_two_characters_and_pinyin_initials(client, session):
    hospital = make_project(session, title_zh="华山医院导医")
    make_project(session, title_zh="公园捡跑")
    for project_id in (hospital.id, hospital.id + 1):
        reindex(session, project_id)
    session.commit()
    assert ids(client.get("/projects?q=导医")) == [hospital.id]
    assert ids(client.get("/projects?q=dy")) == [hospital.id]
    assert ids(client.get("/projects?q=飞机")) == []


def test_free_hour_shows_only_shifts_that_fit_whole_into_it(client, session):
    fits = lunch_shift(session)
    lunch_shift(session, minutes=91)
    lunch_shift(session, start=LUNCH - timedelta(minutes=5))
    lunch_shift(session, start=LUNCH + timedelta(days=1))
    assert ids(client.get("/shifts?date=2026-11-26&from=11:45&to=13:15")) == [fits.id]


def test_free_hour_keeps_to_the_walk_from_the_building(client, session):
    building = make_building(session)
    near, far = make_place(session), make_place(session)
    make_walk(session, building, near, 9)
    make_walk(session, building, far, 16)
    shift = lunch_shift(session, place=near)
    lunch_shift(session, place=far)
    page = client.get(f"/shifts?building={building.id}&walk=15")
    assert ids(page) == [shift.id]
    assert "步行 9 分钟" in page.get_data(as_text=True)


def test_free_hour_for_me_leaves_out_what_overlaps_my_own_places(client, session):
    person = make_person(session)
    make_sign_up(session, lunch_shift(session), person)
    lunch_shift(session)
    evening = lunch_shift(session, start=LUNCH + timedelta(hours=8))
    login(client, person)
    assert ids(client.get("/shifts?eligible=1")) == [evening.id]


def test_cards_say_that_i_have_a_place(client, session):
    person, shift = make_person(session), lunch_shift(session)
    make_sign_up(session, shift, person)
    login(client, person)
    assert "你已报名" in client.get("/shifts").get_data(as_text=True)


@pytest.mark.parametrize("address", ["/projects", "/shifts"])
@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("walk=x", "步行"),
        ("walk=-5", "步行"),
        ("page=0", "页码"),
        ("page=99999999999999", "页码"),
        ("date=2026-02-30", "日期"),
        ("window=noon", "时间段"),
        ("from=25:00", "从"),
        ("category=nope", "类别"),
        ("building=999999999999999999999", "从哪座楼出发"),
        ("seats=maybe", "只看还有名额的"),
        ("sort=hours", "排序"),
    ],
)
def test_what_cannot_be_used_is_named_as_on_the_page_and_ignored(
    client, session, address, query, labels
):
    lunch_shift(session)
    page = client.get(f"{address}?{query}")
    assert page.status_code == 200
    assert f"已略过：{labels}。" in page.get_data(as_text=True)
    assert ids(page)


@pytest.mark.parametrize(
    ("query", "advice"),
    [
        ("walk=10", "请先选从哪座楼出发"),
        ("from=13:00&to=12:00", "结束要晚于开始"),
        ("from=12:00&to=12:00", "结束要晚于开始"),
        ("date=2026-11-22", "这一天已经过去了"),
    ],
)
def test_what_makes_no_sense_together_is_explained_with_the_next_step(
    client, session, query, advice
):
    lunch_shift(session)
    page = client.get(f"/shifts?{query}").get_data(as_text=True)
    assert advice in page
    assert "已略过" not in page


def test_the_closed_form_says_in_one_line_what_is_asked_for(client, session):
    building = make_building(session, name_zh="高和大厦")
    query = f"date=2026-11-26&from=11:45&to=13:15&building={building.id}&walk=15&seats=1"
    page = client.get(f"/shifts?{query}").get_data(as_text=True)
    assert "11 月 26 日 周四 · 11:45–13:15 · 高和大厦 · 15 分钟内 · 还有名额" in page


def test_the_names_of_what_cannot_be_used_are_in_the_language_of_the_reader(client, session):
    page = client.get("/shifts?lang=en&window=noon&walk=x&eligible=1")
    assert "We could not use: When, On foot, Only what I can join." in page.text


def test_a_page_past_the_end_says_so(client, session):
    lunch_shift(session)
    for address in ("/projects?page=1000000000", "/shifts?page=1000000000"):
        page = client.get(address)
        assert page.status_code == 200
        assert "已经翻过最后一页了" in page.get_data(as_text=True)


def test_me_shows_the_next_shift_on_top(client, session):
    person = make_person(session)
    later = make_sign_up(session, lunch_shift(session), person)
    sooner = make_sign_up(session, lunch_shift(session, start=LUNCH - timedelta(days=1)), person)
    login(client, person)
    assert ids(client.get("/me")) == [sooner.shift_id, later.shift_id]


def test_home_shows_the_next_shift_and_the_three_known_projects(client, session):
    person = make_person(session)
    make_sign_up(session, lunch_shift(session), person)
    login(client, person)
    text = client.get("/").get_data(as_text=True)
    assert "你的下一场" in text
    assert all(name in text for name in ("班前一小时", "幸福白老汇", "捡跑"))


def test_my_data_holds_my_rows_and_no_secrets(client, session):
    person, other = make_person(session, name="王敏"), make_person(session, name="别人")
    make_sign_up(session, lunch_shift(session), person)
    login(client, person)
    data = client.get("/me/data.json").get_json()
    assert data["person"][0]["name"] == "王敏"
    assert len(data["sign_ups"]) == 1
    text = client.get("/me/data.json").get_data(as_text=True)
    assert "password_hash" not in text
    assert other.name not in text


def test_a_deleted_account_is_signed_out_nameless_and_its_place_is_free(client, session):
    person = make_person(session, password="a-good-password")
    phone, shift = person.phone, lunch_shift(session, capacity=1)
    make_sign_up(session, shift, person)
    login(client, person)
    assert client.post("/me/delete", data={}).status_code == 422
    assert client.post("/me/delete", data={"sure": "y"}).status_code == 303
    assert client.get("/me").status_code == 303
    session.refresh(person)
    assert (person.name, person.phone) == ("", None)
    assert ids(client.get("/shifts?seats=1")) == [shift.id]
    answer = client.post("/login", data={"phone": phone, "password": "a-good-password"})
    assert answer.status_code == 422
