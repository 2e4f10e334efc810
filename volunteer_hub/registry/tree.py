"""The tree of branches: add one, put one under another parent."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.registry.models import Branch, BranchKind, BranchLine, BranchMove

MAX_NAME = 100
EVER = date(1970, 1, 1)


class NoPlaceInTree(DomainError):
    """The branch cannot be put there."""


def add_branch(
    session: Session,
    *,
    kind: BranchKind,
    name_zh: str,
    name_en: str = "",
    parent_id: int | None,
    building_id: int | None = None,
    committee_id: int | None = None,
    actor_id: int | None,
    now: datetime,
) -> Branch:
    """Add a branch below the parent, or at the root; raises NotFound for an unknown parent."""
    if not name_zh or max(len(name_zh), len(name_en)) > MAX_NAME:
        raise InvalidInput(_("Please give a name of 1 to 100 characters."), field="name_zh")
    # A parent that moves at the same moment would leave a wrong path behind.
    parent = _locked(session).get(parent_id) if parent_id is not None else None
    if parent_id is not None and parent is None:
        raise NotFound(_("There is no such branch."))
    branch = Branch(
        kind=str(kind),
        name_zh=name_zh,
        name_en=name_en,
        parent_id=parent_id,
        path=f"new {secrets.token_hex(8)}",
        building_id=building_id,
        committee_id=committee_id,
    )
    session.add(branch)
    session.flush()
    branch.path = f"{parent.path if parent else '/'}{branch.id}/"
    session.flush()
    draw_lines(session)
    audit.record(
        session,
        "branch:add",
        actor_id=actor_id,
        object_id=branch.id,
        now=now,
        parent_id=parent_id,
        name=name_zh,
    )
    session.flush()
    return branch


def move_branch(
    session: Session,
    *,
    branch_id: int,
    new_parent_id: int | None,
    moved_on: date,
    actor_id: int | None,
    now: datetime,
) -> Branch:
    """Put a branch with all below it under another parent (None: at the root).

    Access follows at once; ledger entries keep the path they were made under, and later entries
    for days before `moved_on` still get the old one. Raises NotFound for an unknown branch,
    NoPlaceInTree below itself or where it is already.
    """
    branches = _locked(session)
    branch = branches.get(branch_id)
    parent = branches.get(new_parent_id) if new_parent_id is not None else None
    if branch is None or (new_parent_id is not None and parent is None):
        raise NotFound(_("There is no such branch."))
    if new_parent_id == branch.parent_id:
        raise NoPlaceInTree(_("The branch is there already."), field="parent_id")
    if parent and parent.path.startswith(branch.path):
        raise NoPlaceInTree(
            _("A branch cannot lie below itself. Please choose another place."), field="parent_id"
        )
    old_path, old_parent_id = branch.path, branch.parent_id
    branch.parent_id = new_parent_id
    session.flush()
    _rewrite(session, old_path, f"{parent.path if parent else '/'}{branch_id}/")
    session.add(
        BranchMove(
            branch_id=branch_id,
            from_parent_id=old_parent_id,
            to_parent_id=new_parent_id,
            moved_on=moved_on,
        )
    )
    session.flush()
    draw_lines(session)
    audit.record(
        session,
        "branch:move",
        actor_id=actor_id,
        object_id=branch_id,
        now=now,
        from_parent_id=old_parent_id,
        to_parent_id=new_parent_id,
        moved_on=moved_on.isoformat(),
    )
    session.flush()
    return branch


def _locked(session: Session) -> dict[int, Branch]:
    """Return all branches, held until the end: two moves at once could make a circle."""
    query = select(Branch).order_by(Branch.id).with_for_update()
    rows = session.scalars(query.execution_options(populate_existing=True))
    return {branch.id: branch for branch in rows}


def _rewrite(session: Session, old: str, new: str) -> None:
    # A path ends in the branch's own id, so no two rewritten ones are the same.
    session.execute(
        update(Branch)
        .where(Branch.path.like(old + "%"))
        .values(path=new + func.substr(Branch.path, len(old) + 1))
        .execution_options(synchronize_session=False)
    )
    for branch in session.identity_map.values():
        if isinstance(branch, Branch):
            session.expire(branch, ["path"])


def paths_on(session: Session, day: date) -> dict[int, str]:
    """Return the paths of all branches as on the day, or nothing when none has moved since."""
    moves = [move for move in _moves(session) if move.moved_on > day]
    return _paths(_parents_before(_parents(session), moves)) if moves else {}


def draw_lines(session: Session) -> None:
    """Write anew who lay below whom, and when, from the tree and its dated moves."""
    lines = [line for step in _steps(session) for line in step]
    session.execute(delete(BranchLine))
    if lines:
        session.execute(insert(BranchLine), _joined(lines))


def _steps(session: Session) -> Iterator[list[tuple[int, int, date, date | None]]]:
    """Yield, for each time between two days of moves, every pair of ancestor and branch."""
    moves, parents = _moves(session), _parents(session)
    days = [EVER, *sorted({move.moved_on for move in moves if move.moved_on > EVER})]
    for since, following in zip(days, [*days[1:], None], strict=True):
        until = following - timedelta(days=1) if following else None
        then = _parents_before(parents, [move for move in moves if move.moved_on > since])
        yield [
            (int(above), branch_id, since, until)
            for branch_id, path in _paths(then).items()
            for above in path.strip("/").split("/")
        ]


def _joined(lines: list[tuple[int, int, date, date | None]]) -> list[dict[str, object]]:
    """Return one row where the same line goes on from one time to the next."""
    rows: dict[tuple[int, int], list[dict[str, object]]] = {}
    for ancestor_id, branch_id, since, until in lines:
        before = rows.setdefault((ancestor_id, branch_id), [])
        if before and before[-1]["until"] == since - timedelta(days=1):
            before[-1]["until"] = until
        else:
            before.append(
                {
                    "ancestor_id": ancestor_id,
                    "branch_id": branch_id,
                    "since": since,
                    "until": until,
                }
            )
    return [row for found in rows.values() for row in found]


def _moves(session: Session) -> list[BranchMove]:
    newest_first = (BranchMove.moved_on.desc(), BranchMove.id.desc())
    return list(session.scalars(select(BranchMove).order_by(*newest_first)))


def _parents(session: Session) -> dict[int, int | None]:
    rows = session.execute(select(Branch.id, Branch.parent_id).order_by(Branch.id))
    return {row.id: row.parent_id for row in rows}


def _parents_before(
    parents: Mapping[int, int | None], moves: list[BranchMove]
) -> dict[int, int | None]:
    """Take the moves back, the newest first."""
    then = dict(parents)
    for move in moves:
        then[move.branch_id] = move.from_parent_id
    return then


def _paths(parents: Mapping[int, int | None]) -> dict[int, str]:
    return {branch_id: _path(branch_id, parents) for branch_id in parents}


def _path(branch_id: int, parents: Mapping[int, int | None]) -> str:
    chain: list[int] = []
    step: int | None = branch_id
    while step is not None and step not in chain:
        chain.append(step)
        step = parents[step]
    return "/" + "".join(f"{number}/" for number in reversed(chain))
