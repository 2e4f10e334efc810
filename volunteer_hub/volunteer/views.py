"""The volunteer's screens, composed from features: home, lists, one project, me."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from itertools import groupby
from typing import Any

from flask import Response, jsonify, request
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response as BaseResponse

from volunteer_hub.accounts import services as accounts
from volunteer_hub.certificates import services as certificates
from volunteer_hub.core import clock, i18n
from volunteer_hub.core.cache import visitors_page
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, public, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.matching import forgetting, invitations
from volunteer_hub.matching.invitation_queries import count_open
from volunteer_hub.matching.one_to_one import ending, topics
from volunteer_hub.shifts import held_queries, leaving
from volunteer_hub.shifts import queries as shifts
from volunteer_hub.shifts.adoption_queries import adopters
from volunteer_hub.shifts.models import SignUpStatus
from volunteer_hub.volunteer import (
    cards,
    facets,
    filters,
    project_page,
    queries,
    recommended_views,
    suggestions,
)
from volunteer_hub.volunteer.blueprint import bp
from volunteer_hub.volunteer.branch_shifts import branch_shifts, with_kept
from volunteer_hub.volunteer.forms import DeleteForm
from volunteer_hub.volunteer.own_data import own_data

__all__ = ["bp", "recommended_views"]

ON_HOME = 3
KNOWN = ("班前一小时", "幸福白老汇", "捡跑")


def _filter() -> tuple[Callable[[], facets.Facets], filters.Filter]:
    """Return what is asked for, and the choices, which are read at most once and only if needed."""
    choices = cache(lambda: facets.read(db.session()))
    return choices, filters.read(request.args, choices, own_building=current_user.building_id)


@bp.get("/projects")
@public
def projects() -> Response:
    return visitors_page(_projects)


def _projects() -> Response:
    choices, wanted = _filter()
    page = queries.projects(db.session(), wanted, now=clock.now())
    return render(
        "volunteer/projects.html",
        page=page,
        found=cards.project_cards(page.rows),
        wanted=wanted,
        choices=choices() if wanted.is_open else None,
    )


@bp.get("/shifts")
@public
def shift_search() -> Response:
    return visitors_page(_shift_search)


def _shift_search() -> Response:
    choices, wanted = _filter()
    if wanted.eligible and not current_user.is_authenticated:
        wanted.ignore("eligible")
    if wanted.day and wanted.day < clock.today():
        wanted.advice.append(_("This day has passed. Please choose a later one."))
    page = queries.shifts(db.session(), wanted, now=clock.now(), person_id=current_user.id)
    return render(
        "volunteer/shifts.html",
        page=page,
        asked=_in_words(wanted, choices()),
        days_found=_by_day(page.rows),
        wanted=wanted,
        choices=choices(),
        days=_next_days(),
        ours=[] if wanted.is_open or wanted.page > 1 else _ours(),
    )


def _ours() -> list[cards.Card]:
    """Return what the reader's branch stands by, for who has one."""
    if not current_user.is_authenticated or current_user.branch_id is None:
        return []
    found = branch_shifts(
        db.session(),
        person_id=current_user.id,
        branch_id=current_user.branch_id,
        today=clock.today(),
        now=clock.now(),
    )
    return cards.shift_cards(found, dated=True)


def _in_words(wanted: filters.Filter, choices: facets.Facets) -> str:
    """Return what is asked for in one line, for the closed form."""
    words = [i18n.day(wanted.day)] if wanted.day else []
    if wanted.start_minute is not None or wanted.end_minute is not None:
        words.append(f"{_hour(wanted.start_minute)}–{_hour(wanted.end_minute)}")
    if wanted.walk:
        words += [name for id_, _key, name in choices.buildings if id_ == wanted.building]
        words.append(_("within %(n)s min", n=wanted.walk))
    words += [name for id_, _key, name in choices.categories if id_ == wanted.category]
    if wanted.seats:
        words.append(_("places left"))
    if wanted.eligible:
        words.append(_("what I can join"))
    return " · ".join(words)


def _hour(minute: int | None) -> str:
    return "" if minute is None else f"{minute // 60:02}:{minute % 60:02}"


def _by_day(rows: list[queries.ShiftCard]) -> list[tuple[str, list[cards.Card]]]:
    days = groupby(rows, key=lambda row: row.day)
    return [(i18n.day(date), cards.shift_cards(found)) for date, found in days]


def _next_days() -> list[date]:
    today = clock.today()
    return [today + timedelta(days=n) for n in range(14)]


@bp.get("/projects/<int:project_id>")
@public
def project(project_id: int) -> Response:
    row = project_page.show(db.session(), project_id)
    wanted = filters.Filter(building=current_user.building_id)
    wanted.page = filters.read(request.args, lambda: facets.NONE, own_building=None).page
    page = queries.shifts(
        db.session(), wanted, now=clock.now(), person_id=current_user.id, project_id=project_id
    )
    return render(
        "volunteer/project.html",
        project=row,
        adopters=[
            i18n.either(*name) for name in adopters(db.session(), project_id, today=clock.today())
        ],
        page=page,
        found=cards.shift_cards(_with_kept(page.rows), titled=False),
    )


def _with_kept(rows: list[queries.ShiftCard]) -> list[queries.ShiftCard]:
    own_branch = current_user.branch_id if current_user.is_authenticated else None
    return with_kept(db.session(), rows, branch_id=own_branch, today=clock.today(), now=clock.now())


@bp.get("/shifts/<int:shift_id>/instead")
@requires(Permission.SHIFT_SIGN_UP)
def instead(shift_id: int) -> Response:
    """Shifts that may suit somebody better than this one."""
    found = suggestions.instead(
        db.session(),
        shift_id=shift_id,
        person_id=current_user.id,
        building_id=current_user.building_id,
        now=clock.now(),
    )
    return render(
        "volunteer/instead.html",
        fragment="volunteer/_instead.html",
        shift_id=shift_id,
        found=cards.shift_cards(found, dated=True),
    )


@bp.get("/")
@public
def home() -> Response:
    return visitors_page(_home)


def _home() -> Response:
    session, now = db.session(), clock.now()
    choices, ours = facets.read(session), _ours()
    mine = (
        shifts.my_shifts(session, person_id=current_user.id, ending_after=now, limit=1)
        if current_user.is_authenticated
        else []
    )
    return render(
        "volunteer/home.html",
        next_shift=mine[0] if mine else None,
        choices=choices,
        building=current_user.building_id,
        days=_next_days(),
        known=KNOWN,
        ours=ours,
        **_for_the_reader(ours),
    )


def _for_the_reader(ours: list[cards.Card]) -> dict[str, Any]:
    """Return what is recommended to who has signed in, and the soonest shifts to everybody else."""
    if current_user.is_authenticated:
        tastes = recommended_views.own_tastes()
        shown = {card.id for card in ours}
        found = recommended_views.own_recommendations(tastes, most=ON_HOME + len(ours))
        fresh = [card for card in found if card.id not in shown]
        return {"found": fresh[:ON_HOME], "tastes": tastes, "invited": _invited()}
    page = queries.shifts(db.session(), filters.Filter(seats=True), now=clock.now())
    return {
        "found": cards.shift_cards(page.rows[:6], dated=True),
        "tastes": None,
        "invited": {},
    }


def _invited() -> Counter[str]:
    return count_open(db.session(), person_id=current_user.id, now=clock.now())


@bp.get("/me")
@requires(Permission.SHIFT_SIGN_UP)
def me() -> Response:
    session, now = db.session(), clock.now()
    return render(
        "volunteer/me.html",
        # What waits for an answer comes first.
        coming=sorted(
            shifts.my_shifts(session, person_id=current_user.id, ending_after=now),
            key=lambda row: not (row.asked or row.status == SignUpStatus.OFFERED),
        ),
        held=held_queries.own_holds(session, person_id=current_user.id, now=now),
        past=shifts.my_past_shifts(session, person_id=current_user.id, ended_before=now),
        invited=_invited(),
        now=now,
    )


@bp.get("/me/data.json")
@requires(Permission.ACCOUNT_OWN)
def data() -> Response:
    answer = jsonify(own_data(db.session(), person_id=current_user.id))
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@bp.route("/me/delete", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_OWN)
def delete() -> BaseResponse:
    form = DeleteForm()
    if form.validate_on_submit():
        now = clock.now()
        certificates.forget(db.session(), person_id=current_user.id, now=now)
        leaving.leave_all(db.session(), person_id=current_user.id, now=now)
        forgetting.forget_person(db.session(), person_id=current_user.id, today=clock.today())
        ending.end_of_person(db.session(), person_id=current_user.id, now=now)
        topics.forget(db.session(), person_id=current_user.id)
        invitations.end_all(db.session(), person_id=current_user.id, now=now)
        accounts.delete_account(
            db.session(), person_id=current_user.id, today=clock.today(), now=now
        )
        logout_user()
        return done("/", say=_("Your account is deleted. Thank you for every hour."))
    return render("volunteer/delete.html", status=422 if form.is_submitted() else 200, form=form)
