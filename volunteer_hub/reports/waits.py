"""Hours that wait and no-shows, as far as the reader may see them (S16)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from flask_login import current_user

from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.reports import heads, veil
from volunteer_hub.reports.blueprint import in_sight, is_guarded, seen_ids
from volunteer_hub.reports.heads import Act
from volunteer_hub.reports.queries import acts
from volunteer_hub.reports.queries import branch as queries
from volunteer_hub.reports.queries.branch import Family, Waiting
from volunteer_hub.reports.queries.veil import MOST_A_DAY
from volunteer_hub.reports.scope import Scope


@dataclass(frozen=True)
class Waits:
    """The shifts whose hours wait; `others` are those in which few people served.

    Where already the whole would tell of few people (`hidden`), there are no rows. Who does not see
    names gets no figures by shift: those of several branches could be subtracted.
    """

    rows: Sequence[Waiting]
    others: Sequence[Waiting] = ()
    hidden: bool = False

    @property
    def minutes(self) -> int:
        return sum(row.minutes for row in (*self.rows, *self.others))

    @property
    def attendances(self) -> int:
        return sum(row.people for row in (*self.rows, *self.others))


def waits(family: Family, scope: Scope) -> Waits:
    """Return what waits of a branch for this reader."""
    session, now = db.session(), clock.now()
    rows = queries.waiting(session, scope, now=now)
    if not is_guarded(family):
        return Waits(rows)
    if not rows and scope == scope.unfiltered:
        return Waits(rows)
    found = acts.waiting(session, scope, seen_ids(), now=now)
    parents, led = in_sight(), current_user.led_branch_ids
    if scope.branch_id in heads.hidden_by(found, scope, parents, led):
        return Waits([], hidden=True)
    apart = _small_shifts(heads.fitting(found, scope), scope.branch_id)
    return Waits(
        [row for row in rows if row.shift_id not in apart],
        [row for row in rows if row.shift_id in apart],
    )


def _small_shifts(found: Sequence[Act], branch_id: int) -> set[int]:
    """Return the shifts in which few people of the branch served, not counting whom one knows."""
    by_shift = defaultdict[int, list[Act]](list)
    for act in found:
        by_shift[act.shift_id].append(act)
    people = {
        shift_id: len(heads.strangers(some, current_user.led_branch_ids).get(branch_id, ()))
        for shift_id, some in by_shift.items()
    }
    return {shift_id for shift_id, number in people.items() if 0 < number < veil.FEWEST}


def hidden_no_shows(scope: Scope) -> set[int]:
    """Return the branches whose no-shows are kept from this reader."""
    found = acts.missed(db.session(), scope, seen_ids())
    return heads.hidden_by(found, scope, in_sight(), current_user.led_branch_ids)


def hides_no_shows(family: Family, scope: Scope, count: int) -> bool:
    """Tell whether the no-shows of a branch, so many, are kept from this reader."""
    if not is_guarded(family) or (not count and scope == scope.unfiltered):
        return False
    # Nothing stands beside the top of what the reader sees, and four people cannot miss so much.
    most = (veil.FEWEST - 1) * MOST_A_DAY * scope.period.days
    is_top = in_sight().get(scope.branch_id) not in in_sight()
    if is_top and count > most and scope == scope.unfiltered and not current_user.led_branch_ids:
        return False
    return scope.branch_id in hidden_no_shows(scope)
