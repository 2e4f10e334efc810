"""How a refusal or an error looks: a sentence that says what to do next."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from volunteer_hub.core.db import is_transient
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.i18n import _
from volunteer_hub.core.limits import seconds_to_wait
from volunteer_hub.core.permissions import Visitor
from volunteer_hub.core.web import is_htmx


def init_app(app: Flask) -> None:
    """Answer each kind of error once, here."""
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(SQLAlchemyError, _database_error)
    app.register_error_handler(500, _broken)


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
        # Beside what was tapped, not in its place: a refusal takes nothing off the screen.
        response.headers["HX-Retarget"] = "#messages"
        response.headers["HX-Reswap"] = "innerHTML"
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
        response.headers["Retry-After"] = str(seconds_to_wait())
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


def _database_error(error: SQLAlchemyError) -> Response:
    # The page must not ask the same database who is reading.
    g._login_user = Visitor()
    if isinstance(error, IntegrityError):
        return error_page(
            409,
            _("Somebody was quicker"),
            _(
                "This was changed in the meantime. Nothing was saved;"
                " reload the page and try again."
            ),
        )
    current_app.logger.error("database error", exc_info=error)
    passing = isinstance(error, OperationalError | PoolTimeout) or (
        isinstance(error, DBAPIError) and is_transient(error)
    )
    if not passing:
        return _broken(error)
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
