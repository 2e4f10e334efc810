"""Links for a stand-in shift leader 队长: the roster of one shift without an account.

Whoever has the link may tick people in and out until two hours after the shift; the audit keeps
the name that the coordinator gave the link. The address is signed by the view.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.attendance.models import LeaderLink
from volunteer_hub.attendance.queries import ShiftHead, shift_head
from volunteer_hub.attendance.rules import LinkUsed
from volunteer_hub.audit import services as audit
from volunteer_hub.core.calendar import day_bounds
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import Shift, ShiftStatus
from volunteer_hub.shifts.scheduling import own_shift

OPEN_AFTER = timedelta(hours=2)
NAME_LENGTH = 50
MOST_LINKS = 10


class LinkGone(DomainError):
    """The link was taken back, or its shift is over."""

    status = 410


@dataclass(frozen=True)
class LinkRow:
    """A link that works, as the desk lists it."""

    id: int
    name: str
    made_at: datetime


@dataclass(frozen=True)
class Door:
    """What a link opens: one shift, and in whose name it acts."""

    link: LinkUsed
    shift: ShiftHead

    def shows_phone(self, now: datetime, zone: ZoneInfo) -> bool:
        """Tell whether phones show: on the local day of the shift, to its last midnight."""
        first, end = day_bounds(self.shift.day, zone)
        last = day_bounds(self.shift.ends_at.astimezone(zone).date(), zone)[1]
        return first <= now < max(end, last)


def make_link(
    session: Session,
    *,
    shift_id: int,
    organisation_ids: Collection[int],
    name: str,
    actor_id: int,
    now: datetime,
) -> LeaderLink:
    """Make a link for a named stand-in; raises NotFound, InvalidInput, LinkGone (over)."""
    shift, project = own_shift(session, shift_id, organisation_ids)
    who = name.strip()
    if not 1 <= len(who) <= NAME_LENGTH:
        raise InvalidInput(
            _("Please say who gets the link, in at most 50 characters."), field="name"
        )
    if shift.status != ShiftStatus.PUBLISHED or now >= shift.ends_at + OPEN_AFTER:
        raise LinkGone(_("This shift does not take place or is over, so it needs no link."))
    if len(links_of(session, shift_id=shift_id)) >= MOST_LINKS:
        raise InvalidInput(_("There are 10 links already. Take one back first."), field="name")
    link = LeaderLink(shift_id=shift_id, name=who, made_by=actor_id, made_at=now)
    session.add(link)
    session.flush()
    _note(session, "leader_link:make", link, project, actor_id=actor_id, now=now)
    return link


def revoke(
    session: Session,
    *,
    link_id: int,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> int:
    """Close a link at once; returns its shift. Closing twice changes nothing."""
    link = session.scalar(
        select(LeaderLink).where(LeaderLink.id == link_id).with_for_update(key_share=True)
    )
    if link is None:
        raise NotFound
    _shift, project = own_shift(session, link.shift_id, organisation_ids)
    if link.revoked_at is None:
        link.revoked_at = now
        _note(session, "leader_link:revoke", link, project, actor_id=actor_id, now=now)
    return link.shift_id


def links_of(session: Session, *, shift_id: int) -> list[LinkRow]:
    """Return the links of a shift that have not been taken back."""
    rows = session.execute(
        select(LeaderLink.id, LeaderLink.name, LeaderLink.made_at)
        .where(LeaderLink.shift_id == shift_id, LeaderLink.revoked_at.is_(None))
        .order_by(LeaderLink.id)
    )
    return [LinkRow(row.id, row.name, row.made_at) for row in rows]


def open_door(session: Session, *, link_id: int, now: datetime) -> Door:
    """Return what the link opens; raises NotFound, or LinkGone when it does so no more."""
    row = session.execute(
        select(
            LeaderLink.name, LeaderLink.revoked_at, Shift.id, Shift.ends_at, Project.organisation_id
        )
        .join(Shift, Shift.id == LeaderLink.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(LeaderLink.id == link_id)
    ).first()
    if row is None:
        raise NotFound
    if row.revoked_at is not None:
        raise LinkGone(_("The coordinator has taken this link back. Ask for a new one."))
    if now >= row.ends_at + OPEN_AFTER:
        raise LinkGone(_("This shift is over, so its link has closed. Thank you for leading it!"))
    shift = shift_head(session, shift_id=row.id, organisation_ids=[row.organisation_id])
    if shift is None:
        raise NotFound
    return Door(LinkUsed(link_id, row.name), shift)


def _note(
    session: Session,
    action: str,
    link: LeaderLink,
    project: Project,
    *,
    actor_id: int,
    now: datetime,
) -> None:
    audit.record(
        session,
        action,
        actor_id=actor_id,
        object_id=link.id,
        organisation_id=project.organisation_id,
        now=now,
        shift_id=link.shift_id,
        name=link.name,
    )
    session.flush()
