"""The spreadsheet opens clean, says what the screen says, and never becomes a formula."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.factories import (
    NOW,
    grant_role,
    make_branch,
    make_enterprise,
    make_membership,
    make_person,
    make_project,
)
from tests.reports.books import fill, open_books, recount
from tests.support import login
from volunteer_hub.core.calendar import Quarter
from volunteer_hub.core.permissions import Role
from volunteer_hub.projects.models import Adoption, AdoptionState

SEED = Path(__file__).resolve().parents[3] / "shared" / "data" / "demo_seed.json"
QUARTER = Quarter(2026, 3).period


def book_of(client, branch, **query):
    answer = client.get(f"/branches/{branch.id}/hours.xlsx", query_string=query)
    assert answer.status_code == 200
    return load_workbook(io.BytesIO(answer.data))


def rows_of(page):
    """Return the lines under the head as dictionaries, up to the first empty one."""
    lines = list(page.iter_rows(min_row=3, values_only=True))
    head, found = lines[0], []
    for line in lines[1:]:
        if line[0] is None:
            break
        found.append(dict(zip(head, line, strict=True)))
    return found


def leader_of(session, branch):
    person = make_person(session, name="书记")
    grant_role(session, person, Role.BRANCH_LEADER, branch=branch)
    return person


@pytest.mark.parametrize("seed", [31, 32])
def test_every_line_of_the_spreadsheet_equals_a_recount(client, session, seed):
    world = fill(session, seed, entries=120)
    root = world.branches[0]
    login(client, leader_of(session, root))
    book = book_of(client, root, quarter="2026Q3")
    lines = {row["党支部名称"]: row for row in rows_of(book["汇总"])}
    shown = told = 0
    for branch in world.branches:
        line = lines[branch.name_zh]
        if line["党员数"] == "不足 5 人":
            continue
        shown += 1
        true = recount(session, branch.id, QUARTER.first, QUARTER.last)
        party = recount(session, branch.id, QUARTER.first, QUARTER.last, member=True)
        others = recount(session, branch.id, QUARTER.first, QUARTER.last, member=False)
        assert line["服务总时长(小时)"] == pytest.approx(true.minutes / 60)
        assert line["参与总人次"] == true.attendances
        if line["参与党员数"] == "不足 5 人":
            continue
        told += 1
        assert line["其中党员时长"] == pytest.approx(party.minutes / 60)
        assert line["参与党员数"] == len(party.people)
        assert line["参与群众数"] == len(others.people)
        assert line["党员数"] == max(len(party.members), len(party.people))
    assert shown >= 2
    assert told >= 1
    true = recount(session, root.id, QUARTER.first, QUARTER.last)
    *entries, total = rows_of(book["台账明细"])
    assert sum(row["分钟"] for row in entries) == true.minutes
    assert (total["日期"], total["分钟"]) == ("合计", true.minutes)


def shown_as(value):
    """Return what a sheet shows of hours with the number format 0.0."""
    return float(Decimal(repr(value)).quantize(Decimal("0.1"), ROUND_HALF_UP))


def test_heads_are_those_of_the_sub_districts_own_forms(client, session):
    if not SEED.exists():
        pytest.skip("the domain data are not beside this repository")
    columns = json.loads(SEED.read_text())["report_columns"]
    branch = make_branch(session)
    person = make_person(session)
    make_membership(session, person, branch)
    open_books(session).serve(person, branch, date(2026, 8, 1))
    login(client, leader_of(session, branch))
    book = book_of(client, branch, quarter="2026Q3")
    for name, wanted in (
        ("汇总", "branch_quarter"),
        ("人员明细", "member_detail"),
        ("场次台账", "session_ledger"),
    ):
        assert [cell.value for cell in book[name][3]] == columns[wanted]
    text = " ".join(str(cell.value) for row in book["汇总"].iter_rows() for cell in row)
    for word in columns["sign_off"]:
        assert word in text


def test_it_prints_on_a4_with_its_head_on_every_page(client, session):
    branch = make_branch(session, name_zh="第一支部")
    open_books(session).serve(make_person(session), branch, date(2026, 8, 1))
    login(client, leader_of(session, branch))
    for page in book_of(client, branch, quarter="2026Q3"):
        assert page["A1"].value.startswith("第一支部")
        assert any(str(area).startswith("A1:") for area in page.merged_cells.ranges)
        assert page.freeze_panes == "A4"
        assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
        assert page.print_title_rows == "$3:$3"
        assert "&P" in page.oddFooter.center.text


def test_no_cell_is_a_formula_whatever_people_are_called(client, session):
    """S34."""
    branch = make_branch(session)
    project = make_project(session, title_zh="＝1＋1")
    person = make_person(session, name='=HYPERLINK("http://x","王敏")')
    make_membership(session, person, branch)
    books = open_books(session)
    entry = books.serve(person, branch, date(2026, 8, 1), 90, project=project, is_late_entry=True)
    books.take_back(entry)
    login(client, leader_of(session, branch))
    book = book_of(client, branch, quarter="2026Q3")
    cells = [cell for page in book for row in page.iter_rows() for cell in row if cell.value]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert book["人员明细"]["B4"].value == '\'=HYPERLINK("http://x","王敏")'
    first, second, _total = rows_of(book["台账明细"])
    assert (first["补录"], second["冲正"], second["分钟"]) == ("补录", "冲正", -90)
    numbers = [row["分钟"] for row in (first, second)]
    assert all(isinstance(number, int) for number in numbers)


def test_the_spreadsheet_names_people_only_to_the_leader_of_the_very_branch(client, session):
    root = make_branch(session)
    branch, books = make_branch(session, parent=root), open_books(session)
    for number in range(6):
        person = make_person(session, name=f"金丝雀{number}")
        make_membership(session, person, branch)
        books.serve(person, branch, date(2026, 8, 1))
    login(client, leader_of(session, root))
    for one in (root, branch):
        book = book_of(client, one, quarter="2026Q3")
        text = " ".join(str(c.value) for page in book for row in page.iter_rows() for c in row)
        assert "金丝雀" not in text
    assert "人员明细" not in book_of(client, branch, quarter="2026Q3").sheetnames


def test_few_people_are_not_told_apart_in_any_list(client, session):
    """S16: neither the line of a small branch nor its rows say where it was."""
    root = make_branch(session)
    small = make_branch(session, parent=root, name_zh="小小支部")
    large = make_branch(session, parent=root, name_zh="大大支部")
    books = open_books(session)
    books.serve(make_person(session), small, date(2026, 8, 1), 77)
    for _ in range(9):
        books.serve(make_person(session), large, date(2026, 8, 1), 60)
    login(client, leader_of(session, root))
    query = {"quarter": "2026Q3"}
    book = book_of(client, root, **query)
    lines = {row["党支部名称"]: row for row in rows_of(book["汇总"])}
    assert lines["小小支部"]["党员数"] == "不足 5 人"
    # The other one is hidden with it: else the sum would tell.
    assert lines["大大支部"]["党员数"] == "不足 5 人"
    assert "小小支部" not in {row["党组织"] for row in rows_of(book["台账明细"])}
    csv = client.get(f"/branches/{root.id}/hours.csv", query_string=query).text
    entries = client.get(f"/branches/{root.id}/entries", query_string=query).text
    for text in (csv, entries):
        assert "小小支部" not in text
        assert "参与不足五人的支部" in text
    page = client.get(f"/branches/{small.id}", query_string=query).text
    assert "参与不足五人" in page
    assert "1.3" not in page
    assert client.get(f"/branches/{small.id}/hours.xlsx", query_string=query).status_code == 409


def test_every_sheet_honours_the_filters_of_the_screen_and_adds_up_to_it(client, session):
    branch = make_branch(session, name_zh="第一支部")
    books, other = open_books(session), make_project(session, title_zh="另一个项目")
    for number in range(6):
        person = make_person(session)
        is_member = number % 2 == 0
        make_membership(session, person, branch, is_party_member=is_member)
        for day in (date(2026, 7, 9), date(2026, 8, 3), date(2026, 9, 20)):
            project = other if day.month == 8 else books.project
            books.serve(
                person, branch, day, 61 + number, project=project, is_party_member=is_member
            )
    login(client, leader_of(session, branch))
    for narrowing in (
        {},
        {"members": "member"},
        {"members": "non_member"},
        {"project": other.id},
        {"category": books.project.category_id},
        {"members": "member", "project": other.id},
        {"from": "2026-08-01", "to": "2026-09-20", "members": "non_member"},
    ):
        query = ({} if "from" in narrowing else {"quarter": "2026Q3"}) | narrowing
        page = client.get(f"/branches/{branch.id}", query_string=query).text
        shown = float(re.search(r"服务时长</dt><dd><b><a[^>]*>([\d.]+)<", page)[1])
        attendances = int(re.search(r"人次</dt><dd><b><a[^>]*>(\d+)<", page)[1])
        book = book_of(client, branch, **query)
        (line,) = rows_of(book["汇总"])
        *people, all_people = rows_of(book["人员明细"])
        *_shifts, all_shifts = rows_of(book["场次台账"])
        *entries, all_entries = rows_of(book["台账明细"])
        assert shown_as(line["服务总时长(小时)"]) == shown
        assert line["参与总人次"] == len(entries) == attendances
        assert shown_as(all_entries["时长"]) == shown
        assert sum(row["时长"] for row in entries) == pytest.approx(all_entries["时长"])
        assert all_entries["分钟"] == sum(row["分钟"] for row in entries)
        assert shown_as(all_people["服务时长(小时)"]) == shown
        assert all_people["参与场次"] == attendances
        parts = [row["服务时长(小时)"] for row in people]
        assert sum(parts) == pytest.approx(all_people["服务时长(小时)"])
        assert sum(row["参与场次"] for row in people) == attendances
        assert shown_as(all_shifts["总时长(小时)"]) == shown
        # What is not asked for has no figure, and the head says what is.
        if narrowing.get("members") == "member":
            assert line["参与群众数"] in {None, ""}
            assert "党员" in book["汇总"]["A2"].value
        if "project" in narrowing:
            assert "另一个项目" in book["汇总"]["A2"].value


def test_shifts_that_are_not_listed_are_counted_and_said_to_be(client, session):
    root = make_branch(session)
    branch = make_branch(session, parent=root)
    large, few, middle = (open_books(session) for _ in range(3))
    people = [make_person(session) for _ in range(12)]
    for number, person in enumerate(people):
        large.serve(person, branch, date(2026, 8, 1), 60)
        if number < 6:
            middle.serve(person, branch, date(2026, 8, 3), 30)
        if number < 2:
            few.serve(person, branch, date(2026, 8, 2), 45)
    login(client, leader_of(session, root))
    page = book_of(client, root, quarter="2026Q3")["场次台账"]
    lines = list(page.iter_rows(min_row=4, values_only=True))
    text = " ".join(str(cell) for line in lines for cell in line)
    # The next smallest is left out with the small one, which would else follow from the total.
    assert "不足五人、未列出的场次：2" in text
    assert sum(isinstance(line[0], int | float) for line in lines) == 1
    total = next(line for line in lines if line[0] == "合计")
    assert total[13] == 12 + 1.5 + 3


def cell_of(page, name, head):
    """Return the cell under a head in the line of the branch."""
    heads = [cell.value for cell in page[3]]
    column = heads.index("党支部名称")
    row = next(row for row in page.iter_rows(min_row=4) if row[column].value == name)
    return row[heads.index(head)]


def adopt(session, branch, project):
    session.add(
        Adoption(
            branch_id=branch.id,
            project_id=project.id,
            first_day=date(2026, 7, 1),
            last_day=date(2026, 9, 30),
            state=str(AdoptionState.AGREED),
            places=1,
            proposed_by=make_person(session).id,
            proposed_at=NOW,
        )
    )
    session.flush()


def test_shares_and_changes_are_numbers_that_a_sheet_can_reckon_with(client, session):
    branch, books = make_branch(session, name_zh="第一支部"), open_books(session)
    for number in range(11):
        person = make_person(session)
        make_membership(session, person, branch, is_party_member=True)
        if number < 8:
            late = number == 0
            books.serve(
                person, branch, date(2026, 8, 1), 50, is_party_member=True, is_late_entry=late
            )
    books.serve(person, branch, date(2026, 5, 1), 160, is_party_member=True)
    books.serve(person, branch, date(2025, 8, 1), 10, is_party_member=True)
    login(client, leader_of(session, branch))
    page = book_of(client, branch, quarter="2026Q3")["汇总"]
    for head, value, look in (
        ("党员参与率", 8 / 11, "0.0%"),
        ("环比", 1.5, "+0%;-0%;0%"),
        ("补录时长占比", 1 / 8, "0.0%"),
        ("服务总时长(小时)", 400 / 60, "0.0"),
        ("党员人均时长", 400 / 60 / 11, "0.0"),
    ):
        cell = cell_of(page, "第一支部", head)
        assert cell.value == pytest.approx(value)
        assert (cell.data_type, cell.number_format) == ("n", look)
    # The screen says the same in place of a figure that says nothing.
    words = cell_of(page, "第一支部", "同比").value
    assert words
    assert words in client.get(f"/branches/{branch.id}?quarter=2026Q3").text


def test_a_committee_stands_by_the_projects_of_the_branches_below_it(client, session):
    root = make_branch(session, name_zh="综合党委")
    first, second = (make_branch(session, parent=root, name_zh=f"{n}支部") for n in "甲乙")
    books = open_books(session)
    for branch in (first, second):
        for _ in range(5):
            books.serve(make_person(session), branch, date(2026, 8, 1))
    other = make_project(session)
    adopt(session, first, books.project)
    adopt(session, first, other)
    adopt(session, second, other)
    login(client, leader_of(session, root))
    lines = {
        row["党支部名称"]: row for row in rows_of(book_of(client, root, quarter="2026Q3")["汇总"])
    }
    shown = [lines[name]["认领项目数"] for name in ("综合党委", "甲支部", "乙支部")]
    assert shown == [2, 2, 1]


def test_levels_are_indented_and_one_sum_line_counts_nobody_twice(client, session):
    root = make_branch(session, name_zh="综合党委")
    middle = make_branch(session, parent=root, name_zh="总支")
    leaf = make_branch(session, parent=middle, name_zh="支部")
    books = open_books(session)
    for branch in (root, middle, leaf):
        for _ in range(5):
            books.serve(make_person(session), branch, date(2026, 8, 1))
    login(client, leader_of(session, root))
    page = book_of(client, root, quarter="2026Q3")["汇总"]
    names = ("综合党委", "总支", "支部")
    depth = [cell_of(page, name, "党支部名称").alignment.indent for name in names]
    assert depth == [0, 1, 2]
    *lines, total = rows_of(page)
    assert len(lines) == 3
    assert total["序号"] == "合计"
    assert (total["参与总人次"], total["服务总时长(小时)"]) == (15, 15)


def test_two_people_of_one_name_are_told_apart_as_on_the_screen(client, session):
    branch, books = make_branch(session), open_books(session)
    for name, nickname in (("王敏", "小敏"), ("王敏", "大敏"), ("李雷", "雷子")):
        company = make_enterprise(session, name_zh=f"{nickname}公司")
        person = make_person(session, name=name, nickname=nickname, enterprise_id=company.id)
        make_membership(session, person, branch)
        books.serve(person, branch, date(2026, 8, 1))
    login(client, leader_of(session, branch))
    *people, _total = rows_of(book_of(client, branch, quarter="2026Q3")["人员明细"])
    names = {row["姓名"] for row in people}
    assert names == {"王敏 · 小敏 小敏公司", "王敏 · 大敏 大敏公司", "李雷"}
