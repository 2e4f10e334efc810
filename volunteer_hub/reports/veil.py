"""What is kept from readers who may not see who it was: figures of fewer than five people (S16).

A figure may neither stand on a page nor follow from others that do: where some of what makes up a
sum is hidden, what is hidden with it holds five people or more. Pure: no database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import StrEnum

from volunteer_hub.reports.queries.sums import FEWEST, NOTHING, Tally

__all__ = ["FEWEST", "REST", "Part", "apart", "in_tree", "mixed", "rest_people"]


class Part(StrEnum):
    """By what a figure is taken apart; the keys are ids, or as `queries.veil` says."""

    CATEGORY = "category"
    PROJECT = "project"
    BUILDING = "building"
    SHIFT = "shift"
    MONTH = "month"
    WEEKDAY = "weekday"
    MEMBERS = "members"
    LATE = "late"


# The people of a branch who are in none of the branches directly below it.
REST = 0


def apart(people: Mapping[int, int]) -> set[int]:
    """Return which parts of a sum to hide; nobody is in two of them.

    Those of one to four people, and the next smallest until what is hidden holds five people and
    is not a single part.
    """
    return _hidden(people, together=sum)


def mixed(people: Mapping[int, int]) -> set[int]:
    """Return the same where one person may be in several parts: the largest alone counts."""
    return _hidden(people, together=max)


def _hidden(people: Mapping[int, int], *, together: Callable[[Iterable[int]], int]) -> set[int]:
    ordered = sorted((number, key) for key, number in people.items() if number > 0)
    hidden = [key for number, key in ordered if number < FEWEST]
    rest = [key for number, key in ordered if number >= FEWEST]
    while hidden and rest:
        if len(hidden) > 1 and together(people[key] for key in hidden) >= FEWEST:
            break
        hidden.append(rest.pop(0))
    return set(hidden)


def in_tree(
    parents: Mapping[int, int | None], tallies: Mapping[int, Tally], led: Collection[int]
) -> tuple[set[int], set[int]]:
    """Return the hidden branches of a tree, and those whose own people (`REST`) are hidden.

    `parents` are the branches that the reader may see, each with what lies above it in sight (None:
    nothing); `led` those whose people the reader sees by name. Below a hidden branch everything is
    hidden that the reader does not lead.
    """
    below: dict[int | None, list[int]] = {}
    for branch_id, parent_id in parents.items():
        below.setdefault(parent_id if parent_id in parents else None, []).append(branch_id)
    others = {id_: _others(id_, below, tallies, led) for id_ in parents}
    hidden: set[int] = set()
    rests: set[int] = set()
    waiting: list[int | None] = [None]
    while waiting:
        parent_id = waiting.pop()
        children = below.get(parent_id, [])
        waiting.extend(children)
        people = {id_: others[id_] for id_ in children if id_ not in led}
        if parent_id is None:
            hidden |= {id_ for id_, number in people.items() if 0 < number < FEWEST}
        elif parent_id in hidden:
            hidden |= {id_ for id_, number in people.items() if number}
            rests.add(parent_id)
        else:
            if parent_id not in led:
                parts = [tallies.get(id_, NOTHING) for id_ in children]
                people[REST] = rest_people(tallies.get(parent_id, NOTHING), parts)
            found = apart(people)
            rests |= {parent_id} if REST in found else set()
            hidden |= found - {REST}
    return hidden, rests


def _others(
    branch_id: int,
    below: Mapping[int | None, Sequence[int]],
    tallies: Mapping[int, Tally],
    led: Collection[int],
) -> int:
    """Return how many people are in a branch but in none below it that the reader leads."""
    known, waiting = 0, list(below.get(branch_id, []))
    while waiting:
        one = waiting.pop()
        if one in led:
            known += tallies.get(one, NOTHING).people
        else:
            waiting.extend(below.get(one, []))
    return max(0, tallies.get(branch_id, NOTHING).people - known)


def rest_people(whole: Tally, parts: Collection[Tally]) -> int:
    """Return how many people at least are in none of the parts; 0 when they add up."""
    if (whole.minutes, whole.attendances) == (
        sum(part.minutes for part in parts),
        sum(part.attendances for part in parts),
    ):
        return 0
    return max(1, whole.people - sum(part.people for part in parts))
