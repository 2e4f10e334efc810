"""Series of my organisations: plan one, look at its dates, publish it, let it go on."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.console.answers import attempt, scope
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.forms import problems
from volunteer_hub.console.places import place_of
from volunteer_hub.console.series.forms import ExtendForm, SeriesForm
from volunteer_hub.console.series.typed import (
    Preview,
    offer,
    preview_of,
    proposed_series,
    series_plan,
)
from volunteer_hub.console.shift_views import own_project_desk, pattern_shift
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.gate import run_once
from volunteer_hub.core.i18n import _, _n
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, own_transaction, render
from volunteer_hub.projects.desk_queries import ProjectDesk
from volunteer_hub.projects.models import ProjectStatus
from volunteer_hub.shifts.desk_queries import ShiftDesk
from volunteer_hub.shifts.series import planning, queries
from volunteer_hub.shifts.series.queries import SeriesDesk

# What the button says that was tapped; any other only looks at the dates.
PUBLISH, DRAFT = "publish", "draft"


@bp.route("/projects/<int:project_id>/series/new", methods=["GET", "POST"])
@requires(Permission.PROJECT_MANAGE)
@own_transaction
def new_series(project_id: int) -> Response:
    """Plan a series: what is typed shows its dates first, and is made when those were seen."""
    project = own_project_desk(project_id)
    pattern = pattern_shift(project_id)
    form = SeriesForm(data=proposed_series(project, pattern))
    offer(form, place_id=pattern.place_id if pattern else project.place_id)
    preview = attempt(form, lambda: preview_of(form)) if form.validate_on_submit() else None
    if preview and request.form.get("step") in (PUBLISH, DRAFT):
        if form.seen.data == preview.mark:
            return run_once(lambda: _make(form, project, pattern, preview))
        return _page(form, project, pattern, preview, has_moved=True)
    return _page(form, project, pattern, preview)


def _make(
    form: SeriesForm, project: ProjectDesk, pattern: ShiftDesk | None, preview: Preview
) -> Response:
    if attempt(form, lambda: _create(form, project.id)) is None:
        return _page(form, project, pattern, preview)
    count = len(preview.days.kept)
    return done(url_for(".project", project_id=project.id), say=_said(project, count))


def _create(form: SeriesForm, project_id: int) -> int:
    place_id = place_of(form)
    if place_id is None:
        raise InvalidInput(_("Please choose a place, or add a new one."), field="place_id")
    series = planning.create_series(
        db.session(),
        project_id=project_id,
        plan=series_plan(form, place_id),
        zone=clock.zone(),
        publish=request.form.get("step") == PUBLISH,
        **scope(),
    )
    return series.id


def _said(project: ProjectDesk, count: int) -> str:
    if request.form.get("step") != PUBLISH:
        return _n("%(num)s shift saved as a draft.", "%(num)s shifts saved as drafts.", count)
    if project.status != ProjectStatus.PUBLISHED:
        return str(_("Saved. The shifts appear as soon as the project is published."))
    return _n(
        "%(num)s shift published. Volunteers can sign up now.",
        "%(num)s shifts published. Volunteers can sign up now.",
        count,
    )


def _page(
    form: SeriesForm,
    project: ProjectDesk,
    pattern: ShiftDesk | None,
    preview: Preview | None,
    *,
    has_moved: bool = False,
) -> Response:
    looks = preview is not None and not has_moved and not hasattr(form, "refused")
    if preview:
        form.seen.data = preview.mark
    return render(
        "console/series_form.html",
        status=200 if looks else status_of(form),
        form=form,
        problems=problems(form),
        project=project,
        pattern=pattern,
        preview=preview,
        has_moved=has_moved,
    )


# ---------------------------------------------------------------- one series


@bp.get("/series/<int:series_id>")
@requires(Permission.PROJECT_MANAGE)
def series(series_id: int) -> Response:
    """Show the series and what is still to come of it."""
    return _series_page(_series(series_id), ExtendForm(formdata=None))


@bp.post("/series/<int:series_id>/extend")
@requires(Permission.PROJECT_MANAGE)
@own_transaction
def extend_series(series_id: int) -> Response:
    """Let the series go on: the dates first, then the shifts when those were seen."""
    found = _series(series_id)
    form = ExtendForm()
    preview = attempt(form, lambda: _added(form, found)) if form.validate_on_submit() else None
    if preview and request.form.get("step") and form.seen.data == preview.mark:
        return run_once(lambda: _extend(form, found, preview))
    return _series_page(found, form, preview)


def _added(form: ExtendForm, found: SeriesDesk) -> Preview:
    days = planning.added_days(
        db.session(),
        found.id,
        found.recurrence,
        last_day=form.last_day.data,
        zone=clock.zone(),
        now=clock.now(),
    )
    return Preview(days, found.words)


def _extend(form: ExtendForm, found: SeriesDesk, preview: Preview) -> Response:
    count = attempt(
        form,
        lambda: planning.extend_series(
            db.session(),
            series_id=found.id,
            last_day=form.last_day.data,
            zone=clock.zone(),
            **scope(),
        ),
    )
    if count is None:
        return _series_page(found, form, preview)
    say = _n("%(num)s shift added.", "%(num)s shifts added.", count)
    return done(url_for(".series", series_id=found.id), say=say)


def _series(series_id: int) -> SeriesDesk:
    return queries.series_desk(
        db.session(), series_id=series_id, organisation_ids=current_user.organisation_ids
    )


def _series_page(found: SeriesDesk, form: ExtendForm, preview: Preview | None = None) -> Response:
    now = clock.now()
    context: dict[str, Any] = {
        "series": found,
        "shifts": queries.shifts_of_series(db.session(), series_id=found.id, now=now),
        "form": form,
        "problems": problems(form),
        "preview": preview,
    }
    if preview:
        form.seen.data = preview.mark
    looks = preview is not None and not hasattr(form, "refused")
    return render("console/series.html", status=200 if looks else status_of(form), **context)
