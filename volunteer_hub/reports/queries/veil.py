"""How many people, whom the reader may not see by name, stand behind parts of a figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Integer, cast, distinct, extract, func, literal, select, union_all
from sqlalchemy.orm import Session

from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.reports import veil
from volunteer_hub.reports.queries.sums import Detail
from volunteer_hub.reports.scope import Members, Scope, entries_of, stands
from volunteer_hub.reports.veil import Part

# What one person can do in a day at the very most: shifts, and minutes of one (to know many).
MOST_A_DAY, MINUTES_EACH = 8, 60
# Entries that are read first where there are more of them.
SAMPLE = 5_000


def _key(part: Part) -> Any:
    entry = LedgerEntry
    day: Any = entry.service_day
    return {
        Part.CATEGORY: entry.category_id,
        Part.PROJECT: entry.project_id,
        # Without a building: 0.
        Part.BUILDING: func.coalesce(entry.building_id, 0),
        Part.SHIFT: entry.shift_id,
        # Such as 202611; 0 for Sunday to 6; 1 for yes.
        Part.MONTH: cast(extract("year", day) * 100 + extract("month", day), Integer),
        Part.WEEKDAY: cast(extract("dow", day), Integer),
        Part.MEMBERS: cast(entry.is_party_member, Integer),
        Part.LATE: cast(entry.is_late_entry, Integer),
    }[part]


def others_by(
    session: Session,
    scope: Scope,
    led: Collection[int],
    parts: Mapping[Part, Collection[int] | None],
    *,
    limit: int | None = None,
) -> dict[Part, dict[int, int]]:
    """Return for each part and key how many people took part, in one query at most.

    `parts` may name the keys to look at (None: all). People of the `led` branches are left out: the
    reader sees them by name anyway. Of so many entries (`limit`) these are as many at least.
    """
    found: dict[Part, dict[int, int]] = {part: {} for part in parts}
    asked = {part: keys for part, keys in parts.items() if keys is None or keys}
    if not asked:
        return found
    entry = LedgerEntry
    # Read once for all parts.
    base = (
        select(entry.person_id, *(_key(part).label(part.value) for part in asked))
        .where(*entries_of(scope.shape), entry.branch_id.not_in(led), stands())
        .limit(limit)
        .cte("base")
    )
    counted = (_people(base, part, keys) for part, keys in asked.items())
    for part, key, people in session.execute(union_all(*counted), scope.values()):
        found[Part(part)][int(key)] = people
    return found


def _people(base: Any, part: Part, keys: Collection[int] | None) -> Any:
    key = base.c[part.value]
    return (
        select(
            literal(part.value).label("part"),
            key.label("key"),
            func.count(distinct(base.c.person_id)).label("people"),
        )
        .where(*([key.in_(keys)] if keys is not None else []))
        .group_by(key)
    )


def hidden_in(
    session: Session, scope: Scope, led: Collection[int], detail: Detail, late_minutes: int
) -> dict[Part, set[int]]:
    """Return what is hidden of the pictures and tables of a branch's page, by part and key.

    So many attendances that four people cannot have made them need no look at the ledger, and of
    many entries some tell enough; it is what keeps the page of the whole quick.
    """
    sums: dict[Part, dict[int, int]] = {
        Part.CATEGORY: {key: detail.attendances[key] for key in detail.categories},
        Part.BUILDING: {key: sum_[1] for key, sum_ in detail.buildings.items()},
        Part.MONTH: defaultdict(int),
        Part.WEEKDAY: defaultdict(int),
        Part.LATE: {},
    }
    if late_minutes:
        others = sum(detail.days.values()) - late_minutes
        sums[Part.LATE] = {1: late_minutes // MINUTES_EACH, 0: others // MINUTES_EACH}
    for day in detail.days:
        sums[Part.MONTH][100 * day.year + day.month] += detail.attendances[day]
        sums[Part.WEEKDAY][day.isoweekday() % 7] += detail.attendances[day]
    most = (veil.FEWEST - 1) * MOST_A_DAY * scope.period.days
    unsure = {
        part: [key for key, number in of_part.items() if number <= most]
        for part, of_part in sums.items()
    }
    if sum(detail.attendances[day] for day in detail.days) > SAMPLE:
        seen = others_by(session, scope, led, unsure, limit=SAMPLE)
        unsure = {
            part: [key for key in keys if seen[part].get(key, 0) < veil.FEWEST]
            for part, keys in unsure.items()
        }
    people = others_by(session, scope, led, unsure)
    return {
        part: veil.mixed(
            {key: max(number, veil.FEWEST) for key, number in of_part.items()}
            | dict.fromkeys(unsure[part], 0)
            | people[part]
        )
        for part, of_part in sums.items()
    }


def hidden_parts(session: Session, scope: Scope, led: Collection[int], part: Part) -> set[int]:
    """Return which keys of one part are hidden from the reader."""
    return veil.mixed(others_by(session, scope, led, {part: None})[part])


def narrowed_too_far(session: Session, scope: Scope, led: Collection[int]) -> bool:
    """Tell whether what the scope is narrowed to would tell of fewer than five people.

    Each narrowing is asked for alone: with what it leaves out, its figure could be worked out from
    the wider one.
    """
    for part, key, wider in narrowings(scope):
        if key in hidden_parts(session, wider, led, part):
            return True
    return False


def narrowings(scope: Scope) -> list[tuple[Part, int, Scope]]:
    """Return part, key and the wider scope for each thing that a scope is narrowed to."""
    found = []
    if scope.members is not Members.ALL:
        key = int(scope.members is Members.MEMBER)
        found.append((Part.MEMBERS, key, replace(scope, members=Members.ALL)))
    if scope.category_id is not None:
        found.append((Part.CATEGORY, scope.category_id, replace(scope, category_id=None)))
    if scope.project_id is not None:
        found.append((Part.PROJECT, scope.project_id, replace(scope, project_id=None)))
    if scope.building_id is not None:
        found.append((Part.BUILDING, scope.building_id, replace(scope, building_id=None)))
    if scope.late:
        found.append((Part.LATE, 1, replace(scope, late=False)))
    return found


def few_in_project(session: Session, scope: Scope, led: Collection[int]) -> set[tuple[int, int]]:
    """Return branch and project where fewer than five people of the branch took part."""
    entry = LedgerEntry
    rows = session.execute(
        select(entry.branch_id, entry.project_id)
        .where(*entries_of(scope.shape), entry.branch_id.not_in(led))
        .group_by(entry.branch_id, entry.project_id)
        .having(func.count(distinct(entry.person_id)) < veil.FEWEST),
        scope.values(),
    )
    return {(row.branch_id, row.project_id) for row in rows}
