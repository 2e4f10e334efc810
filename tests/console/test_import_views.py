"""The import in the console: choose a sheet, look, confirm."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import func, select

from tests.factories import grant_role, make_organisation
from tests.projects.sheets import CHINESE, csv_bytes
from tests.support import login
from volunteer_hub.core.permissions import Role
from volunteer_hub.projects.models import ImportFile, Project, SearchTerm

BAD = [*CHINESE, ["夜跑", "", "X", "2026-02-30"]]


@pytest.fixture
def upload(client, alice, organisation):
    """Upload rows or bytes as Alice; returns the answer."""
    login(client, alice)

    def work(sheet, **fields):
        content = sheet if isinstance(sheet, bytes) else csv_bytes(sheet)
        data = {
            "organisation_id": str(organisation.id),
            "file": (io.BytesIO(content), "活动.csv"),
        }
        return client.post("/console/import", data=data | fields)

    return work


def count(session, model) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_sheet_is_previewed_and_then_brought_in(session, client, upload, organisation):
    answer = upload(CHINESE)
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert page.status_code == 200
    assert all(row[0] in page.text for row in CHINESE[1:])
    assert count(session, Project) == 0
    done = client.post(answer.location)
    assert (done.status_code, done.location) == (303, "/console/projects")
    projects = session.scalars(select(Project)).all()
    assert {(p.organisation_id, p.status) for p in projects} == {(organisation.id, "draft")}
    assert len(projects) == 3
    assert count(session, ImportFile) == 0
    assert client.get(answer.location).status_code == 404


def test_refused_rows_are_named_and_keep_all_out_unless_ticked(session, client, upload):
    address = upload(BAD).location
    page = client.get(address)
    assert "第 5 行" in page.text
    refused = client.post(address)
    assert refused.status_code == 409
    assert count(session, Project) == 0
    assert client.post(address, data={"skip_refused": "y"}).status_code == 303
    assert count(session, Project) == 3


def test_columns_are_corrected_in_the_preview(session, client, upload):
    address = upload([["Vorhaben", "Ort"], ["Lauf", "Park"]]).location
    assert "Vorhaben" in client.get(address).text
    assert client.post(address).status_code == 422
    page = client.get(f"{address}?c0=title&c1=place&c77=title&c1x=y&c2=colour")
    assert "Lauf" in page.text
    assert all(name in page.text for name in ("第 78 列", "第 3 列", "地址的一部分"))
    chosen = dict(re.findall(r'<input type="hidden" name="(c\d+)" value="(\w+)">', page.text))
    assert chosen == {"c0": "title", "c1": "place"}
    assert client.post(address, data=chosen).status_code == 303
    assert session.scalars(select(Project.title_en)).all() == ["Lauf"]


def test_a_bad_file_is_one_sentence_at_its_field_and_nothing_is_kept(session, client, upload):
    for content in (
        b"",
        b"%PDF-1.7",
        b"PK\x03\x04" + b"\0" * 50,
        b"a,\0",
        b"title\n" + b"a\n" * 1001,
    ):
        answer = upload(content)
        assert answer.status_code == 422
        assert 'id="file-error"' in answer.text
    assert upload(CHINESE, file="no file").status_code == 422
    assert upload(CHINESE, organisation_id="999999").status_code == 422
    assert count(session, ImportFile) == count(session, Project) == 0


def test_the_sheet_of_another_coordinator_is_not_there(session, client, upload, bob):
    address = upload(CHINESE).location
    grant_role(session, bob, Role.COORDINATOR, organisation=make_organisation(session))
    login(client, bob)
    assert client.get("/console/import").status_code == 200
    for answer in (client.get(address), client.post(address), client.post(address + "/discard")):
        assert answer.status_code == 404
    assert count(session, ImportFile) == 1
    assert count(session, Project) == 0


def test_volunteers_do_not_see_the_import(client, bob):
    login(client, bob)
    assert client.get("/console/import").status_code == 404


def test_a_sheet_can_be_forgotten(session, client, upload):
    address = upload(CHINESE).location
    assert client.post(address + "/discard").status_code == 303
    assert count(session, ImportFile) == 0


def test_a_double_tap_on_confirm_brings_in_once(session, client, upload):
    address = upload(CHINESE).location
    key = {"request_key": "one-time-key"}
    first, second = client.post(address, data=key), client.post(address, data=key)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert count(session, Project) == 3


def test_a_sheet_is_brought_in_once_even_without_the_key_of_the_page(session, client, upload):
    address = upload(CHINESE).location
    assert client.post(address).status_code == 303
    assert client.post(address).status_code == 404
    assert count(session, Project) == 3


def test_the_search_finds_what_was_brought_in(session, client, upload):
    client.post(upload(CHINESE).location)
    indexed = session.scalars(select(SearchTerm.project_id).distinct()).all()
    assert len(indexed) == 3
