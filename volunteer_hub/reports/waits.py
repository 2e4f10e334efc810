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
    """The shifts whose hours wait; `others` are those that would tell of few people.

    Where already the whole would (`hidden`), there are no rows.
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

    @property
    def others_minutes(self) -> int:
        return sum(row.minutes for row in self.others)

    @property
    def others_attendances(self) -> int:
        return sum(row.people for row in self.others)


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
    apart = _hidden_shifts(found, scope, parents)
    return Waits(
        [row for row in rows if row.shift_id not in apart],
        [row for row in rows if row.shift_id in apart],
    )


def _hidden_shifts(found: Sequence[Act], scope: Scope, parents: dict[int, int | None]) -> set[int]:
    """Return the shifts that tell of few people here, or with what other branches' pages say."""
    led, by_shift = current_user.led_branch_ids, defaultdict[int, list[Act]](list)
    for act in found:
        by_shift[act.shift_id].append(act)
    people = {}
    for shift_id, some in by_shift.items():
        number = len(heads.strangers(heads.fitting(some, scope), led).get(scope.branch_id, ()))
        if scope.branch_id in heads.hidden_by(some, scope, parents, led):
            number = min(number, veil.FEWEST - 1)
        people[shift_id] = number
    return veil.mixed(people)


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
