"""Projects of my organisations: list, page, form, publication."""

from __future__ import annotations

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.console.answers import attempt, scope
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.forms import EmptyForm, ProjectForm, problems, typed_number
from volunteer_hub.console.paging import page_of
from volunteer_hub.console.project_typed import (
    TEXTS,
    changed_by_others,
    details_of,
    name_missing,
    offer,
    stored,
)
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.i18n import _, _n
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.projects import desk_queries, services
from volunteer_hub.projects.models import ProjectStatus
from volunteer_hub.shifts.desk_queries import shifts_of_project
from volunteer_hub.shifts.scheduling import publish_drafts
from volunteer_hub.shifts.series.queries import series_of_project

UPCOMING, PAST = 60, 12


@bp.get("/projects")
@requires(Permission.PROJECT_MANAGE)
def projects() -> Response:
    """Return the list, 20 a page; what cannot be used of the address is named and left out."""
    status = request.args.get("status", "")
    known = status in set(ProjectStatus)
    ignored = [_("Status")] if status and not known else []
    found = desk_queries.project_list(
        db.session(),
        organisation_ids=current_user.organisation_ids,
        q=request.args.get("q", ""),
        status=ProjectStatus(status) if known else None,
        page=page_of(ignored),
    )
    return render(
        "console/projects.html",
        found=found,
        q=request.args.get("q", "")[:100],
        status_key=status if known else "",
        ignored=ignored,
    )


@bp.route("/projects/new", methods=["GET", "POST"])
@requires(Permission.PROJECT_MANAGE)
def new_project() -> Response:
    """Add a project, as a draft or published at once."""
    form = ProjectForm(
        data={
            "organisation_id": str(next(iter(current_user.organisation_ids), "")),
            "contact_name": current_user.name,
            "minimum_age": 16,
            "early_percent": "100",
            "newcomer_percent": "0",
        }
    )
    offer(form)
    project_id = attempt(form, lambda: _create(form)) if form.validate_on_submit() else None
    if project_id is not None:
        return done(url_for(".project", project_id=project_id), say=_saved_sentence())
    return _form_page(form)


def _create(form: ProjectForm) -> int:
    project = services.create_project(
        db.session(),
        organisation_id=typed_number(form.organisation_id.data),
        details=details_of(form),
        actor_id=current_user.id,
        now=clock.now(),
    )
    _publish_if_asked(project.id)
    return project.id


def _publish_if_asked(project_id: int) -> None:
    if request.form.get("publish"):
        _publish(project_id)


def _publish(project_id: int) -> int:
    """Publish the project with its drafts that are still to come; returns how many these are."""
    services.publish_project(db.session(), project_id=project_id, **scope())
    return publish_drafts(db.session(), project_id=project_id, **scope())


def _saved_sentence() -> str:
    if request.form.get("publish"):
        return str(_("Published. Now add its shifts."))
    return str(_("Saved."))


@bp.get("/projects/<int:project_id>")
@requires(Permission.PROJECT_MANAGE)
def project(project_id: int) -> Response:
    """One project: what is missing, its shifts, what was typed."""
    return _project_page(project_id)


def _project_page(project_id: int, refused: DomainError | None = None) -> Response:
    session, now = db.session(), clock.now()
    desk = _desk(project_id)
    return render(
        "console/project.html",
        status=refused.status if refused else 200,
        project=desk,
        refused=refused,
        upcoming=shifts_of_project(
            session, project_id=project_id, now=now, past=False, limit=UPCOMING
        ),
        series=series_of_project(session, project_id=project_id, now=now),
        past=shifts_of_project(session, project_id=project_id, now=now, past=True, limit=PAST),
        now=now,
    )


@bp.route("/projects/<int:project_id>/edit", methods=["GET", "POST"])
@requires(Permission.PROJECT_MANAGE)
def edit_project(project_id: int) -> Response:
    """Change a project; what somebody else saved meanwhile is shown, not overwritten."""
    desk = _desk(project_id)
    form = ProjectForm(data=stored(desk))
    offer(form, also=desk.place_id)
    # The recording organisation stays: hours already kept under it.
    form.organisation_id.data = str(desk.organisation_id)
    if form.validate_on_submit() and attempt(form, lambda: _change(form, project_id)):
        return done(url_for(".project", project_id=project_id), say=_("Saved."))
    return _form_page(form, desk)


def _change(form: ProjectForm, project_id: int) -> bool:
    services.change_project(
        db.session(),
        project_id=project_id,
        version=typed_number(form.version.data),
        details=details_of(form),
        **scope(),
    )
    _publish_if_asked(project_id)
    return True


@bp.post("/projects/<int:project_id>/publish")
@requires(Permission.PROJECT_MANAGE)
def publish_project(project_id: int) -> Response:
    """Show the project and its shifts to come, or say what is missing."""
    form = EmptyForm()
    shifts = attempt(form, lambda: _publish(project_id))
    if shifts is None:
        return _project_page(project_id, form.refused)
    say = _n("Published with %(num)s shift.", "Published with %(num)s shifts.", shifts)
    return done(
        url_for(".project", project_id=project_id),
        say=say if shifts else _("Published. Now add its shifts."),
    )


@bp.post("/projects/<int:project_id>/close")
@requires(Permission.PROJECT_MANAGE)
def close_project(project_id: int) -> Response:
    """Take the project out of the lists."""
    form = EmptyForm()
    closed = attempt(
        form, lambda: services.close_project(db.session(), project_id=project_id, **scope())
    )
    if closed is None:
        return _project_page(project_id, form.refused)
    return done(url_for(".project", project_id=project_id), say=_("The project is closed."))


# ---------------------------------------------------------------- between page and service


def _desk(project_id: int) -> desk_queries.ProjectDesk:
    return desk_queries.project_desk(
        db.session(), project_id=project_id, organisation_ids=current_user.organisation_ids
    )


def _form_page(form: ProjectForm, desk: desk_queries.ProjectDesk | None = None) -> Response:
    if form.errors and request.form.get("publish"):
        name_missing(form)
    stale = isinstance(getattr(form, "refused", None), services.ChangedMeanwhile)
    return render(
        "console/project_form.html",
        status=status_of(form),
        form=form,
        problems=problems(form),
        project=desk,
        theirs=changed_by_others(form, desk) if stale and desk else None,
        has_english=any(
            form[name].data or form[name].errors for name in TEXTS if name.endswith("_en")
        ),
    )
