"""What decides over one person and one shift, read in one query."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import Person
from volunteer_hub.core.db import UtcDateTime
from volunteer_hub.core.errors import NotFound
from volunteer_hub.projects.models import Category, Project
from volunteer_hub.registry.models import Place
from volunteer_hub.shifts.models import (
    IS_ACTIVE,
    Hold,
    Offer,
    OfferState,
    Post,
    PostNeed,
    Shift,
    ShiftStatus,
    SignUp,
)


class Facts(NamedTuple):
    """What the rules look at, read in one query.

    `unsettled` says that somebody waits beside a free place, or that a held one is due to go on;
    `needs` counts what the shift's posts ask for; `only_post_id` is the post of a shift that has
    just one.
    """

    shift_id: int
    status: str
    starts_at: datetime
    ends_at: datetime
    day: date
    project_id: int
    organisation_id: int
    minimum_age: int
    risk_zh: str
    risk_en: str
    early_percent: int
    newcomer_percent: int
    hazardous: bool
    insurance: str
    place_id: int
    lat: float | None
    lng: float | None
    birth_date: date | None
    guardian_id: int | None
    enterprise_id: int | None
    sign_up_id: int | None
    sign_up_status: str | None
    sign_up_post_id: int | None
    posts: int
    first_post_id: int | None
    needs: int
    holds: int
    unsettled: bool

    @property
    def only_post_id(self) -> int | None:
        return self.first_post_id if self.posts == 1 else None


# Statements are built once: building one costs several times what running it does.
_SHIFT = bindparam("shift", type_=Integer)
_PERSON = bindparam("person", type_=Integer)
_NOW = bindparam("now", type_=UtcDateTime)
_IN_SHIFT = Post.shift_id == _SHIFT
# Aliased, or it would be tied to the person's own sign-up in the statement around it.
_waiting = aliased(SignUp)
_UNSETTLED = or_(
    exists().where(
        _IN_SHIFT,
        Post.taken < Post.capacity,
        _waiting.post_id == Post.id,
        _waiting.status == "waitlisted",
    ),
    exists().where(
        _IN_SHIFT,
        Offer.post_id == Post.id,
        Offer.state == str(OfferState.OPEN),
        Offer.expires_at <= _NOW,
    ),
    exists().where(_IN_SHIFT, Hold.post_id == Post.id, Hold.places > 0, Hold.until <= _NOW),
)
_FACTS = (
    select(
        Shift.id,
        Shift.status,
        Shift.starts_at,
        Shift.ends_at,
        Shift.day,
        Project.id,
        Project.organisation_id,
        Project.minimum_age,
        Project.risk_zh,
        Project.risk_en,
        Project.early_percent,
        Project.newcomer_percent,
        Category.hazardous,
        Project.insurance,
        Place.id,
        Place.lat,
        Place.lng,
        Person.birth_date,
        Person.guardian_id,
        Person.enterprise_id,
        SignUp.id,
        SignUp.status,
        SignUp.post_id,
        select(func.count(Post.id)).where(_IN_SHIFT).scalar_subquery(),
        select(func.min(Post.id)).where(_IN_SHIFT).scalar_subquery(),
        select(func.count()).where(_IN_SHIFT, PostNeed.post_id == Post.id).scalar_subquery(),
        select(func.count())
        .where(_IN_SHIFT, Hold.post_id == Post.id, Hold.places > 0)
        .scalar_subquery(),
        _UNSETTLED,
    )
    .join(Project, Project.id == Shift.project_id)
    .join(Category, Category.id == Project.category_id)
    .join(Place, Place.id == Shift.place_id)
    .join(Person, Person.id == _PERSON)
    .outerjoin(SignUp, (SignUp.shift_id == Shift.id) & (SignUp.person_id == _PERSON) & IS_ACTIVE)
    .where(Shift.id == _SHIFT)
)


def read_facts(session: Session, *, shift_id: int, person_id: int, now: datetime) -> Facts:
    """Return what decides over this person and shift; raises NotFound for an unpublished one."""
    values = {"shift": shift_id, "person": person_id, "now": now}
    row: Any = session.connection().execute(_FACTS, values).first()
    if row is None or row[1] == ShiftStatus.DRAFT:
        raise NotFound
    return Facts._make(row)
