"""The tree of branches: add one, put one under another parent."""

from __future__ import annotations

import secrets
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.registry.models import Branch, BranchKind, BranchMove

MAX_NAME = 100


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
