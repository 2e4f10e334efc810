"""What a branch's page says equals what its rows say, counted the slow way."""

from __future__ import annotations

from datetime import date

import pytest

from tests.factories import (
    grant_role,
    make_attendance,
    make_branch,
    make_membership,
    make_person,
    make_shift,
)
from tests.reports.books import fill, open_books, recount
from tests.support import count_queries
from volunteer_hub.core.calendar import Period, Quarter
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import Role
from volunteer_hub.registry.tree import move_branch
from volunteer_hub.reports import figures
from volunteer_hub.reports.queries import branch as queries
from volunteer_hub.reports.queries import export
from volunteer_hub.reports.queries.people import members
from volunteer_hub.reports.queries.tree import branch_tree
from volunteer_hub.reports.scope import Members, Scope

Q3 = Quarter(2026, 3)
Q4 = Quarter(2026, 4)
KINDS = {Members.ALL: None, Members.MEMBER: True, Members.NON_MEMBER: False}


def look(session, branch, now, *, quarter=Q3, kind=Members.ALL):
    """Return the scope and its figures."""
    found = queries.family(session, branch.id)
    scope = Scope(branch.id, found.branch.path, quarter.period, kind)
    before = quarter.previous().period
    return scope, figures.figures(
        found,
        quarter.period,
        queries.slices(session, scope, before=before),
        queries.parts(session, scope),
        queries.standings(session, scope, before=before, now=now),
        with_before=True,
    )


@pytest.mark.parametrize("seed", range(3))
def test_figures_equal_a_naive_recount_of_the_ledger(session, now, seed):
    world = fill(session, seed)
    for branch in world.branches:
        for kind, member in KINDS.items():
            scope, found = look(session, branch, now, kind=kind)
            true = recount(session, branch.id, scope.period.first, scope.period.last, member)
            earlier = Q3.previous().period
            before = recount(session, branch.id, earlier.first, earlier.last, member)
            assert found.minutes == true.minutes
            assert found.attendances == true.attendances
            assert found.counts.people == len(true.people)
            assert found.standing.members == len(true.members)
            assert found.standing.active == len(true.active)
            assert found.minutes_before == before.minutes
            assert found.attendances_before == before.attendances
            assert found.counts.people_before == len(before.people)


@pytest.mark.parametrize("seed", [3, 4])
def test_every_part_of_a_page_adds_up_to_its_total(session, now, seed):
    world = fill(session, seed)
    for branch in world.branches:
        scope, found = look(session, branch, now)
        assert sum(one.minutes for one in found.kinds) == found.minutes
        assert sum(one.minutes for one in found.months if not one.is_before) == found.minutes
        assert sum(one.minutes for one in found.months if one.is_before) == found.minutes_before
        if found.parts:
            assert sum(one.minutes for one in found.parts) == found.minutes
            assert sum(one.attendances for one in found.parts) == found.attendances
        lines = list(export.entries(session, scope, named=True))
        assert sum(line.minutes for line in lines) == found.minutes
        own = [
            part.minutes for part in queries.parts(session, scope) if part.branch_id == branch.id
        ]
        assert sum(one.minutes for one in members(session, scope)) == sum(own)


def test_the_tree_shows_the_sums_of_each_page(session, now):
    world = fill(session, 5)

    def walk(nodes):
        for node in nodes:
            yield node
            yield from walk(node.children)

    nodes = list(walk(branch_tree(session, Q3.period, None)))
    assert {node.id for node in nodes} == {branch.id for branch in world.branches}
    for node in nodes:
        true = recount(session, node.id, Q3.period.first, Q3.period.last)
        assert (node.minutes, node.attendances) == (true.minutes, true.attendances)


def test_the_parts_of_a_page_say_what_the_pages_below_say(session, now):
    world = fill(session, 6)
    for branch in world.branches:
        _, found = look(session, branch, now)
        for part in found.parts:
            if part.is_own:
                continue
            _, own_page = look(session, part.branch, now)
            assert part.minutes == own_page.minutes
            assert part.people == own_page.counts.people
            assert part.standing == own_page.standing


def test_branch_2_never_counts_what_belongs_to_branch_20(session, now):
    """S15."""
    branches = [make_branch(session) for _ in range(21)]
    second = next(one for one in branches if one.id == 2)
    twentieth = next(one for one in branches if one.id == 20)
    books = open_books(session)
    books.serve(make_person(session), twentieth, date(2026, 8, 1))
    assert look(session, second, now)[1].minutes == 0
    assert look(session, twentieth, now)[1].minutes == 60


def test_a_quarter_holds_its_first_and_last_day_and_no_other(session, branch, now):
    books = open_books(session)
    person = make_person(session)
    for day, minutes in [
        (date(2026, 6, 30), 1),
        (date(2026, 7, 1), 2),
        (date(2026, 9, 30), 4),
        (date(2026, 10, 1), 8),
    ]:
        books.serve(person, branch, day, minutes)
    found = look(session, branch, now)[1]
    assert (found.minutes, found.minutes_before) == (6, 1)
    assert look(session, branch, now, quarter=Q4)[1].minutes == 8


def test_hours_taken_back_count_nowhere(session, branch, now):
    books = open_books(session)
    person = make_person(session)
    make_membership(session, person, branch)
    books.take_back(books.serve(person, branch, date(2026, 8, 1)))
    _, found = look(session, branch, now)
    assert (found.minutes, found.attendances, found.counts.people) == (0, 0, 0)
    assert (found.standing.members, found.standing.active) == (1, 0)


def test_old_hours_stay_with_the_old_parent_when_a_branch_moves(session, now):
    root = make_branch(session)
    old, new = make_branch(session, parent=root), make_branch(session, parent=root)
    moving = make_branch(session, parent=old)
    person = make_person(session)
    make_membership(session, person, moving)
    books = open_books(session)
    books.serve(person, moving, date(2026, 8, 1), 60)
    move_branch(
        session,
        branch_id=moving.id,
        new_parent_id=new.id,
        moved_on=date(2026, 8, 15),
        actor_id=None,
        now=now,
    )
    books.serve(person, moving, date(2026, 9, 1), 30)
    minutes = {one.id: look(session, one, now)[1].minutes for one in (root, old, new, moving)}
    assert minutes == {root.id: 90, old.id: 60, new.id: 30, moving.id: 90}
    gone = look(session, old, now)[1].parts
    assert [(part.branch, part.minutes) for part in gone] == [(None, 60)]
    assert look(session, new, now)[1].standing == queries.Standing(1, 1)
    assert look(session, old, now)[1].standing == queries.Standing(0, 0)


def test_attendances_wait_until_somebody_confirms_them(session, branch, now):
    person, other = make_person(session), make_person(session)
    make_membership(session, person, branch, is_party_member=True)
    make_membership(session, other, make_branch(session))
    shift = make_shift(session, starts_at=now.replace(day=10))
    make_attendance(session, shift, person)
    make_attendance(session, shift, other)
    assert look(session, branch, now, quarter=Q4)[1].counts.waiting == 1
    assert look(session, branch, now, quarter=Q3)[1].counts.waiting == 0
    kinds = {
        kind: look(session, branch, now, quarter=Q4, kind=kind)[1].counts.waiting
        for kind in Members
    }
    assert kinds == {Members.ALL: 1, Members.MEMBER: 1, Members.NON_MEMBER: 0}


def test_people_of_the_branch_are_listed_with_nothing_but_their_own_hours_there(session, branch):
    child, elsewhere = make_branch(session, parent=branch), make_branch(session)
    served, waits = make_person(session, name="王敏"), make_person(session, name="李雷")
    below, moved = make_person(session, name="张三"), make_person(session, name="赵四")
    make_membership(session, served, branch)
    make_membership(session, waits, branch)
    make_membership(session, below, child)
    make_membership(session, moved, elsewhere, started_on=date(2026, 8, 1))
    books = open_books(session)
    books.serve(served, branch, date(2026, 8, 1), 60)
    books.serve(served, child, date(2026, 8, 2), 30)
    books.serve(below, child, date(2026, 8, 2), 30)
    books.serve(moved, branch, date(2026, 7, 2), 15)
    rows = members(session, Scope(branch.id, branch.path, Q3.period))
    assert {(one.name, one.minutes) for one in rows} == {("王敏", 60), ("李雷", 0), ("赵四", 15)}


def test_hours_per_person_are_rounded_once_and_half_up():
    assert figures.shared_hours(100, 3) == "0.6"  # 33⅓ minutes
    assert figures.shared_hours(117, 3) == "0.7"  # 39 minutes: 0.65 hours
    assert figures.shared_hours(0, 7) == "0.0"
    assert figures.shared_hours(60, 0) is None
    assert figures.percent(31, 42) == 74
    assert figures.percent(1, 200) == 1
    assert figures.percent(0, 0) is None


def test_small_categories_stand_together_at_the_end(session, branch, now):
    from tests.factories import make_project

    books = open_books(session)
    person = make_person(session)
    for minutes in range(10, 90, 10):
        project = make_project(session)
        books.serve(person, branch, date(2026, 8, 1), minutes, project=project)
    kinds = look(session, branch, now)[1].kinds
    assert [one.minutes for one in kinds] == [80, 70, 60, 50, 40, 30, 20 + 10]
    assert kinds[-1].name == ""


def test_a_page_needs_few_queries_whatever_its_size(session, client, branch, now):
    from tests.support import login

    leader = make_person(session)
    grant_role(session, leader, Role.BRANCH_LEADER, branch=branch)
    books = open_books(session)
    for _ in range(5):
        child = make_branch(session, parent=branch)
        person = make_person(session)
        make_membership(session, person, branch)
        books.serve(person, child, date(2026, 10, 2))
        books.serve(person, branch, date(2026, 10, 3))
    login(client, leader)
    with count_queries(db.engine) as counted:
        assert client.get(f"/branches/{branch.id}").status_code == 200
    assert counted.count <= 6
    with count_queries(db.engine) as counted:
        assert client.get("/branches").status_code == 200
    assert counted.count <= 3


def test_a_period_of_days_is_compared_with_as_many_days_before():
    from volunteer_hub.reports.filters import _days_before

    assert _days_before(Period(date(2026, 3, 1), date(2026, 3, 10))) == Period(
        date(2026, 2, 19), date(2026, 2, 28)
    )
