"""The posts of a shift 岗位: add, change, take out; `signing` alone moves people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Qualification
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _
from volunteer_hub.shifts.cutting import Cut, cut_places
from volunteer_hub.shifts.models import Hold, Post, PostNeed, Shift, SignUp

MOST_PLACES = 500
MOST_POSTS = 12


@dataclass(frozen=True)
class PostPlan:
    """One post as typed; `id` names a stored one, None a new one.

    `needs` are the qualifications that it asks for, None leaves them as they are.
    """

    capacity: int
    minimum: int = 0
    name_zh: str = ""
    name_en: str = ""
    id: int | None = None
    needs: frozenset[int] | None = None


def set_posts(
    session: Session,
    shift: Shift,
    plans: Sequence[PostPlan],
    *,
    now: datetime,
    cut: Cut | None = None,
) -> list[Post]:
    """Make the shift's posts be these, in this order; returns those touched in any way.

    A post that is not planned any more is taken out, unless somebody ever signed up for it or held
    places. Raises InvalidInput whose field is `posts-<index>-<field>`.
    """
    check_posts(plans)
    stored = {
        post.id: post
        for post in session.scalars(
            select(Post)
            .where(Post.shift_id == shift.id)
            .order_by(Post.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    asked_for = needs_of(session, stored)
    _check_needs(session, plans)
    changed = _take_out(session, stored, kept={plan.id for plan in plans})
    for position, plan in enumerate(plans):
        post = stored.get(plan.id) if plan.id is not None else None
        if post is None:
            post = Post(shift_id=shift.id, taken=0)
            session.add(post)
        capacity = plan.capacity
        if plan.capacity < post.taken and plan.capacity != post.shrink_to:
            capacity = cut_places(
                session, post, wanted=plan.capacity, position=position, cut=cut, now=now
            )
        elif plan.capacity == post.shrink_to:
            # What the form shows of a shrinking post: it goes on shrinking.
            capacity = post.capacity
        elif plan.capacity != post.capacity:
            post.shrink_to = None
        differs = _take_over(post, replace(plan, capacity=capacity), position)
        session.flush()
        if _set_needs(session, post, plan, asked_for.get(post.id, frozenset())) or differs:
            changed.append(post)
    session.flush()
    return changed


def needs_of(session: Session, post_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Return which qualifications each post asks for; posts that ask for none are left out."""
    found: dict[int, set[int]] = {}
    rows = session.execute(
        select(PostNeed.post_id, PostNeed.qualification_id).where(PostNeed.post_id.in_(post_ids))
    )
    for post_id, qualification_id in rows:
        found.setdefault(post_id, set()).add(qualification_id)
    return {post_id: frozenset(needs) for post_id, needs in found.items()}


def _check_needs(session: Session, plans: Sequence[PostPlan]) -> None:
    wanted = frozenset[int]().union(*(plan.needs or () for plan in plans))
    if not wanted:
        return
    known = set(session.scalars(select(Qualification.id).where(Qualification.id.in_(wanted))))
    for index, plan in enumerate(plans):
        if not known >= (plan.needs or frozenset()):
            raise InvalidInput(_("Please choose from the list."), field=f"posts-{index}-needs")


def _set_needs(session: Session, post: Post, plan: PostPlan, before: frozenset[int]) -> bool:
    """Ask for what is planned and tell whether that differs; who has a place keeps it."""
    if plan.needs is None or plan.needs == before:
        return False
    session.execute(
        delete(PostNeed).where(
            PostNeed.post_id == post.id, PostNeed.qualification_id.in_(before - plan.needs)
        )
    )
    session.add_all(
        PostNeed(post_id=post.id, qualification_id=one) for one in sorted(plan.needs - before)
    )
    return True


def check_posts(plans: Sequence[PostPlan]) -> None:
    """Raise InvalidInput for numbers or names that no posts can have."""
    if not plans:
        raise InvalidInput(_("Please say how many people you need."), field="posts-0-capacity")
    if len(plans) > MOST_POSTS:
        raise InvalidInput(_("A shift has at most 12 posts."), field="posts-0-capacity")
    for index, plan in enumerate(plans):
        if not 1 <= plan.capacity <= MOST_PLACES:
            raise InvalidInput(
                _("Places are a number from 1 to 500."), field=f"posts-{index}-capacity"
            )
        if not 0 <= plan.minimum <= plan.capacity:
            raise InvalidInput(
                _("The minimum lies between 0 and the places."), field=f"posts-{index}-minimum"
            )
        if len(plans) > 1 and not (plan.name_zh or plan.name_en):
            raise InvalidInput(
                _("With several posts each one needs a name."), field=f"posts-{index}-name_zh"
            )


def _take_out(session: Session, stored: dict[int, Post], *, kept: set[int | None]) -> list[Post]:
    gone = [post for post in stored.values() if post.id not in kept]
    for post in gone:
        ever = session.scalar(select(func.count()).where(SignUp.post_id == post.id))
        held = session.scalar(select(func.count()).where(Hold.post_id == post.id))
        if ever or held:
            raise InvalidInput(
                _("People have signed up for a post that you left out. Please keep it."),
                field="posts-0-capacity",
            )
        session.delete(post)
    return gone


def _take_over(post: Post, plan: PostPlan, position: int) -> bool:
    """Set what differs and tell whether anything did."""
    wanted = {
        "position": position,
        "capacity": plan.capacity,
        "minimum": plan.minimum,
        "name_zh": plan.name_zh,
        "name_en": plan.name_en,
    }
    differs = [field for field, value in wanted.items() if getattr(post, field) != value]
    for field in differs:
        setattr(post, field, wanted[field])
    return bool(differs)
