"""The office keeps the list of skills, languages and trainings."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.factories import grant_role, make_person
from tests.support import login
from volunteer_hub.accounts.models import Qualification
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.permissions import Role


@pytest.fixture
def office(client, session):
    person = make_person(session, name="街道老张")
    grant_role(session, person, Role.OFFICE)
    return login(client, person)


def test_the_office_adds_a_training_and_gives_it_another_name(session, office):
    new = {"kind": "training", "name_zh": "垃圾分类讲师", "name_en": "Coach", "valid_months": "6"}
    assert office.post("/office/qualifications", data=new).status_code == 303
    row = session.scalars(
        select(Qualification).where(Qualification.name_zh == "垃圾分类讲师")
    ).one()
    assert (row.kind, row.valid_months) == ("training", 6)
    path = f"/office/qualifications/{row.id}/rename"
    assert office.post(path, data={"new_zh": "分类宣讲员", "new_en": ""}).status_code == 303
    assert "分类宣讲员" in office.get("/office/qualifications").text
    acts = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert acts == ["qualification:add", "qualification:rename"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name_zh": ""}, "name_zh"),
        ({"name_zh": "上海话"}, "name_zh"),
        ({"name_en": "x" * 41}, "name_en"),
        ({"valid_months": "many"}, "valid_months"),
        ({"valid_months": "0"}, "valid_months"),
        ({"valid_months": "9" * 30}, "valid_months"),
        ({"kind": "wizardry"}, "kind"),
    ],
)
def test_what_cannot_be_added_is_named_at_its_field(office, change, field):
    new = {"kind": "training", "name_zh": "新的", "name_en": "New", "valid_months": "6"}
    answer = office.post("/office/qualifications", data={**new, **change})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text


def test_a_name_that_is_taken_is_refused_beside_the_one_it_was_meant_for(session, office):
    row_id = session.scalar(select(Qualification.id).where(Qualification.key == "photo"))
    path = f"/office/qualifications/{row_id}/rename"
    answer = office.post(path, data={"new_zh": "上海话", "new_en": "Photos"})
    assert answer.status_code == 422
    assert 'id="new_zh"' in answer.text
    assert 'value="Photos"' in answer.text
    assert (
        office.post("/office/qualifications/9999/rename", data={"new_zh": "x"}).status_code == 404
    )


def test_only_the_office_changes_the_list(client, session, alice):
    login(client, alice)
    assert client.post("/office/qualifications/1/rename", data={"new_zh": "x"}).status_code == 404
