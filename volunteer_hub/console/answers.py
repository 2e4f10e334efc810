"""How the desk tries what was typed, and how it answers a refusal without losing any of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from flask_login import current_user
from flask_wtf import FlaskForm

from volunteer_hub.core import attempts, clock
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.i18n import _
from volunteer_hub.projects.publication import Missing, NotComplete

Result = TypeVar("Result")
_POST_FIELD = re.compile(r"posts-(\d+)-(\w+)")


def attempt(form: FlaskForm, work: Callable[[], Result]) -> Result | None:
    """Return what `work` returns, or None when a rule refuses: then `form` says why.

    As `core.attempts.attempt`; it also knows of posts and of what publication needs.
    """
    return attempts.attempt(form, work, show=_show)


def scope() -> dict[str, Any]:
    """Return who acts, for which organisations and when, as services of the desk ask for it."""
    return {
        "organisation_ids": current_user.organisation_ids,
        "actor_id": current_user.id,
        "now": clock.now(),
    }


def _show(form: FlaskForm, error: DomainError) -> None:
    if isinstance(error, NotComplete):
        for thing in error.missing:
            attempts.blame(form, thing.field, needed_sentence(thing))
        return
    post = _POST_FIELD.fullmatch(error.field or "")
    if post:
        # The service counts the posts that were sent on, not the empty rows between them.
        rows = [entry for entry in form.posts if entry.form.capacity.data is not None]
        row = rows[int(post[1])] if int(post[1]) < len(rows) else form.posts[0]
        attempts.blame(row.form, post[2], error.message)
    else:
        attempts.blame(form, error.field, error.message)


def needed_sentence(thing: Missing) -> str:
    """Return why a field that may be empty in a draft is at fault now."""
    return str(_("Needed before publication: %(name)s", name=thing.name))
