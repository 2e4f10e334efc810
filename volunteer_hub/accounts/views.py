"""Sign in, register, own password (own profile: `profile_views`, branch: `membership_views`)."""

from __future__ import annotations

from flask import current_app, request, session
from flask_limiter.util import get_remote_address
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from volunteer_hub.accounts import membership_views, queries, services
from volunteer_hub.accounts.blueprint import bp
from volunteer_hub.accounts.forms import LoginForm, PasswordForm, RegisterForm
from volunteer_hub.accounts.profile_views import building_choices
from volunteer_hub.core import clock, i18n, passwords, phones
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.i18n import _
from volunteer_hub.core.limits import limiter
from volunteer_hub.core.permissions import Actor, Permission, public, requires
from volunteer_hub.core.refusals import error_page
from volunteer_hub.core.web import done, own_transaction, render, safe_next
from volunteer_hub.registry import queries as registry

__all__ = ["bp", "membership_views"]


def _tries() -> str:
    phone = phones.normalise(request.form.get("phone", "")) or "?"
    return f"{phone} {get_remote_address()}"


def _failed(response: Response) -> bool:
    return response.status_code != 303


@bp.route("/login", methods=["GET", "POST"])
@public
@own_transaction
@limiter.limit("10/15 minutes", methods=["POST"], key_func=_tries, deduct_when=_failed)
def login() -> Response:
    form = LoginForm(data={"next": request.args.get("next", "")})
    if form.is_submitted() and _is_demo_in_production():
        return _closed()
    if form.validate_on_submit():
        phone = phones.normalise(form.phone.data or "")
        found = queries.credentials(db.session(), phone) if phone else None
        # Same work and same words whether the phone is known or not (trust.md S05).
        if (
            passwords.matches(found.password_hash if found else None, form.password.data or "")
            and found
        ):
            _begin_session(found.id, found.session_key)
            _keep_language(found)
            return done(safe_next(form.next.data))
        form.form_errors.append(_("Phone and password do not match. Please check both."))
    status = 422 if form.is_submitted() else 200
    return render("accounts/login.html", status=status, form=form, demo=_demo_identities())


def _begin_session(person_id: int, session_key: str) -> None:
    session.clear()
    session.permanent = True
    login_user(Actor(id=person_id, name="", session_key=session_key), force=True)


def _keep_language(found: queries.Credentials) -> None:
    """Let the profile follow a language that was chosen before signing in."""
    wish = request.cookies.get(i18n.COOKIE)
    if wish in i18n.LANGUAGES and wish != found.language:
        write_tx(lambda: services.choose_language(db.session(), person_id=found.id, language=wish))


def _is_demo_in_production() -> bool:
    # Everybody knows the passwords of the demo, one of which opens the office.
    return bool(current_app.config["HUB_PRODUCTION"]) and registry.is_demo(db.session())


def _closed() -> Response:
    return error_page(
        503,
        _("Signing in is closed"),
        _("This site holds demo data. Who keeps the server needs to name an empty database."),
    )


def _demo_identities() -> list[tuple[str, str]]:
    if not current_app.config["HUB_DEMO"]:
        return []
    return [
        ("19900000001", _("Volunteer")),
        ("19900000002", _("Coordinator")),
        ("19900000003", _("Branch leader")),
        ("19900000004", _("Office")),
    ]


@bp.route("/register", methods=["GET", "POST"])
@public
@own_transaction
@limiter.limit("60/hour", methods=["POST"])
def register() -> Response:
    form = RegisterForm(data={"next": request.args.get("next", "")})
    if form.is_submitted() and _is_demo_in_production():
        return _closed()
    form.building_id.choices = building_choices()
    if form.validate_on_submit() and _register(form):
        return done(
            safe_next(form.next.data), say=_("Welcome! Choose a shift that fits your free hour.")
        )
    status = 422 if form.is_submitted() else 200
    return render("accounts/register.html", status=status, form=form)


def _register(form: RegisterForm) -> bool:
    phone = phones.normalise(form.phone.data or "")
    if phone is None:
        form.phone.errors = [_("Please type a mobile number, such as 138 0013 8000.")]
        return False
    try:
        services.check_password(form.password.data or "", phone=phone, name=form.name.data or "")
        hashed = passwords.hash_password(form.password.data or "")
        person_id, key = write_tx(lambda: _open_account(form, phone, hashed))
    except DomainError as error:
        form[error.field or "phone"].errors = [error.message]
        return False
    _begin_session(person_id, key)
    return True


def _open_account(form: RegisterForm, phone: str, hashed: str) -> tuple[int, str]:
    person = services.register(
        db.session(),
        phone=phone,
        name=form.name.data or "",
        password_hash=hashed,
        building_id=int(form.building_id.data) if form.building_id.data else None,
        language=i18n.language(),
        now=clock.now(),
    )
    return person.id, person.session_key


@bp.post("/logout")
@public
@own_transaction
def logout() -> Response:
    """Sign out everywhere: a cookie that somebody has kept or copied opens nothing any more."""
    who = current_user.id
    if who is not None:
        write_tx(lambda: services.end_sessions(db.session(), person_id=who, now=clock.now()))
    logout_user()
    session.clear()
    answer = done("/", say=_("You are signed out, on other devices too."))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@bp.route("/me/password", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_OWN)
@own_transaction
@limiter.limit("10/15 minutes", methods=["POST"], deduct_when=_failed)
def password() -> Response:
    form = PasswordForm()
    if form.validate_on_submit() and _change_password(form):
        return done("/me", say=_("Your password is changed. Other devices are signed out."))
    return render("accounts/password.html", status=422 if form.is_submitted() else 200, form=form)


def _change_password(form: PasswordForm) -> bool:
    person = queries.profile(db.session(), current_user.id)
    found = queries.credentials(db.session(), person.phone) if person else None
    if person is None or not passwords.matches(
        found.password_hash if found else None, form.current.data or ""
    ):
        form.current.errors = [_("This is not your current password.")]
        return False
    wanted = form.password.data or ""
    try:
        services.check_password(wanted, phone=person.phone, name=person.name)
    except DomainError as error:
        form.password.errors = [error.message]
        return False
    hashed = passwords.hash_password(wanted)
    key = write_tx(
        lambda: services.change_password(
            db.session(), person_id=person.id, password_hash=hashed, now=clock.now()
        )
    )
    _begin_session(person.id, key)
    return True
