"""What a coordinator does with one shift's places: add some, give one, write to everybody."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.audit import services as audit
from volunteer_hub.core.db import touch_lists
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.shifts import line, told
from volunteer_hub.shifts.desk_rules import (
    Full,
    NotNow,
    again,
    read_sign_up,
    require_fit,
    require_open,
    said,
)
from volunteer_hub.shifts.models import SEATED, Post, SignUp, SignUpStatus
from volunteer_hub.shifts.places import lock_post, take_place
from volunteer_hub.shifts.posts import MOST_PLACES
from volunteer_hub.shifts.scheduling import own_shift

MOST_ADDED = 20
TEXT_LENGTH = 300
# Nearer to the start a notice may not be read in time, so the coordinator has to ask.
ASK_FIRST = timedelta(hours=2)


class Group(StrEnum):
    """Whom a message goes to."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    BOTH = "both"


def add_places(
    session: Session,
    *,
    shift_id: int,
    post_id: int,
    more: int,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> int:
    """Give a post more places and let the line move up in order; returns the places it has now.

    An open form of somebody else counts as older than this. Raises NotFound, NotNow, InvalidInput.
    """
    shift, project = own_shift(session, shift_id, organisation_ids)
    require_open(shift, now=now)
    if not 1 <= more <= MOST_ADDED:
        raise InvalidInput(_("Please use one of the buttons."))
    if session.scalar(select(Post.shift_id).where(Post.id == post_id)) != shift.id:
        raise NotFound
    capacity = widen(session, post_id, more)
    shift.version += 1
    audit.record(
        session,
        "shift:add_places",
        actor_id=actor_id,
        object_id=shift.id,
        organisation_id=project.organisation_id,
        now=now,
        version=shift.version,
        fields=["posts"],
        post_id=post_id,
        more=more,
    )
    session.flush()
    line.settle(session, post_id, now=now, added=True)
    touch_lists(session)
    return capacity


def widen(session: Session, post_id: int, more: int) -> int:
    """Count `more` places to a post, which then does not shrink any more; returns all of them."""
    capacity = session.scalar(
        update(Post)
        .where(Post.id == post_id, Post.capacity + more <= MOST_PLACES)
        .values(capacity=Post.capacity + more, shrink_to=None)
        .returning(Post.capacity)
        .execution_options(synchronize_session="fetch")
    )
    if capacity is None:
        raise InvalidInput(_("Places are a number from 1 to 500."))
    return int(capacity)


def promote(
    session: Session,
    *,
    sign_up_id: int,
    organisation_ids: Collection[int],
    reason: str,
    asked: bool,
    actor_id: int,
    now: datetime,
) -> None:
    """Give somebody in line a free place and tell them; doing so again changes nothing.

    `reason` is needed to pass over others in line, or when the post asks for what the person has
    not stated; `asked` when the start is less than two hours away. Raises NotFound, NotNow, Full,
    Unfit, or InvalidInput with the field at fault.
    """
    found = read_sign_up(session, sign_up_id, organisation_ids=organisation_ids, now=now)
    why = said(reason)
    lock_post(session, found.post_id)
    found = again(session, sign_up_id, found.shift, found.organisation_id)
    if found.status == SignUpStatus.CONFIRMED:
        return
    if found.status != SignUpStatus.WAITLISTED:
        raise NotNow(_("This person is not in line any more. Reload the roster to see who is."))
    ahead = _ahead(session, found.post_id, sign_up_id)
    facts = require_fit(
        session,
        shift_id=found.shift.id,
        person_id=found.person_id,
        post_id=found.post_id,
        reason=why,
        now=now,
    )
    if ahead and not why:
        raise InvalidInput(
            _("Others stand in line before this person. Please say why they come first."),
            field="reason",
        )
    if found.shift.starts_at - now < ASK_FIRST and not asked:
        raise InvalidInput(
            _("It starts in less than 2 hours. Call first, and tick that they are coming."),
            field="asked",
        )
    if not take_place(session, found.post_id):
        raise Full(_("No place of this post is free. Add one first: the line then moves up."))
    session.execute(
        update(SignUp).where(SignUp.id == sign_up_id).values(status=str(SignUpStatus.CONFIRMED))
    )
    audit.record(
        session,
        "sign_up:promote",
        actor_id=actor_id,
        object_id=sign_up_id,
        organisation_id=found.organisation_id,
        now=now,
        shift_id=found.shift.id,
        passed_over=ahead,
        reason=why,
        asked=asked,
    )
    touch_lists(session)
    told.tell(
        session,
        "moved_up",
        shift_id=found.shift.id,
        person_id=found.person_id,
        key=f"moved_up:{sign_up_id}:{now.isoformat()}",
        now=now,
        useless_after=facts.starts_at,
    )


def _ahead(session: Session, post_id: int, sign_up_id: int) -> int:
    query = select(func.count()).where(
        SignUp.post_id == post_id,
        SignUp.status == str(SignUpStatus.WAITLISTED),
        SignUp.id < sign_up_id,
    )
    return int(session.scalar(query) or 0)


def message_all(
    session: Session,
    *,
    shift_id: int,
    organisation_ids: Collection[int],
    to: Group,
    text: str,
    key: str,
    actor_id: int,
    now: datetime,
) -> int:
    """Write to those with a place, those in line, or both; returns how many are told.

    `key` makes the message one: sent again, nobody is told twice. Raises NotFound, InvalidInput
    for a text that is empty or longer than 300 characters.
    """
    shift, project = own_shift(session, shift_id, organisation_ids)
    words = text.strip()
    if not words or len(words) > TEXT_LENGTH:
        raise InvalidInput(_("Please write 1 to 300 characters."), field="text")
    groups: dict[Group, tuple[SignUpStatus, ...]] = {
        Group.CONFIRMED: SEATED,
        Group.WAITING: (SignUpStatus.WAITLISTED,),
        Group.BOTH: (*SEATED, SignUpStatus.WAITLISTED),
    }
    people = session.scalars(
        select(SignUp.person_id)
        .where(SignUp.shift_id == shift.id, SignUp.status.in_([str(s) for s in groups[to]]))
        .order_by(SignUp.id)
    ).all()
    if not people:
        raise InvalidInput(_("There is nobody to write to yet."), field="to")
    sender = session.scalar(select(Person.name).where(Person.id == actor_id)) or ""
    once = hashlib.sha256(f"{actor_id}:{key}".encode()).hexdigest()[:16]
    count = sum(
        told.tell(
            session,
            "message",
            shift_id=shift.id,
            person_id=person_id,
            key=f"message:{shift.id}:{once}:{person_id}",
            now=now,
            useless_after=shift.ends_at,
            sender=sender,
            text=words,
        )
        for person_id in people
    )
    audit.record(
        session,
        "shift:message",
        actor_id=actor_id,
        object_id=shift.id,
        organisation_id=project.organisation_id,
        now=now,
        to=str(to),
        text=words,
        people=count,
    )
    session.flush()
    return count
