"""The blueprint of branches, and what all its pages ask first: which branch, and who reads."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from flask import Blueprint, g, request, url_for
from flask_login import current_user

from volunteer_hub.core import clock
from volunteer_hub.core.calendar import Quarter, quarter_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.i18n import _, either
from volunteer_hub.core.permissions import Role
from volunteer_hub.reports import filters
from volunteer_hub.reports.queries import branch as queries
from volunteer_hub.reports.queries import tree
from volunteer_hub.reports.queries.export import Withheld
from volunteer_hub.reports.queries.sums import FEWEST, on_books
from volunteer_hub.reports.queries.veil import few_in_project, narrowed_too_far
from volunteer_hub.reports.scope import Members, Scope

bp = Blueprint("reports", __name__, url_prefix="/branches")

SHOWN_QUARTERS = 5


def read_wanted() -> filters.Filters:
    """Return what the address of a page of figures asks for.

    Late entries alone, or one building, are for rows: no-shows and waiting hours have neither.
    """
    wanted = wanted_rows()
    left = [_("Late entries")] * wanted.late
    left += [_("Building")] * (wanted.building is not None)
    return replace(wanted, late=False, building=None, ignored=(*wanted.ignored, *left))


def wanted_rows() -> filters.Filters:
    """Return what the address of a list of entries asks for."""
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


def seen_ids() -> list[int] | None:
    """Return the branches at the top of what the reader sees; None: everything."""
    return None if current_user.has(Role.OFFICE) else current_user.led_branch_ids


def is_guarded(family: queries.Family) -> bool:
    """Tell whether people are in the branch's figures whom the reader may not see by name."""
    return bool(family.children) or not by_name(family.branch.id)


def in_sight() -> dict[int, int | None]:
    """Return the branches the reader may see, each with what it lies below; read once a request."""
    if "branches_in_sight" not in g:
        g.branches_in_sight = tree.in_sight(db.session(), seen_ids())
    found: dict[int, int | None] = g.branches_in_sight
    return found


def hidden_branches(scope: Scope) -> tuple[set[int], set[int]]:
    """Return the branches whose figures are kept from this reader, and whose own people's are.

    What is hidden of everybody, or of all they did, stays hidden of a part.
    """
    hidden: set[int] = set()
    rests: set[int] = set()
    for one in dict.fromkeys([scope.unfiltered, scope.widened, scope]):
        found = tree.hidden_branches(db.session(), one, seen_ids(), current_user.led_branch_ids)
        hidden |= found[0]
        rests |= found[1]
    return hidden, rests


def is_withheld(
    family: queries.Family, scope: Scope, hidden: Collection[int], books: int | None = None
) -> bool:
    """Tell whether the figures of a scope would tell of fewer than five people (S16).

    `books` is how many are on the books, where that is known already.
    """
    session, branch_id = db.session(), family.branch.id
    if branch_id in hidden:
        return True
    if not by_name(branch_id):
        if books is None:
            (found,) = on_books(session, scope.members, [branch_id], [scope.period])
            books = found.get(branch_id, 0)
        if 0 < books < FEWEST:
            return True
    return narrowed_too_far(session, scope, current_user.led_branch_ids)


def scope_for(family: queries.Family, wanted: filters.Filters) -> tuple[Scope, set[int]]:
    """Return the scope and the hidden branches where this reader may see the rows (S16).

    Else DomainError, which says what to do.
    """
    scope = scope_of(family, wanted)
    if not is_guarded(family):
        return scope, set()
    hidden, _rests = hidden_branches(scope)
    if is_withheld(family, scope, hidden):
        raise DomainError(
            _("Fewer than five people took part: these figures stay with their own branch leader.")
        )
    return scope, hidden


def withheld_rows(family: queries.Family, scope: Scope, hidden: set[int]) -> Withheld:
    """Return what the rows behind a figure do not say to this reader."""
    if not is_guarded(family):
        return Withheld()
    pairs = few_in_project(db.session(), scope, current_user.led_branch_ids)
    return Withheld(frozenset(hidden), frozenset(pairs))


def visible_above(family: queries.Family) -> list[queries.BranchRow]:
    """Leave out what lies above the reader's own branches."""
    if current_user.has(Role.OFFICE):
        return list(family.above)
    line = [branch.id for branch in family.above]
    starts = [line.index(led_id) for led_id in current_user.led_branch_ids if led_id in line]
    return list(family.above[min(starts) :]) if starts else []


def narrowed(wanted: filters.Filters) -> list[tuple[str, str]]:
    """Return what the figures are narrowed to, as parameter and name."""
    names = queries.names_of(
        db.session(),
        category=wanted.category,
        project=wanted.project,
        building=wanted.building,
    )
    found = [(parameter, either(*name)) for parameter, name in names]
    return found + [("building", _("No building"))] * (wanted.building == 0)


def filter_names(wanted: filters.Filters) -> list[str]:
    """Return in words what the figures are narrowed to, for paper and files."""
    found = []
    if wanted.members is not Members.ALL:
        is_member = wanted.members is Members.MEMBER
        found.append(_("Party members") if is_member else _("Non-members"))
    found += [name for _parameter, name in narrowed(wanted)]
    if wanted.late:
        found.append(_("Late entries"))
    return found


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
