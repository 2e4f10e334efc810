"""Projects at the desk."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.factories import (
    grant_role,
    make_building,
    make_category,
    make_organisation,
    make_place,
    make_project,
    make_shift,
)
from tests.support import count_queries, login
from volunteer_hub.accounts.models import Qualification
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import Role
from volunteer_hub.projects.indexing import reindex
from volunteer_hub.projects.models import Project, ProjectStatus
from volunteer_hub.registry.models import Place, Walk
from volunteer_hub.shifts.models import ShiftStatus

NAUGHTY = [
    "<script>alert(1)</script>",
    "'; DROP TABLE project; --",
    "{{ 7919*7907 }}",
    "%s%n",
    "𠜎🧡\u202e",
]


@pytest.fixture
def desk(client, alice):
    return login(client, alice)


@pytest.fixture
def typed(session, organisation):
    """A complete project as the form sends it, with a new place."""
    return {
        "organisation_id": str(organisation.id),
        "category_id": str(make_category(session).id),
        "title_zh": "班前一小时",
        "content_zh": "在门诊大厅带路。",
        "risk_zh": "大厅人多。",
        "contact_name": "沈老师",
        "contact_phone": "13800138000",
        "minimum_age": "16",
        "place_id": "",
        "place_name": "瑞金医院",
        "place_address": "瑞金二路197号",
        "place_building": "",
    }


def only_project(session):
    session.expire_all()
    return session.scalars(select(Project)).one()


def test_a_project_is_published_in_one_form_with_a_new_place(session, desk, typed):
    near = make_building(session)
    typed["place_building"] = str(near.id)
    answer = desk.post("/console/projects/new", data={**typed, "publish": "1"})
    project = only_project(session)
    assert (answer.status_code, answer.location) == (303, f"/console/projects/{project.id}")
    assert project.status == ProjectStatus.PUBLISHED
    assert session.get(Place, project.place_id).name_zh == "瑞金医院"
    walk = session.scalars(select(Walk).where(Walk.place_id == project.place_id)).one()
    assert (walk.building_id, walk.minutes) == (near.id, 1)


def test_fair_release_and_the_training_of_an_induction_are_kept(session, desk, typed):
    hospital = session.scalars(
        select(Qualification.id).where(Qualification.key == "hospital")
    ).one()
    chosen = {"early_percent": "50", "newcomer_percent": "20", "teaches_id": str(hospital)}
    assert desk.post("/console/projects/new", data={**typed, **chosen}).status_code == 303
    project = only_project(session)
    assert (project.early_percent, project.newcomer_percent) == (50, 20)
    assert project.teaches_id == hospital
    page = desk.get(f"/console/projects/{project.id}/edit").text
    assert '<option selected value="50">' in page
    assert f'<option selected value="{hospital}">' in page


def test_a_share_that_is_not_among_the_usual_ones_stays_when_something_else_changes(
    session, desk, organisation
):
    project = make_project(session, organisation=organisation, early_percent=30)
    page = desk.get(f"/console/projects/{project.id}/edit").text
    assert '<option selected value="30">30 %</option>' in page
    changed = edit_of(project, early_percent="30", content_zh="新的内容")
    assert desk.post(f"/console/projects/{project.id}/edit", data=changed).status_code == 303
    session.expire_all()
    assert project.early_percent == 30


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("early_percent", "0"),
        ("early_percent", "101"),
        ("early_percent", "half"),
        ("newcomer_percent", "51"),
        ("newcomer_percent", str(2**70)),
        ("teaches_id", "19"),
        ("teaches_id", str(2**70)),
    ],
)
def test_shares_and_trainings_come_from_the_list(session, desk, typed, field, value):
    answer = desk.post("/console/projects/new", data={**typed, field: value})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text


def test_the_same_place_typed_again_is_the_same_place(session, desk, typed):
    desk.post("/console/projects/new", data=typed)
    desk.post("/console/projects/new", data={**typed, "title_zh": "另一个"})
    assert len(session.scalars(select(Place)).all()) == 1


def test_publishing_names_everything_missing_and_keeps_what_was_typed(session, desk, typed):
    bare = {**typed, "content_zh": "", "risk_zh": "", "contact_phone": "", "place_name": ""}
    answer = desk.post("/console/projects/new?lang=en", data={**bare, "publish": "1"})
    assert answer.status_code == 422
    for words in ("the place", "what volunteers do", "the risk notice", "the phone of the contact"):
        assert words in answer.text
    assert "班前一小时" in answer.text
    assert session.scalar(select(Project.id)) is None
    assert session.scalar(select(Place.id)) is None


def test_publishing_names_what_is_missing_beside_other_mistakes(desk, typed):
    answer = desk.post(
        "/console/projects/new",
        data={**typed, "category_id": "", "risk_zh": "", "place_name": "", "publish": "1"},
    )
    assert answer.status_code == 422
    for field in ("category_id", "risk_zh", "place_id"):
        assert f'href="#{field}"' in answer.text
    assert 'href="#content_zh"' not in answer.text


def test_a_draft_may_be_saved_with_a_title_and_a_category(session, desk, typed):
    few = {
        name: typed[name] for name in ("organisation_id", "category_id", "title_zh", "minimum_age")
    }
    assert desk.post("/console/projects/new", data=few).status_code == 303
    assert only_project(session).status == ProjectStatus.DRAFT


def test_the_project_page_says_what_is_missing_and_publishes_when_nothing_is(
    session, desk, organisation
):
    project = make_project(
        session, organisation=organisation, status="draft", risk_zh="", risk_en=""
    )
    shift = make_shift(session, project=project, status=ShiftStatus.DRAFT)
    page = f"/console/projects/{project.id}"
    assert f"{page}/edit#risk_zh" in desk.get(page).text
    assert desk.post(f"{page}/publish").status_code == 422
    project.risk_zh = "小心"
    session.commit()
    assert desk.post(f"{page}/publish").status_code == 303
    session.expire_all()
    assert project.status == ProjectStatus.PUBLISHED
    assert shift.status == ShiftStatus.PUBLISHED


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("category_id", ""),
        ("category_id", str(2**70)),
        ("category_id", "-1"),
        ("category_id", "abc"),
        ("organisation_id", "999999"),
        ("organisation_id", ""),
        ("place_id", str(2**40)),
        ("place_building", "77"),
        ("minimum_age", "100"),
        ("minimum_age", "9" * 5000),
        ("minimum_age", "x"),
        ("title_zh", ""),
        ("title_zh", "长" * 81),
        ("contact_phone", "问前台"),
    ],
)
def test_what_cannot_be_taken_is_a_form_error(session, desk, typed, field, value):
    answer = desk.post("/console/projects/new", data={**typed, field: value})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert session.scalar(select(Project.id)) is None


def test_a_foreign_organisation_cannot_be_chosen(session, desk, typed):
    theirs = make_organisation(session)
    answer = desk.post("/console/projects/new", data={**typed, "organisation_id": str(theirs.id)})
    assert answer.status_code == 422


def test_who_coordinates_several_organisations_chooses_one(session, desk, typed, alice):
    second = make_organisation(session, name_zh="第二服务站")
    grant_role(session, alice, Role.COORDINATOR, organisation=second)
    assert "第二服务站" in desk.get("/console/projects/new").text
    desk.post("/console/projects/new", data={**typed, "organisation_id": str(second.id)})
    assert only_project(session).organisation_id == second.id


@pytest.mark.parametrize("text", NAUGHTY)
def test_naughty_text_is_stored_and_shown_as_data(session, desk, typed, text):
    answer = desk.post(
        "/console/projects/new", data={**typed, "title_zh": text, "content_zh": text}
    )
    assert answer.status_code == 303
    assert only_project(session).title_zh == text
    page = desk.get(answer.location).text
    assert "<script>alert" not in page
    assert "62615533" not in page


def edit_of(project, **changes):
    fields = (
        "title_zh title_en content_zh content_en risk_zh risk_en insurance contact_name"
        " contact_phone minimum_age version organisation_id category_id place_id"
    )
    return {name: str(getattr(project, name)) for name in fields.split()} | changes


def test_an_edit_is_saved_and_the_phone_stays_as_it_was(session, desk, organisation):
    project = make_project(session, organisation=organisation)
    path = f"/console/projects/{project.id}/edit"
    assert desk.post(path, data=edit_of(project, title_zh="新名字")).status_code == 303
    session.expire_all()
    assert (project.title_zh, project.version) == ("新名字", 2)
    assert project.contact_phone == "+8613800138000"


def test_a_stale_edit_shows_what_the_other_one_changed_and_keeps_what_was_typed(
    session, desk, organisation
):
    project = make_project(session, organisation=organisation)
    path = f"/console/projects/{project.id}/edit"
    old = edit_of(project, risk_zh="我写的风险")
    desk.post(path, data=edit_of(project, title_zh="她改的标题"))
    answer = desk.post(path, data=old)
    assert answer.status_code == 409
    assert "她改的标题" in answer.text
    assert "我写的风险" in answer.text
    assert "Alice" in answer.text
    session.expire_all()
    assert project.title_zh == "她改的标题"
    assert 'name="version" type="hidden" value="2"' in answer.text
    assert desk.post(path, data={**old, "version": "2"}).status_code == 303


def test_a_tampered_version_is_stale_and_not_an_error(session, desk, organisation):
    project = make_project(session, organisation=organisation)
    data = edit_of(project, version="x" * 50, title_zh="新")
    assert desk.post(f"/console/projects/{project.id}/edit", data=data).status_code == 409


def test_an_edit_cannot_take_away_what_publication_needs(session, desk, organisation):
    project = make_project(session, organisation=organisation)
    answer = desk.post(
        f"/console/projects/{project.id}/edit", data=edit_of(project, risk_zh="", risk_en="")
    )
    assert answer.status_code == 422
    session.expire_all()
    assert project.risk_zh


def test_a_project_is_closed_only_without_shifts_to_come(session, desk, organisation):
    project = make_project(session, organisation=organisation)
    shift = make_shift(session, project=project)
    path = f"/console/projects/{project.id}/close"
    assert desk.post(path).status_code == 409
    desk.post(f"/console/shifts/{shift.id}/cancel", data={"reason": "下雨"})
    assert desk.post(path).status_code == 303
    session.expire_all()
    assert project.status == ProjectStatus.CLOSED


def test_the_list_is_searched_filtered_and_paged(session, desk, organisation):
    for n in range(21):
        make_project(session, organisation=organisation, title_zh=f"捡跑{n}号")
    draft = make_project(session, organisation=organisation, title_zh="医院导诊", status="draft")
    make_project(session, title_zh="别人的医院")
    for row in session.scalars(select(Project.id)).all():
        reindex(session, row)
    session.commit()
    assert desk.get("/console/projects").text.count("data-id=") == 20
    assert desk.get("/console/projects?page=2").text.count("data-id=") == 2
    assert desk.get("/console/projects?status=draft").text.count("data-id=") == 1
    found = desk.get("/console/projects?q=医院").text
    assert f'data-id="{draft.id}"' in found
    assert "别人的医院" not in found
    with count_queries(db.engine) as queries:
        desk.get("/console/projects?q=捡跑")
    assert queries.count <= 4


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=9999999999",
        "page=x",
        "status=%F0%9F%A7%A1",
        "q=%00",
        "q=%22%27%25",
    ],
)
def test_odd_addresses_of_the_list_are_answered(desk, organisation, query):
    assert desk.get(f"/console/projects?{query}").status_code == 200


def test_projects_of_others_are_not_there(session, desk):
    theirs = make_project(session)
    for path in ("", "/edit", "/shifts/new"):
        assert desk.get(f"/console/projects/{theirs.id}{path}").status_code == 404
    for path in ("/edit", "/publish", "/close", "/shifts/new"):
        assert desk.post(f"/console/projects/{theirs.id}{path}").status_code == 404
    assert desk.get(f"/console/projects/{2**70}").status_code == 404
    assert desk.get(f"/console/projects/{2**31 - 1}").status_code == 404


def test_a_form_without_its_token_changes_nothing(session, desk, typed):
    assert desk.post("/console/projects/new", data=typed, csrf=False).status_code == 400
    assert session.scalar(select(Project.id)) is None


def test_the_same_form_sent_twice_makes_one_project(session, desk, typed):
    for _n in range(2):
        desk.post("/console/projects/new", data={**typed, "request_key": "once"})
    assert only_project(session)


def test_places_offered_are_those_the_organisation_uses(session, desk, organisation):
    make_project(
        session, organisation=organisation, place=make_place(session, name_zh="我们的地点")
    )
    make_project(session, place=make_place(session, name_zh="别处"))
    page = desk.get("/console/projects/new").text
    assert "我们的地点" in page
    assert "别处" not in page


def test_the_last_shift_is_named_by_its_local_day(session, desk, organisation, now):
    project = make_project(session, organisation=organisation)
    make_shift(session, project=project, starts_at=now.replace(day=24, hour=23))
    assert "25 Nov 2026" in desk.get("/console/projects?lang=en").text
    form = desk.get(f"/console/projects/{project.id}/shifts/new?lang=en").text
    assert "Filled in from Wed 25 Nov" in form
