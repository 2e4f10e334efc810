"""Who sees a branch's page and sheet, and what is on them."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import date
from urllib.parse import quote

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from tests.factories import (
    grant_role,
    make_branch,
    make_building,
    make_enterprise,
    make_membership,
    make_person,
    make_project,
)
from tests.reports.books import fill, open_books, recount
from tests.support import login
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.calendar import Quarter
from volunteer_hub.core.permissions import Role
from volunteer_hub.registry.tree import move_branch

PAGES = (
    "/branches/{}",
    "/branches/{}/hours.csv",
    "/branches/{}/hours.xlsx",
    "/branches/{}/print",
    "/branches/{}/entries",
    "/branches/{}/projects",
    "/branches/{}/waiting",
    "/branches/{}/no-shows",
    "/branches/{}/adoptions",
    "/branches/{}/months",
)


@pytest.fixture
def tree(session):
    """Root over `own` (with `below`) and `beside`."""
    root = make_branch(session, name_zh="街道党工委")
    own = make_branch(session, parent=root, name_zh="第一党总支")
    return {
        "root": root,
        "own": own,
        "below": make_branch(session, parent=own, name_zh="楼宇联合党支部"),
        "beside": make_branch(session, parent=root, name_zh="第二党总支"),
    }


def leader_of(session, branch, **fields):
    person = make_person(session, **fields)
    grant_role(session, person, Role.BRANCH_LEADER, branch=branch)
    return person


def sheet(client, branch, **query):
    """Return the rows of the sheet as dictionaries."""
    answer = client.get(f"/branches/{branch.id}/hours.csv", query_string={"lang": "en", **query})
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def seen(answer):
    """Return everything that can be read in an answer, of a spreadsheet every cell."""
    if "spreadsheet" not in answer.mimetype:
        return answer.text
    book = load_workbook(io.BytesIO(answer.data))
    return " ".join(
        str(cell) for page in book for row in page.iter_rows(values_only=True) for cell in row
    )


# ---------------------------------------------------------------- who


@pytest.mark.parametrize("page", PAGES)
def test_a_leader_sees_the_own_branch_and_below_and_no_other(client, session, tree, page):
    """S14, S15: a branch that is not theirs answers as one that does not exist."""
    login(client, leader_of(session, tree["own"]))
    status = {name: client.get(page.format(one.id)).status_code for name, one in tree.items()}
    assert status == {"root": 404, "own": 200, "below": 200, "beside": 404}
    assert client.get(page.format(10**6)).status_code == 404
    strange, missing = (
        client.get(page.format(number)).text.replace(f"/branches/{number}", "/branches/X")
        for number in (tree["beside"].id, 10**6)
    )
    assert strange == missing


@pytest.mark.parametrize("page", ["/branches", *PAGES])
def test_branches_are_closed_to_volunteers_coordinators_and_visitors(
    client, session, tree, alice, charlie, page
):
    address = page.format(tree["own"].id)
    assert client.get(address).status_code == 303
    for person in (charlie, alice):
        assert login(client, person).get(address).status_code == 404


def test_the_office_sees_every_branch_in_sums_only(client, session, tree):
    """S16: no name of a volunteer reaches the office."""
    canary = make_person(session, name="金丝雀")
    make_membership(session, canary, tree["own"])
    open_books(session).serve(canary, tree["own"], date(2026, 10, 5))
    office = make_person(session)
    grant_role(session, office, Role.OFFICE)
    login(client, office)
    shown = {tree["root"].id, tree["own"].id}
    for one in tree.values():
        for page in PAGES:
            answer = client.get(page.format(one.id))
            # Too few people for rows, and for a spreadsheet of sums.
            rows = page.rpartition("/")[2] not in ("{}", "print", "adoptions", "months")
            assert answer.status_code == (409 if rows and one.id in shown else 200)
            assert "金丝雀" not in seen(answer)
    assert "第二党总支" in client.get("/branches").text


def test_a_leader_reads_names_in_the_own_branch_but_not_below(client, session, tree):
    books = open_books(session)
    for name, one in (("王敏", tree["own"]), *[("李雷", tree["below"])] * 5):
        person = make_person(session, name=name)
        make_membership(session, person, one)
        books.serve(person, one, date(2026, 10, 5))
    login(client, leader_of(session, tree["own"], name="书记"))
    for page in ("members", "entries"):
        text = client.get(f"/branches/{tree['own'].id}/{page}").text
        assert "王敏" in text
        assert "李雷" not in text
        assert "李雷" not in client.get(f"/branches/{tree['below'].id}/{page}").text
    assert client.get(f"/branches/{tree['below'].id}/members").status_code == 404
    names = [row["Name"] for row in sheet(client, tree["own"])]
    assert sorted(names) == ["", "", "", "", "", "王敏"]
    assert "Name" not in sheet(client, tree["below"])[0]


def test_no_phone_is_on_a_branch_page_or_sheet(client, session, tree):
    """S17."""
    person = make_person(session)
    make_membership(session, person, tree["own"])
    open_books(session).serve(person, tree["own"], date(2026, 10, 5))
    login(client, leader_of(session, tree["own"]))
    for page in PAGES:
        assert person.phone[3:] not in seen(client.get(page.format(tree["own"].id)))


def test_access_follows_the_tree_at_once_when_a_branch_moves(client, session, tree, now):
    login(client, leader_of(session, tree["own"]))
    address = f"/branches/{tree['below'].id}"
    assert client.get(address).status_code == 200
    move_branch(
        session,
        branch_id=tree["below"].id,
        new_parent_id=tree["beside"].id,
        moved_on=date(2026, 11, 23),
        actor_id=None,
        now=now,
    )
    assert client.get(address).status_code == 404
    login(client, leader_of(session, tree["beside"]))
    assert client.get(address).status_code == 200


def test_a_leader_of_two_branches_sees_both_in_the_list(client, session, tree):
    leader = leader_of(session, tree["own"])
    grant_role(session, leader, Role.BRANCH_LEADER, branch=tree["below"])
    grant_role(session, leader, Role.BRANCH_LEADER, branch=tree["beside"])
    text = login(client, leader).get("/branches").text
    assert [text.count(f'data-id="{one.id}"') for one in tree.values()] == [0, 1, 1, 1]


# ---------------------------------------------------------------- what


def test_the_page_says_the_same_as_its_sheet_and_as_the_rows(client, session):
    world = fill(session, 11)
    leader = leader_of(session, world.branches[0])
    login(client, leader)
    quarter = Quarter(2026, 3).period
    compared = 0
    for one in world.branches[:4]:
        for kind, member in (("all", None), ("member", True), ("non_member", False)):
            query = {"quarter": "2026Q3", "members": kind}
            true = recount(session, one.id, quarter.first, quarter.last, member)
            text = client.get(f"/branches/{one.id}", query_string=query | {"lang": "en"}).text
            if "Fewer than five people took part." in text:
                answer = client.get(f"/branches/{one.id}/hours.csv", query_string=query)
                assert answer.status_code == 409
                assert (one, kind) != (world.branches[0], "all")
                continue
            few = any(0 < len(people) < 5 for people in (true.people, true.members))
            assert not few or one is world.branches[0]
            compared += 1
            rows = sheet(client, one, **query)
            assert sum(int(row["Minutes"]) for row in rows) == true.minutes
            assert f">{hours_of(true.minutes)}</a><small> hours</small></b>" in text
            assert f"<small> / {max(len(true.members), len(true.people))}</small></b>" in text
            assert f">{true.attendances}</a></b>" in text
    assert compared >= 2


def hours_of(minutes):
    return f"{(minutes * 10 + 30) // 60 / 10:.1f}"


def test_a_reversal_and_a_late_entry_are_marked_in_the_sheet(client, session, tree):
    books = open_books(session)
    person = make_person(session, name="王敏")
    entry = books.serve(person, tree["own"], date(2026, 10, 5), 90, is_late_entry=True)
    books.take_back(entry)
    login(client, leader_of(session, tree["own"]))
    first, second = sheet(client, tree["own"])
    assert (first["Minutes"], first["Hours, to one decimal"], first["Correction"]) == (
        "90",
        "1.5",
        "",
    )
    assert first["Late entry"] == "Late entry"
    assert (second["Minutes"], second["Hours, to one decimal"]) == ("-90", "-1.5")
    assert second["Correction"] == "Correction"


def test_no_cell_of_the_sheet_becomes_a_formula(client, session, tree):
    """S34."""
    person = make_person(session, name='=HYPERLINK("http://x","王敏")')
    project = make_project(session, title_zh="@SUM(A1)", title_en="＝1＋1")
    books = open_books(session)
    books.serve(person, tree["own"], date(2026, 10, 5), project=project)
    login(client, leader_of(session, tree["own"]))
    (row,) = sheet(client, tree["own"])
    assert row["Name"] == '\'=HYPERLINK("http://x","王敏")'
    assert row["Project"] == "'＝1＋1"
    (row,) = sheet(client, tree["own"], lang="zh")
    assert row["项目"] == "'@SUM(A1)"


def test_the_sheet_opens_in_every_programme(client, session, tree):
    open_books(session).serve(make_person(session), tree["own"], date(2026, 10, 5))
    login(client, leader_of(session, tree["own"]))
    answer = client.get(f"/branches/{tree['own'].id}/hours.csv?quarter=2026Q4")
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.data.count(b"\r\n") == 2
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="branch-{tree["own"].id}-2026Q4.csv";'
        f" filename*=UTF-8''{quote('第一党总支 2026Q4 时长')}.csv"
    )


def test_the_sheet_arrives_whole_when_it_is_packed(client, session, tree):
    import gzip

    books, person = open_books(session), make_person(session)
    for _ in range(450):
        books.serve(person, tree["own"], date(2026, 10, 5), 1)
    login(client, leader_of(session, tree["own"]))
    answer = client.get(
        f"/branches/{tree['own'].id}/hours.csv", headers={"Accept-Encoding": "gzip"}
    )
    packed = answer.headers.get("Content-Encoding") == "gzip"
    data = gzip.decompress(answer.data) if packed else answer.data
    assert data.count(b"\r\n") == 451


def test_a_download_is_noted_in_the_audit_trail(client, session, tree):
    """S40."""
    leader = leader_of(session, tree["own"])
    login(client, leader)
    address = f"/branches/{tree['own'].id}/hours.csv?quarter=2026Q3&members=member"
    client.head(address)
    client.get(address)
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "report:export"))
    assert (entry.actor_id, entry.object_id) == (leader.id, tree["own"].id)
    assert entry.details == {"asked_quarter": "2026Q3", "asked_members": "member"}


@pytest.mark.parametrize(
    "query",
    [
        "quarter=2026Q9", "quarter=1999Q1", "from=2026-13-01",
        "to=2026-02-01", "from=0001-01-01&to=9999-12-31", "members=party", "sort=phone", "page=0",
        "page=x", "page=" + "9" * 30, "quarter=2026Q3&from=2026-01-01", "quarter=%00",
        "from=２０２６-01-01&to=2026-02-01",
    ],
)  # fmt: skip
def test_values_that_make_no_sense_are_ignored_and_named(client, session, tree, query):
    login(client, leader_of(session, tree["own"]))
    answer = client.get(f"/branches/{tree['own'].id}?lang=en&{query}")
    assert answer.status_code == 200
    assert "We could not use:" in answer.text
    if "2026Q3" not in query:
        assert "Q4 2026" in answer.text


@pytest.mark.parametrize("page", ["", "/members", "/waiting", "/no-shows", "/entries"])
def test_dates_the_wrong_way_round_stay_where_they_were_typed(client, session, tree, page):
    login(client, leader_of(session, tree["own"]))
    address = f"/branches/{tree['own'].id}{page}"
    text = client.get(f"{address}?from=2026-02-02&to=2026-02-01").text
    assert "结束日期早于开始日期" in text
    assert "没看懂" not in text
    assert 'name="from" value="2026-02-02"' in text
    assert 'name="to" value="2026-02-01"' in text


def test_two_quarters_of_the_same_name_are_told_apart_by_their_year(client, session, tree):
    person = make_person(session)
    make_membership(session, person, tree["below"], started_on=date(2025, 1, 1))
    login(client, leader_of(session, tree["below"]))
    text = client.get(f"/branches/{tree['below'].id}").text
    assert "25 年 Q4" in text
    assert "26 年 Q4" in text
    assert ">第三季度</text>" in text


def test_the_span_may_be_any_days_and_a_far_page_is_the_last_one(client, session, tree):
    books, person = open_books(session), make_person(session, name="王敏")
    books.serve(person, tree["own"], date(2026, 2, 1), 30)
    books.serve(person, tree["own"], date(2026, 2, 2), 60)
    login(client, leader_of(session, tree["own"]))
    query = "?from=2026-02-02&to=2026-02-02&page=999999999&lang=en"
    text = client.get(f"/branches/{tree['own'].id}{query}").text
    assert ">1.0</a><small> hours" in text
    assert 'before <span class="up">+100%</span>' in text
    assert "We could not use:" not in text


def test_people_come_by_the_sound_of_their_names_or_when_asked_for_by_hours(client, session, tree):
    books = open_books(session)
    for name, minutes in (("张三", 90), ("安宁", 60), ("李雷", 0)):
        person = make_person(session, name=name)
        make_membership(session, person, tree["own"])
        if minutes:
            books.serve(person, tree["own"], date(2026, 10, 5), minutes)
    login(client, leader_of(session, tree["own"]))

    def order(query):
        text = client.get(f"/branches/{tree['own'].id}/members{query}").text
        return sorted(("张三", "安宁"), key=lambda name: text.index(f'scope="row">{name}'))

    assert order("") == order("?sort=name") == ["安宁", "张三"]
    assert order("?sort=hours") == ["张三", "安宁"]
    text = client.get(f"/branches/{tree['own'].id}/members").text
    assert text.index("还没参加") < text.index("李雷")


def test_two_people_of_one_name_are_told_apart_and_a_deleted_account_has_none(
    client, session, tree
):
    books = open_books(session)
    for name, nickname in (("王敏", "小敏"), ("王敏", "大敏"), ("李雷", "雷子"), ("", "")):
        company = make_enterprise(session, name_zh=f"{nickname}公司")
        person = make_person(session, name=name, nickname=nickname, enterprise_id=company.id)
        make_membership(session, person, tree["own"])
        books.serve(person, tree["own"], date(2026, 10, 5))
    page = f"/branches/{tree['own'].id}/members"
    text = login(client, leader_of(session, tree["own"])).get(page).text
    assert "小敏 小敏公司" in text
    assert "大敏 大敏公司" in text
    assert "雷子" not in text
    assert "已注销账号" in text


def test_a_long_list_has_pages(client, session, tree):
    books = open_books(session)
    for _ in range(53):
        person = make_person(session)
        make_membership(session, person, tree["own"])
        books.serve(person, tree["own"], date(2026, 10, 5))
    login(client, leader_of(session, tree["own"]))
    address = f"/branches/{tree['own'].id}/members"
    assert client.get(address).text.count('role="rowheader"') == 50
    assert client.get(f"{address}?page=2").text.count('role="rowheader"') == 3
    entries = f"/branches/{tree['own'].id}/entries"
    assert client.get(entries).text.count("<tr data-id") == 50
    assert client.get(f"{entries}?page=2").text.count("<tr data-id") == 3


# ---------------------------------------------------------------- every figure opens


def links(text):
    """Return the addresses by the text of their links."""
    found = re.findall(r'<a[^>]*href="([^"]*)"[^>]*>(.*?)</a>', text, re.DOTALL)
    return {re.sub("<.*?>", "", inner).strip(): html.unescape(address) for address, inner in found}


def test_a_month_opens_what_it_counts_when_the_span_cuts_it(client, session, tree):
    books, person = open_books(session), make_person(session)
    make_membership(session, person, tree["below"])
    for month, day, minutes in ((10, 2, 400), (10, 20, 90), (11, 3, 120), (11, 20, 300)):
        books.serve(person, tree["below"], date(2026, month, day), minutes)
    login(client, leader_of(session, tree["below"]))
    page = f"/branches/{tree['below'].id}?from=2026-10-13&to=2026-11-12&lang=en"
    text = client.get(page).text
    rows = dict(
        re.findall(r'<th scope="row"><a href="([^"]*)".*?</th><td class="r">([\d.]+)', text)
    )
    cut = {hours: client.get(html.unescape(address)).text for address, hours in rows.items()}
    assert set(cut) >= {"1.5", "2.0"}
    for hours in ("1.5", "2.0"):
        assert f"{hours} hours in all" in cut[hours]


def test_every_figure_and_the_smaller_categories_open(client, session, tree):
    books, person = open_books(session), make_person(session)
    make_membership(session, person, tree["below"])
    for minutes in range(10, 90, 10):
        project = make_project(session)
        books.serve(person, tree["below"], date(2026, 11, 1), minutes, project=project)
    address = f"/branches/{tree['below'].id}"
    login(client, leader_of(session, tree["below"]))
    text = client.get(f"{address}?quarter=2026Q4&lang=en").text
    for figure in re.findall(r"<dl.*?</dl>", text, re.DOTALL)[0].split("<dt")[1:]:
        assert "<b><a href=" in figure, figure
    opens = links(text)
    assert opens["100%"].startswith(f"{address}/members?")
    assert opens["per participant: 6.0"].startswith(f"{address}/members?")
    more = client.get(opens["All others"]).text
    assert "All others" not in more
    assert len(set(re.findall(r"category=(\d+)", more))) == 8
    # Whose names the reader may not see is not in a list of members.
    login(client, leader_of(session, tree["own"]))
    for _ in range(5):
        person = make_person(session)
        make_membership(session, person, tree["below"])
        books.serve(person, tree["below"], date(2026, 11, 1), 60)
    opens = links(client.get(f"{address}?quarter=2026Q4&lang=en").text)
    assert opens["100%"].startswith(f"{address}/entries?")


def test_a_place_opens_to_its_rows_in_each_branch_that_the_reader_leads(client, session, tree):
    books, tower = open_books(session), make_building(session, name_en="High Tower")
    for one, minutes in ((tree["below"], 60), (tree["beside"], 90)):
        books.serve(make_person(session), one, date(2026, 11, 1), minutes, building_id=tower.id)
    leader = leader_of(session, tree["below"])
    login(client, leader)
    opens = links(client.get("/branches?axis=place&lang=en").text)
    assert "1.0 hours in all" in client.get(opens["High Tower"]).text
    grant_role(session, leader, Role.BRANCH_LEADER, branch=tree["beside"])
    text = client.get("/branches?axis=place").text
    addresses = re.findall(r'href="([^"]*/entries[^"]*)"', text)
    shown = [client.get(html.unescape(one)).text for one in addresses]
    assert ["1.0" in shown[0], "1.5" in shown[1], len(shown)] == [True, True, 2]
