"""What every page shares: access, answers, errors, headers, addresses of static files."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter
from werkzeug.wrappers import Response as BaseResponse

from volunteer_hub.core import clock, i18n
from volunteer_hub.core.db import HandledForm, db, write_tx
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, access_of
from volunteer_hub.core.tabs import tabs_of

csrf = CSRFProtect()
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_ID = 2**31 - 1  # an INTEGER of PostgreSQL
# What a reader may choose; the first of each is where everybody starts.
CHOICES = {
    i18n.COOKIE: i18n.LANGUAGES,
    "size": ("normal", "large", "elder"),
    "theme": ("auto", "light", "dark"),
}
YEAR_SECONDS = 365 * 24 * 3600
# PostgreSQL and the mail cannot carry NUL or lone surrogates; U+FFFD stands for bytes that were
# no text (Werkzeug puts it there).
UNSTORABLE = re.compile("[\0\ufffd\ud800-\udfff]")


class BoundedInteger(IntegerConverter):
    """An id that the database can hold; larger ones are no address of ours (404)."""

    def to_python(self, value: str) -> int:
        number = super().to_python(value) if len(value) <= 19 else MAX_ID + 1
        if number > MAX_ID:
            abort(404)
        return number


def init_app(app: Flask) -> None:
    """Install the guard, the error pages and the headers."""
    app.url_map.converters["int"] = BoundedInteger
    app.before_request(_guard)
    app.after_request(_finish)
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(500, _broken)
    app.dispatch_request = _dispatch  # type: ignore[method-assign]
    versions = _static_versions(Path(app.static_folder or ""))
    app.jinja_env.globals.update(
        static=lambda name: f"/static/{name}?v={versions.get(name, '0')}",
        here=here,
        said=_said,
        tabs_of=tabs_of,
        csrf_token=generate_csrf,
        request_key=lambda: secrets.token_urlsafe(12),
        Permission=Permission,
    )
    app.context_processor(_page_context)
    app.config["CSP"] = _content_policy(app.config["HUB_HTMX_URL"])


def _static_versions(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:10]
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".gz"
    }


def _content_policy(htmx_url: str) -> str:
    scripts = f"'self' {htmx_url}".strip()
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self'; img-src 'self' data:;"
        " object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )


def _page_context() -> dict[str, Any]:
    return {
        "lang": i18n.language(),
        "size": _choice("size"),
        "theme": _choice("theme"),
        "htmx_url": "" if request.cookies.get("cdn") == "0" else current_app.config["HUB_HTMX_URL"],
    }


def _choice(name: str) -> str:
    wishes = (request.args.get(name), request.cookies.get(name))
    return next((wish for wish in wishes if wish in CHOICES[name]), CHOICES[name][0])


# ---------------------------------------------------------------- access and transactions


def _guard() -> BaseResponse | None:
    """Deny by default: a route without a mark, or without the permission it names, is closed."""
    if request.endpoint is None or request.endpoint == "static":
        return None
    if request.method not in SAFE_METHODS:
        csrf.protect()
    access = access_of(current_app.view_functions.get(request.endpoint))
    if access == "public":
        return None
    if access is None:
        abort(404)
    if not current_user.is_authenticated:
        return _to_login()
    if not current_user.may(access):
        abort(404)
    return None


def _to_login() -> BaseResponse:
    back = request.full_path.rstrip("?") if request.method in SAFE_METHODS else _referring_path()
    address = url_for("accounts.login", next=back)
    if is_htmx():
        # Never the login page inside a fragment: the browser goes there as a whole page.
        return Response(status=401, headers={"HX-Redirect": address})
    return redirect(address, 303)


def _referring_path() -> str:
    referrer = urlsplit(request.referrer or "")
    return referrer.path if referrer.netloc == request.host else "/"


def _dispatch() -> Any:
    """Run the view; an unsafe request runs in one transaction, kept only below status 400."""
    if request.method in SAFE_METHODS or request.endpoint is None:
        return Flask.dispatch_request(current_app._get_current_object())  # type: ignore[attr-defined]
    if any(UNSTORABLE.search(value) for _name, value in request.form.items(multi=True)):
        abort(
            400,
            _("The text holds characters that cannot be stored. Please type it again."),
        )
    view = current_app.view_functions.get(request.endpoint)
    if getattr(view, "own_transaction", False):
        return Flask.dispatch_request(current_app._get_current_object())  # type: ignore[attr-defined]
    return write_tx(_run_once, keep=lambda response: response.status_code < 400)


def own_transaction(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that calls `write_tx` itself, because it has slow work to do before."""
    view.own_transaction = True  # type: ignore[attr-defined]
    return view


def _run_once() -> BaseResponse:
    key = request.form.get("request_key", "")[:64]
    if key and current_user.is_authenticated:
        done_at = db.session.scalar(
            select(HandledForm.location).where(
                HandledForm.key == key, HandledForm.person_id == current_user.id
            )
        )
        if done_at is not None:
            return redirect(done_at, 303)
    response = make_response(Flask.dispatch_request(current_app._get_current_object()))  # type: ignore[attr-defined]
    if key and current_user.is_authenticated and response.status_code < 400:
        _remember(key, g.get("done_url") or request.path)
    return response


def _remember(key: str, location: str) -> None:
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    db.session.execute(
        insert(HandledForm)
        .values(
            key=key,
            person_id=current_user.id,
            location=location[:500],
            handled_at=clock.now(),
        )
        .on_conflict_do_nothing()
    )


# ---------------------------------------------------------------- answers


def is_htmx() -> bool:
    """Tell whether a fragment is asked for (a history restore wants the whole page)."""
    return "HX-Request" in request.headers and ("HX-History-Restore-Request" not in request.headers)


def render(page: str, /, *, fragment: str = "", status: int = 200, **context: Any) -> Response:
    """Answer with the page, or with only its fragment when htmx asks for one."""
    name = fragment if fragment and is_htmx() else page
    response = make_response(render_template(name, **context), status)
    response.vary.add("HX-Request")
    return response


def done(url: str, /, *, fragment: str = "", say: str = "", **context: Any) -> BaseResponse:
    """Answer a successful POST: 303 to `url`, or the new state as a fragment for htmx.

    `say` is one sentence for the toast; without htmx it is shown on the next page.
    """
    g.done_url = url
    if fragment and is_htmx():
        response = make_response(render_template(fragment, notice=say, **context))
        response.vary.add("HX-Request")
        return response
    answer = redirect(url, 303)
    if say:
        answer.set_cookie("say", _cookie_safe(say), max_age=30, httponly=True, samesite="Lax")
    return answer


def _cookie_safe(text: str) -> str:
    return text.encode().hex()


def _said() -> str:
    try:
        return bytes.fromhex(request.cookies.get("say", "")).decode()
    except ValueError:
        return ""


def here(**changes: Any) -> str:
    """Return this page's own address with some query values changed (None takes one out)."""
    query = {name: values for name, values in request.args.lists() if name not in CHOICES}
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = [str(value)]
    text = urlencode(query, doseq=True, errors="replace")
    return f"{request.path}?{text}" if text else request.path


def safe_next(target: str | None) -> str:
    """Return `target` when it is a path of this site, else the home page."""
    if not target or not target.startswith("/") or len(target) > 2000:
        return "/"
    folded = unicodedata.normalize("NFKC", target).replace("\\", "/")
    if folded.startswith("//") or "%2f%2f" in folded[:8].lower() or "%5c" in folded[:8].lower():
        return "/"
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in target):
        return "/"
    parts = urlsplit(folded)
    return target if not parts.scheme and not parts.netloc else "/"


# ---------------------------------------------------------------- errors


def error_page(status: int, title: str, message: object) -> Response:
    """Answer with a sentence that says what to do next, as page, fragment or JSON."""
    if request.path.startswith("/api/"):
        response = make_response({"error": {"status": status, "message": str(message)}}, status)
    else:
        name = "errors/_message.html" if is_htmx() else "errors/page.html"
        response = make_response(
            render_template(name, title=title, message=message, status=status), status
        )
        response.vary.add("HX-Request")
    return response


def _refused(error: DomainError) -> Response:
    if error.status == 404:
        return _not_found()
    return error_page(error.status, _("That did not work"), error.message)


def _not_found() -> Response:
    return error_page(
        404,
        _("Nothing here"),
        _("This page does not exist, or it is not open to you. Check the address or go home."),
    )


def _http_error(error: HTTPException) -> BaseResponse:
    status = error.code or 500
    if error.response is not None:
        return error.get_response()
    if status == 404:
        return _not_found()
    title, message = _sentence(status)
    # A description of our own is already a translated sentence; Werkzeug's are English.
    own_words = error.description != type(error).description and status == 400
    response = error_page(status, title, error.description if own_words else message)
    if status == 429:
        response.headers["Retry-After"] = "60"
    if status == 405:
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or ())
    return response


def _sentence(status: int) -> tuple[str, str]:
    """Return title and next step for a status."""
    again = _("Please go back, check what you typed and try again.")
    answers = {
        400: (_("We could not read that"), again),
        405: (
            _("That did not work"),
            _("This address cannot be used in this way. Please go back."),
        ),
        413: (_("That is too large"), _("The file or text is too large. Take a smaller one.")),
        429: (_("Too many tries"), _("Please wait a little and then try again.")),
    }
    return answers.get(status, (_("That did not work"), _("Please go back and try again.")))


def _csrf_error(_error: CSRFError) -> Response:
    return error_page(
        400,
        _("This form has expired"),
        _("Nothing was saved. Please go back, reload the page and send it again."),
    )


def _database_error(error: DBAPIError) -> Response:
    current_app.logger.error("database error", exc_info=error)
    response = error_page(
        503,
        _("One moment please"),
        _("The site is busy. Nothing was saved; please try again in a few seconds."),
    )
    response.headers["Retry-After"] = "5"
    return response


def _broken(_error: Exception) -> Response:
    return error_page(
        500,
        _("Something went wrong on our side"),
        _("Nothing was saved. Please try again later; if it stays, tell your coordinator."),
    )


# ---------------------------------------------------------------- headers


def _finish(response: Response) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = current_app.config["CSP"]
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(self), geolocation=(self), microphone=()"
    if current_app.config["HUB_PRODUCTION"]:
        headers["Strict-Transport-Security"] = f"max-age={YEAR_SECONDS}"
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = (
            "no-store" if g.get("_login_user") and current_user.is_authenticated else "no-cache"
        )
    for name, values in CHOICES.items():
        wish = request.args.get(name)
        if wish in values:
            keep_choice(response, name, wish)
    if "say" in request.cookies and response.status_code == 200 and not is_htmx():
        response.delete_cookie("say")
    return response


def keep_choice(response: BaseResponse, name: str, value: str) -> None:
    """Keep a choice of display or language for a year; the cookie holds nothing personal."""
    response.set_cookie(
        name,
        value,
        max_age=YEAR_SECONDS,
        samesite="Lax",
        secure=current_app.config["HUB_PRODUCTION"],
    )
