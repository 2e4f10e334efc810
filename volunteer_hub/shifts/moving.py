"""Move a person to another post of the shift, or take a person off it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.audit import services as audit
from volunteer_hub.core.db import touch_lists
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.shifts import line, offers, told
from volunteer_hub.shifts.desk_rules import (
    Full,
    InLine,
    NotNow,
    again,
    read_sign_up,
    require_fit,
    said,
)
from volunteer_hub.shifts.models import (
    ACTIVE,
    IS_ACTIVE,
    SEATED,
    OfferState,
    Post,
    SignUp,
    SignUpStatus,
)
from volunteer_hub.shifts.places import give_place, lock_post, take_place
from volunteer_hub.shifts.rules import GUARDIAN_ALONGSIDE, age_on


def move(
    session: Session,
    *,
    sign_up_id: int,
    to_post_id: int,
    organisation_ids: Collection[int],
    reason: str,
    actor_id: int,
    now: datetime,
) -> int:
    """Give a person with a place one of another post instead, never over its places.

    The place left behind goes to the line. Returns the shift. Raises NotFound, NotNow, Full, Unfit,
    or Lacking while no `reason` says why the person can do what the post asks for.
    """
    found = read_sign_up(session, sign_up_id, organisation_ids=organisation_ids, now=now)
    why = said(reason)
    post = session.execute(
        select(Post.shift_id, Post.name_zh, Post.name_en).where(Post.id == to_post_id)
    ).first()
    if post is None or post.shift_id != found.shift.id:
        raise NotFound
    for post_id in sorted({found.post_id, to_post_id}):
        lock_post(session, post_id)
    found = again(session, sign_up_id, found.shift, found.organisation_id)
    if found.status != SignUpStatus.CONFIRMED:
        raise NotNow(_("This person has no place any more. Reload the roster to see who has."))
    if found.post_id == to_post_id:
        return found.shift.id
    require_fit(
        session,
        shift_id=found.shift.id,
        person_id=found.person_id,
        post_id=to_post_id,
        reason=why,
        now=now,
    )
    if not take_place(session, to_post_id):
        raise Full(_("That post is full. Add a place to it, or move somebody else out first."))
    give_place(session, found.post_id)
    session.execute(update(SignUp).where(SignUp.id == sign_up_id).values(post_id=to_post_id))
    _note(session, "sign_up:move", found, actor_id, now, to_post_id=to_post_id, reason=why)
    line.settle(session, found.post_id, now=now)
    if now < found.shift.starts_at and (post.name_zh or post.name_en):
        told.tell(
            session,
            "post_moved",
            shift_id=found.shift.id,
            person_id=found.person_id,
            key=f"post_moved:{sign_up_id}:{now.isoformat()}",
            now=now,
            useless_after=found.shift.starts_at,
            post_zh=post.name_zh,
            post_en=post.name_en,
        )
    return found.shift.id


def remove(
    session: Session,
    *,
    sign_up_id: int,
    organisation_ids: Collection[int],
    reason: str,
    actor_id: int,
    now: datetime,
) -> int:
    """Take somebody off the shift, or out of its line, and tell them why; returns the shift.

    The place goes on to the next in line. Children under 14 go with their guardian. Removing twice
    changes nothing. Raises NotFound, NotNow, InvalidInput without a reason.
    """
    found = read_sign_up(session, sign_up_id, organisation_ids=organisation_ids, now=now)
    why = said(reason)
    if not why:
        raise InvalidInput(_("Please say why: this person reads it."), field="reason")
    lock_post(session, found.post_id)
    found = again(session, sign_up_id, found.shift, found.organisation_id)
    if found.status not in ACTIVE:
        return found.shift.id
    if found.status == SignUpStatus.OFFERED:
        offers.end(session, offers.open_of(session, sign_up_id).id, OfferState.WITHDRAWN, now=now)
    session.execute(
        update(SignUp)
        .where(SignUp.id == sign_up_id)
        .values(status=str(SignUpStatus.CANCELLED), cancelled_at=now, cancel_reason=why)
    )
    if found.status in SEATED:
        give_place(session, found.post_id)
        line.settle(session, found.post_id, now=now)
    _note(session, "sign_up:remove", found, actor_id, now, reason=why)
    told.tell(
        session,
        "place_lost",
        shift_id=found.shift.id,
        person_id=found.person_id,
        key=f"place_lost:{sign_up_id}",
        now=now,
        useless_after=found.shift.ends_at,
        reason=why,
    )
    for ward in _wards(session, found):
        remove(
            session,
            sign_up_id=ward,
            organisation_ids=organisation_ids,
            reason=why,
            actor_id=actor_id,
            now=now,
        )
    return found.shift.id


def _wards(session: Session, found: InLine) -> list[int]:
    """Return the sign-ups of children who may only come together with this person."""
    rows = session.execute(
        select(SignUp.id, Person.birth_date)
        .join(Person, Person.id == SignUp.person_id)
        .where(Person.guardian_id == found.person_id, SignUp.shift_id == found.shift.id, IS_ACTIVE)
    )
    return [
        row.id
        for row in rows
        if row.birth_date and age_on(row.birth_date, found.shift.day) < GUARDIAN_ALONGSIDE
    ]


def _note(
    session: Session, action: str, found: InLine, actor_id: int, now: datetime, **details: object
) -> None:
    audit.record(
        session,
        action,
        actor_id=actor_id,
        object_id=found.id,
        organisation_id=found.organisation_id,
        now=now,
        shift_id=found.shift.id,
        from_post_id=found.post_id,
        **details,
    )
    session.flush()
    touch_lists(session)
