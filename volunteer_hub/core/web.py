"""What every page shares: answers, headers, choices of display, addresses of static files."""

from __future__ import annotations

import hashlib
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
)
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from werkzeug.routing import IntegerConverter
from werkzeug.wrappers import Response as BaseResponse

from volunteer_hub.core import i18n
from volunteer_hub.core.permissions import Permission
from volunteer_hub.core.tabs import tabs_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_ID = 2**31 - 1  # an INTEGER of PostgreSQL
# What a reader may choose; the first of each is where everybody starts.
CHOICES = {
    i18n.COOKIE: i18n.LANGUAGES,
    "size": ("normal", "large", "elder"),
    "theme": ("auto", "light", "dark"),
}
YEAR_SECONDS = 365 * 24 * 3600


class BoundedInteger(IntegerConverter):
    """An id that the database can hold; larger ones are no address of ours (404)."""

    def to_python(self, value: str) -> int:
        number = super().to_python(value) if len(value) <= 19 else MAX_ID + 1
        if number > MAX_ID:
            abort(404)
        return number


def init_app(app: Flask) -> None:
    """Install the headers and what templates call."""
    app.url_map.converters["int"] = BoundedInteger
    app.after_request(_finish)
    versions = _static_versions(Path(app.static_folder or ""))
    app.jinja_env.globals.update(
        static=lambda name: f"/static/{name}?v={versions.get(name, '0')}",
        here=here,
        said=_said,
        tabs_of=tabs_of,
        unread_notices=_unread_notices,
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
        **display_choices(),
        "htmx_url": "" if request.cookies.get("cdn") == "0" else current_app.config["HUB_HTMX_URL"],
    }


def display_choices() -> dict[str, str]:
    """Return the language, text size and colours in which this page is shown."""
    return {"lang": i18n.language(), "size": _choice("size"), "theme": _choice("theme")}


def _choice(name: str) -> str:
    wishes = (request.args.get(name), request.cookies.get(name))
    return next((wish for wish in wishes if wish in CHOICES[name]), CHOICES[name][0])


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
        say_next(answer, say)
    return answer


def say_next(answer: BaseResponse, say: str) -> None:
    """Let the next page show one sentence."""
    answer.set_cookie(
        "say",
        _cookie_safe(say),
        max_age=30,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["HUB_PRODUCTION"],
    )


def _cookie_safe(text: str) -> str:
    return text.encode().hex()


def _said() -> str:
    try:
        return bytes.fromhex(request.cookies.get("say", "")).decode()
    except ValueError:
        return ""


def _unread_notices() -> int | None:
    """Return how many notices wait for the reader; None where nobody has signed in.

    Pages look only at who was looked up before, so that none asks a database that has failed.
    """
    reader = g.get("_login_user")
    return reader.unread if reader is not None and reader.is_authenticated else None


def referring_path() -> str:
    """Return the path of the page of ours from which this request came, else the home page."""
    try:
        referrer = urlsplit(request.referrer or "")
    except ValueError:
        return "/"
    return referrer.path if referrer.netloc == request.host else "/"


def here(**changes: Any) -> str:
    """Return this page's own address with some query values changed (None takes one out)."""
    if request.method not in SAFE_METHODS:
        # The address of a form that was refused cannot be opened; the page it stands on can.
        return referring_path()
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


def own_transaction(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that calls `write_tx` itself, because it has slow work to do before."""
    view.own_transaction = True  # type: ignore[attr-defined]
    return view


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
