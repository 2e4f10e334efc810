"""Rain: call off or move many shifts of a day in one go, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _, clock_time, either
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import Post, Shift, ShiftStatus
from volunteer_hub.shifts.plans import ShiftPlan
from volunteer_hub.shifts.posts import PostPlan
from volunteer_hub.shifts.scheduling import cancel_shift, change_shift, own_shift

MOST_DAYS = 60


@dataclass(frozen=True)
class Stuck:
    """A shift that cannot be called off or moved, and why."""

    shift_id: int
    starts_at: datetime
    title: str
    why: str

    @property
    def sentence(self) -> str:
        return f"{clock_time(self.starts_at)} {self.title}{_(': ')}{self.why}"


class NotAll(DomainError):
    """Some of the shifts stand against it, so none was changed; `stuck` says which and why."""

    def __init__(self, stuck: Sequence[Stuck]) -> None:
        super().__init__(_("Nothing was changed, because of these shifts. Untick them or see why."))
        self.stuck = stuck


def call_off(
    session: Session,
    *,
    shift_ids: Collection[int],
    organisation_ids: Collection[int],
    reason: str,
    actor_id: int,
    now: datetime,
) -> int:
    """Cancel these shifts for one reason; returns how many. Everybody is told once a shift.

    Raises NotFound when one is a stranger's, InvalidInput without a choice or a reason, NotAll.
    """
    if not reason.strip():
        raise InvalidInput(
            _("Please say why, such as rain: everybody who signed up reads it."), field="reason"
        )

    def work(shift_id: int) -> None:
        cancel_shift(
            session,
            shift_id=shift_id,
            organisation_ids=organisation_ids,
            reason=reason,
            actor_id=actor_id,
            now=now,
        )

    return _all(session, shift_ids, organisation_ids, work)


def move_days(
    session: Session,
    *,
    shift_ids: Collection[int],
    organisation_ids: Collection[int],
    days: int,
    zone: ZoneInfo,
    actor_id: int,
    now: datetime,
) -> int:
    """Move these shifts by whole days at the same time on the wall clock; returns how many.

    Everybody sees before and after and is asked again. Raises NotFound, InvalidInput, NotAll.
    """
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(_("Please choose a later day, at most 60 days on."), field="to")

    def work(shift_id: int) -> None:
        shift, _project = own_shift(session, shift_id, organisation_ids)
        if shift.status == ShiftStatus.CANCELLED:
            raise DomainError(_("This shift is cancelled. Copy it to offer it again."))
        change_shift(
            session,
            shift_id=shift_id,
            organisation_ids=organisation_ids,
            version=shift.version,
            plan=_later(session, shift, days, zone),
            zone=zone,
            actor_id=actor_id,
            now=now,
        )

    return _all(session, shift_ids, organisation_ids, work)


def _later(session: Session, shift: Shift, days: int, zone: ZoneInfo) -> ShiftPlan:
    posts = session.scalars(
        select(Post).where(Post.shift_id == shift.id).order_by(Post.position, Post.id)
    )
    step = timedelta(days=days)
    return ShiftPlan(
        place_id=shift.place_id,
        # Added to the local time, so that a change of the clocks does not move it.
        starts_at=shift.starts_at.astimezone(zone) + step,
        ends_at=shift.ends_at.astimezone(zone) + step,
        meeting_point=shift.meeting_point,
        posts=[
            PostPlan(
                id=post.id,
                capacity=post.capacity,
                minimum=post.minimum,
                name_zh=post.name_zh,
                name_en=post.name_en,
            )
            for post in posts
        ],
    )


def _all(
    session: Session,
    shift_ids: Collection[int],
    organisation_ids: Collection[int],
    work: Callable[[int], None],
) -> int:
    """Do the work on each shift; what one refuses undoes all others when the caller rolls back."""
    rows = session.execute(
        select(Shift.id, Shift.starts_at, Project.title_zh, Project.title_en)
        .join(Project, Project.id == Shift.project_id)
        .where(Shift.id.in_(shift_ids), Project.organisation_id.in_(organisation_ids))
        # Projects before shifts and both in order: two coordinators cannot wait for each other.
        .order_by(Project.id, Shift.id)
    ).all()
    if not rows:
        raise InvalidInput(_("Please tick at least one shift."), field="shifts")
    if len(rows) != len(set(shift_ids)):
        raise NotFound
    stuck = []
    for row in rows:
        try:
            with session.begin_nested():
                work(row.id)
        except DomainError as error:
            title = either(row.title_zh, row.title_en)
            stuck.append(Stuck(row.id, row.starts_at, title, str(error.message)))
    if stuck:
        raise NotAll(stuck)
    return len(rows)
