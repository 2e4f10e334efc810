"""A small sub-district in which everybody has something to see and something to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from tests import factories
from tests.reports.books import Books
from volunteer_hub.accounts import memberships
from volunteer_hub.accounts.models import BranchMembership, Person
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.core.permissions import Role
from volunteer_hub.matching.models import Away, MatchRun, PostOutcome, Proposal, RunState
from volunteer_hub.notifications.models import Notice
from volunteer_hub.notifications.services import tell
from volunteer_hub.projects.importing.files import keep_file
from volunteer_hub.projects.models import Project, ProjectStatus
from volunteer_hub.registry.models import Branch, BranchKind, Organisation, SubDistrict
from volunteer_hub.shifts import adoptions
from volunteer_hub.shifts.models import ShiftStatus, SignUpStatus

# Who looks at the site, with the phone of their demo identity.
PHONES = {
    "volunteer": "+8619900000001",
    "coordinator": "+8619900000002",
    "leader": "+8619900000003",
    "office": "+8619900000004",
}
PLANNED = {
    "people": 8, "posts": 4, "possible": 20, "places": 9, "filled": 2, "invited": 2, "seconds": 0.4,
}  # fmt: skip
VISITOR = "visitor"
IDENTITIES = (VISITOR, *PHONES)


@dataclass
class World:
    """Who is there, by identity, and the coordinator's project."""

    people: dict[str, Person] = field(default_factory=dict)
    project: Project | None = None


def build(session: Session, now: datetime) -> World:
    """Fill an empty database with a few rows of each kind."""
    session.add(SubDistrict(code="310101", name_zh="小橙子街道", name_en="Orange Street"))
    world = World()
    _people(session, world)
    _projects(session, world, now)
    return world


def _people(session: Session, world: World) -> None:
    building = factories.make_building(session, name_zh="高和大厦", name_en="Gaohe Tower")
    enterprise = factories.make_enterprise(session, building=building)
    root = factories.make_branch(session, kind=BranchKind.WORKING_COMMITTEE)
    branch = factories.make_branch(session, parent=root)
    organisation = factories.make_organisation(session, name_zh="第一医院社工部")
    for identity, phone in PHONES.items():
        person = factories.make_person(
            session,
            phone=phone,
            password="demo-2026",
            name=f"{identity} 王敏",
            building_id=building.id,
            enterprise_id=enterprise.id,
        )
        factories.make_membership(session, person, branch, is_party_member=True)
        world.people[identity] = person
    people = world.people
    factories.grant_role(
        session, people["coordinator"], Role.COORDINATOR, organisation=organisation
    )
    factories.grant_role(session, people["leader"], Role.BRANCH_LEADER, branch=branch)
    factories.grant_role(session, people["office"], Role.OFFICE)
    place = factories.make_place(session, name_zh="第一医院门诊大厅")
    factories.make_walk(session, building, place, 9)
    world.project = factories.make_project(
        session,
        organisation=organisation,
        place=place,
        category=factories.make_category(session, name_zh="医院导诊", name_en="Hospital"),
        title_zh="班前一小时：门诊导诊",
        title_en="One hour before work",
    )
    factories.make_project(
        session, organisation=organisation, status=ProjectStatus.DRAFT, title_zh="草稿项目"
    )
    keep_file(
        session,
        owner_id=people["coordinator"].id,
        organisation_id=organisation.id,
        name="活动.csv",
        content="活动名称,服务日期,备注\n夜跑,2026-12-01,\n,2026-02-30,坏行\n".encode(),
        now=factories.NOW,
    )


def _projects(session: Session, world: World, now: datetime) -> None:
    volunteer, leader = world.people["volunteer"], world.people["leader"]
    hour = now.replace(minute=0, second=0, microsecond=0)

    def shift(days: int, **fields: object) -> object:
        return factories.make_shift(
            session, project=world.project, starts_at=hour + timedelta(days=days), **fields
        )

    for days in range(2, 5):
        shift(days, capacity=8)
    mine = shift(5, capacity=3)
    factories.make_sign_up(session, mine, volunteer)
    posts = [{"name_zh": "分诊台", "capacity": 2}, {"name_zh": "缴费机", "capacity": 4}]
    shift(6, posts=posts)
    full = shift(7, capacity=1)
    factories.make_sign_up(session, full, leader)
    factories.make_sign_up(session, full, volunteer, status=SignUpStatus.WAITLISTED)
    first_day = hour.astimezone(factories.SHANGHAI).date() + timedelta(days=9)
    factories.make_series(session, project=world.project, first_day=first_day)
    shift(8, status=ShiftStatus.CANCELLED, cancel_reason="下雨")
    offered = shift(9, capacity=2)
    factories.make_offer(session, offered, volunteer, expires_at=hour + timedelta(days=4))
    moved = shift(10, capacity=2)
    factories.make_receipt(session, factories.make_sign_up(session, moved, volunteer))
    factories.make_hold(session, shift(12, capacity=9), volunteer, places=3)
    factories.make_need(session, shift(13, posts=posts), kind="training")
    for days, known in ((-1, False), (-3, True)):
        past = shift(days, capacity=4)
        for person in (volunteer, leader):
            sign_up = factories.make_sign_up(session, past, person)
            if known:
                factories.make_attendance(session, past, person, sign_up=sign_up)
    factories.make_flag(session, past)
    factories.make_claim(session, past, world.people["office"])
    factories.make_claim(
        session, past, volunteer, kind="dispute", asked_by=volunteer.id, witness="队长"
    )
    factories.make_sign_up(session, shift(0, capacity=3), volunteer)
    _branches(session, world, now)
    _matching(session, world, shift(11, capacity=3), now)
    _one_to_one(session, world, hour)
    _notices(session, world, now)


def _one_to_one(session: Session, world: World, hour: datetime) -> None:
    """Let wishes be in every state, a shift to come be paired, and a pair have met."""
    volunteer, coordinator = world.people["volunteer"], world.people["coordinator"]
    organisation = session.get_one(Organisation, world.project.organisation_id)
    project = factories.make_project(
        session, organisation=organisation, one_to_one=True, title_zh="幸福白老汇：手机一对一"
    )
    by = {"organisation": organisation, "entered_by": coordinator}
    coming = factories.make_shift(
        session, project=project, starts_at=hour + timedelta(days=14), capacity=4
    )
    met = factories.make_shift(
        session, project=project, starts_at=hour - timedelta(days=5), capacity=4
    )
    for shift, state in ((coming, "planned"), (met, "met")):
        wish = factories.make_request(
            session, shift=shift, state="served" if shift is met else "placed", **by
        )
        pairing = factories.make_sign_up(session, shift, volunteer)
        factories.make_pairing(session, wish, pairing, state=state)
    factories.make_request(session, shift=coming, language="lang_sh", topic=2, **by)
    factories.make_sign_up(session, coming, world.people["leader"])
    for state in ("entered", "verified", "closed", "withdrawn"):
        factories.make_request(session, state=state, **by)


def _matching(session: Session, world: World, shift: Any, now: datetime) -> None:
    """Let people stand by, be invited, and the coordinator have plans in every state."""
    volunteer, coordinator = world.people["volunteer"], world.people["coordinator"]
    factories.make_availability(session, volunteer, free={3: (690, 810), 5: (510, 750)})
    session.add(Away(person_id=volunteer.id, first_day=now.date(), last_day=now.date()))
    factories.make_invitation(session, shift, volunteer)
    other = factories.make_person(session, name="李想 王敏")
    post = factories.post_of(session, shift)
    for state in RunState:
        run = MatchRun(
            organisation_id=world.project.organisation_id,
            first_day=now.date(),
            last_day=now.date() + timedelta(days=13),
            reward=50,
            state=state,
            asked_by=coordinator.id,
            asked_at=now,
            value=2300,
            bound=2350,
            figures={} if state in (RunState.QUEUED, RunState.FAILED) else PLANNED,
        )
        session.add(run)
        session.flush()
        if run.figures:
            why = [["walk", 6], ["short", 1]]
            session.add(
                Proposal(run_id=run.id, post_id=post.id, person_id=other.id, value=1200, why=why)
            )
            session.add(
                PostOutcome(
                    run_id=run.id, post_id=post.id, places=3, filled=1, cause="all_coming",
                    counts={"farther": 2}, reserves=[],
                )
            )  # fmt: skip
    session.commit()


def _branches(session: Session, world: World, now: datetime) -> None:
    """Let the leader's branch have hours, a request, and a project it stands by."""
    leader, project = world.people["leader"], world.project
    branch = session.query(BranchMembership).filter_by(person_id=leader.id).one().branch_id
    asks = factories.make_person(session, name="李想 王敏")
    memberships.ask(session, person_id=asks.id, branch_id=branch, is_party_member=True, now=now)
    by = {"organisation_ids": [project.organisation_id], "now": now}
    today, coordinator = now.date(), world.people["coordinator"].id
    adoptions.ask_for_help(
        session, project_id=project.id, first_day=today, last_day=today + timedelta(days=60),
        places=2, text="早高峰缺人", today=today, actor_id=coordinator, **by,
    )  # fmt: skip
    for days in (0, 61):
        adoption = adoptions.propose(
            session, branch_id=branch, project_id=project.id,
            first_day=today + timedelta(days=days), last_day=today + timedelta(days=days + 60),
            places=2, message="我们来", today=today, actor_id=leader.id, now=now,
        )  # fmt: skip
        if days == 0:
            adoptions.decide(
                session, adoption_id=adoption.id, agree=True, answer="谢谢",
                actor_id=coordinator, **by,
            )  # fmt: skip
    attendance = session.query(Attendance).filter_by(person_id=leader.id).first()
    books = Books(session, project, world.people["coordinator"], attendance)
    day = today - timedelta(days=3)
    books.serve(leader, session.get(Branch, branch), day, 60, is_party_member=True)
    session.commit()


def _notices(session: Session, world: World, now: datetime) -> None:
    """Tell the volunteer something new, and something that was read."""
    for n, text in enumerate(("请带伞。", "请从西门进。")):
        tell(
            session,
            "message",
            person_id=world.people["volunteer"].id,
            key=f"world:{n}",
            now=now - timedelta(hours=5 - n),
            link="/shifts",
            title_zh="班前一小时",
            title_en="One hour before work",
            sender="沈老师",
            text=text,
        )
    session.execute(
        update(Notice).where(Notice.key == "world:0").values(read_at=now - timedelta(hours=4))
    )
    session.commit()
