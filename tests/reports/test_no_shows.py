"""No-shows of branches: frozen as on the day, and the same whether kept or counted."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from tests.factories import (
    make_branch,
    make_membership,
    make_person,
    make_project,
    make_shift,
    make_sign_up,
)
from volunteer_hub.accounts.models import BranchMembership
from volunteer_hub.attendance import no_shows
from volunteer_hub.attendance.models import Attendance, AttendanceStatus, BranchNoShows
from volunteer_hub.attendance.services import mark
from volunteer_hub.core.calendar import Period, Quarter
from volunteer_hub.registry.models import Branch
from volunteer_hub.registry.tree import move_branch
from volunteer_hub.reports.queries.branch import missed
from volunteer_hub.reports.queries.lines import summary
from volunteer_hub.reports.queries.no_shows import no_shows_of
from volunteer_hub.reports.scope import Members, Scope
from volunteer_hub.shifts.models import Shift

Q4 = Quarter(2026, 4).period
# The same days, for which no sums are kept.
HALVES = (Period(Q4.first, date(2026, 11, 10)), Period(date(2026, 11, 11), Q4.last))
NO_SHOW = AttendanceStatus.NO_SHOW


@pytest.fixture
def tick(session, alice, now):
    def tick(shift, person, status=NO_SHOW):
        later = {"actor_id": alice.id, "now": now}
        mark(session, shift_id=shift.id, person_id=person.id, status=status, **later)
        session.commit()

    return tick


def scope_of(branch, period=Q4, **more):
    return Scope(branch.id, branch.path, period, **more)


def count(session, branch, period=Q4, **more):
    return no_shows_of(session, scope_of(branch, period, **more), [branch.id]).get(branch.id, 0)


def move(session, branch, parent, day, now):
    where = {"branch_id": branch.id, "new_parent_id": parent.id, "moved_on": day}
    move_branch(session, **where, actor_id=None, now=now)


@pytest.mark.parametrize("after", [AttendanceStatus.EXCUSED, AttendanceStatus.PRESENT, None])
def test_a_no_show_counts_until_somebody_says_otherwise(
    session, branch, bob, organisation, now, tick, after
):
    shift = make_shift(
        session,
        project=make_project(session, organisation=organisation),
        starts_at=now - timedelta(hours=1),
    )
    make_sign_up(session, shift, bob)
    tick(shift, bob)
    assert count(session, branch) == 1
    assert [row.shift_id for row in missed(session, scope_of(branch))] == [shift.id]
    tick(shift, bob, after)
    assert count(session, branch) == 0
    assert missed(session, scope_of(branch)) == []
    tick(shift, bob)
    assert count(session, branch) == 1
    assert no_shows.verify(session) == ""


def test_a_no_show_stays_where_person_and_branch_were_on_the_day(
    session, branch, bob, organisation, now, tick
):
    root, other = make_branch(session), make_branch(session)
    move(session, branch, root, date(2026, 1, 5), now)
    shift = make_shift(
        session,
        project=make_project(session, organisation=organisation),
        starts_at=now - timedelta(days=9),
    )
    make_sign_up(session, shift, bob)
    tick(shift, bob)
    move(session, branch, other, date(2026, 11, 20), now)
    ended = update(BranchMembership).where(BranchMembership.person_id == bob.id)
    session.execute(ended.values(ended_on=date(2026, 11, 21)))
    make_membership(session, bob, other, started_on=date(2026, 11, 22))
    assert [count(session, one) for one in (branch, root, other)] == [1, 1, 0]


@pytest.mark.parametrize("seed", [31, 32, 33])
def test_kept_counted_and_printed_no_shows_are_the_same_for_random_ticks(
    session, organisation, now, tick, seed
):
    draw = random.Random(seed)
    branches = [make_branch(session)]
    for _ in range(5):
        branches.append(make_branch(session, parent=draw.choice(branches)))
    people = [make_person(session) for _ in range(8)]
    for person in people:
        make_membership(session, person, draw.choice(branches), is_party_member=draw.random() < 0.5)
    project = make_project(session, organisation=organisation)
    shifts = [
        make_shift(
            session, project=project, capacity=8, starts_at=now - timedelta(days=draw.randrange(50))
        )
        for _ in range(4)
    ]
    for shift in shifts:
        for person in people:
            make_sign_up(session, shift, person)
    for _ in range(60):
        status = draw.choice([NO_SHOW, NO_SHOW, AttendanceStatus.EXCUSED, None])
        tick(draw.choice(shifts), draw.choice(people), status)
    assert no_shows.verify(session) == ""
    for branch in branches:
        for kind in Members:
            kept = count(session, branch, members=kind)
            assert kept == sum(count(session, branch, half, members=kind) for half in HALVES)
            assert kept == count(session, branch, members=kind, project_id=project.id)
            assert kept == sum(
                row.people for row in missed(session, scope_of(branch, members=kind))
            )
            assert kept == recount(session, branch, kind)
    top = branches[0]
    rows = summary(session, scope_of(top), before=Q4, year_before=Q4)
    assert {row.id: row.no_shows for row in rows} == {
        branch.id: count(session, branch) for branch in branches
    }


def recount(session, branch, kind):
    """Count by looking up each person's membership."""
    paths = {row.id: row.path for row in session.scalars(select(Branch))}
    found = 0
    for row in session.scalars(select(Attendance).where(Attendance.status == str(NO_SHOW))):
        own = session.scalars(
            select(BranchMembership).where(BranchMembership.person_id == row.person_id)
        ).one()
        wanted = kind is Members.ALL or own.is_party_member == (kind is Members.MEMBER)
        inside = f"/{branch.id}/" in paths[own.branch_id]
        day = session.get_one(Shift, row.shift_id).day
        found += wanted and inside and Q4.first <= day <= Q4.last
    return found


def test_a_wrong_sum_is_found_and_mended_by_the_commands(
    app, session, bob, organisation, now, tick
):
    shift = make_shift(
        session,
        project=make_project(session, organisation=organisation),
        starts_at=now - timedelta(hours=1),
    )
    make_sign_up(session, shift, bob)
    tick(shift, bob)
    session.execute(update(BranchNoShows).values(no_shows=7))
    session.commit()
    runner = app.test_cli_runner()
    wrong = runner.invoke(args=["reports", "verify"])
    assert wrong.exit_code != 0
    assert "no-shows kept 7" in wrong.output
    assert runner.invoke(args=["reports", "rebuild"]).exit_code == 0
    assert runner.invoke(args=["reports", "verify"]).exit_code == 0
