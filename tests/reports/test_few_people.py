"""S16: no figure of fewer than five people whom the reader may not name, nor by difference."""

from __future__ import annotations

import csv
import io
import random
import re
from datetime import date

import pytest

from tests.factories import (
    NOW,
    grant_role,
    make_branch,
    make_building,
    make_membership,
    make_person,
)
from tests.reports.books import close_month, open_books
from tests.reports.test_book import book_of, rows_of
from tests.support import login
from volunteer_hub.core.permissions import Role
from volunteer_hub.projects.models import Adoption
from volunteer_hub.reports import veil
from volunteer_hub.reports.queries import veil as queries
from volunteer_hub.reports.queries.sums import Tally

QUERY = {"quarter": "2026Q3", "lang": "en"}
DAY = date(2026, 8, 3)


def tally(people):
    return Tally(60 * people, people, 0, people)


def test_what_is_hidden_holds_five_people_and_more_than_one_part():
    assert veil.apart({1: 2, 2: 9, 3: 6}) == {1, 3}
    assert veil.apart({1: 9, 2: 6}) == set()
    # Three people in two parts would follow from the sum.
    assert veil.apart({1: 2, 2: 1, 3: 9}) == {1, 2, 3}
    assert veil.apart({1: 2, 2: 0}) == {1}
    # The same three people may be in both.
    assert veil.mixed({1: 3, 2: 3, 3: 8, 4: 9}) == {1, 2, 3}


@pytest.mark.parametrize("seed", range(5))
def test_no_sum_less_what_is_shown_below_it_tells_of_few_people(seed):
    """Random trees, random people of their own in each branch, random branches led."""
    draw = random.Random(seed)
    for _tree in range(200):
        _check_a_tree(draw)


def _check_a_tree(draw):
    parents, own = {1: None}, {1: draw.choice([0, 0, 1, 6])}
    for branch_id in range(2, draw.randint(3, 30)):
        parents[branch_id] = draw.choice(list(parents))
        own[branch_id] = draw.choice([0, 1, 2, 4, 5, 7, 20])
    led = {id_ for id_ in parents if draw.random() < 0.1}
    whole, strange = dict(own), {id_: 0 if id_ in led else own[id_] for id_ in own}
    for branch_id in sorted(parents, reverse=True):
        above = parents[branch_id]
        if above:
            whole[above] += whole[branch_id]
            strange[above] += 0 if above in led or branch_id in led else strange[branch_id]
    hidden, rests = veil.in_tree(parents, {id_: tally(whole[id_]) for id_ in parents}, led)
    assert not hidden & led
    for branch_id in set(parents) - led - hidden:
        assert strange[branch_id] == 0 or strange[branch_id] >= 5
        shown = [
            one
            for one, above in parents.items()
            if above == branch_id and one not in hidden and one not in led
        ]
        left = strange[branch_id] - sum(strange[one] for one in shown)
        left -= 0 if branch_id in rests else own[branch_id]
        assert left == 0 or left >= 5


@pytest.fixture
def world(session):
    """A committee of two branches: nine and six people in one project, two of them in another."""
    root = make_branch(session, kind="committee")
    first, second = (make_branch(session, parent=root) for _ in range(2))
    books, rare_books = open_books(session), open_books(session)
    rare = rare_books.project
    rare.title_en = "Rare work"
    tower, hut = (make_building(session, name_en=name) for name in ("The tower", "The hut"))
    for branch, number in ((first, 9), (second, 6)):
        for n in range(number):
            person = make_person(session)
            make_membership(session, person, branch, is_party_member=n > 1)
            books.serve(
                person,
                branch,
                DAY,
                61,
                building_id=hut.id if n < 1 else tower.id,
                is_party_member=n > 1,
            )
            if branch is first and n < 2:
                rare_books.serve(person, branch, date(2026, 9, 3), 77, is_late_entry=True)
    leader = make_person(session)
    grant_role(session, leader, Role.BRANCH_LEADER, branch=root)
    office = make_person(session)
    grant_role(session, office, Role.OFFICE)
    return {
        "root": root, "first": first, "second": second, "rare": rare, "hut": hut,
        "leader": leader, "office": office, "books": books,
    }  # fmt: skip


@pytest.fixture(params=["leader", "office"])
def reader(request, client, world):
    login(client, world[request.param])
    return client


def test_narrowing_a_larger_branch_does_not_single_people_out(reader, world):
    root, rare = world["root"], world["rare"]
    for narrowing in (
        {"project": rare.id},
        {"category": rare.category_id},
        {"members": "non_member"},
        # What is left out of it are four people.
        {"members": "member"},
    ):
        page = reader.get(f"/branches/{root.id}", query_string=QUERY | narrowing).text
        assert "Fewer than five people took part." in page
        assert "2.6" not in page
        for rows in ("entries", "hours.csv", "hours.xlsx", "projects"):
            address = f"/branches/{root.id}/{rows}"
            assert reader.get(address, query_string=QUERY | narrowing).status_code == 409
    for narrowing in ({"building": world["hut"].id}, {"late": 1}):
        address = f"/branches/{root.id}/entries"
        assert reader.get(address, query_string=QUERY | narrowing).status_code == 409


def test_pictures_and_tables_of_a_larger_branch_put_few_people_together(reader, world):
    root = world["root"]
    page = reader.get(f"/branches/{root.id}", query_string=QUERY | {"axis": "place"}).text
    # 154 minutes of two people, in a month and a category of their own, and as late entries.
    assert "2.6" not in page
    assert "The hut" not in page
    assert "Buildings with fewer than five people, together" in page
    projects = reader.get(f"/branches/{root.id}/projects", query_string=QUERY).text
    assert "Rare work" not in projects
    places = reader.get("/branches", query_string=QUERY | {"axis": "place"}).text
    assert "The hut" not in places


def test_rows_say_which_branch_or_which_project_but_not_of_whom(reader, world):
    address = f"/branches/{world['root'].id}/hours.csv"
    text = reader.get(address, query_string=QUERY).data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sum(int(row["Minutes"]) for row in rows) == 15 * 61 + 2 * 77
    assert "Rare work" not in text
    page = reader.get(f"/branches/{world['root'].id}/entries", query_string=QUERY).text
    assert "Rare work" not in page


def test_the_spreadsheet_keeps_the_same_back_and_says_so(reader, world):
    book = book_of(reader, world["root"], **QUERY)
    text = " ".join(str(c.value) for page in book for row in page.iter_rows() for c in row)
    assert "Rare work" not in text
    root = rows_of(book["Summary"])[0]
    assert root["Service hours in all"] == pytest.approx(1069 / 60)
    assert root["Party members taking part"] == "fewer than 5"
    assert root["Non-members taking part"] in (None, "")
    assert root["Share of late entries"] == "fewer than 5"
    *_shifts, total = rows_of(book["Shifts in detail"])
    assert total["Hours of the shift"] == pytest.approx(1069 / 60)


def test_a_branch_hidden_beside_a_small_one_is_hidden_on_its_own_page_too(client, session, world):
    small = make_branch(session, parent=world["root"])
    for _ in range(2):
        world["books"].serve(make_person(session), small, DAY, 50)
    for name in ("leader", "office"):
        login(client, world[name])
        for branch, hides in ((small, True), (world["second"], True), (world["first"], False)):
            page = client.get(f"/branches/{branch.id}", query_string=QUERY).text
            assert ("Fewer than five people took part." in page) == hides
            answer = client.get(f"/branches/{branch.id}/hours.csv", query_string=QUERY)
            assert answer.status_code == (409 if hides else 200)


def test_people_directly_in_a_larger_branch_are_not_what_is_left_over(client, session, world):
    """The two of the committee itself would be the sum less both branches."""
    for _ in range(2):
        world["books"].serve(make_person(session), world["root"], DAY, 50)
    login(client, world["office"])
    page = client.get(f"/branches/{world['root'].id}", query_string=QUERY).text
    assert ">1.7<" not in page
    assert page.count("fewer than 5 people") == 2
    login(client, world["leader"])
    assert ">1.7<" in client.get(f"/branches/{world['root'].id}", query_string=QUERY).text


def test_who_leads_the_very_branch_sees_everything_of_it(client, session, world):
    leader = make_person(session)
    grant_role(session, leader, Role.BRANCH_LEADER, branch=world["first"])
    login(client, leader)
    address = f"/branches/{world['first'].id}"
    for narrowing in ({"project": world["rare"].id}, {"members": "non_member"}):
        page = client.get(address, query_string=QUERY | narrowing).text
        assert "2.6</a><small> hours" in page or "4.6</a><small> hours" in page
    assert "Rare work" in client.get(f"{address}/projects", query_string=QUERY).text


def test_closed_months_and_adoptions_keep_the_same_back(client, session, world):
    for day in (date(2026, 7, 5), date(2026, 7, 6)):
        for branch, number in ((world["first"], 2), (world["second"], 7)):
            for _ in range(number):
                world["books"].serve(make_person(session), branch, day, 50)
    close_month(session, date(2026, 7, 1))
    adoption = Adoption(
        project_id=world["rare"].id, branch_id=world["root"].id, first_day=DAY,
        last_day=date(2026, 12, 1), places=1, state="agreed", message="", answer="", review="",
        thanks="", proposed_by=world["leader"].id, proposed_at=NOW,
    )  # fmt: skip
    session.add(adoption)
    session.commit()
    for name in ("leader", "office"):
        login(client, world[name])
        for branch in (world["first"], world["second"]):
            page = client.get(f"/branches/{branch.id}/months", query_string={"lang": "en"}).text
            assert "Fewer than five people took part." in page
            file = client.get(f"/branches/{branch.id}/months/2026-07.xlsx")
            assert file.status_code == 404
        address = f"/branches/{world['root'].id}"
        assert client.get(f"{address}/months/2026-07.xlsx").status_code == 200
        for page in ("adoptions", f"adoptions/{adoption.id}"):
            text = client.get(f"{address}/{page}", query_string={"lang": "en"}).text
            assert "2.6" not in text


def test_what_is_hidden_is_the_same_when_only_some_entries_are_read_first(
    client, session, world, monkeypatch
):
    """A setting of our own: the page of the whole looks at all entries only where it must."""
    address = f"/branches/{world['root'].id}"
    login(client, world["office"])
    whole = client.get(address, query_string=QUERY | {"axis": "place"}).text
    monkeypatch.setattr(queries, "SAMPLE", 3)
    some = client.get(address, query_string=QUERY | {"axis": "place"}).text
    assert _without_keys(some) == _without_keys(whole)


def _without_keys(page):
    return re.sub(r'(csrf_token|request_key)" value="[^"]*"|content="[^"]*"', "", page)
