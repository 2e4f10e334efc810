"""What the sign-up panel of a shift shows one person: the state, and what can be done about it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import BranchMembership
from volunteer_hub.core.i18n import either
from volunteer_hub.registry.models import Branch, Enterprise, Place
from volunteer_hub.shifts import needs, offers, queries, receipts, rules
from volunteer_hub.shifts.adoption_queries import own_and_above
from volunteer_hub.shifts.clash import clash
from volunteer_hub.shifts.facts import Facts, read_facts
from volunteer_hub.shifts.holds import Group, groups_of
from volunteer_hub.shifts.leaving import has_come
from volunteer_hub.shifts.line import FALL_BACK
from volunteer_hub.shifts.models import Hold, Offer, OfferState, Post, ShiftStatus, SignUpStatus
from volunteer_hub.shifts.odds import odds
from volunteer_hub.shifts.reasons import CannotSignUp
from volunteer_hub.shifts.release import not_open_yet


@dataclass(frozen=True)
class Moved:
    """A change to accept again: what was and is, by when, and what it collides with now."""

    before: dict[str, Any]
    after: dict[str, Any]
    answer_by: datetime
    clash: CannotSignUp | None


@dataclass(frozen=True)
class OwnHold:
    """Places that the reader holds for colleagues of `name`."""

    id: int
    name: str
    places: int
    until: datetime


@dataclass(frozen=True)
class Panel:
    """One person's view of one shift.

    `cannot` keeps the person out of the whole shift, `unfit` out of single posts (by post id);
    `waits_for` is what stands against a place in line right now; `odds` are (got in, of how many);
    `lapsed` says that the offer's time is up although its place has not gone on yet.
    `came` says that they are checked in, so that the place cannot be given back.
    `kept` counts places held for the person's own colleagues by somebody.
    """

    mine: queries.MyPlace | None = None
    offer: Any = None
    lapsed: bool = False
    moved: Moved | None = None
    came: bool = False
    cannot: CannotSignUp | None = None
    unfit: dict[int, CannotSignUp] = field(default_factory=dict)
    odds: tuple[int, int] | None = None
    holds: tuple[OwnHold, ...] = ()
    kept: int = 0
    may_hold: bool = False


def read(
    session: Session,
    shift: queries.ShiftPage,
    *,
    person_id: int,
    led: Collection[int],
    now: datetime,
) -> Panel:
    """Return the panel of a person who is signed in."""
    facts = read_facts(session, shift_id=shift.id, person_id=person_id, now=now)
    mine = (
        queries.my_place(session, shift_id=shift.id, person_id=person_id)
        if facts.sign_up_id
        else None
    )
    own, kept = _holds(session, facts, person_id=person_id, led=led, now=now)
    shared: dict[str, Any] = {
        "mine": mine,
        "holds": own,
        "kept": kept,
        "may_hold": _may_hold(session, shift, facts, person_id=person_id, led=led, now=now),
    }
    if mine is not None and mine.status == SignUpStatus.CONFIRMED:
        return Panel(
            moved=_moved(session, facts, mine, person_id=person_id),
            came=has_come(session, mine.id),
            **shared,
        )
    offered = mine is not None and mine.status == SignUpStatus.OFFERED
    offer = offers.open_of(session, mine.id) if mine and offered else None
    lacks = needs.lacking(session, facts, person_id=person_id)
    unfit = {
        post_id: needs.refusal(session, found, shift_id=shift.id, now=now)
        for post_id, found in lacks.items()
    }
    return Panel(
        offer=offer if offer and offer.expires_at > now else None,
        lapsed=offer is not None and offer.expires_at <= now,
        cannot=rules.refusal(session, facts, person_id=person_id, now=now)
        or not_open_yet(facts, now=now)
        or _none_fits(shift, unfit, mine),
        unfit={post_id: no for post_id, no in unfit.items() if no},
        odds=odds(session, project_id=facts.project_id, position=mine.position, now=now)
        if mine and mine.status == SignUpStatus.WAITLISTED
        else None,
        **shared,
    )


def _none_fits(
    shift: queries.ShiftPage, unfit: dict[int, CannotSignUp | None], mine: queries.MyPlace | None
) -> CannotSignUp | None:
    """Return the refusal of the first post when no post fits, or of the one stood in line for."""
    if mine is not None:
        return unfit.get(mine.post_id)
    if not shift.posts or any(unfit.get(post.id) is None for post in shift.posts):
        return None
    return unfit[shift.posts[0].id]


def _moved(
    session: Session, facts: Facts, mine: queries.MyPlace, *, person_id: int
) -> Moved | None:
    change = receipts.asked(session, mine.id)
    if change is None:
        return None
    ids = {one["place_id"] for one in (change.before, change.after) if "place_id" in one}
    names = {
        place.id: either(place.name_zh, place.name_en)
        for place in session.scalars(select(Place).where(Place.id.in_(ids)))
    }
    return Moved(
        before=_shown(change.before, names),
        after=_shown(change.after, names),
        answer_by=change.answer_by,
        clash=clash(session, facts, person_id=person_id),
    )


def _shown(values: dict[str, Any], names: dict[int, str]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        moment: datetime.fromisoformat(values[moment])
        for moment in ("starts_at", "ends_at")
        if moment in values
    }
    if "place_id" in values:
        shown["place"] = names.get(values["place_id"], "")
    if "meeting_point" in values:
        shown["meeting_point"] = values["meeting_point"]
    return shown


def _holds(
    session: Session, facts: Facts, *, person_id: int, led: Collection[int], now: datetime
) -> tuple[tuple[OwnHold, ...], int]:
    # Named colleagues count as held: else the number would tell whose phone has an account.
    invited = (
        select(func.count(Offer.id))
        .where(
            Offer.post_id == Hold.post_id,
            Offer.invited_by == person_id,
            Offer.state.in_([str(OfferState.OPEN), str(OfferState.ACCEPTED)]),
            Offer.made_at == Hold.made_at,
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(Hold, Enterprise, Branch, invited)
        .join(Post, Post.id == Hold.post_id)
        .outerjoin(Enterprise, Enterprise.id == Hold.enterprise_id)
        .outerjoin(Branch, Branch.id == Hold.branch_id)
        .where(
            Post.shift_id == facts.shift_id,
            Hold.until > now,
            (Hold.places > 0) | (Hold.holder_id == person_id),
        )
        .order_by(Hold.id)
    ).all()
    if not rows:
        return (), 0
    own = tuple(
        OwnHold(
            held.id,
            either(*(getattr(enterprise or branch, name) for name in ("name_zh", "name_en"))),
            held.places + named,
            held.until,
        )
        for held, enterprise, branch, named in rows
        if held.holder_id == person_id and held.places + named and held.adoption_id is None
    )
    groups = groups_of(session, person_id=person_id, led=led)
    above = _above(session, person_id, facts.day)
    kept = sum(
        held.places
        for held, *_names in rows
        if (
            held.branch_id in above
            if held.adoption_id is not None
            else held.holder_id != person_id and Group(held.enterprise_id, held.branch_id) in groups
        )
    )
    return own, kept


def _above(session: Session, person_id: int, day: date) -> set[int]:
    """Return the person's branch and those above it, whose reserved places are theirs too."""
    own_branch = (
        select(BranchMembership.branch_id)
        .where(BranchMembership.person_id == person_id, BranchMembership.ended_on.is_(None))
        .scalar_subquery()
    )
    return set(session.scalars(own_and_above(own_branch, day)))


def _may_hold(
    session: Session,
    shift: queries.ShiftPage,
    facts: Facts,
    *,
    person_id: int,
    led: Collection[int],
    now: datetime,
) -> bool:
    return (
        shift.status == ShiftStatus.PUBLISHED
        and shift.left > 0
        and shift.starts_at - now > FALL_BACK
        and bool(groups_of(session, person_id=person_id, led=led))
    )
