"""What posts ask for, what a person lacks of it, and the cheapest way to get there."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Date, Integer, bindparam, func, or_, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import PersonQualification, Qualification, QualificationKind
from volunteer_hub.core.i18n import _, _n, clock_time, day_year, either, weekday
from volunteer_hub.projects.models import Project, ProjectStatus
from volunteer_hub.shifts.facts import Facts
from volunteer_hub.shifts.models import Post, PostNeed, Shift, ShiftStatus
from volunteer_hub.shifts.reasons import CannotSignUp, Reason

PROFILE = "/me/profile?next=/shifts/{shift_id}#skills"
REASONS = {
    QualificationKind.SKILL: Reason.SKILL,
    QualificationKind.LANGUAGE: Reason.LANGUAGE,
    QualificationKind.TRAINING: Reason.TRAINING,
}


class Lack(NamedTuple):
    """Something a post asks for and the person does not have on the day of the shift."""

    qualification_id: int
    kind: str
    name_zh: str
    name_en: str
    expired_on: date | None


_LACKS = (
    select(
        PostNeed.post_id,
        Qualification.id,
        Qualification.kind,
        Qualification.name_zh,
        Qualification.name_en,
        PersonQualification.expires_on,
    )
    .join(Post, Post.id == PostNeed.post_id)
    .join(Qualification, Qualification.id == PostNeed.qualification_id)
    .outerjoin(
        PersonQualification,
        (PersonQualification.qualification_id == Qualification.id)
        & (PersonQualification.person_id == bindparam("person", type_=Integer)),
    )
    .where(
        Post.shift_id == bindparam("shift", type_=Integer),
        or_(
            PersonQualification.id.is_(None),
            PersonQualification.expires_on < bindparam("day", type_=Date),
        ),
    )
    .order_by(Post.position, Post.id, Qualification.position, Qualification.id)
)


_ASKED = (
    select(PostNeed.post_id, Qualification.name_zh, Qualification.name_en)
    .join(Post, Post.id == PostNeed.post_id)
    .join(Qualification, Qualification.id == PostNeed.qualification_id)
    .where(Post.shift_id == bindparam("shift", type_=Integer))
    .order_by(Qualification.position, Qualification.id)
)


def asked_for(session: Session, shift_id: int) -> dict[int, list[str]]:
    """Return for each post what it asks for, in the reader's language."""
    found: dict[int, list[str]] = {}
    for post_id, name_zh, name_en in session.connection().execute(_ASKED, {"shift": shift_id}):
        found.setdefault(post_id, []).append(either(name_zh, name_en))
    return found


def lacking(session: Session, facts: Facts, *, person_id: int) -> dict[int, list[Lack]]:
    """Return for each post of the shift what this person lacks; posts that fit are left out."""
    if not facts.needs:
        return {}
    values = {"shift": facts.shift_id, "person": person_id, "day": facts.day}
    found: dict[int, list[Lack]] = {}
    for row in session.connection().execute(_LACKS, values):
        found.setdefault(row[0], []).append(Lack._make(row[1:]))
    return found


def refusal(
    session: Session, lacks: list[Lack], *, shift_id: int, now: datetime
) -> CannotSignUp | None:
    """Return why somebody with these lacks cannot take the post, and how that can change."""
    if not lacks:
        return None
    # A training takes longest to get: it decides.
    lack = max(lacks, key=lambda one: one.kind == QualificationKind.TRAINING)
    name = either(lack.name_zh, lack.name_en)
    if lack.kind != QualificationKind.TRAINING:
        return CannotSignUp(
            _(
                "This post asks for: %(name)s. If you can do that, say so in your profile.",
                name=name,
            ),
            REASONS[QualificationKind(lack.kind)],
            link=PROFILE.format(shift_id=shift_id),
            way_out=_("Add it to my profile"),
        )
    link, way_out = _induction(session, lack, now=now)
    if lack.expired_on is not None:
        message = _(
            "Your training “%(name)s” is valid until %(day)s, so it has run out by then.",
            name=name,
            day=day_year(lack.expired_on),
        )
        return CannotSignUp(message, Reason.TRAINING_EXPIRED, link=link, way_out=way_out)
    message = _("This post needs a training first: %(name)s.", name=name)
    return CannotSignUp(message, Reason.TRAINING, link=link, way_out=way_out)


def _induction(session: Session, lack: Lack, *, now: datetime) -> tuple[str, str]:
    """Return the next shift that gives the training, and in words what it opens."""
    free = Post.taken < Post.capacity
    to_come = (Shift.status == str(ShiftStatus.PUBLISHED), Shift.starts_at > now)
    lesson = session.execute(
        select(Shift.id, Shift.day, Shift.starts_at, Shift.ends_at)
        .join(Project, Project.id == Shift.project_id)
        .join(Post, Post.shift_id == Shift.id)
        .where(
            Project.teaches_id == lack.qualification_id,
            Project.status == str(ProjectStatus.PUBLISHED),
            *to_come,
            free,
        )
        .order_by(Shift.starts_at, Shift.id)
        .limit(1)
    ).first()
    if lesson is None:
        return "", ""
    opened = session.scalar(
        select(func.count(Shift.id.distinct()))
        .join(Post, Post.shift_id == Shift.id)
        .join(PostNeed, PostNeed.post_id == Post.id)
        .where(
            PostNeed.qualification_id == lack.qualification_id,
            Shift.status == str(ShiftStatus.PUBLISHED),
            Shift.starts_at > lesson.ends_at,
            free,
        )
    )
    minutes = (lesson.ends_at - lesson.starts_at) // timedelta(minutes=1)
    return f"/shifts/{lesson.id}", _n(
        "A %(minutes)s-minute induction on %(when)s opens %(num)s shift",
        "A %(minutes)s-minute induction on %(when)s opens %(num)s shifts",
        int(opened or 0),
        minutes=minutes,
        when=f"{weekday(lesson.day)} {clock_time(lesson.starts_at)}",
    )
