"""Between a stored shift and the form: what it shows, and what was typed as a plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from flask_wtf import FlaskForm

from volunteer_hub.accounts.queries import all_qualifications
from volunteer_hub.audit.queries import fields_changed_since
from volunteer_hub.console.forms import ShiftForm, typed_number
from volunteer_hub.console.places import place_of
from volunteer_hub.console.queries import name_of
from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _, day, either, span
from volunteer_hub.projects.desk_queries import ProjectDesk
from volunteer_hub.shifts.desk_queries import PostLine, ShiftDesk
from volunteer_hub.shifts.plans import ShiftPlan
from volunteer_hub.shifts.posts import PostPlan

WEEK = timedelta(days=7)


def wall(moment: datetime) -> datetime:
    """Return the moment as a naive time of the local wall clock, as forms hold it."""
    return clock.local(moment).replace(tzinfo=None)


def stored(shift: ShiftDesk) -> dict[str, object]:
    """Return what the form shows of a stored shift."""
    return {
        "place_id": str(shift.place_id),
        "starts_at": wall(shift.starts_at),
        "ends_at": wall(shift.ends_at),
        "meeting_point": shift.meeting_point,
        "version": str(shift.version),
        "posts": [
            {
                "id": str(post.id),
                "name_zh": either(post.name_zh, post.name_en),
                "capacity": post.capacity if post.shrink_to is None else post.shrink_to,
                "minimum": post.minimum,
                "needs": [str(one) for one in post.needs],
            }
            for post in shift.posts
        ],
    }


def proposed(project: ProjectDesk, pattern: ShiftDesk | None) -> dict[str, object]:
    """Return a new shift to start from: weeks after the pattern, else tomorrow at noon."""
    now = clock.now()
    if pattern is None:
        noon = wall(now).replace(hour=12, minute=0, second=0, microsecond=0)
        start = noon + timedelta(days=1)
        return {
            "place_id": str(project.place_id or ""),
            "starts_at": start,
            "ends_at": start + timedelta(hours=1),
        }
    later = max(1, (now - pattern.starts_at) // WEEK + 1) * WEEK
    same = stored(pattern)
    same["starts_at"] = wall(pattern.starts_at) + later
    same["ends_at"] = wall(pattern.ends_at) + later
    for post in same["posts"]:  # type: ignore[attr-defined]
        post["id"] = ""
    return same


def plan_of(form: ShiftForm, shift: ShiftDesk | None = None) -> ShiftPlan:
    """Return what was typed as a plan; raises InvalidInput when no place was chosen."""
    place_id = place_of(form)
    if place_id is None:
        raise InvalidInput(_("Please choose a place, or add a new one."), field="place_id")
    return ShiftPlan(
        place_id=place_id,
        starts_at=form.starts_at.aware(clock.zone()),
        ends_at=form.ends_at.aware(clock.zone()),
        meeting_point=form.meeting_point.data or "",
        posts=posts_typed(form, shift),
    )


def posts_typed(form: FlaskForm, shift: ShiftDesk | None = None) -> list[PostPlan]:
    """Return the rows of posts that say how many places there are."""
    return [
        _post_plan(entry.form, shift)
        for entry in form.posts
        if entry.form.capacity.data is not None
    ]


def _post_plan(row: object, shift: ShiftDesk | None) -> PostPlan:
    known = {post.id: post for post in shift.posts} if shift else {}
    post_id = typed_number(row.id.data)  # type: ignore[attr-defined]
    before = known.get(post_id)
    name: str = row.name_zh.data or ""  # type: ignore[attr-defined]
    plan = PostPlan(
        id=before.id if before else None,
        capacity=row.capacity.data,  # type: ignore[attr-defined]
        minimum=row.minimum.data or 0,  # type: ignore[attr-defined]
        name_zh=name,
        needs=_needs_typed(row),
    )
    if before and name == either(before.name_zh, before.name_en):
        # The row shows one of two names; unless it was typed over, both stay.
        return replace(plan, name_zh=before.name_zh, name_en=before.name_en)
    return plan


def offer_needs(form: FlaskForm) -> None:
    """Fill what each post can ask for."""
    form.needs_offered = all_qualifications(db.session())
    choices = [(str(row.id), either(row.name_zh, row.name_en)) for row in form.needs_offered]
    for entry in form.posts:
        entry.form.needs.choices = choices


def _needs_typed(row: object) -> frozenset[int] | None:
    field = row.needs  # type: ignore[attr-defined]
    # A page that offers none leaves them as they are.
    return frozenset(int(one) for one in field.data or ()) if field.choices else None


def _post_words(post: PostLine, form: ShiftForm) -> str:
    needs = [either(row.name_zh, row.name_en) for row in form.needs_offered if row.id in post.needs]
    asked = f" ({_(', ').join(needs)})" if needs else ""
    return f"{either(post.name_zh, post.name_en)} {post.capacity}{asked}".strip()


def changed_by_others(form: ShiftForm, shift: ShiftDesk) -> tuple[str, list[tuple[str, str]]]:
    """Return who saved meanwhile and what it says now; the next save is then on top of that."""
    who, fields = fields_changed_since(
        db.session(), "shift", shift.id, version=typed_number(form.version.data)
    )
    form.version.data = str(shift.version)
    time = f"{day(shift.day)} {span(shift.starts_at, shift.ends_at)}"
    places = " · ".join(_post_words(post, form) for post in shift.posts)
    words = {
        "starts_at": (_("Time"), time),
        "ends_at": (_("Time"), time),
        "place_id": (_("Place"), either(shift.place_zh, shift.place_en)),
        "meeting_point": (_("Meeting point"), shift.meeting_point),
        "posts": (_("Places"), places),
    }
    return name_of(db.session(), who), list(dict.fromkeys(words[f] for f in fields if f in words))
