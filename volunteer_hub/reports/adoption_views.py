"""A branch's adoptions 认领: what asks for help, what it stands by, and how that went."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.core import clock
from volunteer_hub.core.attempts import attempt, status_of
from volunteer_hub.core.calendar import Period, quarter_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import NotFound
from volunteer_hub.core.i18n import _, _n, either
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.projects.models import Adoption, AdoptionState
from volunteer_hub.reports.blueprint import (
    bp,
    by_name,
    is_guarded,
    led,
    page_of,
    read_wanted,
    visible,
)
from volunteer_hub.reports.forms import AdoptForm, ReviewForm
from volunteer_hub.reports.queries import adoptions as figures
from volunteer_hub.reports.queries.branch import Family
from volunteer_hub.reports.queries.sums import Tally, few
from volunteer_hub.reports.queries.veil import narrowed_too_far
from volunteer_hub.reports.scope import Scope
from volunteer_hub.shifts import adoption_queries, reserving
from volunteer_hub.shifts import adoptions as services
from volunteer_hub.shifts.adoption_queries import AdoptionRow


@bp.get("/<int:branch_id>/adoptions")
@requires(Permission.BRANCH_VIEW)
def adoptions(branch_id: int) -> Response:
    """List what asks for help and what the branch stands by, with the hours so far."""
    session, family = db.session(), visible(branch_id)
    rows = adoption_queries.of_branch(session, branch_id)
    return render(
        "reports/adoptions.html",
        rows=rows,
        sums=_shown(rows, family),
        standing={row.project_id: row for row in rows if _lasts(row)},
        needs=adoption_queries.wanted(session, today=clock.today()) if by_name(branch_id) else [],
        **page_of(family, read_wanted()),
    )


def _lasts(row: AdoptionRow) -> bool:
    open_ = row.state in {AdoptionState.PROPOSED, AdoptionState.AGREED}
    return open_ and row.last_day >= clock.today()


def _shown(rows: Sequence[AdoptionRow], family: Family) -> dict[int, Tally]:
    """Return what each adds up to, without what would tell of few people (S16)."""
    session, sums = db.session(), figures.rolled_up(db.session(), rows)
    if not is_guarded(family):
        return sums
    led = current_user.led_branch_ids
    hidden = {row.id for row in rows if _is_few(row, sums[row.id])}
    hidden |= {
        row.id
        for row in rows
        if row.id not in hidden and narrowed_too_far(session, _scope(row, family), led)
    }
    return {id_: tally for id_, tally in sums.items() if id_ not in hidden}


def _is_few(row: AdoptionRow, tally: Tally) -> bool:
    return row.branch_id not in current_user.led_branch_ids and few(tally, 0)


def _scope(row: AdoptionRow, family: Family) -> Scope:
    period = Period(row.first_day, row.last_day)
    return Scope(family.branch.id, family.branch.path, period, project_id=row.project_id)


@bp.route("/<int:branch_id>/adopt", methods=["GET", "POST"])
@requires(Permission.BRANCH_VIEW)
def adopt(branch_id: int) -> Response:
    """Offer to stand by a `project`; `need` fills in what one asks for."""
    family = led(branch_id)
    form = AdoptForm(data=_asked_for())
    project = figures.project(db.session(), number(str(form.project_id.data or "")))
    if project is None:
        raise NotFound
    if form.validate_on_submit() and attempt(form, lambda: _propose(form, branch_id)):
        return done(
            url_for(".adoptions", branch_id=branch_id),
            say=_("Offered. The project's coordinator answers."),
        )
    return render(
        "reports/adopt.html",
        status=status_of(form),
        form=form,
        project=project,
        **page_of(family, read_wanted()),
    )


def number(text: str) -> int:
    """Return the id that was typed, or 0, which nothing has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def _asked_for() -> dict[str, object]:
    needs = adoption_queries.wanted(db.session(), today=clock.today())
    wanted = number(request.args.get("need", ""))
    need = next((row for row in needs if row.id == wanted), None)
    if need is None:
        today = clock.today()
        return {
            "project_id": request.args.get("project", ""),
            "first_day": today,
            "last_day": quarter_of(today).following().period.last,
            "places": 2,
        }
    return {
        "project_id": str(need.project_id),
        "first_day": max(need.first_day, clock.today()),
        "last_day": need.last_day,
        "places": need.places,
    }


def _propose(form: AdoptForm, branch_id: int) -> Adoption:
    return services.propose(
        db.session(),
        branch_id=branch_id,
        project_id=int(form.project_id.data),
        first_day=form.first_day.data,
        last_day=form.last_day.data,
        places=form.places.data,
        message=form.message.data or "",
        today=clock.today(),
        actor_id=current_user.id,
        now=clock.now(),
    )


@bp.get("/<int:branch_id>/adoptions/<int:adoption_id>")
@requires(Permission.BRANCH_VIEW)
def adoption(branch_id: int, adoption_id: int) -> Response:
    """Show one adoption: its hours, what is reserved where, the words at its end."""
    return _adoption(branch_id, adoption_id, ReviewForm(formdata=None))


def _adoption(branch_id: int, adoption_id: int, form: ReviewForm) -> Response:
    session, family = db.session(), visible(branch_id)
    row = adoption_queries.one(session, adoption_id)
    if row is None or row.branch_id != branch_id:
        raise NotFound
    return render(
        "reports/adoption.html",
        status=status_of(form) if form.is_submitted() else 200,
        row=row,
        form=form,
        sums=_shown([row], family).get(row.id),
        shifts=adoption_queries.reserved(session, row, now=clock.now()),
        others=[
            either(*name)
            for name in adoption_queries.adopters(session, row.project_id, today=clock.today())
            if name != (row.branch_zh, row.branch_en)
        ],
        **page_of(family, read_wanted()),
    )


@bp.post("/<int:branch_id>/adoptions/<int:adoption_id>/release")
@requires(Permission.BRANCH_VIEW)
def release_reserved(branch_id: int, adoption_id: int) -> Response:
    """Open reserved places to everybody: of one shift (field `shift`), or of all."""
    led(branch_id)
    found = services.adoption_of_branch(db.session(), adoption_id, branch_id)
    freed = reserving.release(
        db.session(),
        found,
        actor_id=current_user.id,
        now=clock.now(),
        shift_id=number(request.form.get("shift", "")) or None,
    )
    say = _n("%(num)s place is open to all.", "%(num)s places are open to all.", freed)
    address = url_for(".adoption", branch_id=branch_id, adoption_id=adoption_id)
    return done(address, say=say)


@bp.post("/<int:branch_id>/adoptions/<int:adoption_id>/end")
@requires(Permission.BRANCH_VIEW)
def end_adoption(branch_id: int, adoption_id: int) -> Response:
    """End an adoption, or take an offer back."""
    led(branch_id)
    found = services.adoption_of_branch(db.session(), adoption_id, branch_id)
    services.finish(
        db.session(), found, today=clock.today(), actor_id=current_user.id, now=clock.now()
    )
    address = url_for(".adoption", branch_id=branch_id, adoption_id=adoption_id)
    return done(address, say=_("Ended. Thank you for standing by it."))


@bp.post("/<int:branch_id>/adoptions/<int:adoption_id>/review")
@requires(Permission.BRANCH_VIEW)
def review(branch_id: int, adoption_id: int) -> Response:
    """Keep what the branch says of it."""
    led(branch_id)
    found = services.adoption_of_branch(db.session(), adoption_id, branch_id)
    form = ReviewForm()

    def keep() -> bool:
        services.look_back(
            db.session(),
            found,
            review=form.review.data or "",
            actor_id=current_user.id,
            now=clock.now(),
        )
        return True

    if form.validate_on_submit() and attempt(form, keep):
        address = url_for(".adoption", branch_id=branch_id, adoption_id=adoption_id)
        return done(address, say=_("Kept. The project reads it too."))
    return _adoption(branch_id, adoption_id, form)
