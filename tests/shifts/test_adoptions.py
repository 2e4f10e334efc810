"""A branch stands by a project: places are kept for its people, never too many, never too long."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    NOW,
    SHANGHAI,
    make_branch,
    make_membership,
    make_organisation,
    make_person,
    make_project,
    make_shift,
    make_sign_up,
    post_of,
)
from tests.support import login
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.permissions import Role
from volunteer_hub.notifications.models import Notice
from volunteer_hub.projects.models import AdoptionState
from volunteer_hub.shifts import adoption_queries, adoptions, jobs, reserving, scheduling, signing
from volunteer_hub.shifts.models import Hold, Post, SignUp
from volunteer_hub.shifts.plans import ShiftPlan
from volunteer_hub.shifts.posts import PostPlan

TODAY = NOW.astimezone(SHANGHAI).date()
LATER = TODAY + timedelta(days=60)


@pytest.fixture
def cast(session):
    """A project with a coordinator, and a branch with a leader and a branch below."""
    from tests.factories import grant_role

    organisation = make_organisation(session)
    project = make_project(session, organisation=organisation)
    coordinator, leader = make_person(session), make_person(session)
    branch = make_branch(session)
    grant_role(session, coordinator, Role.COORDINATOR, organisation=organisation)
    grant_role(session, leader, Role.BRANCH_LEADER, branch=branch)
    return {
        "organisation": organisation,
        "project": project,
        "coordinator": coordinator,
        "leader": leader,
        "branch": branch,
        "below": make_branch(session, parent=branch),
    }


def propose(session, cast, **fields):
    values = {
        "branch_id": cast["branch"].id,
        "project_id": cast["project"].id,
        "first_day": TODAY,
        "last_day": LATER,
        "places": 2,
        "message": "我们来",
        "today": TODAY,
        "actor_id": cast["leader"].id,
        "now": NOW,
    }
    return adoptions.propose(session, **values | fields)


def agree(session, cast, adoption, **fields):
    values = {
        "adoption_id": adoption.id,
        "organisation_ids": [cast["organisation"].id],
        "agree": True,
        "answer": "",
        "actor_id": cast["coordinator"].id,
        "now": NOW,
    }
    return adoptions.decide(session, **values | fields)


def adopt(session, cast, **fields):
    return agree(session, cast, propose(session, cast, **fields))


def sign(session, shift, person, *, now=NOW):
    return signing.sign_up(
        session, shift_id=shift.id, person_id=person.id, post_id=None, risk_accepted=True, now=now
    )


def member(session, branch):
    person = make_person(session)
    make_membership(session, person, branch)
    return person


def kept(session, shift):
    post = post_of(session, shift)
    session.refresh(post)
    held = session.scalars(select(Hold).where(Hold.post_id == post.id)).all()
    return sum(hold.places for hold in held), post.taken


def soon(session, cast, *, days=5, **fields):
    return make_shift(
        session, project=cast["project"], starts_at=NOW + timedelta(days=days), **fields
    )


def test_places_are_kept_in_every_shift_to_come_once_the_coordinator_agrees(session, cast):
    shift, after = soon(session, cast, capacity=5), soon(session, cast, days=70, capacity=5)
    adoption = propose(session, cast)
    assert kept(session, shift) == (0, 0)
    agree(session, cast, adoption)
    assert kept(session, shift) == (2, 2)
    assert kept(session, after) == (0, 0)
    hold = session.scalars(select(Hold)).one()
    assert hold.until == shift.starts_at - timedelta(hours=48)


def test_people_of_the_branch_and_below_sign_up_to_kept_places_in_the_ordinary_way(session, cast):
    shift = soon(session, cast, capacity=3)
    adopt(session, cast)
    stranger = make_person(session)
    assert sign(session, shift, stranger).status == "confirmed"
    assert sign(session, shift, make_person(session)).status == "waitlisted"
    assert sign(session, shift, member(session, cast["branch"])).status == "confirmed"
    assert sign(session, shift, member(session, cast["below"])).status == "confirmed"
    assert kept(session, shift) == (0, 3)
    assert sign(session, shift, member(session, cast["branch"])).status == "waitlisted"


def test_members_see_kept_places_where_strangers_see_a_full_shift(client, session, cast):
    shift = soon(session, cast, capacity=2)
    adopt(session, cast)
    session.commit()
    project = f"/projects/{cast['project'].id}?lang=en"
    login(client, member(session, cast["below"]))
    assert "2 more needed" in client.get(project).text
    page = client.get(f"/shifts/{shift.id}?lang=en").text
    assert "2 kept for you" in page
    assert page.index("places are kept for your branch") < page.index("sign me up")
    login(client, make_person(session))
    assert "Waitlist" in client.get(project).text
    assert "kept for you" not in client.get(f"/shifts/{shift.id}?lang=en").text


def test_no_more_is_kept_than_is_free(session, cast):
    shift = soon(session, cast, capacity=3)
    make_sign_up(session, shift, make_person(session))
    make_sign_up(session, shift, make_person(session))
    adopt(session, cast, places=10)
    assert kept(session, shift) == (1, 3)


def test_kept_places_spread_over_the_posts_of_a_shift(session, cast):
    posts = [{"name_zh": "分诊台", "capacity": 1}, {"name_zh": "缴费机", "capacity": 4}]
    shift = soon(session, cast, posts=posts)
    adopt(session, cast, places=3)
    taken = session.scalars(
        select(Post.taken).where(Post.shift_id == shift.id).order_by(Post.position)
    ).all()
    assert taken == [1, 2]


def test_48_hours_before_the_start_everybody_may_have_them(session, cast):
    shift = soon(session, cast, capacity=2)
    adopt(session, cast)
    waiting = make_person(session)
    assert sign(session, shift, waiting).status == "waitlisted"
    late = shift.starts_at - timedelta(hours=47)
    jobs.pass_on_places(session, late)
    assert kept(session, shift)[0] == 0
    status = session.scalars(select(SignUp.status).where(SignUp.person_id == waiting.id)).one()
    assert status == "offered"
    # Who leads the branch agreed on this for every shift and is not told of each.
    kinds = session.scalars(select(Notice.kind).where(Notice.person_id == cast["leader"].id)).all()
    assert "hold_fell_back" not in kinds


def test_a_new_shift_is_adopted_as_it_is_published(session, cast):
    adopt(session, cast)
    shift = scheduling.create_shift(
        session,
        project_id=cast["project"].id,
        organisation_ids=[cast["organisation"].id],
        plan=ShiftPlan(
            place_id=soon(session, cast).place_id,
            starts_at=NOW + timedelta(days=9),
            ends_at=NOW + timedelta(days=9, hours=1),
            posts=[PostPlan(4, 0, "", "")],
        ),
        zone=SHANGHAI,
        actor_id=cast["coordinator"].id,
        now=NOW,
    )
    assert kept(session, shift) == (2, 2)
    assert reserving.reserve(session, session.get_one(adoptions.Adoption, 1), now=NOW) >= 0
    assert kept(session, shift) == (2, 2)


def test_one_tap_opens_the_places_of_one_shift_or_of_all(session, cast):
    one, other = soon(session, cast, capacity=4), soon(session, cast, days=6, capacity=4)
    adoption = adopt(session, cast)
    by = {"actor_id": cast["leader"].id, "now": NOW}
    assert reserving.release(session, adoption, shift_id=one.id, **by) == 2
    assert (kept(session, one), kept(session, other)) == ((0, 0), (2, 2))
    assert reserving.release(session, adoption, **by) == 2
    assert reserving.release(session, adoption, **by) == 0
    # What was given back is not taken again.
    assert reserving.reserve(session, adoption, now=NOW) == 0


def test_ending_an_adoption_opens_its_places_and_keeps_its_hours(session, cast):
    shift = soon(session, cast, capacity=4)
    adoption = adopt(session, cast)
    adoptions.finish(session, adoption, today=TODAY, actor_id=cast["leader"].id, now=NOW)
    assert (adoption.state, adoption.last_day) == (AdoptionState.ENDED, TODAY)
    assert kept(session, shift) == (0, 0)
    assert adoption_queries.adopters(session, cast["project"].id, today=TODAY) == []


def test_branches_may_adopt_together_but_none_twice(session, cast):
    shift = soon(session, cast, capacity=9)
    adopt(session, cast)
    with pytest.raises(DomainError):
        propose(session, cast, first_day=TODAY + timedelta(days=3))
    adopt(session, cast, branch_id=make_branch(session, name_zh="第二支部").id)
    assert kept(session, shift) == (4, 4)
    names = adoption_queries.adopters(session, cast["project"].id, today=TODAY)
    assert [zh for zh, _en in names] == [cast["branch"].name_zh, "第二支部"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"last_day": TODAY - timedelta(days=1), "first_day": date(2026, 1, 1)}, "last_day"),
        ({"first_day": LATER, "last_day": TODAY}, "last_day"),
        ({"places": 0}, "places"),
        ({"places": 51}, "places"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(session, cast, fields, field):
    with pytest.raises(InvalidInput) as refused:
        propose(session, cast, **fields)
    assert refused.value.field == field


def test_a_coordinator_of_another_organisation_decides_nothing(session, cast):
    adoption = propose(session, cast)
    with pytest.raises(NotFound):
        agree(session, cast, adoption, organisation_ids=[make_organisation(session).id])
    agree(session, cast, adoption)
    with pytest.raises(DomainError):
        agree(session, cast, adoption)


def test_everybody_is_told_what_they_wait_for(session, cast):
    adoption = propose(session, cast)
    agree(session, cast, adoption, agree=False, answer="人够了")
    rows = dict(session.execute(select(Notice.kind, Notice.person_id)).all())
    assert rows == {
        "adoption_proposed": cast["coordinator"].id,
        "adoption_declined": cast["leader"].id,
    }


# ---------------------------------------------------------------- on the screens


def send(client, address, **form):
    return client.post(address, data={"request_key": "k" + address, **form})


def test_from_a_call_for_help_to_thanks_through_the_screens(client, session, cast):
    shift = soon(session, cast, capacity=5)
    branch = cast["branch"].id
    login(client, cast["coordinator"])
    answer = send(
        client, "/console/adoptions", project_id=cast["project"].id, first_day=TODAY.isoformat(),
        last_day=LATER.isoformat(), places="2", text="早高峰缺人",
    )  # fmt: skip
    assert answer.status_code == 303
    login(client, cast["leader"])
    assert "早高峰缺人" in client.get(f"/branches/{branch}/adoptions").text
    form = client.get(f"/branches/{branch}/adopt?need=1").text
    assert f'value="{LATER.isoformat()}"' in form
    answer = send(
        client, f"/branches/{branch}/adopt?need=1", project_id=cast["project"].id,
        first_day=TODAY.isoformat(), last_day=LATER.isoformat(), places="2", message="我们来",
    )  # fmt: skip
    assert answer.status_code == 303
    login(client, cast["coordinator"])
    assert "我们来" in client.get("/console/adoptions").text
    assert send(client, "/console/adoptions/1/decide", agree="1", answer="谢谢").status_code == 303
    assert kept(session, shift) == (2, 2)
    volunteer = member(session, cast["branch"])
    login(client, volunteer)
    assert f'data-id="{shift.id}"' in client.get("/shifts").text.partition("本支部的班次")[2]
    assert cast["branch"].name_zh in client.get(f"/projects/{cast['project'].id}").text
    login(client, cast["leader"])
    page = f"/branches/{branch}/adoptions/1"
    assert "为你们预留 2 个" in client.get(page).text
    assert send(client, f"{page}/release", shift=shift.id).status_code == 303
    assert kept(session, shift) == (0, 0)
    assert send(client, f"{page}/review", review="").status_code == 422
    assert send(client, f"{page}/review", review="大家很开心").status_code == 303
    login(client, cast["coordinator"])
    assert "大家很开心" in client.get("/console/adoptions").text
    assert send(client, "/console/adoptions/1/thank", thanks="多谢").status_code == 303
    login(client, cast["leader"])
    assert "多谢" in client.get(page).text
    assert send(client, f"{page}/end").status_code == 303
    assert "已结束" in client.get(page).text


def test_what_was_typed_stays_when_an_offer_is_refused(client, session, cast):
    login(client, cast["leader"])
    answer = send(
        client, f"/branches/{cast['branch'].id}/adopt?project={cast['project'].id}",
        project_id=cast["project"].id, first_day=TODAY.isoformat(), last_day="2020-01-01",
        places="77", message="我们来",
    )  # fmt: skip
    assert answer.status_code == 422
    assert 'value="77"' in answer.text
    assert "我们来" in answer.text


def test_other_branches_cannot_touch_an_adoption(client, session, cast):
    from tests.factories import grant_role

    adopt(session, cast)
    session.commit()
    other = make_branch(session)
    stranger = make_person(session)
    grant_role(session, stranger, Role.BRANCH_LEADER, branch=other)
    login(client, stranger)
    for verb in ("release", "end", "review"):
        address = f"/branches/{cast['branch'].id}/adoptions/1/{verb}"
        assert send(client, address, review="x").status_code == 404
        assert (
            send(client, f"/branches/{other.id}/adoptions/1/{verb}", review="x").status_code == 404
        )
    assert client.get(f"/branches/{other.id}/adoptions/1").status_code == 404


def test_every_state_says_whose_turn_it_is(client, session, cast):
    """From the offer to the thanks, and the list offers nothing twice."""
    branch, project = cast["branch"].id, cast["project"]
    page, listed = f"/branches/{branch}/adoptions/1", f"/branches/{branch}/adoptions"
    login(client, cast["coordinator"])
    send(
        client, "/console/adoptions", project_id=project.id, first_day=TODAY.isoformat(),
        last_day=LATER.isoformat(), places="2", text="早高峰缺人",
    )  # fmt: skip
    login(client, cast["leader"])
    assert f"/branches/{branch}/adopt?need=1" in client.get(listed).text
    adoption = propose(session, cast)
    assert "答复，有结果会告诉您" in client.get(page).text
    text = client.get(listed).text
    assert "已提出认领" in text
    assert f"/branches/{branch}/adopt?need=1" not in text
    agree(session, cast, adoption)
    assert "照常报名即可" in client.get(page).text
    assert "正在支持" in client.get(listed).text
    # Nobody is asked to look back before there is anything to look back at.
    assert "感觉怎么样" not in client.get(page).text
    assert send(client, f"{page}/end").status_code == 303
    text = client.get(page).text
    assert "接下来：请写一句回顾" in text
    assert "感觉怎么样" in text
    send(client, f"{page}/review", review="大家很开心")
    assert "致谢，不用另外做什么" in client.get(page).text
    login(client, cast["coordinator"])
    send(client, "/console/adoptions/1/thank", thanks="多谢")
    login(client, cast["leader"])
    assert "圆满结束" in client.get(page).text


def test_many_branches_that_stand_by_a_project_are_counted(client, session, cast):
    for number in range(5):
        branch = make_branch(session, name_zh=f"第{number}支部")
        agree(session, cast, propose(session, cast, branch_id=branch.id))
    text = client.get(f"/projects/{cast['project'].id}").text
    assert "第0支部、第1支部、第2支部 等，另有 2 个" in text
    assert "第3支部" not in text
