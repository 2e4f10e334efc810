"""Who is a member already and says so again, who left within the span, and who is told."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.factories import NOW, SHANGHAI, grant_role, make_branch, make_membership, make_person
from tests.reports.books import open_books
from tests.support import login
from volunteer_hub.accounts.models import BranchMembership, MembershipRequest
from volunteer_hub.core.permissions import Role
from volunteer_hub.notifications.models import Notice

TODAY = NOW.astimezone(SHANGHAI).date()


@pytest.fixture
def leader(session, branch):
    person = make_person(session, name="书记")
    grant_role(session, person, Role.BRANCH_LEADER, branch=branch)
    return person


@pytest.fixture
def member(session, branch):
    person = make_person(session, name="陆晓雯")
    make_membership(session, person, branch, is_party_member=True)
    return person


def send(client, address, key="k", **form):
    return client.post(address, data={"request_key": key + address, **form})


def asked(session):
    return session.scalars(select(MembershipRequest).order_by(MembershipRequest.id)).all()


def on_the_books(client, branch, **query):
    """Return how many people the branch's page says are on the books, and the list's two parts."""
    page = client.get(f"/branches/{branch.id}", query_string=query).text
    books = int(re.search(r"参与人数.*?<small> / (\d+)</small>", page, re.DOTALL)[1])
    people = client.get(f"/branches/{branch.id}/members", query_string=query).text
    took_part = re.search(r"<caption>.*?(\d+) 人", people, re.DOTALL)
    not_yet = re.search(r'id="not-yet">.*?(\d+) 人', people, re.DOTALL)
    return books, int(took_part[1]) if took_part else 0, int(not_yet[1])


def test_the_form_begins_with_what_holds(client, session, branch, member):
    login(client, member)
    page = client.get("/me/branch").text
    assert f'<option selected value="{branch.id}">' in page
    assert re.search(r'<input checked[^>]*name="is_party_member"', page)


def test_a_request_that_changes_nothing_is_refused_with_what_holds(
    client, session, branch, member, leader
):
    login(client, member)
    same = send(client, "/me/branch", key="a", branch_id=branch.id, is_party_member="y")
    assert same.status_code in (409, 422)
    assert "本来就是这样" in same.text
    assert asked(session) == []
    assert send(client, "/me/branch", key="b", branch_id=branch.id).status_code == 303
    again = send(client, "/me/branch", key="c", branch_id=branch.id)
    assert "已经提交过" in again.text
    assert len(asked(session)) == 1


def test_the_leader_sees_what_a_confirmation_would_change(client, session, branch, member, leader):
    login(client, member)
    send(client, "/me/branch", branch_id=branch.id)
    new = make_person(session, name="新来的")
    login(client, new)
    send(client, "/me/branch", branch_id=branch.id)
    login(client, leader)
    page = client.get(f"/branches/{branch.id}/members").text
    assert "党员 → 群众" in page
    assert "确认变更" in page
    assert "确认加入" in page
    assert ">确认时长<" not in page


def test_a_change_of_kind_counts_everybody_once(client, session, branch, member, leader):
    for _n in range(2):
        make_membership(session, make_person(session), branch)
    login(client, member)
    send(client, "/me/branch", branch_id=branch.id)
    login(client, leader)
    (one,) = asked(session)
    start = (TODAY - timedelta(days=3)).isoformat()
    answer = send(client, f"/branches/{branch.id}/requests/{one.id}", start=start, confirm="1")
    assert answer.status_code == 303
    books = {kind: on_the_books(client, branch, members=kind) for kind in ("member", "non_member")}
    assert books == {"member": (0, 0, 0), "non_member": (3, 0, 3)}
    assert on_the_books(client, branch) == (3, 0, 3)


def test_a_change_from_the_first_day_on_is_one_membership(client, session, branch, leader):
    person = make_person(session)
    row = make_membership(session, person, branch, started_on=date(2026, 11, 1))
    login(client, person)
    send(client, "/me/branch", branch_id=branch.id, is_party_member="y")
    login(client, leader)
    address = f"/branches/{branch.id}/requests/1"
    early = send(client, address, key="a", start="2026-10-20", confirm="1")
    assert early.status_code == 422
    assert "2026 年 11 月 1 日" in early.text
    assert send(client, address, key="b", start="2026-11-01", confirm="1").status_code == 303
    session.expire_all()
    (kept,) = session.scalars(select(BranchMembership))
    assert (kept.id, kept.is_party_member, kept.ended_on) == (row.id, True, None)


def test_the_leaders_are_told_once_and_led_to_the_members(client, session, branch, leader):
    gone, other = make_person(session), make_person(session)
    grant_role(session, gone, Role.BRANCH_LEADER, branch=branch, ends_on=date(2026, 1, 1))
    grant_role(session, other, Role.BRANCH_LEADER, branch=make_branch(session))
    login(client, make_person(session, name="李想"))
    send(client, "/me/branch", key="a", branch_id=branch.id)
    send(client, "/me/branch", key="b", branch_id=branch.id, is_party_member="y")
    told = session.scalars(select(Notice).where(Notice.kind == "membership_asked")).all()
    assert [one.person_id for one in told] == [leader.id]
    assert told[0].link == f"/branches/{branch.id}/members#asked"
    login(client, leader)
    page = client.get(f"/branches/{branch.id}").text
    assert "1 人申请加入" in page
    assert "/members?quarter=2026Q4#asked" in page
    # Only who leads this very branch answers, so nobody else is asked to.
    office = make_person(session)
    grant_role(session, office, Role.OFFICE)
    login(client, office)
    assert "申请加入" not in client.get(f"/branches/{branch.id}").text


def test_who_left_within_the_span_stays_listed_and_both_pages_add_up(
    client, session, branch, leader
):
    served, idle = make_person(session, name="王敏"), make_person(session, name="李雷")
    rows = [make_membership(session, person, branch) for person in (served, idle)]
    open_books(session).serve(served, branch, date(2026, 11, 5), 60)
    login(client, leader)
    for row in rows:
        address = f"/branches/{branch.id}/members/{row.id}/end"
        assert send(client, address, last_day="2026-11-20").status_code == 303
    assert on_the_books(client, branch) == (2, 1, 1)
    page = client.get(f"/branches/{branch.id}/members").text
    assert page.count("2026 年 11 月 20 日离开") == 2
    assert on_the_books(client, branch, quarter="2026Q3") == (2, 0, 2)
    resume = f"/branches/{branch.id}/members/{rows[1].id}/resume"
    assert send(client, resume).status_code == 303
    assert on_the_books(client, branch) == (2, 1, 1)
    page = client.get(f"/branches/{branch.id}/members").text
    assert page.count("2026 年 11 月 20 日离开") == 1
