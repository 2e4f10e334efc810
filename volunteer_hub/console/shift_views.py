"""Shifts of my organisations: add, copy, change, publish, call off."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.console.answers import attempt, scope, status_of
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.forms import CancelShiftForm, ShiftForm, problems, typed_number
from volunteer_hub.console.places import offer_places
from volunteer_hub.console.shift_typed import (
    changed_by_others,
    offer_needs,
    plan_of,
    proposed,
    stored,
)
from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import MAX_ID, done, render
from volunteer_hub.projects.desk_queries import ProjectDesk, project_desk
from volunteer_hub.projects.models import ProjectStatus
from volunteer_hub.projects.services import ChangedMeanwhile
from volunteer_hub.shifts import desk_queries, scheduling
from volunteer_hub.shifts.desk_queries import ShiftDesk


@bp.route("/projects/<int:project_id>/shifts/new", methods=["GET", "POST"])
@requires(Permission.PROJECT_MANAGE)
def new_shift(project_id: int) -> Response:
    """Add a shift; `?copy=<shift>` starts from that one, a week later."""
    project = _project(project_id)
    pattern = _pattern(project_id)
    form = ShiftForm(data=proposed(project, pattern))
    offer_places(form, also=pattern.place_id if pattern else project.place_id)
    offer_needs(form)
    if form.validate_on_submit() and attempt(form, lambda: _create(form, project_id)):
        return done(url_for(".project", project_id=project_id), say=_said(project))
    return _page(form, project=project, pattern=pattern)


def _pattern(project_id: int) -> ShiftDesk | None:
    """Return the shift to start from: the one that the address names, else the latest."""
    named = typed_number(request.args.get("copy"))
    latest = desk_queries.latest_shift_id
    shift_id = min(named, MAX_ID) or latest(db.session(), project_id=project_id)
    return _shift(shift_id) if shift_id else None


def _create(form: ShiftForm, project_id: int) -> bool:
    scheduling.create_shift(
        db.session(),
        project_id=project_id,
        plan=plan_of(form),
        zone=clock.zone(),
        publish=bool(request.form.get("publish")),
        **scope(),
    )
    return True


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
    shift = _shift(shift_id)
    form = ShiftForm(data=stored(shift))
    offer_places(form, also=shift.place_id)
    offer_needs(form)
    if form.validate_on_submit() and attempt(form, lambda: _change(form, shift)):
        return done(url_for(".project", project_id=shift.project_id), say=_("Saved."))
    return _page(form, project=_project(shift.project_id), shift=shift)


def _change(form: ShiftForm, shift: ShiftDesk) -> bool:
    scheduling.change_shift(
        db.session(),
        shift_id=shift.id,
        version=typed_number(form.version.data),
        plan=plan_of(form, shift),
        zone=clock.zone(),
        **scope(),
    )
    if request.form.get("publish"):
        scheduling.publish_shift(db.session(), shift_id=shift.id, **scope())
    return True


@bp.post("/shifts/<int:shift_id>/cancel")
@requires(Permission.PROJECT_MANAGE)
def cancel_shift(shift_id: int) -> Response:
    """Call the shift off; a reason is needed because everybody who signed up reads it."""
    shift = _shift(shift_id)
    cancelling = CancelShiftForm()
    if cancelling.validate_on_submit() and attempt(cancelling, lambda: _cancel(cancelling, shift)):
        say = _("Cancelled. Everybody who signed up sees the reason.")
        return done(url_for(".project", project_id=shift.project_id), say=say)
    # The fields of this POST belong to the other form of the page.
    form = ShiftForm(formdata=None, data=stored(shift))
    offer_places(form, also=shift.place_id)
    offer_needs(form)
    return _page(form, project=_project(shift.project_id), shift=shift, cancelling=cancelling)


def _cancel(form: CancelShiftForm, shift: ShiftDesk) -> bool:
    scheduling.cancel_shift(
        db.session(), shift_id=shift.id, reason=form.reason.data or "", **scope()
    )
    return True


# ---------------------------------------------------------------- the page


def _project(project_id: int) -> ProjectDesk:
    return project_desk(
        db.session(), project_id=project_id, organisation_ids=current_user.organisation_ids
    )


def _shift(shift_id: int) -> ShiftDesk:
    return desk_queries.shift_desk(
        db.session(), shift_id=shift_id, organisation_ids=current_user.organisation_ids
    )


def _page(
    form: ShiftForm,
    *,
    project: ProjectDesk,
    shift: ShiftDesk | None = None,
    pattern: ShiftDesk | None = None,
    cancelling: CancelShiftForm | None = None,
) -> Response:
    stale = isinstance(getattr(form, "refused", None), ChangedMeanwhile)
    now = clock.now()
    context: dict[str, Any] = {
        "form": form,
        "problems": problems(form) + (problems(cancelling) if cancelling else []),
        "project": project,
        "shift": shift,
        "pattern": pattern,
        "cancelling": cancelling or CancelShiftForm(formdata=None),
        "theirs": changed_by_others(form, shift) if stale and shift else None,
        "is_over": shift is not None and shift.ends_at <= now,
        "has_begun": shift is not None and shift.starts_at <= now,
    }
    return render("console/shift_form.html", status=status_of(cancelling or form), **context)
