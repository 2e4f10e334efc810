"""A call-out at the desk: see who would be asked, then ask them all at once."""

from __future__ import annotations

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.console.answers import scope
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.forms import typed_number
from volunteer_hub.console.roster_views import own_shift
from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.i18n import _n
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.matching import asking, call_out_queries, call_outs
from volunteer_hub.shifts.desk_queries import post_lines


@bp.get("/shifts/<int:shift_id>/call-out")
@requires(Permission.ROSTER_MANAGE)
def call_out(shift_id: int) -> Response:
    """Show whom a call-out for a post (`post`, the first with room unless said) would ask."""
    return _page(shift_id, typed_number(request.args.get("post")))


@bp.post("/shifts/<int:shift_id>/call-out")
@requires(Permission.ROSTER_MANAGE)
def call_out_now(shift_id: int) -> Response:
    """Ask them: field `post`."""
    own_shift(shift_id)
    post_id = typed_number(request.form.get("post"))
    try:
        asked = call_outs.call_out(db.session(), post_id=post_id, **scope())
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        return _page(shift_id, post_id, refused=error)
    say = _n("%(num)s person is asked.", "%(num)s people are asked.", asked)
    return done(url_for(".call_out", shift_id=shift_id, post=post_id), say=say)


def _page(shift_id: int, post_id: int, *, refused: DomainError | None = None) -> Response:
    session, shift = db.session(), own_shift(shift_id)
    posts = post_lines(session, shift_id=shift_id)
    chosen = next((post for post in posts if post.id == post_id), None)
    if chosen is None:
        open_posts = (post for post in posts if asking.wanting(session, post.id) > 0)
        chosen = next(open_posts, posts[0])
    prepared = None
    try:
        prepared = call_outs.prepare(
            session,
            post_id=chosen.id,
            organisation_ids=current_user.organisation_ids,
            now=clock.now(),
        )
    except call_outs.NotNow as error:
        refused = refused or error
    return render(
        "console/call_out.html",
        status=refused.status if refused and request.method == "POST" else 200,
        shift=shift,
        posts=posts,
        chosen=chosen,
        prepared=prepared,
        asked=call_out_queries.asked(session, shift_id=shift_id),
        refused=refused,
    )
