"""S16: no figure of fewer than five people whom the reader may not name, nor by difference."""

from __future__ import annotations

import csv
import io
import random
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import (
    NOW,
    grant_role,
    make_attendance,
    make_branch,
    make_building,
    make_membership,
    make_person,
    make_project,
    make_shift,
    make_sign_up,
)
from tests.reports.books import close_month, open_books
from tests.reports.test_book import book_of, rows_of
from tests.support import login
from volunteer_hub.attendance.models import AttendanceStatus
from volunteer_hub.attendance.services import mark
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


def serve_in_july(session, world, branch, number, **fields):
    for _ in range(number):
        world["books"].serve(make_person(session), branch, date(2026, 7, 6), 50, **fields)


def july(client, branch):
    """Return the page of closed months and the status of July's file."""
    page = client.get(f"/branches/{branch.id}/months", query_string={"lang": "en"}).text
    return page, client.get(f"/branches/{branch.id}/months/2026-07.xlsx").status_code


@pytest.mark.parametrize(
    ("few", "others"),
    [
        ({"is_party_member": True}, {}),
        # What the Party members leave over.
        ({}, {"is_party_member": True}),
        ({"is_late_entry": True}, {}),
        ({}, {"is_late_entry": True}),
    ],
)
def test_the_file_of_a_closed_month_tells_no_part_of_few_people(
    client, session, world, few, others
):
    serve_in_july(session, world, world["first"], 2, **few)
    serve_in_july(session, world, world["first"], 6, **others)
    serve_in_july(session, world, world["second"], 7, **others)
    close_month(session, date(2026, 7, 1))
    session.commit()
    for name in ("leader", "office"):
        login(client, world[name])
        assert july(client, world["second"])[1] == 200
        for branch in (world["root"], world["first"]):
            page, status = july(client, branch)
            assert status == 404
            assert "2026-07.xlsx" not in page
            assert "is not given out here" in page
    leader = make_person(session)
    grant_role(session, leader, Role.BRANCH_LEADER, branch=world["first"])
    login(client, leader)
    page, status = july(client, world["first"])
    assert (status, "2026-07.xlsx" in page) == (200, True)


def test_corrections_of_few_people_are_told_neither_on_the_page_nor_in_the_file(
    client, session, world
):
    serve_in_july(session, world, world["first"], 6)
    close_month(session, date(2026, 7, 1))
    world["books"].serve(make_person(session), world["first"], date(2026, 7, 8), 98)
    close_month(session, date(2026, 8, 1))
    session.commit()
    for name in ("leader", "office"):
        login(client, world[name])
        for branch in (world["root"], world["first"]):
            address = f"/branches/{branch.id}/months"
            assert "+1.6" not in client.get(address, query_string={"lang": "en"}).text
            assert client.get(f"{address}/2026-08.xlsx").status_code == 404
            assert client.get(f"{address}/2026-07.xlsx").status_code == 200


PAST = datetime(2026, 8, 5, 2, 0, tzinfo=UTC)


def stay_away(session, person, times, *, project=None):
    project = project or make_project(session)
    for number in range(times):
        shift = make_shift(session, project=project, starts_at=PAST + timedelta(days=number))
        make_sign_up(session, shift, person)
        mark(
            session, shift_id=shift.id, person_id=person.id, status=AttendanceStatus.NO_SHOW,
            actor_id=person.id, now=NOW,
        )  # fmt: skip
    session.commit()


def member_of(session, branch, **fields):
    person = make_person(session)
    make_membership(session, person, branch, **fields)
    return person


def no_show_cells(reader, branch, **query):
    rows = rows_of(book_of(reader, branch, **QUERY, **query)["Summary"])
    return [row["No-shows"] for row in rows]


def test_one_person_who_stayed_away_five_times_is_not_five(reader, session, world):
    stay_away(session, member_of(session, world["first"]), 5)
    for branch in (world["root"], world["first"]):
        for page in ("", "/print", "/no-shows"):
            text = reader.get(f"/branches/{branch.id}{page}", query_string=QUERY).text
            assert "5 no-shows" not in text
    assert no_show_cells(reader, world["root"]) == [
        "fewer than 5",
        "fewer than 5",
        0,
        "fewer than 5",
    ]


def test_no_shows_of_one_do_not_follow_from_the_branch_beside(reader, session, world):
    for branch, number in ((world["first"], 6), (world["second"], 1)):
        for _ in range(number):
            stay_away(session, member_of(session, branch), 1)
    for page in ("", "/print", "/no-shows"):
        texts = {
            key: reader.get(f"/branches/{world[key].id}{page}", query_string=QUERY).text
            for key in ("root", "first", "second")
        }
        assert "7 no-shows" in texts["root"]
        assert "6 no-shows" not in texts["first"]
        assert "1 no-show" not in texts["second"]
    assert no_show_cells(reader, world["root"]) == [7, "fewer than 5", "fewer than 5", 7]


def test_no_shows_of_some_do_not_tell_of_the_few_others(reader, session, world):
    """Six members stayed away from one project, and one who is no member from another."""
    project, other = make_project(session), make_project(session)
    for branch in (world["first"], world["second"]):
        for n in range(8):
            person = member_of(session, branch, is_party_member=n < 6)
            for one in (project, other):
                member = n < 6
                world["books"].serve(person, branch, DAY, project=one, is_party_member=member)
            if n < 7 and branch is world["first"]:
                stay_away(session, person, 1, project=project if n < 6 else other)
    root = f"/branches/{world['root'].id}"
    assert "7 no-shows" in reader.get(root, query_string=QUERY).text
    for narrowing in ({"members": "member"}, {"project": project.id}):
        for page in ("", "/no-shows"):
            answer = reader.get(root + page, query_string=QUERY | narrowing)
            assert answer.status_code == 200
            assert "6 no-shows" not in answer.text
        assert "fewer than 5" in no_show_cells(reader, world["root"], **narrowing)


def wait_for_hours(session, people, hours, *, shift=None):
    shift = shift or make_shift(
        session, capacity=20, starts_at=PAST, ends_at=PAST + timedelta(hours=hours)
    )
    for person in people:
        make_attendance(session, shift, person)
    session.commit()
    return shift


def tells_hours(text, number):
    return f">{number}</a><small> hours" in text or f"about {number} hours" in text


def test_one_person_whose_hours_wait_five_times_is_not_five(reader, session, world):
    person = member_of(session, world["first"])
    shifts = [wait_for_hours(session, [person], 1.5) for _ in range(5)]
    for branch in (world["root"], world["first"]):
        for page in ("", "/waiting"):
            text = reader.get(f"/branches/{branch.id}{page}", query_string=QUERY).text
            assert not tells_hours(text, "7.5")
            assert "5 attendances" not in text
    assert f'data-id="{shifts[0].id}"' not in text


def test_waiting_hours_of_one_do_not_follow_from_the_branch_beside(reader, session, world):
    firsts = [member_of(session, world["first"]) for _ in range(6)]
    wait_for_hours(session, [*firsts, member_of(session, world["second"])], 1.6)
    root = reader.get(f"/branches/{world['root'].id}", query_string=QUERY).text
    assert tells_hours(root, "11.2")
    for key in ("first", "second"):
        for page in ("", "/waiting"):
            text = reader.get(f"/branches/{world[key].id}{page}", query_string=QUERY).text
            assert not tells_hours(text, "9.6")
            assert "6 attendances" not in text


def test_waiting_shifts_have_no_figures_of_their_own_and_small_ones_no_names(
    reader, session, world
):
    """What several branches say of one shift, or the whole less the others, could be subtracted."""
    people = [member_of(session, world["first"]) for _ in range(9)]
    large = wait_for_hours(session, people, 1)
    middle = wait_for_hours(session, people[:6], 2)
    small = wait_for_hours(session, people[:1], 3.5)
    page = reader.get(f"/branches/{world['first'].id}/waiting", query_string=QUERY).text
    assert "16 attendances · about 24.5 hours" in page
    for shift in (large, middle):
        assert f'data-id="{shift.id}"' in page
    assert f'data-id="{small.id}"' not in page
    assert "Other shifts, each with fewer than five people of this branch" in page
    assert not re.search(r"[69] people", page)
    assert page.count("about") == 1


def test_who_leads_the_very_branch_sees_every_no_show_and_waiting_shift(client, session, world):
    person = member_of(session, world["first"])
    stay_away(session, person, 5)
    shift = wait_for_hours(session, [person], 1.5)
    leader = make_person(session)
    grant_role(session, leader, Role.BRANCH_LEADER, branch=world["first"])
    login(client, leader)
    address = f"/branches/{world['first'].id}"
    assert "5 no-shows" in client.get(address, query_string=QUERY).text
    page = client.get(f"{address}/waiting", query_string=QUERY).text
    assert f'data-id="{shift.id}"' in page
    assert "about 1.5 hours" in page


def test_figures_are_never_of_late_entries_or_one_building_only(reader, session, world):
    """No-shows have neither, so a page narrowed to them would mix two things."""
    root = f"/branches/{world['root'].id}"
    tower = make_building(session, name_en="The long tower")
    for _ in range(15):
        fields = {"is_late_entry": True, "building_id": tower.id}
        world["books"].serve(make_person(session), world["first"], DAY, 72, **fields)
    session.commit()
    narrowings = ({"late": 1}, {"building": tower.id})
    labels = ("Late entries", "Building")
    for narrowing, label in zip(narrowings, labels, strict=True):
        for page in ("", "/print"):
            text = reader.get(root + page, query_string=QUERY | narrowing).text
            assert tells_hours(text, "35.8")
            assert re.search(f"could not use:[^<]*{label}", text)
        book = book_of(reader, world["root"], **QUERY, **narrowing)
        assert rows_of(book["Summary"])[0]["Service hours in all"] == pytest.approx(35.8, abs=0.05)
    rows = reader.get(f"{root}/entries", query_string=QUERY | {"building": tower.id}).text
    assert "18.0 hours in all" in rows
    assert '<span class="tag">The long tower</span>' in rows


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
