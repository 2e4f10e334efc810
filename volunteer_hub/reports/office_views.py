"""The office: figures of the sub-district, roles, guardians."""

from __future__ import annotations

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from volunteer_hub.accounts import guardians, role_services
from volunteer_hub.accounts.services import CONSENT_VERSION
from volunteer_hub.core import clock, phones
from volunteer_hub.core.calendar import quarter_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, Role, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.registry import queries as registry
from volunteer_hub.reports import audit_views, hours_views, qualification_views
from volunteer_hub.reports.forms import GrantForm, GuardianForm
from volunteer_hub.reports.office_blueprint import bp, page_number
from volunteer_hub.reports.queries import office as queries

__all__ = ["audit_views", "bp", "hours_views", "qualification_views"]


@bp.get("")
@requires(Permission.OFFICE_OPEN)
def index() -> Response:
    """Show the sub-district in four figures."""
    quarter = quarter_of(clock.today())
    totals = queries.totals(db.session(), quarter=quarter.period, now=clock.now())
    return render("office/index.html", totals=totals, quarter=quarter)


@bp.route("/roles", methods=["GET", "POST"])
@requires(Permission.OFFICE_OPEN)
def roles() -> Response:
    """Show who has which role, and give one."""
    form = GrantForm()
    form.role.choices = [SelectChoice(role.value, name) for role, name in _role_names().items()]
    form.organisation_id.choices = _choices(registry.organisation_choices(db.session()))
    form.branch_id.choices = _choices(registry.branch_choices(db.session()))
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        refusal = _grant(form)
        if not refusal:
            return done(url_for(".roles"), say=_("The role is given."))
        status = refusal
    return _roles_page(form, status)


def _roles_page(form: GrantForm, status: int) -> Response:
    names = _role_names()
    role = request.args.get("of") or None
    number, ignored = page_number()
    if role is not None and role not in names:
        ignored, role = [*ignored, _("Role")], None
    page = queries.grant_page(
        db.session(),
        role=Role(role) if role else None,
        number=number,
        today=clock.now().date(),
    )
    return render(
        "office/roles.html", status=status, form=form, page=page, role_names=names, chosen=role,
        ignored=ignored, local=clock.local,
    )  # fmt: skip


def _grant(form: GrantForm) -> int:
    """Give the role; returns 0, or the status of a refusal that the form now shows."""
    phone = phones.normalise(form.phone.data or "")
    if phone is None:
        form.phone.errors = [_("Please type a mobile number, such as 138 0013 8000.")]
        return 422
    try:
        role_services.grant_role(
            db.session(),
            phone=phone,
            role=Role(form.role.data),
            organisation_id=int(form.organisation_id.data or 0) or None,
            branch_id=int(form.branch_id.data or 0) or None,
            granted_by=current_user.id,
            now=clock.now(),
        )
    except DomainError as error:
        form[error.field or "phone"].errors = [error.message]
        return 422 if error.status == 404 else error.status
    return 0


@bp.post("/roles/<int:grant_id>/end")
@requires(Permission.OFFICE_OPEN)
def end_role(grant_id: int) -> Response:
    """End a role at once."""
    role_services.end_grant(
        db.session(), grant_id=grant_id, ended_by=current_user.id, now=clock.now()
    )
    return done(url_for(".roles"), say=_("The role has ended."))


@bp.route("/guardians", methods=["GET", "POST"])
@requires(Permission.OFFICE_OPEN)
def guardian() -> Response:
    """Note a guardian's consent for somebody under 18."""
    form = GuardianForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        refusal = _link(form)
        if not refusal:
            return done(url_for(".guardian"), say=_("The guardian is noted."))
        status = refusal
    return render("office/guardians.html", status=status, form=form)


def _link(form: GuardianForm) -> int:
    """Link the two; returns 0, or the status of a refusal that the form now shows."""
    numbers = [phones.normalise(field.data or "") for field in (form.phone, form.guardian_phone)]
    for field, number in zip((form.phone, form.guardian_phone), numbers, strict=True):
        if number is None:
            field.errors = [_("Please type a mobile number, such as 138 0013 8000.")]
    if None in numbers:
        return 422
    try:
        guardians.link_guardian(
            db.session(),
            phone=numbers[0] or "",
            guardian_phone=numbers[1] or "",
            version=CONSENT_VERSION,
            linked_by=current_user.id,
            today=clock.today(),
            now=clock.now(),
        )
    except DomainError as error:
        form[error.field or "phone"].errors = [error.message]
        return 422 if error.status == 404 else error.status
    return 0


def _choices(rows: list[registry.Choice]) -> list[SelectChoice]:
    return [SelectChoice("", _("None")), *(SelectChoice(str(row.id), row.name) for row in rows)]


def _role_names() -> dict[Role, str]:
    return {
        Role.COORDINATOR: _("Coordinator"),
        Role.BRANCH_LEADER: _("Branch leader"),
        Role.OFFICE: _("Office"),
    }
