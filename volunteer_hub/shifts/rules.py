"""Who may have a place in a shift: the same rules explain a button and decide after the tap."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import Person
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.i18n import _, day, either, span
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import (
    IS_ACTIVE,
    Post,
    Shift,
    ShiftStatus,
    SignUp,
    SignUpStatus,
)

# Nearer to the start nobody is moved up unasked: the place is open to whoever takes it first.
MOVE_UP_UNTIL = timedelta(hours=12)
ADULT = 18
GUARDIAN_ALONGSIDE = 14


class CannotSignUp(DomainError):
    """A rule keeps this person from this shift; the message says which, and what would help."""


class Facts(NamedTuple):
    """What the rules look at, read in one query.

    `clash_id` is another shift at that time in which the person has a place; `only_post_id` is the
    post of a shift that has just one.
    """

    shift_id: int
    status: str
    starts_at: datetime
    ends_at: datetime
    day: date
    organisation_id: int
    minimum_age: int
    risk_zh: str
    risk_en: str
    birth_date: date | None
    guardian_id: int | None
    sign_up_id: int | None
    sign_up_status: str | None
    sign_up_post_id: int | None
    clash_id: int | None
    posts: int
    first_post_id: int | None

    @property
    def only_post_id(self) -> int | None:
        return self.first_post_id if self.posts == 1 else None


# Statements are built once: building one costs several times what running it does.
_SHIFT = bindparam("shift", type_=Integer)
_PERSON = bindparam("person", type_=Integer)
_other, _place = aliased(Shift), aliased(SignUp)
_CLASH = (
    select(_other.id)
    .join(_place, _place.shift_id == _other.id)
    .where(
        _place.person_id == _PERSON,
        _place.status == str(SignUpStatus.CONFIRMED),
        _other.id != Shift.id,
        _other.status == str(ShiftStatus.PUBLISHED),
        _other.starts_at < Shift.ends_at,
        _other.ends_at > Shift.starts_at,
    )
    .limit(1)
    .correlate(Shift)
    .scalar_subquery()
)
_FACTS = (
    select(
        Shift.id,
        Shift.status,
        Shift.starts_at,
        Shift.ends_at,
        Shift.day,
        Project.organisation_id,
        Project.minimum_age,
        Project.risk_zh,
        Project.risk_en,
        Person.birth_date,
        Person.guardian_id,
        SignUp.id,
        SignUp.status,
        SignUp.post_id,
        _CLASH,
        select(func.count(Post.id)).where(Post.shift_id == _SHIFT).scalar_subquery(),
        select(func.min(Post.id)).where(Post.shift_id == _SHIFT).scalar_subquery(),
    )
    .join(Project, Project.id == Shift.project_id)
    .join(Person, Person.id == _PERSON)
    .outerjoin(SignUp, (SignUp.shift_id == Shift.id) & (SignUp.person_id == _PERSON) & IS_ACTIVE)
    .where(Shift.id == _SHIFT)
)


def read_facts(session: Session, *, shift_id: int, person_id: int) -> Facts:
    """Return what decides over this person and shift; raises NotFound for an unpublished one."""
    row: Any = (
        session.connection().execute(_FACTS, {"shift": shift_id, "person": person_id}).first()
    )
    if row is None or row[1] == ShiftStatus.DRAFT:
        raise NotFound
    return Facts._make(row)


def refusal(session: Session, facts: Facts, *, now: datetime) -> CannotSignUp | None:
    """Return why this person cannot have a place in this shift, or None."""
    if facts.status == ShiftStatus.CANCELLED:
        return CannotSignUp(_("This shift is cancelled. Have a look at the other shifts."))
    if facts.starts_at <= now:
        return CannotSignUp(_("This shift has already started. Have a look at the next ones."))
    if facts.birth_date is not None:
        too_young = _too_young(session, facts, age_on(facts.birth_date, facts.day))
        if too_young:
            return too_young
    # Who has not said a birthday declares the age together with the risk notice.
    return None if facts.clash_id is None else _clash(session, facts.clash_id)


def age_on(birth_date: date, day_: date) -> int:
    """Return completed years of life on a day."""
    before_birthday = (day_.month, day_.day) < (birth_date.month, birth_date.day)
    return day_.year - birth_date.year - before_birthday


def _too_young(session: Session, facts: Facts, age: int) -> CannotSignUp | None:
    if age < facts.minimum_age:
        return CannotSignUp(
            _("You need to be at least %(age)s for this shift.", age=facts.minimum_age)
        )
    if age < ADULT and facts.guardian_id is None:
        return CannotSignUp(
            _(
                "Under 18 you need a guardian's consent."
                " Ask the sub-district office to add your guardian."
            )
        )
    if age < GUARDIAN_ALONGSIDE and not _guardian_is_coming(session, facts):
        return CannotSignUp(_("Under 14 your guardian needs a place in the same shift first."))
    return None


def _guardian_is_coming(session: Session, facts: Facts) -> bool:
    query = select(SignUp.id).where(
        SignUp.shift_id == facts.shift_id,
        SignUp.person_id == facts.guardian_id,
        SignUp.status == SignUpStatus.CONFIRMED,
    )
    return session.scalar(query) is not None


def _clash(session: Session, shift_id: int) -> CannotSignUp:
    other = session.execute(
        select(Project.title_zh, Project.title_en, Shift.day, Shift.starts_at, Shift.ends_at)
        .join(Shift, Shift.project_id == Project.id)
        .where(Shift.id == shift_id)
    ).one()
    refused = CannotSignUp(
        _(
            "At that time you already have another place: %(title)s, %(when)s. Cancel that one"
            " first if this suits you better.",
            title=either(other.title_zh, other.title_en),
            when=f"{day(other.day)} {span(other.starts_at, other.ends_at)}",
        )
    )
    refused.link = f"/shifts/{shift_id}"
    return refused
