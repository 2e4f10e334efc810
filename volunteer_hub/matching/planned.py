"""A plan as it comes from the solver, in ids of the database and in words of `reasons`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from volunteer_hub.core.calendar import Period


@dataclass(frozen=True)
class Wanted:
    """What a plan is asked for: an organisation or all, days, the reward for minimums.

    `close_to` is an earlier plan whose pairs are kept where nothing speaks against them.
    """

    organisation_id: int | None
    span: Period
    reward: int
    close_to: int | None = None


@dataclass(frozen=True)
class Pair:
    """Somebody who might be invited to a post, what that is worth and why."""

    post_id: int
    person_id: int
    value: int
    why: list[Any]
    pinned: bool = False


@dataclass(frozen=True)
class PostPlan:
    """How many of the open places of a post are filled, why not all, and who comes next."""

    post_id: int
    places: int
    filled: int
    cause: str = ""
    counts: dict[str, Any] = field(default_factory=dict)
    reserves: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Planned:
    """All pairs and posts of a plan; `value` and `bound` are points, `figures` whole numbers."""

    pairs: list[Pair]
    posts: list[PostPlan]
    value: int
    bound: int
    figures: dict[str, Any]

    @property
    def gap(self) -> float:
        """By which share the plan may be below the best one."""
        return (self.bound - self.value) / max(self.bound, 1)
