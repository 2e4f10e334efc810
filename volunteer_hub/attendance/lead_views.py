"""The door page of one shift: a stand-in leader ticks who came, through a signed link.

The address is the key, so it is kept out of caches and search engines; `Referrer-Policy:
same-origin` (core.web) keeps it from other sites.
"""

from __future__ import annotations

import hashlib
from typing import Any

from flask import current_app, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from volunteer_hub.attendance import (
    code_screen,
    leader_links,
    offline,
    queries,
    services,
    tapped,
    times,
)
from volunteer_hub.attendance.blueprint import bp
from volunteer_hub.attendance.leader_links import Door, LinkGone
from volunteer_hub.attendance.models import AttendanceStatus
from volunteer_hub.attendance.rules import OPENS_BEFORE
from volunteer_hub.attendance.scan_views import secret
from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _, _n
from volunteer_hub.core.permissions import public
from volunteer_hub.core.web import done, render
from volunteer_hub.shifts.models import ShiftStatus

MOST_DIGITS = 9


def door_address(link_id: int) -> str:
    """Return the whole address of a link, to be sent on."""
    return url_for("attendance.door", token=_signer().dumps(link_id), _external=True)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(
        current_app.config["SECRET_KEY"],
        salt="leader-link",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )


def open_door(token: str) -> Door:
    """Return what the link opens; raises NotFound for a broken one, LinkGone for a closed one."""
    try:
        link_id = _signer().loads(token[:200])
    except BadSignature:
        raise NotFound from None
    if not isinstance(link_id, int):
        raise NotFound
    return leader_links.open_door(db.session(), link_id=link_id, now=clock.now())


@bp.get("/lead/<token>")
@public
def door(token: str) -> Response:
    """Show the roster of the shift that the link names, or kindly why it is closed."""
    try:
        found = open_door(token)
    except (LinkGone, NotFound) as error:
        return closed(error)
    return _answer("attendance/lead.html", "console/_roster.html", **_context(found, token))


@bp.post("/lead/<token>/attendance")
@public
def lead_mark(token: str) -> Response:
    """Tick one person: fields `person_id` and `status` (`none` takes the tick back)."""
    found, typed = open_door(token), request.form.get("person_id", "")
    person_id = int(typed) if typed.isascii() and typed.isdecimal() else 0
    person_id = person_id if len(typed) <= MOST_DIGITS else 0
    refused: DomainError | None = None
    try:
        services.mark(
            db.session(),
            shift_id=found.shift.id,
            person_id=person_id,
            status=_status(request.form.get("status")),
            actor_id=None,
            at=tapped.at(request.form, clock.now()),
            now=clock.now(),
            through=found.link,
        )
    except DomainError as error:
        refused = error
    context = _context(found, token) | {"refused": refused, "refused_id": person_id}
    row = next((row for row in context["rows"] if row.person_id == person_id), None)
    if row is None and refused:
        raise refused
    context |= {"row": row, "alone": True}
    if refused:
        fragment = "console/_roster_row.html"
        return _answer("attendance/lead.html", fragment, status=refused.status, **context)
    here = url_for("attendance.door", token=token, _anchor=f"p-{person_id}")
    return private(done(here, fragment="console/_roster_row.html" if row else "", **context))


@bp.get("/lead/<token>/code")
@public
def lead_code(token: str) -> Response:
    """Show the code of this moment; query `direction` (`in`, `out`)."""
    try:
        found = open_door(token)
    except (LinkGone, NotFound) as error:
        return closed(error)
    rows = queries.roster(db.session(), shift=found.shift, now=clock.now(), shows_phone=False)
    back = url_for("attendance.door", token=token)
    return private(code_screen.answer(found.shift, rows, back=back))


@bp.post("/lead/<token>/offline")
@public
def lead_offline_code(token: str) -> Response:
    """Check somebody in by a personal offline code: fields `code` and, optional, `came`."""
    found = open_door(token)
    owner = offline.check_in(
        db.session(),
        shift_id=found.shift.id,
        typed=offline.Typed.of(request.form),
        key=secret(),
        zone=clock.zone(),
        actor_id=None,
        now=clock.now(),
        through=found.link,
    )
    here = url_for("attendance.door", token=token, _anchor=f"p-{owner.person_id}")
    return private(done(here, say=_("%(name)s is checked in.", name=owner.name)))


@bp.post("/lead/<token>/attendance/all")
@public
def lead_mark_all(token: str) -> Response:
    """Tick everybody about whom nothing is recorded yet."""
    found = open_door(token)
    count = services.mark_all(
        db.session(),
        shift_id=found.shift.id,
        actor_id=None,
        now=clock.now(),
        through=found.link,
    )
    return _done(found, token, _n("%(num)s person ticked.", "%(num)s people ticked.", count))


@bp.post("/lead/<token>/check-out")
@public
def lead_check_out_all(token: str) -> Response:
    """Let all who are still there leave."""
    found = open_door(token)
    count = times.check_out_all(
        db.session(),
        shift_id=found.shift.id,
        actor_id=None,
        now=clock.now(),
        through=found.link,
    )
    say = _n("%(num)s person checked out.", "%(num)s people checked out.", count)
    return _done(found, token, say)


def _status(typed: str | None) -> AttendanceStatus | None:
    if typed == "none":
        return None
    try:
        return AttendanceStatus(typed or "")
    except ValueError:
        raise InvalidInput(_("Please use one of the buttons.")) from None


def _context(found: Door, token: str) -> dict[str, Any]:
    now, shift = clock.now(), found.shift
    rows = queries.roster(
        db.session(), shift=shift, now=now, shows_phone=found.shows_phone(now, clock.zone())
    )
    takes_place = shift.status == ShiftStatus.PUBLISHED
    return {
        "shift": shift,
        "link": found.link,
        "link_token": token,
        "rows": rows,
        "arrived": sum(row.status == AttendanceStatus.PRESENT for row in rows),
        "is_open": takes_place and now >= shift.starts_at - OPENS_BEFORE,
        "started": now >= shift.starts_at,
        "over": now >= shift.ends_at,
        "refused": None,
        "ticks": {
            "one": url_for("attendance.lead_mark", token=token),
            "all": url_for("attendance.lead_mark_all", token=token),
            "out": url_for("attendance.lead_check_out_all", token=token),
            "code": url_for("attendance.lead_code", token=token),
            "offline": url_for("attendance.lead_offline_code", token=token),
        },
        "desk": False,
    }


def _done(found: Door, token: str, say: str) -> Response:
    here = url_for("attendance.door", token=token)
    context = _context(found, token)
    return private(done(here, fragment="console/_roster.html", say=say, **context))


def _answer(page: str, fragment: str, *, status: int = 200, **context: Any) -> Response:
    return private(render(page, fragment=fragment, status=status, **context))


def closed(error: DomainError) -> Response:
    """Say kindly that the link opens nothing (any more)."""
    said = error.message or _("This link is not complete, or it never existed. Ask for a new one.")
    return private(render("attendance/lead_closed.html", status=error.status, sentence=said))


def private(answer: Response) -> Response:
    """Keep names, and the address that opens them, out of caches and search engines."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
