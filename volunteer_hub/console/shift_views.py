"""Shifts of my organisations: add, copy, change, publish, call off."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.console.answers import attempt, scope
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.cut_typed import cut_answered, cut_question
from volunteer_hub.console.forms import CancelShiftForm, ShiftForm, problems, typed_number
from volunteer_hub.console.places import offer_places
from volunteer_hub.console.series.forms import CancelSeriesForm, SeriesShiftForm
from volunteer_hub.console.series.typed import offer_reach
from volunteer_hub.console.shift_typed import (
    changed_by_others,
    offer_needs,
    plan_of,
    proposed,
    stored,
)
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _, _n
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import MAX_ID, done, render
from volunteer_hub.projects.desk_queries import ProjectDesk, project_desk
from volunteer_hub.projects.models import ProjectStatus
from volunteer_hub.projects.services import ChangedMeanwhile
from volunteer_hub.shifts import desk_queries, scheduling
from volunteer_hub.shifts.desk_queries import ShiftDesk
from volunteer_hub.shifts.series.changing import (
    Reach,
    SeriesRefused,
    cancel_series,
    change_series,
)
from volunteer_hub.shifts.series.queries import SeriesDesk, series_of_shift


@bp.route("/projects/<int:project_id>/shifts/new", methods=["GET", "POST"])
@requires(Permission.PROJECT_MANAGE)
def new_shift(project_id: int) -> Response:
    """Add a shift; `?copy=<shift>` starts from that one, a week later."""
    project = own_project_desk(project_id)
    pattern = pattern_shift(project_id)
    form = ShiftForm(data=proposed(project, pattern))
    offer_places(form, also=pattern.place_id if pattern else project.place_id)
    offer_needs(form)
    made = attempt(form, lambda: _create(form, project_id)) if form.validate_on_submit() else None
    if made is not None:
        # Wishes that were ticked before the shift was there are put into it now.
        wishes = request.args.get("wishes")
        back = url_for(".wishes", pick=wishes, shift=made) if wishes else ""
        return done(back or url_for(".project", project_id=project_id), say=_said(project))
    return _page(form, project=project, pattern=pattern)


def pattern_shift(project_id: int) -> ShiftDesk | None:
    """Return the shift to start from: the one that the address names, else the latest."""
    named = typed_number(request.args.get("copy"))
    latest = desk_queries.latest_shift_id
    shift_id = min(named, MAX_ID) or latest(db.session(), project_id=project_id)
    return _shift(shift_id) if shift_id else None


def _create(form: ShiftForm, project_id: int) -> int:
    return scheduling.create_shift(
        db.session(),
        project_id=project_id,
        plan=plan_of(form),
        zone=clock.zone(),
        publish=bool(request.form.get("publish")),
        **scope(),
    ).id


def _said(project: ProjectDesk) -> str:
    if not request.form.get("publish"):
        return str(_("Saved as a draft."))
    if project.status != ProjectStatus.PUBLISHED:
        return str(_("Saved. The shift appears as soon as the project is published."))
    return str(_("Published. Volunteers can sign up now."))


@bp.route("/shifts/<int:shift_id>/edit", methods=["GET", "POST"])
@requires(Permission.PROJECT_MANAGE)
def edit_shift(shift_id: int) -> Response:
    """Change a shift; what somebody else saved meanwhile is shown, not overwritten."""
    shift, series = _shift(shift_id), _series(shift_id)
    form, cancelling = _forms(shift, series)
    changed = attempt(form, lambda: _change(form, shift)) if form.validate_on_submit() else None
    if changed is not None:
        return done(url_for(".project", project_id=shift.project_id), say=_changed(changed))
    return _page(
        form,
        project=own_project_desk(shift.project_id),
        shift=shift,
        series=series,
        cancelling=cancelling,
    )


def _change(form: ShiftForm, shift: ShiftDesk) -> int:
    """Change the shift, and by what was chosen others of its series; returns how many."""
    return change_series(
        db.session(),
        shift_id=shift.id,
        version=typed_number(form.version.data),
        plan=plan_of(form, shift),
        reach=Reach(form.reach.data) if "reach" in form else Reach.ONE,
        zone=clock.zone(),
        publish=bool(request.form.get("publish")),
        cut=cut_answered(form, shift),
        **scope(),
    )


def _changed(count: int) -> str:
    if count < 2:
        return str(_("Saved."))
    return _n("Saved: %(num)s shift changed.", "Saved: %(num)s shifts changed.", count)


@bp.post("/shifts/<int:shift_id>/cancel")
@requires(Permission.PROJECT_MANAGE)
def cancel_shift(shift_id: int) -> Response:
    """Call the shift off; a reason is needed because everybody who signed up reads it."""
    shift, series = _shift(shift_id), _series(shift_id)
    # The fields of this POST belong to the other form of the page.
    form, cancelling = _forms(shift, series, cancels=True)
    if cancelling.validate_on_submit() and attempt(cancelling, lambda: _cancel(cancelling, shift)):
        say = _("Cancelled. Everybody who signed up sees the reason.")
        return done(url_for(".project", project_id=shift.project_id), say=say)
    return _page(
        form,
        project=own_project_desk(shift.project_id),
        shift=shift,
        series=series,
        cancelling=cancelling,
    )


def _cancel(form: CancelShiftForm, shift: ShiftDesk) -> bool:
    cancel_series(
        db.session(),
        shift_id=shift.id,
        reach=Reach(form.cancel_reach.data) if "cancel_reach" in form else Reach.ONE,
        reason=form.reason.data or "",
        **scope(),
    )
    return True


def _forms(
    shift: ShiftDesk, series: SeriesDesk | None, *, cancels: bool = False
) -> tuple[ShiftForm, CancelShiftForm]:
    """Return the two forms of the page; only one of them was sent."""
    change, cancel = (SeriesShiftForm, CancelSeriesForm) if series else (ShiftForm, CancelShiftForm)
    none: dict[str, Any] = {"formdata": None}
    form = change(data=stored(shift), **(none if cancels else {}))
    cancelling = cancel(**({} if cancels else none))
    offer_places(form, also=shift.place_id)
    offer_needs(form)
    if series:
        offer_reach(series, form, cancelling)
    return form, cancelling


# ---------------------------------------------------------------- the page


def own_project_desk(project_id: int) -> ProjectDesk:
    """Return a project of one's own organisations; raises NotFound for any other."""
    return project_desk(
        db.session(), project_id=project_id, organisation_ids=current_user.organisation_ids
    )


def _shift(shift_id: int) -> ShiftDesk:
    return desk_queries.shift_desk(
        db.session(), shift_id=shift_id, organisation_ids=current_user.organisation_ids
    )


def _series(shift_id: int) -> SeriesDesk | None:
    return series_of_shift(db.session(), shift_id=shift_id, now=clock.now())


def _page(
    form: ShiftForm,
    *,
    project: ProjectDesk,
    shift: ShiftDesk | None = None,
    pattern: ShiftDesk | None = None,
    series: SeriesDesk | None = None,
    cancelling: CancelShiftForm | None = None,
) -> Response:
    cancelling = cancelling or CancelShiftForm(formdata=None)
    refused = getattr(form, "refused", None) or getattr(cancelling, "refused", None)
    stale = isinstance(refused, ChangedMeanwhile)
    now = clock.now()
    context: dict[str, Any] = {
        "form": form,
        "problems": problems(form) + problems(cancelling),
        "project": project,
        "shift": shift,
        "pattern": pattern,
        "series": series,
        "cancelling": cancelling,
        "theirs": changed_by_others(form, shift) if stale and shift else None,
        "cut": cut_question(form, shift),
        "refused_days": refused.lines if isinstance(refused, SeriesRefused) else (),
        "is_over": shift is not None and shift.ends_at <= now,
        "has_begun": shift is not None and shift.starts_at <= now,
    }
    status = refused.status if refused else status_of(form)
    return render("console/shift_form.html", status=status, **context)
