"""Whose acts stand behind a figure, and which branches' figures would tell of few people (S16).

For what no sums with a number of people are kept of: no-shows, hours that wait, what a closed month
says of some people only. Pure: no database.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from volunteer_hub.reports import veil
from volunteer_hub.reports.queries.sums import Tally
from volunteer_hub.reports.queries.veil import narrowings
from volunteer_hub.reports.scope import Members, Scope
from volunteer_hub.reports.veil import Part


@dataclass(frozen=True)
class Act:
    """Something a person did, or did not: `number` times, in a branch of the day.

    `steps` are that branch and all above it on the day.
    """

    steps: Collection[int]
    branch_id: int
    person_id: int
    number: int = 1
    minutes: int = 0
    is_member: bool = False
    category_id: int = 0
    project_id: int = 0
    shift_id: int = 0


def strangers(acts: Iterable[Act], led: Collection[int]) -> dict[int, set[int]]:
    """Return for each branch the people behind it whom the reader does not see by name."""
    found: dict[int, set[int]] = defaultdict(set)
    for act in acts:
        if act.branch_id not in led:
            for step in act.steps:
                found[step].add(act.person_id)
    return found


def hidden(
    acts: Collection[Act], parents: Mapping[int, int | None], led: Collection[int]
) -> set[int]:
    """Return the branches whose figure is hidden, as `veil.in_tree` does for hours.

    Of a branch the reader leads, a figure is hidden if it tells of few people below it.
    """
    minutes, numbers, people = Counter[int](), Counter[int](), defaultdict[int, set[int]](set)
    for act in acts:
        for step in act.steps:
            minutes[step] += act.minutes
            numbers[step] += act.number
            people[step].add(act.person_id)
    tallies = {
        step: Tally(minutes[step], numbers[step], 0, len(who)) for step, who in people.items()
    }
    unknown = strangers(acts, led)
    too_few = {step for step, who in unknown.items() if len(who) < veil.FEWEST}
    return veil.in_tree(parents, tallies, led)[0] | (too_few & set(parents))


def hidden_apart(
    acts: Iterable[Act], by: Callable[[Act], int], key: int, led: Collection[int]
) -> set[int]:
    """Return the branches where one part of the acts tells of few people, or what it leaves."""
    parts: dict[int, list[Act]] = defaultdict(list)
    for act in acts:
        parts[by(act)].append(act)
    people: dict[int, dict[int, int]] = defaultdict(dict)
    for one, some in parts.items():
        for step, who in strangers(some, led).items():
            people[step][one] = len(who)
    return {step for step, of_part in people.items() if key in veil.mixed(of_part)}


def fitting(acts: Iterable[Act], scope: Scope) -> list[Act]:
    """Return the acts that a scope counts; late entries and buildings narrow nothing here."""
    wanted = {
        Part.MEMBERS: None if scope.members is Members.ALL else scope.members is Members.MEMBER,
        Part.CATEGORY: scope.category_id,
        Part.PROJECT: scope.project_id,
    }
    asked = [(_BY[part], key) for part, key in wanted.items() if key is not None]
    return [act for act in acts if all(by(act) == key for by, key in asked)]


def hidden_by(
    acts: Collection[Act],
    scope: Scope,
    parents: Mapping[int, int | None],
    led: Collection[int],
) -> set[int]:
    """Return the branches whose figure of a scope is hidden; `acts` are those of all its days.

    What is hidden of everybody, or of all they did, stays hidden of a part.
    """
    found: set[int] = set()
    for one in dict.fromkeys([scope.unfiltered, scope.widened, scope]):
        found |= hidden(fitting(acts, one), parents, led)
    for part, key, wider in narrowings(scope):
        if part in _BY:
            found |= hidden_apart(fitting(acts, wider), _BY[part], key, led)
    return found


_BY: dict[Part, Callable[[Act], int]] = {
    Part.MEMBERS: lambda act: int(act.is_member),
    Part.CATEGORY: lambda act: act.category_id,
    Part.PROJECT: lambda act: act.project_id,
}
