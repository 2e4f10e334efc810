"""The list of topics that seniors can ask for."""

from __future__ import annotations

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.console.answers import attempt
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.forms import problems
from volunteer_hub.console.one_to_one.forms import TopicForm
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.matching.one_to_one import topics as service


@bp.route("/requests/topics", methods=["GET", "POST"])
@requires(Permission.REQUEST_MANAGE)
def topics() -> Response:
    """Show the list and add to it."""
    form = TopicForm()
    if form.validate_on_submit() and attempt(form, lambda: _save(form, None)):
        return done(url_for(".topics"), say=_("Added."))
    return render(
        "console/topics.html",
        status=status_of(form),
        form=form,
        problems=problems(form),
        topics=service.all_topics(db.session(), hidden=True),
    )


@bp.route("/requests/topics/<int:topic_id>", methods=["GET", "POST"])
@requires(Permission.REQUEST_MANAGE)
def topic(topic_id: int) -> Response:
    """Rename a topic."""
    known = service.all_topics(db.session(), hidden=True)
    row = next((one for one in known if one.id == topic_id), None)
    if row is None:
        raise NotFound
    form = TopicForm(data={"name_zh": row.name_zh, "name_en": row.name_en})
    if form.validate_on_submit() and attempt(form, lambda: _save(form, topic_id)):
        return done(url_for(".topics"), say=_("Saved."))
    return render(
        "console/topic.html", status=status_of(form), form=form, problems=problems(form), topic=row
    )


def _save(form: TopicForm, topic_id: int | None) -> bool:
    service.save(
        db.session(),
        topic_id=topic_id,
        name_zh=form.name_zh.data or "",
        name_en=form.name_en.data or "",
        actor_id=current_user.id,
        now=clock.now(),
    )
    return True


@bp.post("/requests/topics/<int:topic_id>/hide")
@requires(Permission.REQUEST_MANAGE)
def hide_topic(topic_id: int) -> Response:
    """Offer a topic no more (`hidden=1`), or again."""
    service.hide(
        db.session(),
        topic_id=topic_id,
        hidden=request.form.get("hidden") == "1",
        actor_id=current_user.id,
        now=clock.now(),
    )
    return done(url_for(".topics"), say=_("Saved."))
