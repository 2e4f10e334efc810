"""What people like and have done, as arrays for a plan."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import BranchMembership
from volunteer_hub.core.calendar import Period
from volunteer_hub.matching.models import Interest
from volunteer_hub.matching.problem import Flags, Ints
from volunteer_hub.matching.tastes import FULL_INTEREST, SERVED_SINCE
from volunteer_hub.projects.models import Adoption, AdoptionState, Project
from volunteer_hub.registry.models import BranchLine
from volunteer_hub.shifts.models import Shift, ShiftStatus, SignUp, SignUpStatus

# Shifts of the last four weeks make it somebody else's turn.
RECENT = timedelta(days=28)


@dataclass(frozen=True)
class Liking:
    """What speaks for projects and their categories.

    `kinds` (people x categories by id) is interest from 0 to 1; `served` and `adopted` say, by
    project, who was there within a year and whose branch stands by it.
    """

    kinds: npt.NDArray[Any]
    served: dict[int, Flags]
    adopted: dict[int, Flags]

    def category(self, category_id: int) -> npt.NDArray[Any]:
        """Return the interest of everybody in a category."""
        known = category_id < self.kinds.shape[1]
        column: npt.NDArray[Any] = self.kinds[:, category_id] if known else self.nobody
        return column

    @property
    def nobody(self) -> npt.NDArray[Any]:
        return np.zeros(len(self.kinds), np.float32)


def read_liking(session: Session, row_of: dict[int, int], span: Period, today: date) -> Liking:
    """Return the liking of these people (their rows by id)."""
    kinds, served = _service(session, row_of, today)
    return Liking(kinds, served, _adopted(session, row_of, span, today))


def read_recent(session: Session, row_of: dict[int, int], today: date) -> Ints:
    """Count the shifts of each person within the last four weeks."""
    found = np.zeros(len(row_of), np.int64)
    for person_id, count in session.execute(
        select(SignUp.person_id, func.count())
        .join(Shift, Shift.id == SignUp.shift_id)
        .where(
            SignUp.status == str(SignUpStatus.CONFIRMED),
            Shift.status == str(ShiftStatus.PUBLISHED),
            Shift.day.between(today - RECENT, today),
        )
        .group_by(SignUp.person_id)
    ):
        if person_id in row_of:
            found[row_of[person_id]] = count
    return found


def _service(
    session: Session, row_of: dict[int, int], today: date
) -> tuple[npt.NDArray[Any], dict[int, Flags]]:
    """Return how much each person likes each category by id (0-1), and who served where."""
    rows = session.execute(
        select(SignUp.person_id, Project.id, Project.category_id, func.count())
        .join(Shift, Shift.id == SignUp.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(
            SignUp.status == str(SignUpStatus.CONFIRMED),
            Shift.status == str(ShiftStatus.PUBLISHED),
            Shift.day.between(today - SERVED_SINCE, today - timedelta(days=1)),
        )
        .group_by(SignUp.person_id, Project.id, Project.category_id)
    ).all()
    ticked = session.execute(select(Interest.person_id, Interest.category_id)).all()
    categories = max((*(row[2] for row in rows), *(row[1] for row in ticked)), default=0) + 1
    liked = np.zeros((len(row_of), categories), np.float32)
    served: dict[int, Flags] = defaultdict(lambda: np.zeros(len(row_of), bool))
    for person_id, project_id, category_id, count in rows:
        if person_id in row_of:
            liked[row_of[person_id], category_id] += count / FULL_INTEREST
            served[project_id][row_of[person_id]] = True
    np.minimum(liked, 1, out=liked)
    for person_id, category_id in ticked:
        if person_id in row_of:
            liked[row_of[person_id], category_id] = 1
    return liked, dict(served)


def _adopted(
    session: Session, row_of: dict[int, int], span: Period, today: date
) -> dict[int, Flags]:
    """Return, for each project that branches stand by in the span, whose branch does."""
    rows = session.execute(
        select(Adoption.project_id, BranchMembership.person_id)
        .join(BranchLine, BranchLine.ancestor_id == Adoption.branch_id)
        .join(BranchMembership, BranchMembership.branch_id == BranchLine.branch_id)
        .where(
            Adoption.state == str(AdoptionState.AGREED),
            Adoption.first_day <= span.last,
            Adoption.last_day >= span.first,
            BranchMembership.ended_on.is_(None),
            BranchLine.since <= today,
            BranchLine.until.is_(None) | (BranchLine.until >= today),
        )
    )
    found: dict[int, Flags] = defaultdict(lambda: np.zeros(len(row_of), bool))
    for project_id, person_id in rows:
        if person_id in row_of:
            found[project_id][row_of[person_id]] = True
    return dict(found)
