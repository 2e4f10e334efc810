"""Bringing checked sheets into the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.factories import (
    make_category,
    make_organisation,
    make_person,
    make_place,
    make_project,
)
from tests.projects.sheets import CHINESE, NYC_ROWS, csv_bytes, nyc_bytes, xlsx_bytes
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.projects.importing.check import check_sheet
from volunteer_hub.projects.importing.files import forget_file, keep_file, own_file
from volunteer_hub.projects.importing.plan import Scope
from volunteer_hub.projects.importing.services import RowsRefused, import_projects
from volunteer_hub.projects.models import Category, ImportFile, Project, SearchTerm
from volunteer_hub.projects.queries import search
from volunteer_hub.registry.models import Organisation, Place

ANYBODY = Scope()


@pytest.fixture
def bring(session, now):
    """Import rows or bytes; returns the plan."""

    def work(sheet, *, scope=ANYBODY, skip_refused=False, chosen=None):
        content = sheet if isinstance(sheet, bytes) else csv_bytes(sheet)
        return import_projects(
            session,
            check_sheet(content, chosen),
            scope=scope,
            skip_refused=skip_refused,
            actor_id=None,
            now=now,
        )

    return work


def count(session, model) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_rows_become_drafts_with_organisation_place_and_category(session, bring):
    guide = make_category(session, key="hospital_guide", name_zh="医院导医")
    hall = make_place(session, name_zh="门诊大厅")
    station = make_organisation(session, name_zh="愚园路居委会")
    plan = bring(CHINESE)
    assert [ready.draft.row for ready in plan.ready] == [2, 3, 4]
    projects = session.scalars(select(Project).order_by(Project.id)).all()
    assert [project.title_zh for project in projects] == [row[0] for row in CHINESE[1:]]
    assert {project.status for project in projects} == {"draft"}
    assert projects[0].category_id == guide.id
    assert projects[0].place_id == hall.id
    assert projects[1].place_id is None
    assert projects[1].organisation_id == projects[2].organisation_id == station.id
    assert session.scalars(select(Organisation.name_zh).order_by(Organisation.id)).all() == [
        "愚园路居委会", "第一医院社工部",
    ]  # fmt: skip


def test_a_row_without_a_known_category_goes_to_other_and_that_is_said(session, bring):
    rows = [
        ["title", "category", "host"],
        ["a", "", "X"],
        ["b", "Juggling", "X"],
        ["c", "Juggling", "X"],
    ]
    plan = bring(rows)
    assert plan.other_kinds == {"": 1, "Juggling": 2}
    assert len(plan.kind_notes) == 2
    other = session.scalars(select(Category)).one()
    assert other.key == "other"
    bring([*rows, ["d", "其他", "X"]])
    assert count(session, Category) == 1


def test_the_same_file_twice_adds_nothing(session, bring):
    with_numbers = [
        ["title", "host", "id"],
        ["One", "X", "1"],
        ["Two", "X", "2"],
        ["Two", "Y", "2"],
    ]
    for sheet in (CHINESE, with_numbers, xlsx_bytes(with_numbers)):
        bring(sheet)
        before = [count(session, model) for model in (Project, Organisation, Place, AuditEntry)]
        again = bring(sheet)
        assert again.ready == []
        assert len(again.there) == 3
        after = [count(session, model) for model in (Project, Organisation, Place, AuditEntry)]
        assert after == before


def test_a_row_that_comes_twice_is_taken_once(session, bring):
    rows = [["title", "host", "date"], ["One", "X", "2026-03-05"], ["ONE ", "X", "2026/3/5"],
            ["One", "X", "2026-03-06"]]  # fmt: skip
    plan = bring(rows)
    assert [ready.draft.row for ready in plan.ready] == [2, 4]
    assert [(there.row, there.earlier_row) for there in plan.there] == [(3, 2)]


def test_one_number_for_two_projects_is_refused(session, bring):
    rows = [["title", "host", "id"], ["One", "X", "7"], ["Two", "X", "7"], ["One", "Y", "7"]]
    with pytest.raises(RowsRefused) as refused:
        bring(rows)
    assert [(r.row, r.column) for r in refused.value.plan.refused] == [(3, "id")]


def test_one_refused_row_keeps_all_out_unless_it_may_be_left_out(session, bring):
    rows = [*CHINESE, ["", "", "第一医院社工部"], ["夜跑", "", "X", "2026-02-30"], ["无主", "", ""]]
    before = count(session, AuditEntry)
    with pytest.raises(RowsRefused) as refused:
        bring(rows)
    assert [(r.row, r.column) for r in refused.value.plan.refused] == [
        (5, "活动名称"), (6, "服务日期（xxxx/xx/xx）"), (7, "举办单位"),
    ]  # fmt: skip
    assert count(session, Project) == count(session, Organisation) == count(session, Place) == 0
    assert count(session, AuditEntry) == before
    plan = bring(rows, skip_refused=True)
    assert count(session, Project) == len(plan.ready) == 3
    assert plan.refused_rows == 3


def test_a_coordinators_rows_stay_in_the_own_organisations(session, bring):
    own, second, foreign = (
        make_organisation(session, name_en=name) for name in ("Own", "2nd", "Far")
    )
    rows = [["title", "host"], ["a", "Own"], ["b", "2ND"], ["c", "Far"], ["d", ""], ["e", "New"]]
    plan = bring(rows, scope=Scope(frozenset({own.id, second.id}), own.id))
    assert plan.new_organisations == []
    ids = session.scalars(select(Project.organisation_id).order_by(Project.title_en)).all()
    assert ids == [own.id, second.id, own.id, own.id, own.id]
    assert foreign.id not in ids


def test_places_are_found_again_by_name_and_address(session, bring):
    places = ["Park\nMain St\n(31.2, 121.4)"] * 2 + ["Park\nSide St", ""]
    rows = [["title", "host", "place"], *([str(n), "X", p] for n, p in enumerate(places))]
    bring(rows)
    places = session.scalars(select(Place).order_by(Place.id)).all()
    assert [(p.name_zh, p.address_zh, p.lat) for p in places] == [
        ("Park", "Park, Main St", 31.2), ("Park", "Park, Side St", None),
    ]  # fmt: skip


def test_texts_go_where_their_language_is(session, bring):
    bring(
        [
            ["title", "content", "english title", "host"],
            ["Litter run", "一起捡跑", "", "X"],
            ["捡跑", "Bring gloves", "Litter run", "X"],
        ]
    )
    first, second = session.scalars(select(Project).order_by(Project.id)).all()
    assert (first.title_zh, first.title_en, first.content_zh) == ("", "Litter run", "一起捡跑")
    assert (second.title_zh, second.title_en, second.content_en) == (
        "捡跑",
        "Litter run",
        "Bring gloves",
    )


def test_imported_projects_are_found_by_search(session, bring):
    bring(CHINESE)
    for q in ("医院", "yy", "手机", "捡跑", "jp"):
        assert session.execute(select(search(q))).all(), q
    assert count(session, SearchTerm)


def test_a_sheet_without_titles_is_refused_whole(bring):
    with pytest.raises(InvalidInput):
        bring([["colour", "size"], ["red", "4"]])


def test_projects_that_were_typed_by_hand_are_no_hindrance(session, bring):
    make_project(session, title_zh="医院导诊")
    assert len(bring(CHINESE).ready) == 3


def test_all_665_rows_of_the_nyc_file_come_in_once(session, bring):
    content = nyc_bytes()
    plan = bring(content)
    assert (len(plan.ready), plan.there, plan.refused) == (NYC_ROWS, [], [])
    assert count(session, Project) == NYC_ROWS
    assert plan.other_kinds[""] == 48
    assert count(session, Organisation) == 261
    assert session.scalar(select(func.count()).where(Project.place_id.is_(None))) == 70
    again = bring(content)
    assert (again.ready, len(again.there)) == ([], NYC_ROWS)


# ---------------------------------------------------------------- the kept file


def test_a_kept_sheet_is_its_owners_alone_for_a_day(session, now, organisation, alice, bob):
    def keep(person, content=b"a"):
        return keep_file(
            session, owner_id=person.id, organisation_id=organisation.id, name="表\0.csv",
            content=content, now=now,
        )  # fmt: skip

    keep(alice)
    second = keep(alice, b"b")
    assert count(session, ImportFile) == 1
    file = own_file(session, file_id=second, owner_id=alice.id, now=now)
    assert (file.name, file.content) == ("表.csv", b"b")
    for stranger, moment in ((bob, now), (alice, now + timedelta(days=1, seconds=1))):
        with pytest.raises(NotFound):
            own_file(session, file_id=second, owner_id=stranger.id, now=moment)
    forget_file(session, file_id=second, owner_id=bob.id)
    assert count(session, ImportFile) == 1
    old = now + timedelta(days=2)
    carol = make_person(session)
    keep_file(
        session, owner_id=carol.id, organisation_id=organisation.id, name="", content=b"c", now=old
    )
    assert session.scalars(select(ImportFile.owner_id)).all() == [carol.id]
