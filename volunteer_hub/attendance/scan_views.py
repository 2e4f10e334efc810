"""Check in and out on one's own phone: by QR code, by six digits, out by one tap.

A scan only asks; the tap on 确认签到 acts, so that a preview of the link checks nobody in.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from flask import current_app, request, session, url_for
from flask_limiter.util import get_remote_address
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.attendance import check_in as services
from volunteer_hub.attendance import own_queries
from volunteer_hub.attendance.blueprint import bp
from volunteer_hub.attendance.check_in import CodeRefused, NoCode
from volunteer_hub.attendance.events import Source
from volunteer_hub.attendance.models import AttendanceMethod
from volunteer_hub.attendance.own_queries import OwnShift
from volunteer_hub.core import clock, codes
from volunteer_hub.core.codes import Direction, Scan
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.limits import limiter
from volunteer_hub.core.permissions import Permission, public, requires
from volunteer_hub.core.web import YEAR_SECONDS, done, render

# A code seen while it was fresh may be confirmed by the same browser this much later: time enough
# to sign in or to get through a slow network, too little to come from home.
SEEN_SECONDS = 300
DEVICE = "device"


def secret() -> str:
    """Return the key of all check-in codes."""
    return str(current_app.config["SECRET_KEY"])


def _seen() -> str:
    """Return the token that this browser saw a short time ago, else nothing."""
    kept = session.get("scan")
    if isinstance(kept, list) and kept[1] > clock.now().timestamp() - SEEN_SECONDS:
        return str(kept[0])
    return ""


def _scan(token: str) -> Scan:
    """Return what a token says that is fresh, or was when this browser first saw it."""
    scan = codes.read_token(secret(), token[:64])
    if scan is None:
        raise NoCode(
            _("This is not one of our codes. Please scan the shift leader's screen again.")
        )
    if not scan.is_fresh(clock.now()) and _seen() != token:
        raise CodeRefused(
            _("That code has expired. Please use the newest one on the shift leader's screen.")
        )
    return scan


@bp.get("/c/<token>")
@public
def scanned(token: str) -> Response:
    """Ask whether to check in (or out) with the code that was scanned."""
    try:
        scan = _scan(token)
    except DomainError as error:
        return _refused(error)
    if _seen() != token:
        session["scan"] = [token, clock.now().timestamp()]
    if not current_user.is_authenticated:
        return done(
            url_for("accounts.login", next=request.path),
            say=_("Please sign in first; then confirm with one tap."),
        )
    own = _own(scan.shift_id)
    if own is None:
        return _refused(services.no_place())
    return _keep_device(
        render("attendance/scan.html", own=own, scan=scan, token=token, refused=None)
    )


@bp.post("/c/<token>")
@requires(Permission.SHIFT_SIGN_UP)
def confirm_scan(token: str) -> Response:
    """Check in or out by the code that was scanned."""
    try:
        scan = _scan(token)
        _act(scan, AttendanceMethod.CODE)
    except DomainError as error:
        return _refused(error)
    return done(url_for(".at_shift", shift_id=scan.shift_id, _anchor="done"))


def _act(scan: Scan, method: AttendanceMethod) -> None:
    verb = services.check_in if scan.direction is Direction.IN else services.check_out
    verb(
        db.session(),
        shift_id=scan.shift_id,
        person_id=current_user.id,
        source=Source(method, current_user.id, device=_device(), code_step=scan.step),
        now=clock.now(),
    )


def _device() -> str | None:
    """Return a mark of this browser that says nothing about its owner."""
    kept = request.cookies.get(DEVICE, "")
    return hashlib.sha256(kept.encode()).hexdigest()[:16] if kept else None


def _keep_device(response: Response) -> Response:
    if DEVICE not in request.cookies:
        response.set_cookie(
            DEVICE,
            secrets.token_urlsafe(12),
            max_age=YEAR_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["HUB_PRODUCTION"],
        )
    return response


def _refused(error: DomainError) -> Response:
    said = error.message or _("This page does not exist, or it is not open to you.")
    return render("attendance/scan_refused.html", status=error.status, sentence=said)


def _own(shift_id: int) -> OwnShift | None:
    return own_queries.own_shift(db.session(), person_id=current_user.id, shift_id=shift_id)


def _wrong() -> str:
    return f"check-in:{current_user.get_id() or get_remote_address()}"


def _failed(response: Response) -> bool:
    return response.status_code >= 400


@bp.get("/shifts/<int:shift_id>/check-in")
@requires(Permission.SHIFT_SIGN_UP)
def at_shift(shift_id: int) -> Response:
    """Show whether one is checked in to a shift, large enough to be read in a crowd."""
    return _page(_known(shift_id))


def _known(shift_id: int) -> OwnShift:
    own = _own(shift_id)
    if own is None:
        raise NotFound
    return own


def _page(own: OwnShift, *, refused: DomainError | None = None, typed: str = "") -> Response:
    now = clock.now()
    return render(
        "attendance/at_shift.html",
        status=refused.status if refused else 200,
        own=own,
        now=now,
        is_open=is_open(own, now),
        refused=refused,
        typed=typed,
        offline_code=codes.offline_digits(secret(), own.sign_up_id),
    )


def is_open(own: OwnShift, now: datetime) -> bool:
    """Tell whether codes are taken for this shift now."""
    return own.shift_status == "published" and services.in_time(own.starts_at, own.ends_at, now)


@bp.post("/shifts/<int:shift_id>/check-in")
@requires(Permission.SHIFT_SIGN_UP)
@limiter.limit("10/10 minutes", key_func=_wrong, deduct_when=_failed)
def type_code(shift_id: int) -> Response:
    """Check in (or out) with the six digits of the shift leader's screen: field `code`."""
    own = _known(shift_id)
    typed = "".join(request.form.get("code", "").split())[:20]
    now = clock.now()
    try:
        scan = _by_digits(typed, shift_id)
        if scan is None:
            services.open_for_codes(db.session(), shift_id, now)
            raise CodeRefused(
                _(
                    "These are not the six digits on the shift leader's screen now. They change"
                    " every 30 seconds; please type the newest ones."
                )
            )
        _act(scan, AttendanceMethod.CODE)
    except DomainError as error:
        return _page(own, refused=error, typed=typed)
    return _keep_device(done(url_for(".at_shift", shift_id=shift_id, _anchor="done")))


def _by_digits(typed: str, shift_id: int) -> Scan | None:
    found = (
        codes.find_digits(secret(), typed, shift_id=shift_id, direction=direction, now=clock.now())
        for direction in Direction
    )
    return next((scan for scan in found if scan), None)


@bp.post("/shifts/<int:shift_id>/check-out")
@requires(Permission.SHIFT_SIGN_UP)
def leave(shift_id: int) -> Response:
    """Check out by one tap."""
    own = _known(shift_id)
    try:
        services.check_out(
            db.session(),
            shift_id=shift_id,
            person_id=current_user.id,
            source=Source(AttendanceMethod.TAP, current_user.id, device=_device()),
            now=clock.now(),
        )
    except DomainError as error:
        return _page(own, refused=error)
    return done(url_for(".at_shift", shift_id=shift_id, _anchor="done"))
