"""Who sits down with whom: the optimum over one shift, from plain values alone.

First as many pairs as possible; then, when pairs stand already, as many of them as possible kept;
then what suits best (when all is worked out anew, these two change places); then a short way; then
who waits longest. The weights of one aim together never outweigh one step of the aim before it, so
the solver's single sum is exact: whole numbers below 2**53 for up to 100 tables.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

# Points of a pair. Together means that both have asked for it.
TOGETHER, TOPIC, MET = 40, 10, 3
MOST_POINTS = TOGETHER + TOPIC + MET
# A way of so many minutes or more counts for nothing.
FAR = 15

Pair = tuple[int, int]


@dataclass(frozen=True)
class Volunteer:
    """Somebody with a place: languages, topics they teach, minutes on foot from the office."""

    id: int
    languages: frozenset[int]
    topics: frozenset[int] = frozenset()
    walk: int | None = None


@dataclass(frozen=True)
class Senior:
    """One placed request: the language that is a must, and the topic; a lower id waits longer."""

    id: int
    language: int
    topic: int


@dataclass(frozen=True)
class History:
    """What is known of pairs (senior, volunteer): met before, both want to go on, one does not."""

    met: Mapping[Pair, int] = field(default_factory=dict)
    together: Collection[Pair] = frozenset()
    apart: Collection[Pair] = frozenset()


def can_pair(senior: Senior, volunteer: Volunteer, history: History) -> bool:
    """Tell whether they share the senior's language and neither has asked not to meet again."""
    return senior.language in volunteer.languages and (senior.id, volunteer.id) not in history.apart


def points(senior: Senior, volunteer: Volunteer, history: History) -> int:
    """Return how well a possible pair suits, from 0 to `MOST_POINTS`."""
    pair = (senior.id, volunteer.id)
    return (
        TOGETHER * (pair in history.together)
        + TOPIC * (senior.topic in volunteer.topics)
        + MET * (history.met.get(pair, 0) > 0)
    )


def near(volunteer: Volunteer) -> int:
    """Return how short the way is, from 0 (far, or not known) to `FAR`."""
    return 0 if volunteer.walk is None else max(0, FAR - volunteer.walk)


def best_pairs(
    seniors: Sequence[Senior],
    volunteers: Sequence[Volunteer],
    history: History,
    *,
    kept: Collection[Pair] = frozenset(),
    anew: bool = False,
) -> list[Pair]:
    """Return the best pairs (senior, volunteer), nobody in two of them, in the seniors' order.

    `kept` are pairs that stand: of equally many pairs those are chosen that change fewest of them.
    With `anew` what suits better comes before that, so that only a gain changes them. A kept pair
    that is not possible any more is not chosen.
    """
    if not seniors or not volunteers:
        return []
    most = min(len(seniors), len(volunteers))
    rank = {one: at for at, one in enumerate(sorted((s.id for s in seniors), reverse=True))}
    suit_or_keep = (1, MOST_POINTS) if anew else (MOST_POINTS, 1)
    # From the last aim to the first: how much one pair can bring to it at most.
    _wait, way, lower, upper, pair = _weights(most, (len(rank), FAR, *suit_or_keep))
    keep, suit = (lower, upper) if anew else (upper, lower)
    worth = [
        [
            pair
            + keep * ((senior.id, volunteer.id) in kept)
            + suit * points(senior, volunteer, history)
            + way * near(volunteer)
            + rank[senior.id]
            if can_pair(senior, volunteer, history)
            else 0
            for volunteer in volunteers
        ]
        for senior in seniors
    ]
    # Only here: whoever serves other pages never loads it.
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

    rows, columns = linear_sum_assignment(worth, maximize=True)
    return [
        (seniors[row].id, volunteers[column].id)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if worth[row][column]
    ]


def _weights(most: int, highest: Sequence[int]) -> list[int]:
    """Return what a step of each aim weighs, more than `most` pairs can bring to those before."""
    weights, below = [1], 0
    for high in highest:
        below += most * high * weights[-1]
        weights.append(1 + below)
    return weights
