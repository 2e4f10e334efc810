"""How many of those who signed up will come, from what they and others did before.

A person's chance of coming is their own past, older shifts counting less, drawn towards what is
usual: (usual × PRIOR + Σ wᵢ·cameᵢ) / (PRIOR + Σ wᵢ), wᵢ = ½^(age / HALF_LIFE). The number who come
is then a sum of independent yes-or-no, whose distribution is worked out exactly. For coordinators
only: no page shows one person's chance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import bindparam, func, literal_column, select
from sqlalchemy.orm import Session

from volunteer_hub.attendance.models import Attendance, AttendanceStatus
from volunteer_hub.shifts.models import Shift, ShiftStatus, SignUp

HALF_LIFE = 90.0
SINCE = timedelta(days=730)
# What is usual counts like three shifts of one's own; without any history most people come.
PRIOR, USUAL, USUAL_CASES = 3.0, 0.9, 20.0
# The middle eight of ten outcomes are told as “8 to 10”.
LOW, HIGH = 0.1, 0.9
# Nobody is told to invite without end.
MOST_EXTRA = 20


@dataclass(frozen=True)
class Turnout:
    """`signed` people, of whom about `expected` come, likely from `low` to `high`.

    `extra` more people would bring the expected number up to the `capacity`.
    """

    signed: int
    capacity: int
    expected: int
    low: int
    high: int
    extra: int


_SIGNED = (
    select(SignUp.shift_id, SignUp.person_id)
    .where(
        SignUp.shift_id.in_(bindparam("shifts", expanding=True)),
        SignUp.status == literal_column("'confirmed'"),
    )
    .order_by(SignUp.shift_id, SignUp.person_id)
)
_CAME = (
    select(Attendance.person_id, Attendance.status, Shift.day, func.count())
    .join(Shift, Shift.id == Attendance.shift_id)
    .where(
        Attendance.person_id.in_(bindparam("people", expanding=True)),
        Attendance.status.in_([str(AttendanceStatus.PRESENT), str(AttendanceStatus.NO_SHOW)]),
        Shift.status == str(ShiftStatus.PUBLISHED),
        Shift.day.between(bindparam("since", type_=Shift.day.type), bindparam("until")),
    )
    .group_by(Attendance.person_id, Attendance.status, Shift.day)
)


def turnouts(session: Session, capacities: Mapping[int, int], *, today: date) -> dict[int, Turnout]:
    """Return the turnout of shifts to come (their places by id); those without anybody left out.

    Two queries for all shifts together.
    """
    signed: dict[int, list[int]] = defaultdict(list)
    for shift_id, person_id in session.execute(_SIGNED, {"shifts": list(capacities)}):
        signed[shift_id].append(person_id)
    people = {person for own in signed.values() for person in own}
    if not people:
        return {}
    chances = _chances(session, people, today=today)
    return {
        shift_id: turnout([chances[person] for person in own], capacities[shift_id], chances[0])
        for shift_id, own in signed.items()
    }


def _chances(session: Session, people: Collection[int], *, today: date) -> dict[int, float]:
    """Return each person's chance of coming, and under 0 what is usual among them all."""
    came: dict[int, float] = defaultdict(float)
    cases: dict[int, float] = defaultdict(float)
    values = {"people": list(people), "since": today - SINCE, "until": today - timedelta(days=1)}
    for person_id, status, day, count in session.execute(_CAME, values):
        weight = count * 0.5 ** ((today - day).days / HALF_LIFE)
        cases[person_id] += weight
        came[person_id] += weight * (status == AttendanceStatus.PRESENT)
    usual = (USUAL * USUAL_CASES + sum(came.values())) / (USUAL_CASES + sum(cases.values()))
    return {0: usual} | {
        person: (usual * PRIOR + came[person]) / (PRIOR + cases[person]) for person in people
    }


def turnout(chances: Sequence[float], capacity: int, usual: float) -> Turnout:
    """Return the turnout of people with these chances; `usual` is that of somebody new."""
    outcomes = distribution(chances)
    expected = sum(chances)
    missing = capacity - expected
    # Half a person short is as good as full.
    extra = max(0, round((missing - 0.5) / max(usual, 0.1))) if missing > 0.5 else 0
    return Turnout(
        signed=len(chances),
        capacity=capacity,
        expected=round(expected),
        low=_quantile(outcomes, LOW),
        high=_quantile(outcomes, HIGH),
        extra=min(extra, MOST_EXTRA),
    )


def distribution(chances: Sequence[float]) -> list[float]:
    """Return how likely it is that exactly 0, 1, 2 … of these people come (Poisson binomial)."""
    outcomes = [1.0]
    for chance in chances:
        longer = [0.0] * (len(outcomes) + 1)
        for count, likely in enumerate(outcomes):
            longer[count] += likely * (1 - chance)
            longer[count + 1] += likely * chance
        outcomes = longer
    return outcomes


def _quantile(outcomes: Sequence[float], share: float) -> int:
    total = 0.0
    for count, likely in enumerate(outcomes):
        total += likely
        if total >= share:
            return count
    return len(outcomes) - 1
