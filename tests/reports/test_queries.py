"""What a branch's page says equals what its rows say, counted the slow way."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import (
    grant_role,
    make_attendance,
    make_branch,
    make_building,
    make_membership,
    make_person,
    make_project,
    make_shift,
)
from tests.reports.books import covers, fill, open_books, recount
from tests.support import count_queries, login
from volunteer_hub.accounts.models import BranchMembership, Person
from volunteer_hub.core.calendar import Period, Quarter
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import Role
from volunteer_hub.hours import summary
from volunteer_hub.hours.models import BranchHours, BranchPeople
from volunteer_hub.registry.models import Branch, BranchKind
from volunteer_hub.registry.tree import NoPlaceInTree, add_branch, draw_lines, move_branch
from volunteer_hub.reports import figures, shares
from volunteer_hub.reports.filters import read_filters
from volunteer_hub.reports.queries import branch as queries
from volunteer_hub.reports.queries import export, sums
from volunteer_hub.reports.queries.people import members
from volunteer_hub.reports.queries.so_far import so_far
from volunteer_hub.reports.queries.tree import branch_tree, ranks
from volunteer_hub.reports.scope import Members, Scope

Q2, Q3, Q4 = Quarter(2026, 2), Quarter(2026, 3), Quarter(2026, 4)
KINDS = {Members.ALL: None, Members.MEMBER: True, Members.NON_MEMBER: False}


def scope_of(branch, period, **more):
    return Scope(branch.id, branch.path, period, **more)


def look(session, branch, *, quarter=Q3, kind=Members.ALL):
    """Return the tally of the branch, who was on its books, and the detail of its page."""
    scope = scope_of(branch, quarter.period, members=kind)
    (found,) = sums.tallies(session, scope, [branch.id], [quarter.period])
    (books,) = sums.on_books(session, kind, [branch.id], [quarter.period])
    return (
        sums.total(found, branch.id),
        books.get(branch.id, 0),
        sums.detail(session, scope),
    )


def served(rows):
    """Leave out branches in which nothing stands."""
    return {id_: row for id_, row in rows.items() if row != sums.NOTHING}


@pytest.mark.parametrize("seed", range(3))
def test_figures_equal_a_naive_recount_of_the_ledger(session, seed):
    """Kept sums, and the ledger read again, both say what counting every row says."""
    world = fill(session, seed)
    ids = [branch.id for branch in world.branches]
    for kind, member in KINDS.items():
        spans = [Q3.period, Q2.period, Period(date(2026, 6, 3), date(2026, 9, 17))]
        everything = Scope.everything(Q3.period, kind)
        kept = sums.tallies(session, everything, ids, spans[:2])
        counted = [sums._counted(session, everything.during(span), ids) for span in spans]
        assert list(map(served, kept)) == list(map(served, counted[:2]))
        books = sums.on_books(session, kind, ids, spans)
        for span, found, on_books in zip(spans, counted, books, strict=True):
            for id_ in ids:
                true = recount(session, id_, span.first, span.last, member)
                tally = sums.total(found, id_)
                assert tally.minutes == true.minutes
                assert tally.attendances == true.attendances
                assert tally.people == len(true.people)
                assert tally.late_minutes == true.late_minutes
                assert on_books.get(id_, 0) == len(true.members)


@pytest.mark.parametrize("seed", [3, 4])
def test_every_part_of_a_page_adds_up_to_its_total(session, seed):
    world = fill(session, seed)
    odd = Period(date(2026, 6, 3), date(2026, 9, 17))
    for branch in world.branches:
        for period in (Q3.period, odd):
            scope = scope_of(branch, period)
            (found,) = sums.tallies(session, scope, [branch.id], [period])
            total = sums.total(found, branch.id)
            detail = sums.detail(session, scope)
            assert sum(detail.days.values()) == total.minutes
            assert sum(detail.categories.values()) == total.minutes
            assert sum(one[0] for one in detail.buildings.values()) == total.minutes
            assert sum(one[1] for one in detail.buildings.values()) == total.attendances
            lines = list(export.entries(session, scope, named=True))
            assert sum(line.minutes for line in lines) == total.minutes
            assert sum(one.minutes for one in export.by_project(session, scope)) == total.minutes
            family = queries.family(session, branch.id)
            ids = [branch.id, *(child.id for child in family.children)]
            (both,) = sums.tallies(session, scope, ids, [period])
            parts = figures.by_branch(family, both, {}, hidden=(), hides_rest=False)
            if parts:
                assert sum(part.tally.minutes for part in parts) == total.minutes
                assert sum(part.tally.attendances for part in parts) == total.attendances


def test_narrowed_figures_equal_the_rows_of_that_category_and_project(session):
    world = fill(session, 8)
    root = world.branches[0]
    whole = scope_of(root, Q3.period)
    for line in export.by_project(session, whole):
        scope = scope_of(root, Q3.period, project_id=line.id)
        (found,) = sums.tallies(session, scope, [root.id], [Q3.period])
        tally = sums.total(found, root.id)
        assert (tally.minutes, tally.attendances) == (line.minutes, line.attendances)
    detail = sums.detail(session, whole)
    for category_id, minutes in detail.categories.items():
        scope = scope_of(root, Q3.period, category_id=category_id)
        (found,) = sums.tallies(session, scope, [root.id], [Q3.period])
        assert sums.total(found, root.id).minutes == minutes
    late = scope_of(root, Q3.period, late=True)
    (found,) = sums.tallies(session, whole, [root.id], [Q3.period])
    rows = list(export.entries(session, late, named=False))
    assert sum(row.minutes for row in rows) == sums.total(found, root.id).late_minutes


def test_the_tree_shows_the_sums_of_each_page(session):
    world = fill(session, 5)

    def walk(nodes):
        for node in nodes:
            yield node
            yield from walk(node.children)

    nodes = list(walk(branch_tree(session, Q3.period, None)))
    assert {node.id for node in nodes} == {branch.id for branch in world.branches}
    for node in nodes:
        true = recount(session, node.id, Q3.period.first, Q3.period.last)
        assert (node.tally.minutes, node.tally.attendances) == (true.minutes, true.attendances)
        assert node.tally.people == len(true.people)


def test_branch_2_never_counts_what_belongs_to_branch_20(session):
    """S15."""
    branches = [make_branch(session) for _ in range(21)]
    second = next(one for one in branches if one.id == 2)
    twentieth = next(one for one in branches if one.id == 20)
    books = open_books(session)
    books.serve(make_person(session), twentieth, date(2026, 8, 1))
    assert look(session, second)[0].minutes == 0
    assert look(session, twentieth)[0].minutes == 60
    odd = Period(date(2026, 7, 2), date(2026, 9, 1))
    for branch, minutes in ((second, 0), (twentieth, 60)):
        (found,) = sums.tallies(session, scope_of(branch, odd), [branch.id], [odd])
        assert sums.total(found, branch.id).minutes == minutes


def test_a_quarter_holds_its_first_and_last_day_and_no_other(session, branch):
    books = open_books(session)
    person = make_person(session)
    for day, minutes in [
        (date(2026, 6, 30), 1),
        (date(2026, 7, 1), 2),
        (date(2026, 9, 30), 4),
        (date(2026, 10, 1), 8),
    ]:
        books.serve(person, branch, day, minutes)
    assert [look(session, branch, quarter=one)[0].minutes for one in (Q2, Q3, Q4)] == [1, 6, 8]


def test_hours_taken_back_count_nowhere(session, branch):
    books = open_books(session)
    person = make_person(session)
    make_membership(session, person, branch)
    books.take_back(books.serve(person, branch, date(2026, 8, 1)))
    tally, on_books, detail = look(session, branch)
    assert tally == sums.NOTHING
    assert on_books == 1
    assert sum(detail.days.values()) == 0
    assert summary.verify(session) == ""


def test_old_hours_and_members_stay_with_the_old_parent_when_a_branch_moves(session, now):
    root = make_branch(session)
    old, new = make_branch(session, parent=root), make_branch(session, parent=root)
    moving = make_branch(session, parent=old)
    person = make_person(session)
    make_membership(session, person, moving)
    books = open_books(session)
    books.serve(person, moving, date(2026, 5, 1), 60)
    before = {one.id: look(session, one, quarter=Q2)[:2] for one in (root, old, new, moving)}
    move_branch(
        session,
        branch_id=moving.id,
        new_parent_id=new.id,
        moved_on=date(2026, 8, 15),
        actor_id=None,
        now=now,
    )
    books.serve(person, moving, date(2026, 9, 1), 30)
    after = {one.id: look(session, one, quarter=Q2)[:2] for one in (root, old, new, moving)}
    assert after == before
    assert before[old.id] == (sums.Tally(60, 1, 0, 1), 1)
    assert before[new.id] == (sums.NOTHING, 0)
    # In the quarter of the move the branch was on both books, later only on the new one's.
    assert [look(session, one)[1] for one in (old, new, root)] == [1, 1, 1]
    assert [look(session, one, quarter=Q4)[1] for one in (old, new, root)] == [0, 1, 1]
    assert [look(session, one)[0].minutes for one in (old, new)] == [0, 30]


def test_a_membership_that_was_taken_away_afterwards_leaves_nobody_over_a_hundred_per_cent(
    session, branch
):
    open_books(session).serve(make_person(session), branch, date(2026, 8, 1))
    tally, on_books, _detail = look(session, branch)
    assert on_books == 0
    assert figures.standing(on_books, tally) == figures.Standing(1, 1)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_members_are_counted_where_their_branch_lay_on_each_day(session, now, data):
    """Random trees, moves and memberships, against climbing from parent to parent on each day."""
    with session.begin_nested() as savepoint:
        _check_random_books(session, now, data)
        savepoint.rollback()


def _check_random_books(session, now, data):
    branches, history = _random_tree(session, now, data)
    rows = [_random_membership(session, now, data, branches) for _ in range(4)]
    span = Q3.period
    (found,) = sums.on_books(session, Members.ALL, [one.id for one in branches], [span])
    true = {}
    for offset in range(span.days):
        today = span.first + timedelta(days=offset)
        tree = history[max(known for known in history if known <= today)]
        for row in [row for row in rows if covers(row, today, today)]:
            step = row.branch_id
            while step is not None:
                true.setdefault(step, set()).add(row.person_id)
                step = tree[step]
    assert found == {id_: len(people) for id_, people in true.items()}


def _random_tree(session, now, data):
    """Return branches, and who was above each from which day on."""
    first = Q3.period.first
    branches, parents = [], {}
    for number in range(data.draw(st.integers(2, 8))):
        above = data.draw(st.none() | st.integers(0, number - 1)) if number else None
        row = add_branch(
            session,
            kind=BranchKind.BRANCH,
            name_zh=f"支部{number}",
            parent_id=branches[above].id if above is not None else None,
            actor_id=None,
            now=now,
        )
        branches.append(row)
        parents[row.id] = row.parent_id
    history = {first - timedelta(days=400): dict(parents)}
    day = first - timedelta(days=20)
    for _ in range(data.draw(st.integers(0, 4))):
        day += timedelta(days=data.draw(st.integers(1, 40)))
        branch, parent = data.draw(st.sampled_from(branches)), data.draw(st.sampled_from(branches))
        try:
            move_branch(
                session,
                branch_id=branch.id,
                new_parent_id=parent.id,
                moved_on=day,
                actor_id=None,
                now=now,
            )
        except NoPlaceInTree:
            continue
        parents[branch.id] = parent.id
        history[day] = dict(parents)
    return branches, history


def _random_membership(session, now, data, branches):
    person = Person(session_key="x", name="王敏", created_at=now)
    session.add(person)
    session.flush()
    start = Q3.period.first + timedelta(days=data.draw(st.integers(-30, 100)))
    long = data.draw(st.none() | st.integers(0, 60))
    row = BranchMembership(
        person_id=person.id,
        branch_id=data.draw(st.sampled_from(branches)).id,
        started_on=start,
        ended_on=start + timedelta(days=long) if long is not None else None,
    )
    session.add(row)
    session.flush()
    return row


def test_hours_wait_with_somebody_until_they_are_confirmed(session, branch, now):
    person, other = make_person(session), make_person(session)
    make_membership(session, person, branch, is_party_member=True)
    make_membership(session, other, make_branch(session))
    shift = make_shift(session, starts_at=now.replace(day=10))
    make_attendance(session, shift, person)
    make_attendance(session, shift, other)

    def waiting(quarter, kind=Members.ALL):
        scope = scope_of(branch, quarter.period, members=kind)
        return [(row.shift_id, row.people) for row in queries.waiting(session, scope, now=now)]

    assert waiting(Q4) == [(shift.id, 1)]
    assert waiting(Q3) == []
    assert waiting(Q4, Members.MEMBER) == [(shift.id, 1)]
    assert waiting(Q4, Members.NON_MEMBER) == []


def test_only_silence_is_a_no_show(session, branch, now):
    shift = make_shift(session, starts_at=now.replace(day=10))
    for status in ("no_show", "excused", "present"):
        person = make_person(session)
        make_membership(session, person, branch)
        make_attendance(session, shift, person, status=status)
    scope = scope_of(branch, Q4.period)
    assert queries.no_shows(session, scope) == 1
    assert [(row.shift_id, row.people) for row in queries.missed(session, scope)] == [(shift.id, 1)]


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
    assert shares.shared_hours(100, 3) == "0.6"  # 33⅓ minutes
    assert shares.shared_hours(117, 3) == "0.7"  # 39 minutes: 0.65 hours
    assert shares.shared_hours(0, 7) == "0.0"
    assert shares.shared_hours(60, 0) is None
    assert shares.percent(31, 42) == 74
    assert shares.percent(1, 200) == 1
    assert shares.percent(0, 0) is None
    assert shares.change(150, 100) == 50
    assert shares.change(50, 100) == -50
    assert shares.change(5, 0) is None
    assert shares.tenths_of_percent(1, 8) == "12.5"


def test_small_categories_stand_together_at_the_end(session, branch):
    books = open_books(session)
    person = make_person(session)
    for minutes in range(10, 90, 10):
        project = make_project(session)
        books.serve(person, branch, date(2026, 8, 1), minutes, project=project)
    _tally, _books, detail = look(session, branch)
    kinds = figures._kinds(detail.categories, queries.category_names(session))
    assert [one.minutes for one in kinds] == [80, 70, 60, 50, 40, 30, 20 + 10]
    assert (kinds[-1].id, kinds[-1].name) == (None, "")


def test_hours_are_listed_where_people_worked_on_the_day(session, branch):
    tower, books = make_building(session, name_zh="高和大厦"), open_books(session)
    books.serve(make_person(session), branch, date(2026, 8, 1), 60, building_id=tower.id)
    books.serve(make_person(session), branch, date(2026, 8, 2), 30)
    lines = figures.by_place(look(session, branch)[2], queries.building_names(session))
    assert [(line.name, line.minutes) for line in lines] == [("高和大厦", 60), ("", 30)]


def league_of(session, sizes):
    """Return branches with so many members and so many of them serving an hour."""
    books, found = open_books(session), []
    for size, served in sizes:
        branch = make_branch(session)
        for number in range(size):
            person = make_person(session)
            make_membership(session, person, branch)
            if number < served:
                books.serve(person, branch, date(2026, 8, 1))
        found.append(branch)
    return found


def test_a_branch_learns_its_own_rank_and_the_middle_of_the_others(session):
    branches = league_of(session, [(10, 9), (10, 5), (20, 5), (10, 1), (10, 0), (3, 3)])
    ids = [branch.id for branch in branches]
    found = {row.branch_id: row for row in ranks(session, Q3, "rate", ids)}
    first, second, third, *last, small = (found[id_] for id_ in ids)
    assert (first.position, first.value, first.median, first.ranked) == (1, 90.0, 17.5, 5)
    assert (second.position, second.value) == (2, 50.0)
    # Nobody is told to be among the last three, and nobody small is ranked (rule 12).
    assert [row.position for row in (third, *last)] == [None, None, None]
    assert (small.is_small, small.position) == (True, None)


def test_equal_branches_share_a_rank(session):
    branches = league_of(session, [(10, 2), (10, 2), (10, 1), (10, 1), (10, 0), (10, 0)])
    found = ranks(session, Q3, "per_person", [branch.id for branch in branches[:4]])
    assert [row.position for row in found] == [1, 1, 3, 3]


def test_a_page_needs_few_queries_whatever_its_size(session, client, branch):
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
    assert counted.count <= 14


def test_a_subtree_of_160_branches_takes_three_queries(session):
    root = make_branch(session)
    session.add_all(
        Branch(kind="branch", name_zh=f"支部{n}", parent_id=root.id, path=f"{root.path}{n}/")
        for n in range(root.id + 1, root.id + 160)
    )
    session.flush()
    draw_lines(session)
    session.commit()
    root_id = root.id
    with count_queries(db.engine) as counted:
        (tree,) = branch_tree(session, Q3.period, [root_id])
    assert len(tree.children) == 159
    assert counted.count <= 3


def test_a_running_quarter_is_compared_with_as_many_days_of_the_earlier_ones():
    today = date(2026, 11, 29)
    running = read_filters({}, today=today)
    assert running.period == Period(date(2026, 10, 1), date(2026, 12, 31))
    assert running.before == Period(date(2026, 7, 1), date(2026, 8, 29))
    assert running.year_before == Period(date(2025, 10, 1), date(2025, 11, 29))
    assert running.compared_days == 60
    over = read_filters({"quarter": "2026Q3"}, today=today)
    assert (over.before, over.compared_days) == (Quarter(2026, 2).period, None)
    assert over.year_before == Quarter(2025, 3).period
    # A quarter may be longer than the one before it; on its last day it is whole.
    late = read_filters({}, today=date(2026, 6, 30) - timedelta(days=1))
    assert late.before == Quarter(2026, 1).period
    assert read_filters({}, today=date(2027, 3, 31)).before == Quarter(2026, 4).period
    dates = read_filters({"from": "2026-11-20", "to": "2026-12-09"}, today=today)
    assert dates.before == Period(date(2026, 11, 10), date(2026, 11, 19))
    assert dates.year_before == Period(date(2025, 11, 20), date(2025, 11, 29))


@pytest.mark.parametrize("seed", [3, 4])
def test_part_of_a_quarter_from_the_kept_days_equals_the_ledger(session, seed):
    world = fill(session, seed)
    for branch in world.branches:
        scope = scope_of(branch, Q3.period)
        for span in (Q3.period.first_days(1), Q3.period.first_days(40)):
            (quick,) = so_far(session, scope, [span])
            (true,) = sums.tallies(session, scope, [branch.id], [span])
            assert sums.total(quick, branch.id) == sums.total(true, branch.id)


def test_the_page_says_with_what_a_running_quarter_is_compared(session, client, branch):
    leader, books = make_person(session), open_books(session)
    grant_role(session, leader, Role.BRANCH_LEADER, branch=branch)
    books.serve(leader, branch, date(2026, 10, 5), 60)
    books.serve(leader, branch, date(2026, 7, 5), 30)
    # The same quarter's last days have no counterpart yet.
    books.serve(leader, branch, date(2026, 9, 29), 480)
    login(client, leader)
    text = client.get(f"/branches/{branch.id}?lang=en").text
    assert "+100%" in text
    assert "same days last quarter" in text
    assert "compared with as many days of the earlier ones" in text
    over = client.get(f"/branches/{branch.id}?lang=en&quarter=2026Q3").text
    assert "same days" not in over


def test_a_period_of_days_is_compared_with_as_many_days_before():
    from volunteer_hub.reports.filters import _a_year_before, _days_before

    assert _days_before(Period(date(2026, 3, 1), date(2026, 3, 10))) == Period(
        date(2026, 2, 19), date(2026, 2, 28)
    )
    assert _a_year_before(Period(date(2024, 2, 29), date(2024, 3, 31))) == Period(
        date(2023, 2, 28), date(2023, 3, 31)
    )


# ---------------------------------------------------------------- the kept sums


@pytest.mark.parametrize("seed", [21, 22])
def test_the_kept_sums_equal_the_ledger_and_can_be_built_anew(session, seed):
    fill(session, seed)
    assert summary.verify(session) == ""
    summary.rebuild(session)
    assert summary.verify(session) == ""


def test_a_wrong_sum_is_found_and_mended(session):
    fill(session, 23)
    row = session.query(BranchHours).filter(BranchHours.minutes > 0).first()
    row.minutes += 1
    session.flush()
    assert f"branch {row.branch_id} " in summary.verify(session)
    summary.rebuild(session)
    assert summary.verify(session) == ""
    session.query(BranchPeople).filter(BranchPeople.people > 0).first().people += 1
    session.flush()
    assert ": people kept" in summary.verify(session)


def test_the_commands_prove_and_mend_the_sums(app, session):
    fill(session, 24)
    session.query(BranchHours).filter(BranchHours.minutes > 0).first().minutes += 1
    session.commit()
    runner = app.test_cli_runner()
    wrong = runner.invoke(args=["reports", "verify"])
    assert wrong.exit_code != 0
    assert "do not equal the ledger" in wrong.output
    assert runner.invoke(args=["reports", "rebuild"]).exit_code == 0
    assert runner.invoke(args=["reports", "verify"]).exit_code == 0
