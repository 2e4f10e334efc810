"""The posts of several shifts: what they are, and what a change of one shift means for another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.shifts.models import Post
from volunteer_hub.shifts.posts import PostPlan, needs_of

_CHANGEABLE = [field.name for field in fields(PostPlan) if field.name != "id"]


def posts_of(session: Session, shift_ids: Collection[int]) -> dict[int, list[PostPlan]]:
    """Return the posts of these shifts as plans, in order, by shift; in two queries."""
    found: dict[int, list[PostPlan]] = {shift_id: [] for shift_id in shift_ids}
    posts = session.scalars(
        select(Post).where(Post.shift_id.in_(shift_ids)).order_by(Post.position, Post.id)
    ).all()
    needs = needs_of(session, [post.id for post in posts])
    for post in posts:
        found[post.shift_id].append(
            PostPlan(
                capacity=post.capacity if post.shrink_to is None else post.shrink_to,
                minimum=post.minimum,
                name_zh=post.name_zh,
                name_en=post.name_en,
                id=post.id,
                needs=needs.get(post.id, frozenset()),
            )
        )
    return found


def carry_over(
    before: Sequence[PostPlan], after: Sequence[PostPlan], own: Sequence[PostPlan]
) -> list[PostPlan]:
    """Return what `own` becomes when another shift's posts went from `before` to `after`.

    A post is the same one when it has the same name, or when both shifts have only one. Only what
    was changed is taken over; posts that only `own` has stay.
    """
    changed = _changes(before, after)
    partners = _partners(before, own)
    kept = []
    for post in own:
        partner = partners.get(id(post))
        if partner is None:
            kept.append(post)
        elif changed[partner] is not None:
            kept.append(replace(post, **changed[partner] or {}))
    names = {(post.name_zh, post.name_en) for post in kept}
    added = [
        post for post in after if post.id is None and (post.name_zh, post.name_en) not in names
    ]
    return kept + added


def _changes(before: Sequence[PostPlan], after: Sequence[PostPlan]) -> list[dict[str, Any] | None]:
    """Return for each post what differs now, None for one that was taken out."""
    now = {post.id: post for post in after if post.id is not None}
    return [_difference(old, now.get(old.id or 0)) for old in before]


def _difference(old: PostPlan, new: PostPlan | None) -> dict[str, Any] | None:
    if new is None:
        return None
    values = {name: getattr(new, name) for name in _CHANGEABLE}
    # None is what a plan leaves as it is.
    return {
        name: value
        for name, value in values.items()
        if value is not None and value != getattr(old, name)
    }


def _partners(before: Sequence[PostPlan], own: Sequence[PostPlan]) -> dict[int, int]:
    """Return, by the identity of each of `own`, the index in `before` of the same post."""
    if len(before) == len(own) == 1:
        return {id(own[0]): 0}
    free = list(enumerate(before))
    found: dict[int, int] = {}
    for post in own:
        name = (post.name_zh, post.name_en)
        same = next((pair for pair in free if (pair[1].name_zh, pair[1].name_en) == name), None)
        if same:
            free.remove(same)
            found[id(post)] = same[0]
    return found
