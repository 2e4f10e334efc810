"""A volunteer's own pairings: whom they meet, whether to meet again, what they like to teach."""

from __future__ import annotations

from flask import request, url_for
from flask_login import current_user
from werkzeug.utils import redirect
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.matching.blueprint import bp
from volunteer_hub.matching.one_to_one import on_site, topics
from volunteer_hub.matching.one_to_one.forms import TeachForm
from volunteer_hub.matching.one_to_one.own_queries import ever_signed_up, own_pairing
from volunteer_hub.notifications import services as notifications


@bp.get("/shifts/<int:shift_id>/pairing")
@requires(Permission.SHIFT_SIGN_UP)
def pairing(shift_id: int) -> Response:
    """Show the senior's given name, topic and table to the volunteer who meets them."""
    session, now = db.session(), clock.now()
    mine = {"shift_id": shift_id, "person_id": current_user.id}
    try:
        found = own_pairing(session, **mine)
    except NotFound:
        if not ever_signed_up(session, **mine):
            raise
        # An old notice leads here after the place was given back.
        return redirect(f"/shifts/{shift_id}", 303)
    return render(
        "matching/pairing.html",
        fragment="matching/_pairing.html",
        found=found,
        met=found.pairing_id is not None and (found.state == "met" or now >= found.ends_at),
        over=now >= found.ends_at,
    )


@bp.post("/pairings/<int:pairing_id>/again")
@requires(Permission.SHIFT_SIGN_UP)
def meet_again(pairing_id: int) -> Response:
    """Say whether to meet this senior again (`yes=1`); can be changed at any time."""
    yes = request.form.get("yes") == "1"
    row = on_site.volunteer_says(
        db.session(),
        pairing_id=pairing_id,
        person_id=current_user.id,
        yes=yes,
        now=clock.now(),
    )
    link = url_for(".pairing", shift_id=row.shift_id)
    notifications.mark_answered(db.session(), person_id=current_user.id, link=link, now=clock.now())
    say = (
        _("Thank you. If the senior would like it too, you meet again first.")
        if yes
        else _("Thank you. You will not be paired with each other again.")
    )
    return done(link, say=say)


@bp.route("/me/topics", methods=["GET", "POST"])
@requires(Permission.SHIFT_SIGN_UP)
def own_topics() -> Response:
    """Show and change what the reader likes to teach."""
    session = db.session()
    mine = topics.taught_by(session, current_user.id)
    form = TeachForm(data={"topic_ids": [str(one) for one in mine]})
    form.topic_ids.choices = [
        SelectChoice(str(row.id), row.name) for row in topics.all_topics(session)
    ]
    if form.validate_on_submit():
        chosen = [int(one) for one in form.topic_ids.data or ()]
        topics.say(session, person_id=current_user.id, topic_ids=chosen, now=clock.now())
        return done(url_for(".own_topics"), say=_("Saved."))
    return render("matching/topics.html", status=status_of(form), form=form)
