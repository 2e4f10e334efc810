"""Bring in projects from a sheet: choose it, look at what it would add, confirm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.console.answers import attempt
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.forms import typed_number
from volunteer_hub.console.importing.forms import (
    COLUMN,
    ConfirmForm,
    UploadForm,
    chosen_fields,
    field_choices,
)
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.gate import run_once
from volunteer_hub.core.i18n import _, _n
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import CHOICES, done, own_transaction, render
from volunteer_hub.projects.desk_queries import organisation_choices
from volunteer_hub.projects.importing.check import Checked, check_sheet
from volunteer_hub.projects.importing.files import forget_file, keep_file, own_file
from volunteer_hub.projects.importing.plan import Plan, Scope, make_plan
from volunteer_hub.projects.importing.services import import_projects

MAX_ROWS = 1000
SHOWN_ROWS = 5
SHOWN_REFUSALS = 100


@bp.route("/import", methods=["GET", "POST"])
@requires(Permission.PROJECT_IMPORT)
@own_transaction
def import_upload() -> Response:
    form = UploadForm(data={"organisation_id": str(next(iter(current_user.organisation_ids), ""))})
    form.organisation_id.choices = _own_organisations()
    if form.validate_on_submit():
        content = form.content()
        if content is not None and _readable(form, content):
            return done(url_for("console.import_preview", file_id=_keep(form, content)))
    status = 422 if form.is_submitted() else 200
    fields = field_choices()[1:]
    return render("console/import.html", status=status, form=form, fields=fields)


def _own_organisations() -> list[tuple[str, str]]:
    own = organisation_choices(db.session(), current_user.organisation_ids)
    return [(str(choice.id), choice.name) for choice in own]


def _readable(form: UploadForm, content: bytes) -> bool:
    try:
        checked = check_sheet(content)
    except DomainError as error:
        form.file.errors = [error.message]
        return False
    if checked.total > MAX_ROWS:
        form.file.errors = [_("The sheet has more than %(n)s rows. Please split it.", n=MAX_ROWS)]
    return checked.total <= MAX_ROWS


def _keep(form: UploadForm, content: bytes) -> int:
    return write_tx(
        lambda: keep_file(
            db.session(),
            owner_id=current_user.id,
            organisation_id=typed_number(form.organisation_id.data),
            name=form.file.data.filename or "",
            content=content,
            now=clock.now(),
        )
    )


@dataclass(frozen=True)
class _Sheet:
    """The kept file, read with the columns that were chosen."""

    id: int
    name: str
    checked: Checked
    scope: Scope
    chosen: dict[str, str]

    @property
    def problem(self) -> str:
        return self.checked.layout.problem


def _sheet(file_id: int) -> _Sheet:
    file = own_file(db.session(), file_id=file_id, owner_id=current_user.id, now=clock.now())
    chosen = chosen_fields(request.values)
    try:
        checked = check_sheet(file.content, chosen)
    except DomainError:
        # The address names a column that this sheet does not have.
        known = len(check_sheet(file.content).layout.columns)
        chosen = {name: field for name, field in chosen.items() if int(name[1:]) <= known}
        checked = check_sheet(file.content, chosen)
    scope = Scope(frozenset(current_user.organisation_ids), file.organisation_id)
    return _Sheet(file.id, file.name, checked, scope, chosen)


def _not_used(sheet: _Sheet) -> list[str]:
    """Name the choices of the address that fit no column; the rest of it is not ours to name."""
    used = {f"c{int(name[1:]) - 1}" for name in sheet.chosen}
    strange = [name for name in request.args if name not in used and name not in CHOICES]
    labels = (
        _("Column %(n)s", n=int(found[1]) + 1) if (found := COLUMN.fullmatch(name)) else ""
        for name in strange
    )
    return list(dict.fromkeys(label or _("a part of the address") for label in labels))


@bp.get("/import/<int:file_id>")
@requires(Permission.PROJECT_IMPORT)
def import_preview(file_id: int) -> Response:
    return _preview(_sheet(file_id), ConfirmForm(formdata=None))


@bp.post("/import/<int:file_id>")
@requires(Permission.PROJECT_IMPORT)
@own_transaction
def import_confirm(file_id: int) -> Response:
    """Bring the sheet in; it is read before the transaction, so that others wait less."""
    try:
        sheet = _sheet(file_id)
    except NotFound:
        # Not there, or brought in by the first of two taps: then its answer is given again.
        return run_once(lambda: import_preview(file_id))
    form = ConfirmForm()
    if sheet.problem or not form.validate_on_submit():
        return _preview(sheet, form, status=422)
    return run_once(lambda: _bring_in(sheet, form))


def _bring_in(sheet: _Sheet, form: ConfirmForm) -> Response:
    # First of all, so that of two at once the second finds nothing to bring in.
    if not forget_file(db.session(), file_id=sheet.id, owner_id=current_user.id):
        raise NotFound
    plan = attempt(
        form,
        lambda: import_projects(
            db.session(),
            sheet.checked,
            scope=sheet.scope,
            skip_refused=form.skip_refused.data,
            actor_id=current_user.id,
            now=clock.now(),
        ),
    )
    if plan is None:
        return _preview(sheet, form, status=status_of(form))
    return done("/console/projects", say=_outcome(plan))


@bp.post("/import/<int:file_id>/discard")
@requires(Permission.PROJECT_IMPORT)
def import_discard(file_id: int) -> Response:
    own_file(db.session(), file_id=file_id, owner_id=current_user.id, now=clock.now())
    forget_file(db.session(), file_id=file_id, owner_id=current_user.id)
    return done(
        url_for("console.import_upload"), say=_("The sheet is forgotten. Nothing was added.")
    )


def _preview(sheet: _Sheet, form: ConfirmForm, *, status: int = 200) -> Response:
    plan = make_plan(db.session(), sheet.checked, scope=sheet.scope)
    context: dict[str, Any] = {
        "sheet": sheet,
        "plan": plan,
        "form": form,
        "fields": field_choices(),
        "ignored": _not_used(sheet),
        "rows": plan.ready[:SHOWN_ROWS],
        "refused": plan.refused[:SHOWN_REFUSALS],
    }
    return render("console/import_preview.html", status=status, **context)


def _outcome(plan: Plan) -> str:
    parts = [_n("%(num)s draft added.", "%(num)s drafts added.", len(plan.ready))]
    if plan.there:
        parts.append(_n("%(num)s row was there already.", "%(num)s rows were there already.",
                        len(plan.there)))  # fmt: skip
    if plan.refused_rows:
        parts.append(_n("%(num)s row refused.", "%(num)s rows refused.", plan.refused_rows))
    return " ".join(parts)
