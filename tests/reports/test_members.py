"""Who belongs to a branch: people say so, its leader confirms and ends by date."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tests.factories import NOW, SHANGHAI, grant_role, make_branch, make_membership, make_person
from tests.reports.books import close_month, open_books
from tests.support import login
from volunteer_hub.accounts.models import BranchMembership, MembershipRequest, Person
from volunteer_hub.core.permissions import Role
from volunteer_hub.notifications.models import Notice

TODAY = NOW.astimezone(SHANGHAI).date()


@pytest.fixture
def leader(session, branch):
    person = make_person(session, name="书记")
    grant_role(session, person, Role.BRANCH_LEADER, branch=branch)
    return person


def send(client, address, key="k", **form):
    return client.post(address, data={"request_key": key + address, **form})


def memberships(session, person):
    session.expire_all()
    rows = session.scalars(
        select(BranchMembership)
        .where(BranchMembership.person_id == person.id)
        .order_by(BranchMembership.id)
    )
    return [(row.branch_id, row.started_on, row.ended_on) for row in rows]


def test_a_volunteer_says_where_they_belong_and_the_leader_confirms(
    client, session, branch, leader
):
    old, volunteer = make_branch(session), make_person(session, name="李想")
    make_membership(session, volunteer, old, started_on=date(2026, 1, 1))
    login(client, volunteer)
    assert send(client, "/me/branch", branch_id=branch.id, is_party_member="y").status_code == 303
    assert "等支部书记确认" in client.get("/me/branch").text
    # Nothing counts before somebody has confirmed it.
    assert memberships(session, volunteer) == [(old.id, date(2026, 1, 1), None)]
    login(client, leader)
    page = f"/branches/{branch.id}/members"
    assert "李想" in client.get(page).text
    (asked,) = session.scalars(select(MembershipRequest))
    address = f"/branches/{branch.id}/requests/{asked.id}"
    late = send(client, address, key="a", start="2099-01-01", confirm="1")
    assert late.status_code == 422
    assert 'value="2099-01-01"' in late.text
    start = TODAY - timedelta(days=3)
    assert send(client, address, key="b", start=start.isoformat(), confirm="1").status_code == 303
    assert memberships(session, volunteer) == [
        (old.id, date(2026, 1, 1), start - timedelta(days=1)),
        (branch.id, start, None),
    ]
    assert send(client, address, key="c", start="", confirm="1").status_code == 404
    kinds = session.scalars(select(Notice.kind).where(Notice.person_id == volunteer.id)).all()
    assert kinds == ["membership_confirmed"]


def test_a_leader_may_say_that_somebody_is_not_of_the_branch(client, session, branch, leader):
    volunteer = make_person(session)
    login(client, volunteer)
    send(client, "/me/branch", branch_id=branch.id)
    login(client, leader)
    assert send(client, f"/branches/{branch.id}/requests/1", confirm="0").status_code == 303
    assert memberships(session, volunteer) == []


def test_nobody_confirms_themselves(client, session, branch, leader):
    login(client, leader)
    send(client, "/me/branch", branch_id=branch.id)
    answer = send(client, f"/branches/{branch.id}/requests/1", confirm="1", start="")
    assert answer.status_code == 409
    assert memberships(session, leader) == []


def test_a_membership_ends_by_date_and_its_hours_stay(client, session, branch, leader):
    person = make_person(session, name="王敏")
    row = make_membership(session, person, branch, started_on=date(2026, 9, 1))
    open_books(session).serve(person, branch, date(2026, 10, 5), 60)
    login(client, leader)
    address = f"/branches/{branch.id}/members/{row.id}/end"
    assert send(client, address, key="a", last_day="2026-08-01").status_code == 422
    assert send(client, address, key="b", last_day="").status_code == 422
    assert send(client, address, key="c", last_day="2026-11-01").status_code == 303
    assert memberships(session, person) == [(branch.id, date(2026, 9, 1), date(2026, 11, 1))]
    assert "王敏" in client.get(f"/branches/{branch.id}/members").text
    assert send(client, address, key="d", last_day="2026-11-01").status_code == 404


def test_other_leaders_cannot_answer_or_end(client, session, branch, leader):
    other, person = make_branch(session), make_person(session)
    row = make_membership(session, person, branch)
    stranger = make_person(session)
    grant_role(session, stranger, Role.BRANCH_LEADER, branch=other)
    grant_role(session, stranger, Role.OFFICE)
    login(client, stranger)
    last = TODAY.isoformat()
    for number in (branch.id, other.id):
        address = f"/branches/{number}/members/{row.id}/end"
        assert send(client, address, last_day=last).status_code == 404
    assert client.get(f"/branches/{branch.id}/members").status_code == 404
    assert send(client, f"/branches/{branch.id}/invite").status_code == 404


def test_everybody_gets_the_same_invitation_once_a_month(client, session, branch, leader):
    served, new = make_person(session, name="王敏"), make_person(session, name="李雷")
    for person in (served, new, leader):
        make_membership(session, person, branch)
    open_books(session).serve(served, branch, date(2026, 11, 5), 60)
    login(client, leader)
    address = f"/branches/{branch.id}/invite"
    assert send(client, address, key="a").status_code == 303
    told = session.scalars(select(Notice.person_id).where(Notice.kind == "branch_invites"))
    assert set(told) == {served.id, new.id}
    # The page says so instead of offering a button that would be refused.
    page = client.get(f"/branches/{branch.id}/members").text
    assert "最近一次" in page
    assert "发给 2 人" in page
    assert f'action="{address}"' not in page
    answer = send(client, address, key="b")
    assert answer.status_code == 409
    assert "本月的邀请" in answer.text
    make_membership(session, make_person(session), branch)
    assert "邀请之后加入的 1 人" in client.get(f"/branches/{branch.id}/members").text
    assert send(client, address, key="c").status_code == 303


def test_leaving_ends_the_membership_and_stops_showing_it(client, session, branch):
    person = make_person(session, shows_membership=True)
    make_membership(session, person, branch, started_on=date(2026, 1, 1), is_party_member=True)
    login(client, person)
    assert send(client, "/me/branch/leave").status_code == 303
    assert memberships(session, person) == [(branch.id, date(2026, 1, 1), TODAY)]
    assert not session.get(Person, person.id).shows_membership


def test_a_question_can_be_taken_back(client, session, branch, leader):
    volunteer = make_person(session, name="李想")
    login(client, volunteer)
    send(client, "/me/branch", branch_id=branch.id)
    assert send(client, "/me/branch/leave", only_request="1").status_code == 303
    assert "等支部书记确认" not in client.get("/me/branch").text
    login(client, leader)
    assert "李想" not in client.get(f"/branches/{branch.id}/members").text


def test_the_office_switches_the_ranking_off(client, session, branch, leader):
    from volunteer_hub.registry.models import SubDistrict

    session.add(SubDistrict(code="310101", name_zh="小橙子街道"))
    session.commit()
    office = make_person(session)
    grant_role(session, office, Role.OFFICE)
    login(client, leader)
    assert "我们的位置" in client.get("/branches").text
    login(client, office)
    assert send(client, "/office/league", on="0").status_code == 303
    login(client, leader)
    assert "我们的位置" not in client.get("/branches").text


def figures_of(client, branch, quarter):
    """Return the participation that the branch's page shows for a quarter."""
    text = client.get(f"/branches/{branch.id}?quarter={quarter}").text
    return re.search(r"参与人数.*?<small> / (\d+)</small>", text, re.DOTALL)[1]


def test_a_membership_confirmed_with_a_past_day_moves_no_past_quarter(
    client, session, branch, leader
):
    served, volunteer = make_person(session), make_person(session, name="李想")
    make_membership(session, served, branch)
    open_books(session).serve(served, branch, date(2026, 8, 5), 60)
    login(client, volunteer)
    send(client, "/me/branch", branch_id=branch.id)
    login(client, leader)
    assert figures_of(client, branch, "2026Q3") == "1"
    address = f"/branches/{branch.id}/requests/1"
    early = send(client, address, key="a", start="2026-09-30", confirm="1")
    assert early.status_code == 422
    assert "2026 年 10 月 1 日" in early.text
    assert 'value="2026-09-30"' in early.text
    assert memberships(session, volunteer) == []
    assert send(client, address, key="b", start="2026-10-01", confirm="1").status_code == 303
    assert figures_of(client, branch, "2026Q3") == "1"
    assert figures_of(client, branch, "2026Q4") == "2"


def test_a_membership_ended_with_a_past_day_moves_no_past_quarter(client, session, branch, leader):
    served, person = make_person(session), make_person(session)
    make_membership(session, served, branch)
    row = make_membership(session, person, branch)
    open_books(session).serve(served, branch, date(2026, 8, 5), 60)
    login(client, leader)
    assert figures_of(client, branch, "2026Q3") == "2"
    address = f"/branches/{branch.id}/members/{row.id}/end"
    early = send(client, address, key="a", last_day="2026-09-29")
    assert early.status_code == 422
    assert "2026 年 9 月 30 日" in early.text
    assert send(client, address, key="b", last_day="2026-09-30").status_code == 303
    assert figures_of(client, branch, "2026Q3") == "2"
    assert figures_of(client, branch, "2026Q4") == "1"


def test_a_closed_month_is_behind_every_membership_of_later(client, session, branch, leader):
    """Also within the running quarter: October is closed, so November is the earliest."""
    volunteer, person = make_person(session), make_person(session)
    row = make_membership(session, person, branch)
    open_books(session).serve(person, branch, date(2026, 10, 5), 60)
    close_month(session, date(2026, 10, 1))
    login(client, volunteer)
    send(client, "/me/branch", branch_id=branch.id)
    login(client, leader)
    page = client.get(f"/branches/{branch.id}/members").text
    assert 'min="2026-11-01"' in page
    start = f"/branches/{branch.id}/requests/1"
    assert send(client, start, key="a", start="2026-10-31", confirm="1").status_code == 422
    assert send(client, start, key="b", start="2026-11-01", confirm="1").status_code == 303
    end = f"/branches/{branch.id}/members/{row.id}/end"
    assert send(client, end, key="c", last_day="2026-10-30").status_code == 422
    assert send(client, end, key="d", last_day="2026-10-31").status_code == 303


def test_the_database_keeps_memberships_of_closed_months(session, branch):
    """Whoever writes, by whatever way: the books of a closed month stand."""
    person, other = make_person(session), make_person(session)
    row = make_membership(session, person, branch)
    open_books(session).serve(person, branch, date(2026, 10, 5), 60)
    close_month(session, date(2026, 10, 1))
    session.commit()
    columns = "person_id, branch_id, is_party_member, started_on"
    values = f"VALUES ({other.id}, {branch.id}, false, '2026-10-31')"
    for act in (
        "UPDATE branch_membership SET ended_on = '2026-10-30'",
        "UPDATE branch_membership SET started_on = '2026-05-01'",
        "UPDATE branch_membership SET is_party_member = NOT is_party_member",
        "DELETE FROM branch_membership",
        f"INSERT INTO branch_membership ({columns}) {values}",
        f"INSERT INTO branch_move (branch_id, moved_on) VALUES ({branch.id}, '2026-10-31')",
    ):
        with pytest.raises(DBAPIError, match="month is closed"):
            session.execute(text(act))
        session.rollback()
    row = session.get(BranchMembership, row.id)
    row.ended_on = date(2026, 10, 31)
    make_membership(session, other, branch, started_on=date(2026, 11, 1))
    session.commit()


def test_a_leader_takes_back_that_a_membership_was_ended(client, session, branch, leader):
    person = make_person(session, name="王敏")
    row = make_membership(session, person, branch)
    login(client, leader)
    address = f"/branches/{branch.id}/members/{row.id}"
    page = f"/branches/{branch.id}/members"
    assert send(client, f"{address}/resume", key="a").status_code == 404
    assert send(client, f"{address}/end", key="b", last_day=TODAY.isoformat()).status_code == 303
    assert f"{address}/resume" in client.get(page).text
    assert send(client, f"{address}/resume", key="c").status_code == 303
    assert memberships(session, person) == [(branch.id, date(2026, 1, 1), None)]
    assert f"{address}/resume" not in client.get(page).text
    kinds = session.scalars(select(Notice.kind).where(Notice.person_id == person.id)).all()
    assert kinds == ["membership_ended", "membership_resumed"]


def test_nobody_is_brought_back_who_left_or_belongs_elsewhere(client, session, branch, leader):
    gone, moved = make_person(session), make_person(session)
    rows = [make_membership(session, person, branch) for person in (gone, moved)]
    login(client, gone)
    send(client, "/me/branch/leave")
    login(client, leader)
    ended = send(client, f"/branches/{branch.id}/members/{rows[1].id}/end", last_day="2026-11-01")
    assert ended.status_code == 303
    make_membership(session, moved, make_branch(session), started_on=date(2026, 11, 10))
    left, elsewhere = (
        send(client, f"/branches/{branch.id}/members/{row.id}/resume") for row in rows
    )
    assert left.status_code == 404
    assert elsewhere.status_code == 409
    assert "其他支部" in elsewhere.text
