"""The office's list of skills, languages and trainings: add one, give one another name."""

from __future__ import annotations

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from volunteer_hub.accounts import qualification_list
from volunteer_hub.accounts.models import QualificationKind
from volunteer_hub.accounts.queries import all_qualifications
from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.reports.forms import NameForm, QualificationForm
from volunteer_hub.reports.office_blueprint import bp


@bp.route("/qualifications", methods=["GET", "POST"])
@requires(Permission.OFFICE_OPEN)
def qualifications() -> Response:
    """Show the list, and add to it."""
    form = _form()
    if form.validate_on_submit() and _add(form):
        return done(url_for(".qualifications"), say=_("Added to the list."))
    return _page(form, NameForm(formdata=None), status=422 if form.is_submitted() else 200)


@bp.post("/qualifications/<int:qualification_id>/rename")
@requires(Permission.OFFICE_OPEN)
def rename_qualification(qualification_id: int) -> Response:
    """Give one of the list another name; who has it keeps it."""
    names = NameForm()
    if names.validate() and _rename(names, qualification_id):
        return done(url_for(".qualifications"), say=_("Renamed."))
    return _page(_form(formdata=None), names, status=422, refused_id=qualification_id)


def _form(**settings: None) -> QualificationForm:
    form = QualificationForm(**settings)
    form.kind.choices = [SelectChoice(key.value, name) for key, name in _kinds().items()]
    return form


def _kinds() -> dict[QualificationKind, str]:
    return {
        QualificationKind.SKILL: _("Skill"),
        QualificationKind.LANGUAGE: _("Language spoken"),
        QualificationKind.TRAINING: _("Training"),
    }


def _add(form: QualificationForm) -> bool:
    try:
        qualification_list.add_qualification(
            db.session(),
            kind=form.kind.data,
            name_zh=form.name_zh.data or "",
            name_en=form.name_en.data or "",
            valid_months=form.valid_months.data,
            actor_id=current_user.id,
            now=clock.now(),
        )
    except DomainError as error:
        form[error.field or "name_zh"].errors = [error.message]
        return False
    return True


def _rename(form: NameForm, qualification_id: int) -> bool:
    try:
        qualification_list.rename_qualification(
            db.session(),
            qualification_id=qualification_id,
            name_zh=form.new_zh.data or "",
            name_en=form.new_en.data or "",
            actor_id=current_user.id,
            now=clock.now(),
        )
    except DomainError as error:
        if error.status == 404:
            raise
        form["new_en" if error.field == "name_en" else "new_zh"].errors = [error.message]
        return False
    return True


def _page(
    form: QualificationForm, names: NameForm, *, status: int, refused_id: int | None = None
) -> Response:
    return render(
        "office/qualifications.html",
        status=status,
        form=form,
        names=names,
        refused_id=refused_id,
        rows=all_qualifications(db.session()),
        kinds=_kinds(),
    )
