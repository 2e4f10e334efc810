"""One's own profile: what one says of oneself, skills and languages included."""

from __future__ import annotations

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from volunteer_hub.accounts import qualifications, queries, services
from volunteer_hub.accounts.blueprint import bp
from volunteer_hub.accounts.forms import ProfileForm, SkillsForm
from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.i18n import _, either
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render, safe_next
from volunteer_hub.registry import queries as registry


@bp.route("/me/profile", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_OWN)
def profile() -> Response:
    """Show and change what one says of oneself."""
    row = _own_profile()
    form = _profile_form(row)
    if form.validate_on_submit() and _change_profile(form):
        return done(url_for(".profile"), say=_("Saved."))
    return _page(row, form, status=422 if form.is_submitted() else 200)


@bp.post("/me/profile/skills")
@requires(Permission.ACCOUNT_OWN)
def skills() -> Response:
    """Keep the skills and languages that were ticked."""
    row = _own_profile()
    form = SkillsForm()
    _offer(form)
    if form.validate() and _set_own(form):
        back = safe_next(request.form.get("next"))
        if back != "/":
            return done(back, say=_("Saved. You can go on here now."))
        return done(url_for(".profile", _anchor="skills"), say=_("Saved."))
    return _page(row, _profile_form(row, formdata=None), skills=form, status=422)


def _own_profile() -> queries.Profile:
    row = queries.profile(db.session(), current_user.id)
    if row is None:
        raise NotFound
    return row


def _profile_form(row: queries.Profile, **settings: None) -> ProfileForm:
    form = ProfileForm(
        data={
            "name": row.name,
            "nickname": row.nickname,
            "birth_date": row.birth_date,
            "building_id": str(row.building_id or ""),
            "email": row.email,
            "shows_membership": row.shows_membership,
        },
        **settings,
    )
    form.building_id.choices = building_choices()
    return form


def building_choices() -> list[SelectChoice]:
    """Return all buildings to choose from, and that one says none."""
    rows = registry.building_choices(db.session())
    return [SelectChoice("", _("Not said")), *(SelectChoice(str(r.id), r.name) for r in rows)]


def _change_profile(form: ProfileForm) -> bool:
    try:
        services.change_profile(
            db.session(),
            person_id=current_user.id,
            name=form.name.data or "",
            nickname=form.nickname.data or "",
            birth_date=form.birth_date.data,
            building_id=int(form.building_id.data) if form.building_id.data else None,
            email=form.email.data or None,
            shows_membership=bool(form.shows_membership.data),
            today=clock.today(),
            now=clock.now(),
        )
    except DomainError as error:
        form[error.field or "name"].errors = [error.message]
        return False
    return True


def _offer(form: SkillsForm) -> list[queries.QualificationRow]:
    """Fill the list of the form with what people say of themselves."""
    rows = [
        row
        for row in queries.all_qualifications(db.session())
        if row.kind in qualifications.OWN_KINDS
    ]
    form.qualification_ids.choices = [
        SelectChoice(str(row.id), either(row.name_zh, row.name_en)) for row in rows
    ]
    return rows


def _set_own(form: SkillsForm) -> bool:
    try:
        qualifications.set_own(
            db.session(),
            person_id=current_user.id,
            qualification_ids=[int(one) for one in form.qualification_ids.data or ()],
            now=clock.now(),
        )
    except DomainError as error:
        form.qualification_ids.errors = [error.message]
        return False
    return True


def _page(
    row: queries.Profile, form: ProfileForm, *, skills: SkillsForm | None = None, status: int
) -> Response:
    held = queries.of_person(db.session(), current_user.id)
    if skills is None:
        own = [str(one.qualification_id) for one in held]
        skills = SkillsForm(formdata=None, data={"qualification_ids": own})
    return render(
        "accounts/profile.html",
        status=status,
        form=form,
        profile=row,
        skills=skills,
        choices=_offer(skills),
        trainings=[one for one in held if one.kind not in qualifications.OWN_KINDS],
        today=clock.today(),
        next=request.values.get("next", ""),
    )
