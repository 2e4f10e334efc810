"""The blueprint of branches, and what all its pages ask first: which branch, and who reads."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from flask_login import current_user

from volunteer_hub.core import clock
from volunteer_hub.core.calendar import Quarter, quarter_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Role
from volunteer_hub.reports import filters
from volunteer_hub.reports.queries import branch as queries
from volunteer_hub.reports.queries.sums import is_few
from volunteer_hub.reports.scope import Members, Scope

bp = Blueprint("reports", __name__, url_prefix="/branches")

SHOWN_QUARTERS = 5


def read_wanted() -> filters.Filters:
    """Return what the address asks for."""
    return filters.read_filters(request.args, today=clock.today())


def visible(branch_id: int) -> queries.Family:
    """Return the branch, or 404 for whom it is neither their own nor below their own today."""
    family = queries.family(db.session(), branch_id)
    if family is None:
        raise NotFound
    own_line = {family.branch.id, *(branch.id for branch in family.above)}
    if not current_user.has(Role.OFFICE) and own_line.isdisjoint(current_user.led_branch_ids):
        raise NotFound
    return family


def led(branch_id: int) -> queries.Family:
    """Return the branch for who leads this very branch, else 404."""
    if not by_name(branch_id):
        raise NotFound
    return visible(branch_id)


def by_name(branch_id: int) -> bool:
    """Names are for who leads this very branch; above it, and in the office, there are sums."""
    return branch_id in current_user.led_branch_ids


def scope_of(family: queries.Family, wanted: filters.Filters) -> Scope:
    """Return what the page counts."""
    return Scope(
        family.branch.id,
        family.branch.path,
        wanted.period,
        wanted.members,
        wanted.category,
        wanted.project,
        wanted.building,
        wanted.late,
    )


def scope_for(family: queries.Family, wanted: filters.Filters) -> Scope:
    """Return the same where this reader may see the rows, else DomainError (S16).

    Rows name nobody and no small branch, so only the branch itself must not be a small one.
    """
    scope = scope_of(family, wanted)
    if not by_name(family.branch.id) and is_few(db.session(), scope.widened):
        raise DomainError(
            _("Fewer than five people took part: these figures stay with their own branch leader.")
        )
    return scope


def visible_above(family: queries.Family) -> list[queries.BranchRow]:
    """Leave out what lies above the reader's own branches."""
    if current_user.has(Role.OFFICE):
        return list(family.above)
    line = [branch.id for branch in family.above]
    starts = [line.index(led_id) for led_id in current_user.led_branch_ids if led_id in line]
    return list(family.above[min(starts) :]) if starts else []


def around(wanted: filters.Filters) -> dict[str, Any]:
    """Return what the choice of span and people needs on every page."""
    step = quarter_of(clock.today())
    quarters: list[Quarter] = []
    for _number in range(SHOWN_QUARTERS):
        quarters.append(step)
        step = step.previous()
    if wanted.quarter and wanted.quarter not in quarters:
        quarters.append(wanted.quarter)
        quarters.sort(key=lambda one: one.period.first, reverse=True)
    return {
        "wanted": wanted,
        "quarters": quarters,
        "kinds_of_members": list(Members),
        "this_year": clock.today().year,
        "today": clock.today(),
        "section": "office" if current_user.has(Role.OFFICE) else "branch",
    }


def page_of(family: queries.Family, wanted: filters.Filters) -> dict[str, Any]:
    """Return what every page of one branch shows around its own content."""

    def to(endpoint: str, **more: Any) -> str:
        """Return the address of another page about the same branch, span and people."""
        values = {**wanted.query(), **more}
        return url_for(endpoint, branch_id=family.branch.id, **values)

    return {
        "family": family,
        "to": to,
        "above": visible_above(family),
        "named": by_name(family.branch.id),
        **around(wanted),
    }
