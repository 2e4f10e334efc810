"""One's own time: when one is free, how often, how far, and whether one stands by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import time

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from volunteer_hub.core import clock
from volunteer_hub.core.attempts import attempt, status_of
from volunteer_hub.core.calendar import Window, minute_of_day
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render, safe_next
from volunteer_hub.matching import availability
from volunteer_hub.matching.availability import Own
from volunteer_hub.matching.blueprint import bp
from volunteer_hub.matching.forms import AvailabilityForm, AwayForm
from volunteer_hub.matching.reasons import WINDOWS
from volunteer_hub.matching.windows import DAYS, HOURS
from volunteer_hub.projects.desk_queries import category_choices
from volunteer_hub.shifts.series.words import weekday_name


@bp.route("/me/availability", methods=["GET", "POST"])
@requires(Permission.SHIFT_SIGN_UP)
def own_time() -> Response:
    """Show and change when one is free; `habits=1` ticks what one did before, unsaved."""
    said = availability.own(db.session(), current_user.id)
    proposed = request.args.get("habits") == "1"
    form = _form(_with_habits(said) if proposed else said)
    if form.validate_on_submit() and attempt(form, lambda: _save(form, said)):
        return done(safe_next(request.args.get("next") or "/me/availability"), say=_("Saved."))
    return _page(said, form, AwayForm(formdata=None), proposed=proposed)


@bp.post("/me/availability/away")
@requires(Permission.SHIFT_SIGN_UP)
def add_away() -> Response:
    """Say from when to when one is away."""
    form = AwayForm()
    if form.validate() and attempt(form, lambda: _add_away(form)):
        return done(url_for(".own_time", _anchor="away"), say=_("Saved."))
    said = availability.own(db.session(), current_user.id)
    return _page(said, _form(said, formdata=None), form)


@bp.post("/me/availability/away/<int:away_id>/remove")
@requires(Permission.SHIFT_SIGN_UP)
def remove_away(away_id: int) -> Response:
    """Take days away back."""
    availability.remove_away(db.session(), person_id=current_user.id, away_id=away_id)
    return done(url_for(".own_time", _anchor="away"), say=_("Taken off."))


@bp.post("/me/recommendations")
@requires(Permission.SHIFT_SIGN_UP)
def recommendations() -> Response:
    """Turn recommendations on (`on=1`) or off."""
    on = request.form.get("on") == "1"
    availability.switch_recommendations(
        db.session(), person_id=current_user.id, on=on, now=clock.now()
    )
    say = _("Recommendations are on.") if on else _("Recommendations are off: soonest first.")
    return done("/recommended", say=say)


def _form(said: Own, **settings: None) -> AvailabilityForm:
    hours = {}
    for window, (start, end) in said.hours.items():
        hours[f"{window}_from"], hours[f"{window}_to"] = _time(start), _time(end)
    form = AvailabilityForm(
        data={
            "free": [f"{weekday}.{window}" for weekday, window in said.free],
            "weekly_limit": said.weekly_limit,
            "farthest_walk": said.farthest_walk,
            "interests": [str(one) for one in said.interests],
            "standby": said.standby,
            "calls_a_month": said.calls_a_month,
            "called_from": said.called_from,
            **hours,
        },
        **settings,
    )
    form.interests.choices = [
        SelectChoice(str(row.id), row.name) for row in category_choices(db.session())
    ]
    return form


def _time(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


def _with_habits(said: Own) -> Own:
    found = availability.habits(db.session(), person_id=current_user.id, now=clock.now())
    return replace(said, free=said.free | found.free, interests=said.interests | found.interests)


def _save(form: AvailabilityForm, said: Own) -> bool:
    ticked = (value.split(".", 1) for value in form.free.data or ())
    availability.save(
        db.session(),
        person_id=current_user.id,
        said=replace(
            said,
            free=frozenset((int(weekday), Window(window)) for weekday, window in ticked),
            hours=_hours(form),
            weekly_limit=form.weekly_limit.data,
            farthest_walk=form.farthest_walk.data,
            interests=frozenset(int(one) for one in form.interests.data or ()),
            standby=bool(form.standby.data),
            calls_a_month=form.calls_a_month.data,
            called_from=form.called_from.data,
        ),
        now=clock.now(),
    )
    return True


def _hours(form: AvailabilityForm) -> Mapping[Window, tuple[int, int]]:
    """Return the hours typed for each window; a field left empty means the usual ones."""
    found = {}
    for window, start, end in form.hours():
        usual = HOURS[window]
        found[window] = (
            usual[0] if start.data is None else minute_of_day(start.data),
            usual[1] if end.data is None else minute_of_day(end.data),
        )
    return found


def _add_away(form: AwayForm) -> bool:
    availability.add_away(
        db.session(),
        person_id=current_user.id,
        first_day=form.first_day.data,
        last_day=form.last_day.data,
        today=clock.today(),
        now=clock.now(),
    )
    return True


def _page(said: Own, form: AvailabilityForm, away: AwayForm, *, proposed: bool = False) -> Response:
    found = availability.habits(db.session(), person_id=current_user.id, now=clock.now())
    tried = form if form.is_submitted() and request.path == url_for(".own_time") else away
    return render(
        "matching/availability.html",
        status=status_of(tried),
        mine=said,
        form=form,
        away=away,
        names=WINDOWS,
        weekday_name=lambda weekday: weekday_name(weekday + 1),
        tables=[
            [window for window in DAYS if DAYS[window] is DAYS[first]]
            for first in (Window.BEFORE_WORK, Window.WEEKEND_AM)
        ],
        days=DAYS,
        proposed=proposed,
        # Something to propose that is not ticked yet.
        habits=found if found.free - said.free or found.interests - said.interests else None,
        today=clock.today(),
    )
