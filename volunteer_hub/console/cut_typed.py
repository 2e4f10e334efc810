"""Fewer places than people: the question that the shift form asks, and the answer to it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from volunteer_hub.console.forms import ShiftForm, typed_number
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import either
from volunteer_hub.shifts.cutting import Cut
from volunteer_hub.shifts.desk_people import would_go
from volunteer_hub.shifts.desk_queries import PostLine, ShiftDesk
from volunteer_hub.shifts.series.changing import SeriesRefused


@dataclass(frozen=True)
class CutPost:
    """One post that is to have fewer places than are taken, and who would go back in line."""

    name: str
    wanted: int
    taken: int
    names: list[str]

    @property
    def unnamed(self) -> int:
        """How many of the places that would go are held without a name."""
        return self.taken - self.wanted - len(self.names)


@dataclass(frozen=True)
class CutQuestion:
    """What is asked; `key` says about which numbers, so that no answer counts for others."""

    posts: list[CutPost]
    key: str
    chosen: str


def cut_answered(form: ShiftForm, shift: ShiftDesk) -> Cut | None:
    """Return what was chosen, None when nothing was or when the numbers are others by now."""
    chosen = request.form.get("cut", "")
    if chosen not in tuple(Cut) or request.form.get("cut_for") != _key(_wanted(form, shift)):
        return None
    return Cut(chosen)


def cut_question(form: ShiftForm, shift: ShiftDesk | None) -> CutQuestion | None:
    """Return the question when the form takes away places that people have."""
    if shift is None or not form.is_submitted():
        return None
    lowered = _wanted(form, shift)
    cut = [(post, wanted) for post, wanted in lowered if wanted < post.taken]
    in_series = isinstance(getattr(form, "refused", None), SeriesRefused)
    if not cut and not (in_series and lowered):
        return None
    going = would_go(db.session(), wanted={post.id: wanted for post, wanted in cut})
    return CutQuestion(
        posts=[
            CutPost(either(post.name_zh, post.name_en), wanted, post.taken, going[post.id])
            for post, wanted in cut
        ],
        key=_key(lowered),
        chosen=request.form.get("cut", ""),
    )


def _wanted(form: ShiftForm, shift: ShiftDesk) -> list[tuple[PostLine, int]]:
    """Return the posts for which fewer places were typed than they have."""
    typed = {
        typed_number(entry.form.id.data): entry.form.capacity.data
        for entry in form.posts
        if entry.form.capacity.data is not None
    }
    return [
        (post, typed[post.id])
        for post in shift.posts
        if post.id in typed and typed[post.id] < post.capacity
    ]


def _key(lowered: list[tuple[PostLine, int]]) -> str:
    return ",".join(f"{post.id}:{post.taken}:{wanted}" for post, wanted in lowered)
