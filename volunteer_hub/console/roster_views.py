"""The roster of a shift: who came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.attendance import leader_links, queries, services, tapped, times
from volunteer_hub.attendance.lead_views import door_address
from volunteer_hub.attendance.models import AttendanceStatus
from volunteer_hub.attendance.queries import RosterRow, ShiftHead
from volunteer_hub.attendance.rules import OPENS_BEFORE
from volunteer_hub.console.answers import attempt
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.desk.forms import LeaderForm, WalkInForm
from volunteer_hub.console.forms import UNTICKED, AttendanceForm, typed_number
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _, _n
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, is_htmx, render
from volunteer_hub.matching.call_outs import SOONER_THAN
from volunteer_hub.matching.invitation_queries import count_asked
from volunteer_hub.matching.turnout import turnouts
from volunteer_hub.shifts import desk_answers, desk_people
from volunteer_hub.shifts.desk import ASK_FIRST
from volunteer_hub.shifts.desk_queries import PostLine, post_lines
from volunteer_hub.shifts.models import ShiftStatus
from volunteer_hub.shifts.series.queries import series_of_shift


def own_shift(shift_id: int) -> ShiftHead:
    """Return a shift of one's own organisations; raises NotFound for any other."""
    shift = queries.shift_head(
        db.session(), shift_id=shift_id, organisation_ids=current_user.organisation_ids
    )
    if shift is None:
        raise NotFound
    return shift


def page_context(shift: ShiftHead, **more: Any) -> dict[str, Any]:
    """Return what the roster shows; all around it only where the whole page is asked for."""
    now = clock.now()
    rows = queries.roster(db.session(), shift=shift, now=now)
    takes_place = shift.status == ShiftStatus.PUBLISHED
    return {
        "shift": shift,
        "rows": rows,
        "arrived": sum(row.status == AttendanceStatus.PRESENT for row in rows),
        "is_open": takes_place and now >= shift.starts_at - OPENS_BEFORE,
        "started": now >= shift.starts_at,
        "over": now >= shift.ends_at,
        "refused": None,
        "series": None,
        "ticks": {
            "one": url_for(".mark", shift_id=shift.id),
            "all": url_for(".mark_all", shift_id=shift.id),
            "out": url_for(".check_out_all", shift_id=shift.id),
            "code": url_for(".code", shift_id=shift.id),
            "offline": url_for(".offline_code", shift_id=shift.id),
        },
        "desk": True,
        **({} if is_htmx() else _around(shift)),
        **more,
    }


def _around(shift: ShiftHead) -> dict[str, Any]:
    """Return what stands around the roster: posts, the line, answers, links, and their forms."""
    session = db.session()
    links = leader_links.links_of(session, shift_id=shift.id)
    posts = post_lines(session, shift_id=shift.id)
    return {
        "posts": posts,
        "line": desk_people.waiting(session, shift_id=shift.id),
        "answers": desk_answers.answers(session, shift_id=shift.id),
        "links": [(link, door_address(link.id)) for link in links],
        "walk_in": WalkInForm(formdata=None),
        "leader": LeaderForm(formdata=None),
        "near": shift.starts_at - clock.now() < ASK_FIRST,
        **_expected(shift, posts),
    }


def _expected(shift: ShiftHead, posts: Sequence[PostLine]) -> dict[str, Any]:
    """Return how many will come to a shift that has not begun, and whether to call out for it."""
    ahead = shift.starts_at - clock.now()
    if shift.status != ShiftStatus.PUBLISHED or ahead <= timedelta(0):
        return {"turnout": None, "invited": 0, "may_call_out": False}
    capacity = sum(post.capacity for post in posts)
    found = turnouts(db.session(), {shift.id: capacity}, today=clock.today())
    left = any(post.left for post in posts)
    return {
        "turnout": found.get(shift.id),
        "invited": count_asked(db.session(), shift_id=shift.id, now=clock.now()),
        "may_call_out": left and ahead <= SOONER_THAN,
    }


@bp.get("/shifts/<int:shift_id>")
@requires(Permission.ROSTER_MANAGE)
def roster(shift_id: int) -> Response:
    """Show who has a place and who came."""
    series = series_of_shift(db.session(), shift_id=shift_id, now=clock.now())
    context = page_context(own_shift(shift_id), series=series)
    return render("console/roster.html", fragment="console/_roster.html", **context)


@bp.post("/shifts/<int:shift_id>/attendance")
@requires(Permission.ROSTER_MANAGE)
def mark(shift_id: int) -> Response:
    """Tick one person: fields `person_id` and `status` (`none` takes the tick back)."""
    shift = own_shift(shift_id)
    person_id = typed_number(request.form.get("person_id"))
    refused: DomainError | None = None
    try:
        services.mark(
            db.session(),
            shift_id=shift_id,
            person_id=person_id,
            status=_status(request.form.get("status")),
            actor_id=current_user.id,
            at=tapped.at(request.form, clock.now()),
            now=clock.now(),
        )
    except DomainError as error:
        refused = error
    context = page_context(shift, refused=refused)
    row = next((row for row in context["rows"] if row.person_id == person_id), None)
    if row is None and refused:
        raise refused
    if row is None:
        # Whoever had given the place back is off the roster with the tick.
        return _whole(_bulk_done(shift))
    context |= {"row": row, "alone": True, "refused_id": person_id}
    if refused:
        return render(
            "console/roster.html",
            fragment="console/_roster_row.html",
            status=refused.status,
            **context,
        )
    here = url_for(".roster", shift_id=shift_id, _anchor=f"p-{person_id}")
    return done(here, fragment="console/_roster_row.html", **context)


def _status(typed: str | None) -> AttendanceStatus | None:
    if typed == UNTICKED:
        return None
    try:
        return AttendanceStatus(typed or "")
    except ValueError:
        raise InvalidInput(_("Please use one of the buttons.")) from None


@bp.post("/shifts/<int:shift_id>/attendance/all")
@requires(Permission.ROSTER_MANAGE)
def mark_all(shift_id: int) -> Response:
    """Tick everybody about whom nothing is recorded yet."""
    shift = own_shift(shift_id)
    count = services.mark_all(
        db.session(), shift_id=shift_id, actor_id=current_user.id, now=clock.now()
    )
    if count:
        say = _n("%(num)s person ticked.", "%(num)s people ticked.", count)
    else:
        say = _("Everybody had been recorded already.")
    return _bulk_done(shift, say)


@bp.post("/shifts/<int:shift_id>/check-out")
@requires(Permission.ROSTER_MANAGE)
def check_out_all(shift_id: int) -> Response:
    """Let all who are still there leave; field `back` says which page asked."""
    shift = own_shift(shift_id)
    count = times.check_out_all(
        db.session(), shift_id=shift_id, actor_id=current_user.id, now=clock.now()
    )
    if count:
        say = _n("%(num)s person checked out.", "%(num)s people checked out.", count)
    else:
        say = _("Nobody was still checked in.")
    if request.form.get("back") == "confirmation":
        return done(url_for(".confirmation", shift_id=shift_id), say=say)
    return _bulk_done(shift, say)


def _whole(answer: Response) -> Response:
    """Let htmx put the whole roster into the page, where a row had been asked for."""
    answer.headers["HX-Retarget"] = "#roster"
    answer.headers["HX-Reswap"] = "outerHTML"
    return answer


def _bulk_done(shift: ShiftHead, say: str = "") -> Response:
    here = url_for(".roster", shift_id=shift.id)
    return done(here, fragment="console/_roster.html", say=say, **page_context(shift))


@bp.route("/attendance/<int:attendance_id>", methods=["GET", "POST"])
@requires(Permission.ROSTER_MANAGE)
def attendance(attendance_id: int) -> Response:
    """Change what is recorded of one person: came or not, arrival and departure."""
    shift, row = _recorded(attendance_id)
    form = AttendanceForm(
        data={
            "status": row.status,
            "check_in": row.check_in_at and clock.local(row.check_in_at).time(),
            "check_out": row.check_out_at and clock.local(row.check_out_at).time(),
        }
    )
    if form.validate_on_submit() and attempt(form, lambda: _change(form, shift, row)):
        return done(
            url_for(".roster", shift_id=shift.id, _anchor=f"p-{row.person_id}"), say=_("Saved.")
        )
    return render(
        "console/attendance.html", status=status_of(form), form=form, shift=shift, row=row
    )


def _recorded(attendance_id: int) -> tuple[ShiftHead, RosterRow]:
    session = db.session()
    found = queries.place_of(
        session, attendance_id=attendance_id, organisation_ids=current_user.organisation_ids
    )
    if found is None:
        raise NotFound
    shift_id, person_id = found
    shift = own_shift(shift_id)
    rows = queries.roster(session, shift=shift, now=clock.now())
    return shift, next(row for row in rows if row.person_id == person_id)


def _change(form: AttendanceForm, shift: ShiftHead, row: RosterRow) -> bool:
    session, zone = db.session(), clock.zone()
    said: dict[str, Any] = {
        "shift_id": shift.id,
        "person_id": row.person_id,
        "actor_id": current_user.id,
        "now": clock.now(),
    }
    status = _status(form.status.data)
    services.mark(session, status=status, **said)
    if status is not AttendanceStatus.PRESENT:
        return True
    if form.check_in.data:
        came = times.nearest(form.check_in.data, shift.starts_at, zone)
        left = form.check_out.data and times.nearest(form.check_out.data, shift.ends_at, zone)
        times.set_times(session, check_in_at=came, check_out_at=left, **said)
    elif form.check_out.data or row.check_in_at:
        raise InvalidInput(_("Please say when this person arrived."), field="check_in")
    return True
