"""The tree of branches: paths stay true whatever is moved where."""

from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.factories import make_branch
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.registry.models import Branch, BranchKind, BranchLine, BranchMove
from volunteer_hub.registry.tree import NoPlaceInTree, add_branch, draw_lines, move_branch
from volunteer_hub.reports.queries.branch import ids_below

DAY = date(2026, 11, 1)


def move(session, branch, parent, now):
    return move_branch(
        session,
        branch_id=branch.id,
        new_parent_id=parent.id if parent else None,
        moved_on=DAY,
        actor_id=None,
        now=now,
    )


def add(session, now, *, parent_id=None, name_zh="第一党支部"):
    return add_branch(
        session,
        kind=BranchKind.BRANCH,
        name_zh=name_zh,
        parent_id=parent_id,
        actor_id=None,
        now=now,
    )


def naive_path(branch_id, parents):
    """Climb from the branch to its root, one parent after the other."""
    chain = []
    while branch_id is not None:
        chain.insert(0, str(branch_id))
        branch_id = parents[branch_id]
    return "/" + "/".join(chain) + "/"


def test_a_new_branch_lies_below_its_parent(session, now):
    root = add(session, now)
    child = add(session, now, parent_id=root.id)
    assert (root.path, child.path) == (f"/{root.id}/", f"/{root.id}/{child.id}/")
    acts = session.scalars(select(AuditEntry.action)).all()
    assert acts == ["branch:add", "branch:add"]


def test_a_new_branch_needs_a_name_and_a_parent_that_exists(session, now):
    with pytest.raises(InvalidInput):
        add(session, now, name_zh="")
    with pytest.raises(NotFound):
        add(session, now, parent_id=77)


def test_a_move_takes_all_below_along_and_is_written_down(session, now):
    first, second = make_branch(session), make_branch(session)
    moving = make_branch(session, parent=first)
    below = make_branch(session, parent=moving)
    move(session, moving, second, now)
    assert moving.path == f"/{second.id}/{moving.id}/"
    assert below.path == f"/{second.id}/{moving.id}/{below.id}/"
    written = session.scalars(select(BranchMove)).one()
    assert (written.from_parent_id, written.to_parent_id) == (first.id, second.id)
    assert written.moved_on == DAY
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.object_id) == ("branch:move", moving.id)


def test_a_branch_never_comes_to_lie_below_itself(session, now):
    root = make_branch(session)
    child = make_branch(session, parent=root)
    below = make_branch(session, parent=child)
    for parent in (child, below):
        with pytest.raises(NoPlaceInTree):
            move(session, child, parent, now)
    with pytest.raises(NoPlaceInTree):
        move(session, child, root, now)
    with pytest.raises(NotFound):
        move_branch(
            session, branch_id=999, new_parent_id=None, moved_on=DAY, actor_id=None, now=now
        )
    assert session.scalars(select(BranchMove)).all() == []


def test_moving_branch_1_leaves_branch_10_where_it_is(session, now):
    branches = [make_branch(session) for _ in range(12)]
    move(session, branches[0], branches[1], now)
    assert [branch.path for branch in branches[9:]] == [f"/{n}/" for n in (10, 11, 12)]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_paths_and_subtrees_equal_a_naive_oracle_in_random_trees(session, now, data):
    """S15: who lies below whom is what climbing from parent to parent says."""
    with session.begin_nested() as savepoint:
        _grow_and_move(session, now, data)
        savepoint.rollback()


def _grow_and_move(session, now, data):
    branches: list[Branch] = []
    parents: dict[int, int | None] = {}
    for number in range(data.draw(st.integers(2, 25), label="size")):
        above = data.draw(st.none() | st.integers(0, number - 1)) if number else None
        parent_id = branches[above].id if above is not None else None
        branches.append(add(session, now, parent_id=parent_id))
        parents[branches[-1].id] = parent_id
    for _ in range(data.draw(st.integers(1, 8), label="moves")):
        branch = data.draw(st.sampled_from(branches))
        parent = data.draw(st.none() | st.sampled_from(branches))
        parent_id = parent.id if parent else None
        below_itself = parent and str(branch.id) in naive_path(parent_id, parents).split("/")
        if parent_id == parents[branch.id] or below_itself:
            with pytest.raises(NoPlaceInTree):
                move(session, branch, parent, now)
            continue
        move(session, branch, parent, now)
        parents[branch.id] = parent_id
    rows = dict(session.execute(select(Branch.id, Branch.path)).all())
    assert {one: rows[one] for one in parents} == {one: naive_path(one, parents) for one in parents}
    for top in branches:
        true = {one for one in parents if str(top.id) in naive_path(one, parents).split("/")}
        below = select(Branch.id).where(Branch.path.like(rows[top.id] + "%"))
        assert set(session.scalars(below)) == true


@pytest.mark.parametrize("seed", range(4))
def test_subtrees_of_trees_of_up_to_500_branches_equal_a_naive_oracle(session, now, seed):
    """S15: 2,000 looks in all; a tree with one branch is among them."""
    draw = random.Random(seed)
    size = 1 if seed == 0 else draw.randint(300, 500)
    parents: dict[int, int | None] = {}
    for number in range(1, size + 1):
        parents[number] = draw.choice([None, *parents]) if number > 1 else None
    for one, above in parents.items():
        path = naive_path(one, parents)
        session.add(Branch(id=one, kind="branch", name_zh=f"支部{one}", parent_id=above, path=path))
    session.flush()
    for _ in range(min(6, size - 1)):
        moving, above = draw.sample(sorted(parents), 2)
        if str(moving) in naive_path(above, parents).split("/") or parents[moving] == above:
            continue
        move(session, session.get(Branch, moving), session.get(Branch, above), now)
        parents[moving] = above
    draw_lines(session)
    paths = dict(session.execute(select(Branch.id, Branch.path)).all())
    lines = set(
        session.execute(
            select(BranchLine.ancestor_id, BranchLine.branch_id).where(BranchLine.until.is_(None))
        ).all()
    )
    steps = {one: naive_path(one, parents).split("/") for one in parents}
    for one in parents:
        true = {row for row in parents if str(one) in steps[row]}
        assert set(ids_below(session, paths[one])) == true
        assert {branch for above, branch in lines if above == one} == true
